import { asyncScheduler, NEVER, Observable, type ObservableInput, type SchedulerLike } from 'rxjs';
import { clockOf } from '../core/clock.js';
import { ReadyState } from '../core/connection.js';
import { guarded, operate } from '../core/operate.js';
import { CurrentConnection } from './currentConnection.js';
import type { GatewayConnection, WorkerEvent } from './events.js';
import { Ledger } from './ledger.js';
import { MOST_IN_FLIGHT } from './messageFields.js';
import { onFirst } from './onFirst.js';

export interface ReportStatusConfig {
  /** Emits once when the worker is about to end: reports say so from then on. */
  readonly pause$?: ObservableInput<unknown>;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/** About as many requests are named in a millisecond at most. */
const MOST_NAMED = 5;

/**
 * Tells the gateway which requests are in work, as often as it asked for in its `ready`, or not at all.
 *
 *     source   c-o--w-----      (w received)
 *     sent     ----0--1--1      (reports of so many requests, every 3 ms)
 *
 * A report names the 65,536 oldest at most.
 */
export function reportStatus({ pause$ = NEVER, scheduler = asyncScheduler }: ReportStatusConfig = {}): (
  source: Observable<WorkerEvent>,
) => Observable<WorkerEvent> {
  return (source) =>
    new Observable((subscriber) => {
      const current = new CurrentConnection();
      const ledger = new Ledger();
      let connection: GatewayConnection | undefined;
      let closing = false;

      const report = (): void => {
        if (connection?.readyState !== ReadyState.OPEN) return;
        const inFlight = ledger.inFlight.slice(0, MOST_IN_FLIGHT);
        // A gateway that asks for reports without end must not leave a busy worker no time for its work.
        due.in(Math.max(connection.session.statusInterval, inFlight.length / MOST_NAMED));
        connection.send({ kind: 'status', inFlight, closing });
      };
      const due = clockOf(scheduler).deadline(guarded(subscriber, report));

      onFirst(pause$, subscriber, () => (closing = true));
      operate({
        source,
        subscriber,
        next(event) {
          ledger.note(event, 0);
          const before = connection;
          connection = current.note(event);
          subscriber.next(event);
          if (connection === before || subscriber.closed) return;
          due.cancel();
          if (connection?.session.statusInterval) due.in(connection.session.statusInterval);
        },
        finalize: () => due.cancel(),
      });
    });
}
