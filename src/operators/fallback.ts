import { Observable, type SchedulerLike } from 'rxjs';
import { clockOf } from '../core/clock.js';
import type { Duration } from '../core/duration.js';
import type { ConnectionEvent, ConnectionEvents } from '../core/event.js';
import { expectCount, expectDuration } from '../core/expect.js';
import { guarded, operated } from '../core/operate.js';
import { succession } from '../core/succession.js';

export interface FallbackConfig {
  /** How many failures in a row make it move to the next source; 3 by default. */
  readonly after?: number;
  /** How often a better source is tried while a worse one serves; every minute by default. */
  readonly probe?: Duration;
  /** How long a connection must stay open before its failures are counted anew; 5 s by default. */
  readonly stableAfter?: Duration;
  /** How long the worse connection is kept after the better one opened, for what is still on its way over it; 5 s by default. */
  readonly linger?: Duration;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Connects another way while the best one does not work, and comes back to the best one without a gap.
 *
 *     best     c-#
 *     next        c-om------m-----
 *     back            c-O----M-M--
 *     result   c-rc-om--(dO)mMtM--      (after 1, linger 6, with reconnect)
 *
 * One subscription is one dial, of the source that is to serve: the first, until it failed `after` times in a row. An error is a
 * failure, unless the connection had been open for `stableAfter`. Behind the last source comes the first again. Errors are passed on,
 * so `reconnect` stands behind, and waits between the dials. As with `dial`, the memory of failures therefore belongs to the value that
 * `fallback()` returned and outlives subscriptions.
 *
 * While a worse source serves, a better one is dialled every `probe`, which the consumer does not see unless it opens. Then it takes
 * over: `draining` of the old connection, with `replaced`, `open` of the new one, and after `linger` `retired`; messages of both are
 * passed on. One that came back so, and ends before it was open for `stableAfter`, is left at once. A connection that ends while a
 * better one is dialled is `retired` with `lost`, and that dial becomes visible. Only 1000 of the one that serves completes.
 *
 * @example
 * fallback([
 *   webSocket('wss://chat.example.com').pipe(json<Chat>()),
 *   httpPolling({ url: 'https://chat.example.com/poll' }).pipe(json<Chat>()),
 * ]).pipe(reconnect());
 */
export function fallback<In, Out, Session>(
  sources: readonly ConnectionEvents<In, Out, Session>[],
  { after = 3, probe = 60_000, stableAfter = 5_000, linger = 5_000, scheduler }: FallbackConfig = {},
): ConnectionEvents<In, Out, Session> {
  type Event = ConnectionEvent<In, Out, Session>;
  expectCount('fallback', 'sources.length', sources.length, 1);
  expectCount('fallback', 'after', after, 1);
  const every = expectDuration('fallback', 'probe', probe);
  const stable = expectDuration('fallback', 'stableAfter', stableAfter, true);
  const lingering = expectDuration('fallback', 'linger', linger, true);
  const ranked = sources.map((source) => ({ source, failures: 0 }));
  /** The source that the next subscription dials. */
  let chosen = 0;
  /** When a better one may be tried: subscriptions that do not live until then must not put it off for ever. */
  let probeAt = 0;
  /** Those that a peer asked to move: a successor may live beside them already, so that there is no room for a probe. */
  const draining = new Set<unknown>();

  return new Observable<Event>((subscriber) => {
    const clock = clockOf(scheduler);
    /** The source that serves, or is dialled in order to. */
    let serving = chosen;
    let probes = 0;
    const trial = clock.deadline(
      guarded(subscriber, () => {
        trial.in(every);
        if (draining.size) return;
        probeAt = clock.now() + every;
        // One that neither opened nor failed since the last time must not stand in the way of others.
        settle();
        succeed(dialled(probes++ % serving));
      }),
    );

    const dialled = (which: number): Observable<Event> => {
      const rank = ranked[which] as (typeof ranked)[number];
      return operated(rank.source, (dial) => {
        let stableAt = Infinity;
        const isStable = (): boolean => clock.now() >= stableAt;

        return {
          next(event) {
            if (event.type === 'open') {
              stableAt = clock.now() + stable;
              serving = which;
              chosen = Math.min(chosen, which);
              if (which) trial.in(Math.max(probeAt - clock.now(), stable));
              else trial.cancel();
            } else if (event.type === 'draining') {
              if (which !== serving) return;
              trial.cancel();
              draining.add(dial);
              settle();
            } else if (which === serving && (event.type === 'close' || event.type === 'reconnecting')) {
              trial.cancel();
              // Who is done needs no better source.
              if (event.type === 'close' && event.code === 1000) settle();
            }
            dial.next(event);
          },
          error(error) {
            if (!isStable() && ++rank.failures >= after && which === chosen) {
              chosen = (which + 1) % sources.length;
              probeAt = clock.now() + every;
            }
            dial.error(error);
          },
          finalize() {
            if (which === serving) trial.cancel();
            draining.delete(dial);
            if (isStable()) rank.failures = 0;
          },
        };
      });
    };

    const { succeed, settle } = succession<In, Out, Session>({
      subscriber,
      linger: lingering,
      scheduler,
      takesOver: (connection) => subscriber.next({ type: 'draining', connection, replaced: true }),
      ended: (end) => (end ? subscriber.error(end.error) : subscriber.complete()),
    });
    succeed(dialled(serving));
  });
}
