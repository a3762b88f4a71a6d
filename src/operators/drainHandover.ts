import { from, noop, Observable, type ObservableInput, type SchedulerLike, take } from 'rxjs';
import { clockOf } from '../core/clock.js';
import { type Connection, isOpen } from '../core/connection.js';
import type { Duration } from '../core/duration.js';
import type { ConnectionOperator } from '../core/event.js';
import { expectDuration } from '../core/expect.js';
import { guarded, operate } from '../core/operate.js';
import { type End, succession } from '../core/succession.js';

export interface DrainHandoverConfig<Out, Session = unknown> {
  /** How long the old connection is kept after its successor opened, for what is still on its way over it. */
  readonly linger: Duration;
  /** Tells the old peer that the successor has taken over, as by leaving its topics. Not called when the old connection is no longer open. */
  readonly release?: (old: Connection<Out, Session>) => void;
  /** Ends the lingering early, with its first value. */
  readonly until?: (old: Connection<Out, Session>) => ObservableInput<unknown>;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
  /** Where chance comes from; `Math.random` by default. */
  readonly random?: () => number;
}

/**
 * Successors are dialled at least this far apart, in milliseconds, and twice as far each time that one follows within `CALM` of the wait:
 * a peer that drains whatever opens must not make us dial without end.
 */
const SPACING = 1_000;
const WIDEST = 16_000;
const CALM = 5_000;

/**
 * Makes the new connection before it lets go of the old one, when the peer is draining.
 *
 *     old       co-m-d-m--m--------
 *     new            c---O---M--M--
 *     result    co-m-d-m-Om-tM--M--      (linger 3)
 *
 * On `draining` (after a random share of its `within`, where the peer gave one) it subscribes to its source a second time. Messages of both
 * are passed on; of the successor's dial the consumer sees nothing but its `open`, for to it the connection never broke. The old one is let
 * go `linger` ms later, or when `until` says so: then `retired` follows. When the old one ends by itself it is `retired` with `lost`,
 * and the successor's dial becomes visible if it is not open yet. At most two connections live at any time: a successor that drains
 * itself ends the lingering. A successor that fails for good leaves the old connection to serve until its own end.
 * Stands outside `reconnect`, so that the successor retries by itself.
 *
 * @example
 * webSocket('wss://feed.example.com').pipe(
 *   json<Feed>(),
 *   drainOn((message) => message.kind === 'draining'),
 *   reconnect(),
 *   drainHandover({ linger: 5_000, release: (old) => old.send({ kind: 'leave' }) }),
 * );
 */
export function drainHandover<In, Out, Session>(
  config: DrainHandoverConfig<NoInfer<Out>, NoInfer<Session>>,
): ConnectionOperator<In, Out, Session> {
  const { release, until, scheduler, random = Math.random } = config;
  const linger = expectDuration('drainHandover', 'linger', config.linger, true);

  return (source) =>
    new Observable((subscriber) => {
      const clock = clockOf(scheduler);
      let failure: End;
      let begunAt = -Infinity;
      let spacing = 0;
      const move = (): void => {
        share.cancel();
        const before = begunAt;
        begunAt = clock.now();
        spacing = begunAt - before < spacing + CALM ? Math.min(2 * spacing, WIDEST) : SPACING;
        succeed(source);
      };
      const share = clock.deadline(guarded(subscriber, move));

      const { succeed, retire } = succession<In, Out, Session>({
        subscriber,
        linger,
        scheduler,
        tookOver(old) {
          if (isOpen(old)) release?.(old);
          if (!until || linger === 0) return undefined;
          const next = (): void => retire('released');
          return operate({ source: from(until(old)).pipe(take(1)), subscriber, next, complete: noop });
        },
        heard(event) {
          if (event.type === 'open') failure = undefined;
          if (event.type === 'close' || event.type === 'reconnecting') share.cancel();
          subscriber.next(event);
          if (event.type !== 'draining' || event.replaced || subscriber.closed) return;
          failure = undefined;
          const now = clock.now();
          const wait = Math.max((event.within ?? 0) * random(), begunAt + spacing - now);
          if (!(wait > 0)) move();
          else if (now + wait < share.due) share.in(wait);
        },
        failed: (end) => (failure = end),
        ended(end = failure) {
          if (end) subscriber.error(end.error);
          else subscriber.complete();
        },
      });

      subscriber.add(() => share.cancel());
      succeed(source);
    });
}
