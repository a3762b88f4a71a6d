import { from, Observable, type ObservableInput, type SchedulerLike, Subscription, take } from 'rxjs';
import { clockOf } from '../core/clock.js';
import { type Connection, isOpen } from '../core/connection.js';
import type { Duration } from '../core/duration.js';
import type {
  ConnectingEvent,
  ConnectionEvent,
  ConnectionOperator,
  ReconnectingEvent,
  RetiredEvent,
} from '../core/event.js';
import { expectDuration } from '../core/expect.js';
import { guarded, operate, receiver } from '../core/operate.js';

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

/** Successors are dialled at least this far apart, in milliseconds: a peer that drains whatever opens must not make us dial without end. */
const SPACING = 1_000;

/** One subscription to the source. */
interface Life<Out, Session> {
  hold: Subscription;
  connection?: Connection<Out, Session>;
  /** What the consumer was not told while another connection served. */
  hidden?: ConnectingEvent | ReconnectingEvent;
}

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
      type OneLife = Life<Out, Session>;
      const clock = clockOf(scheduler);
      let current: OneLife;
      let successor: OneLife | undefined;
      let retiring: OneLife | undefined;
      let failure: { readonly error: unknown } | undefined;
      let untilHold: Subscription | undefined;
      let begunAt = -Infinity;
      const share = clock.deadline(guarded(subscriber, () => succeed()));
      const patience = clock.deadline(guarded(subscriber, () => retire('expired')));

      const begin = (use: (life: OneLife) => void): void => {
        const life: OneLife = { hold: Subscription.EMPTY };
        const hold = receiver<ConnectionEvent<In, Out, Session>, ConnectionEvent<In, Out, Session>>({
          subscriber,
          next: (event) => heard(life, event),
          error: (error) => ended(life, { error }),
          complete: () => ended(life),
        });
        life.hold = hold;
        use(life);
        if (!hold.closed) source.subscribe(hold);
      };
      const succeed = (): void => {
        share.cancel();
        begunAt = clock.now();
        if (retiring) retire('expired');
        if (!successor && !subscriber.closed) begin((life) => (successor = life));
      };
      const retire = (reason: RetiredEvent<Out, Session>['reason'], life = retiring): void => {
        patience.cancel();
        untilHold?.unsubscribe();
        retiring = undefined;
        life?.hold.unsubscribe();
        if (life?.connection) subscriber.next({ type: 'retired', connection: life.connection, reason });
      };

      const heard = (life: OneLife, event: ConnectionEvent<In, Out, Session>): void => {
        if (event.type === 'message') subscriber.next(event);
        else if (life === successor) successorHeard(life, event);
        else if (life === retiring || successor) oldHeard(life, event);
        else currentHeard(life, event);
      };
      const currentHeard = (life: OneLife, event: ConnectionEvent<In, Out, Session>): void => {
        if (event.type === 'open') {
          life.connection = event.connection;
          failure = undefined;
        }
        if (event.type === 'close' || event.type === 'reconnecting') share.cancel();
        subscriber.next(event);
        if (event.type !== 'draining' || subscriber.closed) return;
        failure = undefined;
        const now = clock.now();
        const wait = Math.max((event.within ?? 0) * random(), begunAt + SPACING - now);
        if (!(wait > 0)) succeed();
        else if (now + wait < share.due) share.in(wait);
      };
      const successorHeard = (life: OneLife, event: ConnectionEvent<In, Out, Session>): void => {
        if (event.type === 'open') handOver(life, event.connection);
        else if (event.type === 'connecting' || event.type === 'reconnecting') life.hidden = event;
        else if (event.type !== 'close') subscriber.next(event);
      };
      const oldHeard = (life: OneLife, event: ConnectionEvent<In, Out, Session>): void => {
        if (event.type === 'close' || event.type === 'reconnecting') lost(life);
        else subscriber.next(event);
      };

      const handOver = (life: OneLife, connection: Connection<Out, Session>): void => {
        const old = current;
        life.connection = connection;
        current = life;
        successor = undefined;
        retiring = old;
        subscriber.next({ type: 'open', connection });
        if (retiring !== old || subscriber.closed || !old.connection) return;
        if (isOpen(old.connection)) release?.(old.connection);
        if (linger === 0) retire('expired');
        else patience.in(linger);
        if (retiring === old && until) {
          const next = (): void => retire('released');
          untilHold = operate({
            source: from(until(old.connection)).pipe(take(1)),
            subscriber,
            next,
            complete: () => undefined,
          });
        }
      };
      /** The old connection ended before it was let go. */
      const lost = (life: OneLife): void => {
        const heir = life === current ? successor : undefined;
        if (heir) {
          current = heir;
          successor = undefined;
        }
        retire('lost', life);
        if (heir?.hidden && current === heir && !heir.connection && !subscriber.closed) subscriber.next(heir.hidden);
      };
      const ended = (life: OneLife, end?: { readonly error: unknown }): void => {
        if (life === successor) {
          successor = undefined;
          failure = end;
        } else if (life === retiring || successor) lost(life);
        else if (end ?? failure) subscriber.error((end ?? failure)?.error);
        else subscriber.complete();
      };

      subscriber.add(() => {
        share.cancel();
        patience.cancel();
      });
      begin((life) => (current = life));
    });
}
