import type { SchedulerLike } from 'rxjs';
import { clockOf } from '../core/clock.js';
import type { Duration } from '../core/duration.js';
import { OpenTimeoutError } from '../core/errors.js';
import type { AnyConnectionOperator } from '../core/event.js';
import { expectDuration } from '../core/expect.js';
import { operated } from '../core/operate.js';

export interface OpenTimeoutConfig {
  /** How long a connection may take to open. */
  readonly within: Duration;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Errors with an {@link OpenTimeoutError} when a connection is not open in time.
 *
 *     source   c-----o
 *     result   c--#         (within 3)
 *
 * The time begins with the subscription, so that finding the address counts too. Placed after `handshake`, whose `open` comes
 * late, it covers the handshake. Where a source dials again by itself, each `connecting` has its own time and the waits between have none.
 *
 * @example
 * webSocket('wss://chat.example.com').pipe(json<Chat>(), openTimeout({ within: '10s' }));
 */
export function openTimeout({ within, scheduler }: OpenTimeoutConfig): AnyConnectionOperator {
  const limit = expectDuration('openTimeout', 'within', within);

  return (source) =>
    operated(source, (subscriber) => {
      const deadline = clockOf(scheduler).deadline(() => subscriber.error(new OpenTimeoutError(limit)));
      let first = true;

      deadline.in(limit);
      return {
        next(event) {
          switch (event.type) {
            case 'connecting':
              if (!first) deadline.in(limit);
              first = false;
              break;
            case 'reconnecting':
              first = false;
              deadline.cancel();
              break;
            case 'open':
            case 'close':
              deadline.cancel();
              break;
          }
          subscriber.next(event);
        },
        finalize: () => deadline.cancel(),
      };
    });
}
