import { type Backoff, steps } from '../core/backoff.js';
import type { Duration } from '../core/duration.js';
import { isNamed } from '../core/errors.js';
import { isGatewayError } from './errors.js';

export interface GatewayBackoffConfig {
  /** The waits, the last one for ever after; by default 1, 2, 5, 10, 20, 30, 60, 120 and 300 s, those of the gateway's own clients. */
  readonly delays?: readonly Duration[];
  /** The largest share that chance adds to a wait; 0.3 by default, so that a fleet does not come back in one wave. */
  readonly jitter?: number;
  /** Whether the first retry after an open connection was lost is made at once, without a wait; true by default. */
  readonly immediate?: boolean;
}

/** What a gateway closes with when it drains. */
const CLOSING = 'connect_gateway_closing';

const SECONDS = [1, 2, 5, 10, 20, 30, 60, 120, 300].map((seconds) => seconds * 1_000);

/**
 * How long a worker waits before it dials again.
 *
 * A gateway that turns out to be about to close costs half a second to one and a half, whatever the attempt: another one is there.
 * Remembers how a row of failures began, so each worker needs a value of its own.
 */
export function gatewayBackoff({
  delays = SECONDS,
  jitter = 0.3,
  immediate = true,
}: GatewayBackoffConfig = {}): Backoff {
  const table = steps(delays, { jitter });
  let skipped = 0;

  return (context) => {
    const { attempt, cause, random } = context;
    if (attempt === 1) skipped = immediate && wasOpen(cause) ? 1 : 0;
    if (isClosing(cause)) return 500 + 1_000 * random();
    return attempt === skipped ? 0 : table({ ...context, attempt: attempt - skipped });
  };
}

/** Whether a gateway said, before the worker was ready, that it is about to close. */
function isClosing(cause: unknown): boolean {
  if (!isNamed(cause, 'HandshakeError')) return false;
  const reason = (cause.cause as { readonly reason?: unknown } | undefined)?.reason;
  return isGatewayError(cause.cause, 'GatewayClosingError') || String(reason).includes(CLOSING);
}

function wasOpen(cause: unknown): boolean {
  return isNamed(cause, 'ConnectionClosedError') || isNamed(cause, 'HeartbeatTimeoutError');
}
