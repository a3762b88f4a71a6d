import type { ObservableInput } from 'rxjs';
import type { Frame } from '../core/connection.js';

/** How a session ends, by either side. */
export interface Farewell {
  readonly code: number;
  readonly reason: string;
}

/** One request of a connection over HTTP. */
export interface PollRequest {
  /** What was sent, in order; may be empty. */
  readonly frames: readonly Frame[];
  /** Numbers the requests that carry frames or a farewell, from 1; a repeat has the number of what it repeats. 0 in others. */
  readonly sequence: number;
  /** What the last answer gave; undefined in the request that opens the session. */
  readonly id: unknown;
  /**
   * How long, in milliseconds, the answer may be held back until there are frames for it; 0 is not at all. Undefined when another
   * request is there to take frames: this one only sends, and its answer must have none.
   */
  readonly wait: number | undefined;
  /** Present in the last request: ends the session after its frames. */
  readonly close: Farewell | undefined;
  /** Aborted when nobody waits for the answer any more, which also ends a subscription. */
  readonly signal: AbortSignal;
}

/** What a server answered. */
export interface PollAnswer {
  /** Each becomes a message. */
  readonly frames?: readonly Frame[];
  /** Repeated in the next request, so that the server knows what arrived; without it the one before stands. */
  readonly id?: unknown;
  /** Whether more frames wait at the server: the next request is made at once. */
  readonly more?: boolean;
  /** Ends the connection, after the frames. */
  readonly close?: Farewell;
}

/**
 * Makes one request. Its first value counts, unsubscribing aborts it. It errors when there is no good answer: with the HTTP `status`
 * and `retryAfter` (in milliseconds) as properties of the error, where there was a bad one.
 */
export type PollExchange = (request: PollRequest) => ObservableInput<PollAnswer>;
