import type { Duration } from '../core/duration.js';
import type { GatewayWire } from '../gateway/gatewayWire.js';
import type { StartAnswer, ToGateway, WorkRequest } from '../gateway/messages.js';
import { msgpackWire } from '../gateway/wire.js';
import { GatewayServer } from './gatewayServer.js';
import type { HandshakeScript } from './handshakeScript.js';
import type { HeardMessage, WantedMessage } from './messageWaits.js';
import { mockApi, type MockApi } from './mockApi.js';
import { gatewaySettings, type MockGatewayOptions, type RequestScript } from './mockGatewayOptions.js';
import { mockServer, type MockServer } from './mockServer.js';
import type { ReplyAcking } from './replyAcks.js';
import type { SentRequest } from './requestRouter.js';
import type { ScriptOptions } from './scriptQueue.js';
import type { WaitOptions } from './waiting.js';
import type { WorkBook } from './workBook.js';
import type { WorkerConnection } from './workerConnection.js';

/** A gateway under script: sends work to workers, extends their leases and takes their replies. */
export interface MockGateway {
  readonly url: string;
  readonly group: string;
  readonly wire: GatewayWire;
  /** The API that sends workers here. */
  readonly api: MockApi;
  /** The leases and replies of all gateways of the API. */
  readonly workBook: WorkBook;
  /** The server underneath: to refuse dials, or to leave them hanging. */
  readonly server: MockServer;
  /** The live ones, oldest first. */
  readonly connections: readonly WorkerConnection[];
  /** What the workers of all connections said, in the order of its arrival. */
  readonly received: readonly ToGateway[];
  /** Whether it is about to close: it accepts no worker and gives no work. */
  readonly draining: boolean;
  /** Whether heartbeats are answered; may be changed at any time. */
  answerHeartbeats: boolean;

  /** What is done with the next handshake. Scripts queue up; when none is left, handshakes go as the option `handshake` has it. */
  handshake(script: HandshakeScript, options?: ScriptOptions): void;
  /** Forgets the scripts for handshakes and that it was to close: workers are welcome. */
  accept(): void;

  /** Sends a request to the next worker in turn, or to the next one that becomes ready. `options` are those of the handle's waits. */
  request(request?: RequestScript, options?: WaitOptions): SentRequest;
  /** Sends a request as it is, also for the second time or to a worker that is not ready; to the next ready one unless one is given. */
  sendRequest(request: WorkRequest, connection?: WorkerConnection): void;

  /** Takes a lease away: its next extension is refused. */
  nackLease(requestId: string): void;
  /** The next answers to extensions get lost; the leases are extended nevertheless. */
  loseLeaseAcks(count: number): void;
  /** Answers to extensions are this much later from now on. */
  delayLeaseAcks(delay: Duration): void;
  /** When replies are acknowledged from now on. */
  ackReplies(mode: ReplyAcking): void;
  /** The next acknowledgements of replies get lost; the replies are accepted nevertheless. */
  loseReplyAcks(count: number): void;

  /**
   * Is about to close: tells its workers to move, accepts no more, gives no more work, and closes with 1001 after the drain window.
   * What workers have to say on their old connections is still heard. Called again, it tells them again.
   */
  drain(options?: { readonly within?: Duration }): void;
  /** Freezes all connections; dials are left unanswered until `thaw()`. */
  freeze(): void;
  thaw(): void;
  /** Ends the TCP connections of all workers without a close frame (FIN). */
  drop(): void;
  /** Ends the TCP connections of all workers by a reset (RST). */
  reset(): void;

  /** Resolves with the nth connection since the beginning (counting from 1); by default with the newest live one, or else the next. */
  waitForConnection(nth?: number, options?: WaitOptions): Promise<WorkerConnection>;
  /** Resolves with the nth connection that took work (counting from 1); by default with the newest that is ready, or else the next. */
  waitForReady(nth?: number, options?: WaitOptions): Promise<WorkerConnection>;
  /** Resolves with the nth message (counting from 1) of a kind, or one that passes a test, from whatever connection, also one that came before. */
  waitForMessage<W extends WantedMessage>(wanted: W, nth?: number, options?: WaitOptions): Promise<HeardMessage<W>>;
  /** Resolves when the condition holds; it is looked at after every message, open and close. */
  waitUntil(condition: () => boolean, options?: WaitOptions): Promise<void>;
  /** What the API would answer to a start request: for a worker that does not ask. */
  startAnswer(): StartAnswer;

  /** Drops all connections and resolves when the port is free; an API of its own is closed too. Safe to call twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The biggest message that the gateways of Inngest Connect take. */
const LARGEST = 8 * 1024 * 1024;

/**
 * Starts a gateway on a real WebSocket server on a free loopback port, and registers it with an API.
 *
 * Unless told otherwise it welcomes every worker, answers heartbeats, extends leases and acknowledges replies at once.
 * It ends connections as the gateways of Inngest Connect do. `close()` it when the test is over.
 *
 * @example
 * const gateway = await mockGateway({ extendLeaseInterval: '50ms' });
 * const apps = [{ name: 'shop', handle: ({ input }: Work) => ({ body: input }) }];
 * const subscription = gatewayWorker({ apiUrl: gateway.api.url, apps }).subscribe();
 * const { body } = await gateway.request({ payload: { answer: 42 } }).reply;
 */
export async function mockGateway(options: MockGatewayOptions = {}): Promise<MockGateway> {
  const settings = gatewaySettings(options);
  const { wire = options.api?.wire ?? msgpackWire, port, scheduler } = options;
  const shared = scheduler === undefined ? {} : { scheduler };
  const api = options.api ?? (await mockApi({ wire, ...shared }));
  const server = await mockServer({
    path: '/v0/connect',
    protocols: [wire.subprotocol],
    maxPayload: LARGEST,
    ...(port !== undefined && { port }),
    ...shared,
  });
  return new GatewayServer({ ...options, wire, api, server, settings }, !options.api);
}
