import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { GatewayWire } from '../../src/gateway/gatewayWire.js';
import type {
  FromGateway,
  RequestIds,
  StartAnswer,
  ToGateway,
  WorkReply,
  WorkRequest,
} from '../../src/gateway/messages.js';
import { msgpackWire } from '../../src/gateway/wire.js';
import { until } from './wsClient.js';

/** A worker made of a plain `ws` client, which does nothing by itself. */
export interface WorkerClient {
  readonly socket: WebSocket;
  readonly received: readonly FromGateway[];
  /** Resolves with the close code and reason when the connection is over. */
  readonly over: Promise<string>;
  say(message: ToGateway): void;
  /** Resolves with the nth message of a kind. */
  hear<K extends FromGateway['kind']>(kind: K, nth?: number): Promise<Extract<FromGateway, { kind: K }>>;
  /** Introduces itself and waits for the gateway's ready; with manual readiness it says ready too. */
  join(options?: { readonly instanceId?: string; readonly manualReadiness?: boolean }): Promise<void>;
}

const workers = new Set<WorkerClient>();
const json = new TextEncoder().encode('{}');

export function introduction(
  { connectionId, sessionToken, syncToken }: StartAnswer,
  { instanceId = 'worker-1', manualReadiness = true } = {},
): Extract<ToGateway, { kind: 'connect' }> {
  const apps = [{ appName: 'shop', functions: json }];
  const system = { cpuCores: 2, memBytes: 1, os: 'linux' };
  const software = { framework: 'none', sdkVersion: 'v1', sdkLanguage: 'ts', capabilities: json, startedAt: 0, system };
  const tokens = { connectionId, sessionToken, syncToken };
  return { kind: 'connect', worker: { ...tokens, instanceId, apps, manualReadiness, ...software } };
}

export function workerClient(start: StartAnswer, wire: GatewayWire = msgpackWire): WorkerClient {
  const socket = new WebSocket(start.endpoint, wire.subprotocol, { perMessageDeflate: false });
  const received: FromGateway[] = [];
  socket.on('message', (data: Buffer) => received.push(wire.worker.decode(new Uint8Array(data))));
  socket.on('error', () => undefined);
  const over = once(socket, 'close').then(([code, reason]) => `${code} ${reason}`.trimEnd());
  const worker: WorkerClient = {
    socket,
    received,
    over,
    say: (message) => socket.send(wire.worker.encode(message)),
    hear: async (kind, nth = 1) => {
      const all = (): FromGateway[] => received.filter((message) => message.kind === kind);
      await until(() => all().length >= nth || socket.readyState === WebSocket.CLOSED);
      if (all().length < nth) throw new Error(`closed (${await over}) before it heard '${kind}'`);
      return all()[nth - 1] as never;
    },
    join: async (options = {}) => {
      await worker.hear('hello');
      worker.say(introduction(start, options));
      await worker.hear('ready');
      if (options.manualReadiness !== false) worker.say({ kind: 'ready' });
    },
  };
  workers.add(worker);
  return worker;
}

/** What an acknowledgement, an extension and a reply repeat of a request. */
export function idsOf({ requestId, accountId, envId, appId, functionSlug, runId, ...rest }: WorkRequest): RequestIds {
  const { systemTraceCtx, userTraceCtx } = rest;
  return { requestId, accountId, envId, appId, functionSlug, runId, systemTraceCtx, userTraceCtx };
}

export function replyTo(
  { requestId, accountId, envId, appId, runId, systemTraceCtx, userTraceCtx }: RequestIds,
  body = '1',
): WorkReply {
  const ids = { requestId, accountId, envId, appId, runId, systemTraceCtx, userTraceCtx };
  return {
    ...ids,
    status: 'done',
    body: new TextEncoder().encode(body),
    noRetry: false,
    sdkVersion: 'v1',
    requestVersion: 1,
  };
}

export async function endWorkers(): Promise<void> {
  for (const { socket } of workers) socket.terminate();
  await Promise.all([...workers].map(({ over }) => over));
  workers.clear();
}
