import { createServer } from 'node:http';
import type { Duration } from '../core/duration.js';
import type { GatewayWire } from '../gateway/gatewayWire.js';
import type { StartAnswer } from '../gateway/messages.js';
import { msgpackWire } from '../gateway/wire.js';
import { ApiServer } from './apiServer.js';
import { listen } from './listen.js';
import type {
  ApiGateway,
  ApiPath,
  ApiRequest,
  FailOptions,
  FlushedRequest,
  MockApiOptions,
  StartedRequest,
  StartScript,
} from './mockApiOptions.js';
import type { ScriptOptions } from './scriptQueue.js';
import type { WaitOptions } from './waiting.js';
import type { WorkBook } from './workBook.js';

/** An HTTP API under script that tells workers where to connect, and takes the replies that found no connection. */
export interface MockApi {
  /** Where it listens, without a path: `http://127.0.0.1:40000`. */
  readonly url: string;
  readonly port: number;
  readonly wire: GatewayWire;
  /** Everything that was asked, in the order of its arrival. */
  readonly requests: readonly ApiRequest[];
  readonly starts: readonly StartedRequest[];
  readonly flushes: readonly FlushedRequest[];
  /** The gateways that it sends workers to, in the order in which they registered. */
  readonly gateways: readonly ApiGateway[];
  /** The leases and replies of all its gateways. */
  readonly workBook: WorkBook;

  /** Makes a gateway known to those who start; gives back what takes that back. */
  register(gateway: ApiGateway): () => void;
  /** A new answer to a start request, for a worker that does not ask. Leads to the first gateway that is not excluded and does not drain. */
  startAnswer(exclude?: readonly string[]): StartAnswer;
  /** Whether these are the tokens that were given out for a connection. */
  isIssued(tokens: {
    readonly connectionId: string;
    readonly sessionToken: string;
    readonly syncToken: string;
  }): boolean;

  /** The next request is answered with this status. Scripts for a path queue up; when none is left, all is well again. */
  fail(path: ApiPath, status: number, options?: FailOptions): void;
  /** The next request is never answered. */
  hang(path: ApiPath, options?: ScriptOptions): void;
  /** The next request has its TCP connection reset. */
  cut(path: ApiPath, options?: ScriptOptions): void;
  /** Answers are this much later from now on. */
  delay(path: ApiPath, delay: Duration): void;
  /** The next start requests are answered as the script says; `'truncated'` cuts the last byte off the body, `'garbage'` makes it noise. */
  answerStart(script: StartScript | 'truncated' | 'garbage', options?: ScriptOptions): void;
  /** This reply is refused whenever it is flushed: with 400, unless told otherwise. */
  refuseReply(requestId: string, status?: number): void;
  /** Forgets all scripts, delays and refusals. Requests that hang stay without an answer. */
  recover(): void;

  /** Resolves with the nth start request since the beginning, 1 by default. */
  waitForStart(nth?: number, options?: WaitOptions): Promise<StartedRequest>;
  /** Resolves with the nth flush, 1 by default, or with the first one of this request. */
  waitForFlush(which?: number | string, options?: WaitOptions): Promise<FlushedRequest>;
  /** Resolves when the condition holds; it is looked at when a request comes and when it is answered. */
  waitUntil(condition: () => boolean, options?: WaitOptions): Promise<void>;

  /** Destroys all connections and resolves when the port is free. Its gateways stay. Safe to call twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a real HTTP server on a free loopback port that answers `POST …/start` and `POST …/flush`, under script.
 *
 * @example
 * const api = await mockApi();
 * const gateway = await mockGateway({ api });
 * api.fail('start', 429, { retryAfter: 1 });
 * const start = await api.waitForStart(2);
 */
export async function mockApi(options: MockApiOptions = {}): Promise<MockApi> {
  const http = createServer();
  return new ApiServer(await listen(http, options.port), { wire: msgpackWire, ...options });
}
