import type { Duration } from '../core/duration.js';
import { expectDuration } from '../core/expect.js';
import type { FromGateway } from '../gateway/messages.js';

/** How often a gateway wants to hear of a worker; `''`: it has no opinion. Numbers are milliseconds. */
export interface WorkerIntervals {
  readonly heartbeatInterval?: Duration;
  readonly extendLeaseInterval?: Duration;
  readonly statusInterval?: Duration;
}

/** What a gateway does other than usual when a worker connects. */
export interface HandshakeScript {
  /** `'once'` by default. */
  readonly hello?: 'once' | 'twice' | 'never';
  /** How long after the accept; at once by default. */
  readonly helloAfter?: Duration;
  /** What is said instead of hello. */
  readonly firstMessage?: FromGateway;
  /** What is said instead of ready; the connection is closed then. */
  readonly syncFailed?: { readonly code: string; readonly message: string };
  /** The tokens are refused, however good they are. */
  readonly authentication?: 'refused';
  /** `'once'` by default. */
  readonly ready?: 'once' | 'never';
  /** How long after the worker introduced itself; at once by default. */
  readonly readyAfter?: Duration;
  /** Other intervals than the gateway's own. */
  readonly intervals?: WorkerIntervals;
  /**
   * The gateway is about to close: it closes at the `accept`, when the worker has introduced itself (`connect`),
   * or it says `draining` instead of `ready` and closes after the drain window (`notice`).
   */
  readonly closing?: 'accept' | 'connect' | 'notice';
}

/** When a handshake goes on, in milliseconds. */
export function handshakeDelays({ helloAfter = 0, readyAfter = 0 }: HandshakeScript): {
  readonly hello: number;
  readonly ready: number;
} {
  return {
    hello: expectDuration('mockGateway', 'helloAfter', helloAfter, true),
    ready: expectDuration('mockGateway', 'readyAfter', readyAfter, true),
  };
}
