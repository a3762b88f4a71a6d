import { asyncScheduler, Observable, type ObservableInput, type SchedulerLike } from 'rxjs';
import { clockOf } from '../core/clock.js';
import { ReadyState } from '../core/connection.js';
import type { Duration } from '../core/duration.js';
import { expectDuration } from '../core/expect.js';
import { guarded, operate } from '../core/operate.js';
import { CurrentConnection } from './currentConnection.js';
import type { GatewayConnection, WorkerEvent } from './events.js';
import { Ledger } from './ledger.js';
import { onFirst } from './onFirst.js';

export interface GracefulShutdownConfig {
  /** Its first value asks for the end. */
  readonly shutdown$: ObservableInput<unknown>;
  /** How long work may go on after that; for ever by default. */
  readonly deadline?: Duration;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/** By this reason a gateway knows that the worker's end is no accident. */
const REASON = 'WORKER_SHUTDOWN';

/**
 * Ends a worker when its work is done.
 *
 *     source     c-o-w-----k-a--x      (w received, k completed, a accepted)
 *     shutdown   -----s---------
 *     result     c-o-w-l---k-a--(x|)   (l closing)
 *     closed     ------------y--       (y close with 1000 WORKER_SHUTDOWN)
 *
 * After `closing` everything goes on, reconnects too, until no request is in work and every reply is confirmed. Then the connection is
 * closed, and the stream completes when it is gone; without a connection it completes at once. When the deadline passes first,
 * `abandoned` tells what was left. Stands after everything that makes events of work.
 */
export function gracefulShutdown({
  shutdown$,
  deadline = Infinity,
  scheduler = asyncScheduler,
}: GracefulShutdownConfig): (source: Observable<WorkerEvent>) => Observable<WorkerEvent> {
  const patience = expectDuration('gracefulShutdown', 'deadline', deadline, true);

  return (source) =>
    new Observable((subscriber) => {
      const current = new CurrentConnection();
      const ledger = new Ledger();
      let connection: GatewayConnection | undefined;
      let closing = false;
      /** The connection whose end is waited for. */
      let leaving: GatewayConnection | undefined;

      const leave = (): void => {
        limit.cancel();
        if (leaving || subscriber.closed) return;
        if (connection?.readyState !== ReadyState.OPEN) {
          subscriber.complete();
          return;
        }
        leaving = connection;
        connection.close(1000, REASON);
      };
      const abandon = (): void => {
        subscriber.next({ type: 'abandoned', requests: ledger.inFlight, replies: [...ledger.unconfirmed.keys()] });
        leave();
      };
      const limit = clockOf(scheduler).deadline(guarded(subscriber, abandon));

      operate({
        source,
        subscriber,
        next(event) {
          ledger.note(event, 0);
          connection = current.note(event);
          subscriber.next(event);
          if (!closing) return;
          if (leaving && leaving !== connection) subscriber.complete();
          else if (ledger.isIdle) leave();
        },
        finalize: () => limit.cancel(),
      });
      onFirst(shutdown$, subscriber, () => {
        closing = true;
        subscriber.next({ type: 'closing' });
        if (subscriber.closed) return;
        if (ledger.isIdle) leave();
        else if (patience < Infinity) limit.in(patience);
      });
    });
}
