import { asyncScheduler, from, type MonoTypeOperatorFunction, Observable } from 'rxjs';
import type { ObservableInput, SchedulerLike } from 'rxjs';
import { clockOf } from '../core/clock.js';
import type { Duration } from '../core/duration.js';
import { LeaseLostError } from '../core/errors.js';
import { expectDuration, expectFunction, expectOneOf } from '../core/expect.js';
import { receiver } from '../core/operate.js';

export interface ExtendLeaseConfig<Lease> {
  /** How long between two extensions, the first one counted from the subscription. */
  readonly every: Duration;
  /** The lease that the work begins with. */
  readonly lease: Lease;
  /** Asks for the lease to be extended; it is given the newest one. What it throws is ignored: the next one is in time again. */
  readonly extend: (lease: Lease) => void;
  /** The answers: the lease from now on, or `undefined` when it is lost. */
  readonly renewals$: ObservableInput<Lease | undefined>;
  /** What becomes of the work without its lease: it is cancelled (the default), or it may finish. */
  readonly lost?: 'cancel' | 'finish';
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Keeps the lease of work extended while the work runs, and cancels the work when the lease is lost.
 *
 *     work       -a-----b------c|
 *     renewals   ----2-----x-----      (x: the lease is lost)
 *     extended   ---1--2--2------
 *     result     -a-----b--#           (every 3)
 *
 * Stands on the work itself, not on a connection. The work is unsubscribed first, and then the stream errors with a `LeaseLostError`.
 * A lost lease is not extended any more, and never comes back; nor does that of work that ended. The last lease holds where
 * `renewals$` completes; where it errors, the work is cancelled with that error.
 *
 * @example
 * const held = (work$: Observable<string>, connection: Connection<Message>, renewals$: Observable<string | undefined>) =>
 *   work$.pipe(
 *     extendLease({ every: '5s', lease: 'first', extend: (id) => connection.send({ kind: 'extend', id }), renewals$ }),
 *   );
 */
export function extendLease<T, Lease>({
  every,
  lease,
  extend,
  renewals$,
  lost = 'cancel',
  scheduler = asyncScheduler,
}: ExtendLeaseConfig<Lease>): MonoTypeOperatorFunction<T> {
  const interval = expectDuration('extendLease', 'every', every);
  expectFunction('extendLease', 'extend', extend);
  expectOneOf('extendLease', 'lost', lost, ['cancel', 'finish']);
  const answers$ = from(renewals$);

  return (source) =>
    new Observable((subscriber) => {
      const clock = clockOf(scheduler);
      let newest = lease;
      const tick = clock.deadline((late) => {
        // Before extending, which may end the work. What was missed is not made up for, and the beat is kept.
        tick.in(interval, clock.now() - (late % interval));
        try {
          extend(newest);
        } catch {
          // The lease has a longer life than one extension.
        }
      });
      const work = receiver<T, T>({
        subscriber,
        next: (value) => subscriber.next(value),
        finalize: () => tick.cancel(),
      });
      /** Whoever takes the work over, because of the error, finds it stopped. */
      const cancel = (error: unknown): void => {
        work.unsubscribe();
        subscriber.error(error);
      };
      const answers = receiver<Lease | undefined, T>({
        subscriber,
        next(renewal) {
          if (renewal !== undefined) newest = renewal;
          else if (lost === 'cancel') cancel(new LeaseLostError(newest));
          else {
            tick.cancel();
            answers.unsubscribe();
          }
        },
        error: cancel,
        complete: () => undefined,
      });

      if (subscriber.closed) return;
      tick.in(interval);
      answers$.subscribe(answers);
      if (!work.closed) source.subscribe(work);
    });
}
