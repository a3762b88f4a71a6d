import type { Duration } from '../core/duration.js';
import { expectCount } from '../core/expect.js';
import type { GatewayWire } from '../gateway/gatewayWire.js';
import type { StartAnswer, ToGateway, WorkRequest } from '../gateway/messages.js';
import { GatewayHost, type GatewayParts } from './gatewayHost.js';
import { handshakeDelays, type HandshakeScript } from './handshakeScript.js';
import { heardInWords, type HeardMessage, messageWait, type WantedMessage } from './messageWaits.js';
import type { MockApi } from './mockApi.js';
import type { RequestScript } from './mockGatewayOptions.js';
import type { MockServer } from './mockServer.js';
import type { ReplyAcking } from './replyAcks.js';
import type { SentRequest } from './requestRouter.js';
import type { ScriptOptions } from './scriptQueue.js';
import type { Wait, WaitOptions } from './waiting.js';
import type { WorkBook } from './workBook.js';
import type { WorkerConnection } from './workerConnection.js';

/** The workings of a mock gateway. */
export class GatewayServer {
  readonly wire: GatewayWire;
  readonly api: MockApi;
  readonly server: MockServer;
  readonly #host: GatewayHost;
  #closed: Promise<void> | undefined;

  constructor(
    parts: GatewayParts,
    private readonly ownsApi: boolean,
  ) {
    this.wire = parts.wire;
    this.api = parts.api;
    this.server = parts.server;
    this.#host = new GatewayHost(parts);
  }

  get url(): string {
    return this.server.url;
  }

  get group(): string {
    return this.#host.group;
  }

  get workBook(): WorkBook {
    return this.api.workBook;
  }

  get connections(): readonly WorkerConnection[] {
    return this.#host.links;
  }

  get received(): readonly ToGateway[] {
    return this.#host.received;
  }

  get draining(): boolean {
    return this.#host.draining;
  }

  get answerHeartbeats(): boolean {
    return this.#host.answerHeartbeats;
  }

  set answerHeartbeats(answer: boolean) {
    this.#host.answerHeartbeats = answer;
  }

  handshake(script: HandshakeScript, options?: ScriptOptions): void {
    handshakeDelays(script);
    this.#host.scripts.add(script, options);
  }

  accept(): void {
    this.#host.scripts.clear();
    this.#host.draining = false;
  }

  request(request?: RequestScript, options?: WaitOptions): SentRequest {
    return this.#host.router.request(request, options);
  }

  sendRequest(request: WorkRequest, connection?: WorkerConnection): void {
    const link = connection ? this.#host.links.find((one) => one === connection) : this.#host.router.next();
    if (!link) throw new Error(`mockGateway: no connection to send request ${request.requestId} to`);
    this.#host.router.send(request, link);
  }

  nackLease(requestId: string): void {
    this.workBook.leases.revoke(requestId);
  }

  loseLeaseAcks(count: number): void {
    this.#host.leaseAcks.lose(count);
  }

  delayLeaseAcks(delay: Duration): void {
    this.#host.leaseAcks.delay(delay);
  }

  ackReplies(mode: ReplyAcking): void {
    this.#host.replyAcks.mode(mode);
  }

  loseReplyAcks(count: number): void {
    this.#host.replyAcks.lose(count);
  }

  drain({ within }: { readonly within?: Duration } = {}): void {
    this.#host.draining = true;
    for (const link of this.#host.links) link.leave(within);
  }

  freeze(): void {
    this.server.freeze();
  }

  thaw(): void {
    this.server.thaw();
  }

  drop(): void {
    for (const { socket } of this.#host.links) socket.drop();
  }

  reset(): void {
    for (const { socket } of this.#host.links) socket.reset();
  }

  async waitForConnection(nth?: number, options?: WaitOptions): Promise<WorkerConnection> {
    return this.#until(
      nthOf('connection', nth, this.#host.opened, () => this.#host.links.at(-1)),
      options,
    );
  }

  async waitForReady(nth?: number, options?: WaitOptions): Promise<WorkerConnection> {
    const newest = (): WorkerConnection | undefined => this.#host.links.filter(({ state }) => state === 'ready').at(-1);
    return this.#until(nthOf('ready connection', nth, this.#host.madeReady, newest), options);
  }

  async waitForMessage<W extends WantedMessage>(
    wanted: W,
    nth?: number,
    options?: WaitOptions,
  ): Promise<HeardMessage<W>> {
    return this.#until(messageWait(this.#host.received, wanted, nth), options);
  }

  async waitUntil(condition: () => boolean, options?: WaitOptions): Promise<void> {
    const found = (): string => heardInWords(this.#host.received);
    await this.#until({ look: () => condition() || undefined, wanted: String(condition), found }, options);
  }

  startAnswer(): StartAnswer {
    return this.api.startAnswer(this.api.gateways.map(({ group }) => group).filter((group) => group !== this.group));
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#end());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #until<Value>(wait: Wait<Value>, options?: WaitOptions): Promise<Value> {
    const { waiting, links } = this.#host;
    const found = (): string => {
      const live = links.map(({ id, state, draining }) => `#${id} ${state}${draining ? ' (draining)' : ''}`).join(', ');
      const { dials } = this.server;
      return `${wait.found()} (start requests: ${this.api.starts.length}, dials: ${dials}, connections: ${live || 'none'})`;
    };
    return waiting.until({ ...wait, found }, options);
  }

  async #end(): Promise<void> {
    this.#host.end();
    await this.server.close();
    if (this.ownsApi) await this.api.close();
    if (this.#host.failure) throw this.#host.failure;
  }
}

/** The wait for one of several connections, or for the newest. */
function nthOf(
  what: string,
  nth: number | undefined,
  all: readonly WorkerConnection[],
  newest: () => WorkerConnection | undefined,
): Wait<WorkerConnection> {
  if (nth !== undefined) expectCount('mockGateway', 'nth', nth, 1);
  return {
    look: () => (nth === undefined ? newest() : all[nth - 1]),
    wanted: nth === undefined ? `a ${what}` : `${what} number ${nth}`,
    found: () => `${all.length} so far`,
  };
}
