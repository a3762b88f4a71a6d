import { map, type Observable } from 'rxjs';
import type { Frame } from '../../src/core/connection.js';
import { ConnectionClosedError } from '../../src/core/errors.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import type { WorkerEvent } from '../../src/gateway/events.js';
import type { HttpAnswer } from '../../src/gateway/http.js';
import type { FromGateway } from '../../src/gateway/messages.js';
import { msgpackWire } from '../../src/gateway/wire.js';
import { gatewayWorker } from '../../src/gateway/worker.js';
import type { GatewayWorkerConfig } from '../../src/gateway/workerConfig.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { close, connecting, message, open } from '../../src/testing/letters.js';
import type { MockConnection } from '../../src/testing/mockConnection.js';
import { workRequest } from './letters.js';

type SocketEvent = ConnectionEvent<Frame>;

/** The API's answer to a start request. */
export const started: HttpAnswer = {
  status: 200,
  headers: {},
  body: msgpackWire.startAnswer.encode({
    connectionId: 'id',
    endpoint: 'ws://gateway.test/',
    group: 'blue',
    sessionToken: 'session',
    syncToken: 'sync',
  }),
};
/** An answer of the API that is none. */
export const failed = (status: number, headers = {}): HttpAnswer => ({ status, headers, body: new Uint8Array() });
/** What the API answers: all is well, it failed, too many connections (come back within 4 s), it has the reply. */
export const answers = {
  s: started,
  f: failed(500),
  l: failed(429, { 'retry-after': '4' }),
  y: { ...started, body: msgpackWire.flushAnswer.encode({ requestId: 'r1' }) },
};

/** What ends a connection that breaks. */
export const lost = new ConnectionClosedError(1006, '');

/** What happens on a socket: c, o, x, and what the gateway says in small letters. */
export const socketOf = (connection: MockConnection, heartbeatInterval = 4) => {
  const says = (data: FromGateway): SocketEvent =>
    message(connection as MockConnection<Frame>, msgpackWire.gateway.encode(data));
  return {
    c: connecting() as SocketEvent,
    o: open(connection as MockConnection<Frame>) as SocketEvent,
    h: says({ kind: 'hello' }),
    r: says({ kind: 'ready', heartbeatInterval }),
    b: says({ kind: 'heartbeat' }),
    k: says({ kind: 'replyAck', requestId: 'none' }),
    q: says({ kind: 'request', request: workRequest('r1') }),
    a: says({ kind: 'replyAck', requestId: 'r1' }),
    d: says({ kind: 'draining' }),
    D: says({ kind: 'draining', within: 8 }),
    x: close(connection as MockConnection<Frame>, 1006),
  };
};
/** What the worker said: w connect, y ready, b heartbeat, p pause, k an acknowledgement, r a reply. */
export const said = ({ sent$ }: MockConnection): Observable<string> => {
  const letters: Record<string, string> = {
    connect: 'w',
    ready: 'y',
    heartbeat: 'b',
    pause: 'p',
    ack: 'k',
    reply: 'r',
  };
  return sent$.pipe(map((frame) => letters[msgpackWire.gateway.decode(frame as Frame).kind] ?? '?'));
};
/** What happened, in a letter each: r is a reconnecting, p a pong; w received, k completed, b buffered, a accepted. */
export const happened = (worker$: Observable<WorkerEvent>): Observable<string> => {
  const letters: Partial<Record<WorkerEvent['type'], string>> = {
    connecting: 'c',
    open: 'o',
    pong: 'p',
    message: 'm',
    close: 'x',
    reconnecting: 'r',
    closing: 'l',
    draining: 'd',
    retired: 't',
    received: 'w',
    completed: 'k',
    buffered: 'b',
    accepted: 'a',
  };
  return worker$.pipe(map(({ type }) => letters[type] ?? '?'));
};

/** What happens to a worker with these options. */
export const worker = (
  config: Pick<GatewayWorkerConfig, 'post' | 'connect'> & Partial<GatewayWorkerConfig>,
): Observable<string> =>
  happened(
    gatewayWorker({
      apiUrl: 'http://api.test',
      apps: [{ name: 'app', handle: () => ({}) }],
      random: () => 0,
      ...config,
    }),
  );

/** What gives these, one after the other. */
export const inTurnOf = <T>(...sources: Observable<T>[]): (() => Observable<T>) => {
  const sources$ = inTurn(...sources);
  return () => sources$;
};
