import type { SchedulerLike } from 'rxjs';
import type { GatewayWire } from '../gateway/gatewayWire.js';
import type { StartAnswer, StartRequest, WorkReply, WorkRequest } from '../gateway/messages.js';

/** Configures `mockApi()`. */
export interface MockApiOptions {
  /** A free one by default. */
  readonly port?: number;
  /** The form of messages; msgpack by default. Gateways take it over. */
  readonly wire?: GatewayWire;
  /** Signing keys that are accepted; by default whatever comes. Keys whose body has 64 hex digits are taken as hashed, others are hashed. */
  readonly keys?: readonly string[];
  /** For delays, waits and leases; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/** The two things that a worker asks of an API. */
export type ApiPath = 'start' | 'flush';

/** A request that came. */
export interface ApiRequest<Decoded = unknown> {
  readonly path: string;
  /** Which of the two it is; `'other'` for what the API does not know. */
  readonly name: ApiPath | 'other';
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
  /** What the body says; undefined where it does not decode. */
  readonly decoded: Decoded | undefined;
  /** When it came, in the scheduler's time. */
  readonly at: number;
  /** The status it was answered with; undefined until then. */
  readonly status: number | undefined;
}

/** A start request that came. */
export type StartedRequest = ApiRequest<StartRequest>;

/** A reply that came over HTTP. */
export type FlushedRequest = ApiRequest<WorkReply>;

/** Answers a start request: with changes to the answer that the API would give (`undefined`: none), or with a body of bytes. */
export type StartScript = (
  answer: StartAnswer,
  request: StartedRequest,
) => Partial<StartAnswer> | Uint8Array | undefined;

/** What an API needs to know of a gateway. */
export interface ApiGateway {
  readonly group: string;
  readonly url: string;
  readonly draining: boolean;
  /** Sends a request to one of its workers; false when none is ready. */
  route(request: WorkRequest): boolean;
}

/** What a failing API answers. */
export interface FailOptions {
  /** How many requests; 1 by default, `Infinity` until `recover()`. */
  readonly times?: number;
  /** The header Retry-After: seconds, or a date as HTTP writes it. */
  readonly retryAfter?: number | string;
  readonly body?: string;
}
