import type { WorkReply, WorkRequest } from '../gateway/messages.js';
import type { GatewayLink } from './gatewayLink.js';
import type { GatewaySettings, RequestScript } from './mockGatewayOptions.js';
import type { WaitOptions } from './waiting.js';
import type { WorkBook } from './workBook.js';
import type { WorkRecord } from './workRecord.js';

/** A request that was sent, or is as soon as a worker is ready. */
export interface SentRequest {
  readonly requestId: string;
  /** All that becomes known of it. */
  readonly record: WorkRecord;
  /** The ids of its lease, the newest last. */
  readonly leaseIds: readonly string[];
  /** Resolves when a worker acknowledges it; asks, and begins to wait, when it is read. */
  readonly acked: Promise<WorkRecord>;
  /** Resolves with the reply that counts; asks, and begins to wait, when it is read. */
  readonly reply: Promise<WorkReply>;
}

/** What a router needs of its gateway. */
export interface RouterHost {
  readonly links: readonly GatewayLink[];
  readonly workBook: WorkBook;
  readonly settings: GatewaySettings;
  /** Sends a request by way of any gateway. */
  routeAnywhere(request: WorkRequest): boolean;
}

/** Gives requests to workers, in turn. */
export class RequestRouter {
  #turn = 0;
  #waiting: RequestScript[] = [];

  constructor(private readonly host: RouterHost) {}

  request(script: RequestScript = {}, options?: WaitOptions): SentRequest {
    const { workBook } = this.host;
    const requestId = script.requestId ?? workBook.newId();
    const record = workBook.record(requestId);
    this.#waiting.push({ ...script, requestId });
    this.flush();
    return {
      requestId,
      record,
      leaseIds: record.leaseIds,
      get acked() {
        return record.waitForAck(options);
      },
      get reply() {
        return record.waitForReply(options);
      },
    };
  }

  /** Sends a request as it is, to the next worker; false when none is ready. */
  route(request: WorkRequest): boolean {
    const link = this.next();
    if (link) this.send(request, link);
    return link !== undefined;
  }

  send(request: WorkRequest, link: GatewayLink): void {
    const { workBook, settings } = this.host;
    const { requestId, leaseId } = request;
    workBook.sent(request, link.name);
    const known = workBook.record(requestId);
    // A request that is sent twice has the same lease as before, and what is answered needs none.
    if (!known.leaseIds.includes(leaseId) && !known.reply) {
      workBook.lease(request, link.worker?.instanceId ?? '', settings.lease, () => this.#expired(request));
    }
    link.send({ kind: 'request', request });
  }

  /** A worker became ready: sends what waited for one. */
  flush(): void {
    const { unrouted, newId } = this.host.workBook;
    while (this.#waiting.length + unrouted.length > 0) {
      const link = this.next();
      if (!link) return;
      const script = this.#waiting.shift();
      const request = script ? completeRequest(script, link, newId) : unrouted.shift();
      if (request) this.send(request, link);
    }
  }

  /** The connection whose turn it is. */
  next(): GatewayLink | undefined {
    const { links } = this.host;
    for (let at = 0; at < links.length; at++) {
      const link = links[(this.#turn + at) % links.length];
      if (!link?.routable) continue;
      this.#turn = (this.#turn + at + 1) % links.length;
      return link;
    }
    return undefined;
  }

  #expired(request: WorkRequest): void {
    const { workBook, settings } = this.host;
    if (!settings.reroute) return;
    const again = { ...request, leaseId: workBook.newId() };
    if (!this.host.routeAnywhere(again)) workBook.unrouted.push(again);
  }
}

/** A request with everything that a worker may expect of one. */
function completeRequest(
  { payload = {}, ...given }: RequestScript,
  { worker }: GatewayLink,
  newId: () => string,
): WorkRequest {
  const appName = given.appName ?? worker?.apps[0]?.appName ?? 'app';
  return {
    requestId: newId(),
    accountId: 'account',
    envId: 'env',
    appId: appName,
    appName,
    functionId: 'work',
    functionSlug: `${appName}-work`,
    runId: newId(),
    jobId: newId(),
    leaseId: newId(),
    systemTraceCtx: bytes({}),
    userTraceCtx: bytes({}),
    payload: payload instanceof Uint8Array ? payload : bytes(payload),
    ...given,
  };
}

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
