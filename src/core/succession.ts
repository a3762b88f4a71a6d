import type { SchedulerLike, Subscriber, Subscription } from 'rxjs';
import { clockOf } from './clock.js';
import type { Connection } from './connection.js';
import type { ConnectingEvent, ConnectionEvent, ConnectionEvents, ReconnectingEvent, RetiredEvent } from './event.js';
import { guarded, receiver } from './operate.js';

/** How a subscription ended: with an error, or without. */
export type End = { readonly error: unknown } | undefined;

export interface SuccessionConfig<In, Out, Session> {
  readonly subscriber: Subscriber<ConnectionEvent<In, Out, Session>>;
  /** How long, in milliseconds, the old connection is kept after its successor opened. */
  readonly linger: number;
  readonly scheduler: SchedulerLike | undefined;
  /** Told of what the current connection says while no successor is dialled, messages apart: it passes it on. */
  readonly heard?: (event: ConnectionEvent<In, Out, Session>) => void;
  /** Told of the old connection when the successor is open, before that is passed on. */
  readonly takesOver?: (old: Connection<Out, Session>) => void;
  /** Told of it after that was passed on; gives what goes on until the old connection is let go. */
  readonly tookOver?: (old: Connection<Out, Session>) => Subscription | undefined;
  /** The successor ended before it opened. */
  readonly failed?: (end: End) => void;
  /** What follows when the current one ended and there is no successor. */
  readonly ended: (end: End) => void;
}

export interface Succession<In, Out, Session> {
  /** Subscribes, at first for the one that serves, then for a successor, unless one is dialled already. One that lingers is let go before. */
  readonly succeed: (source: ConnectionEvents<In, Out, Session>) => void;
  /** Lets the old connection go. */
  readonly retire: (reason?: RetiredEvent<Out, Session>['reason']) => void;
  /** Keeps only the one that serves. */
  readonly settle: () => void;
}

/** One subscription. */
interface Life<In, Out, Session> {
  readonly hold: Subscriber<ConnectionEvent<In, Out, Session>>;
  connection?: Connection<Out, Session>;
  /** What the consumer was not told while another connection served. */
  hidden?: ConnectingEvent | ReconnectingEvent;
}

/**
 * Makes a connection before it lets go of the one that serves: at most two live.
 * Messages of both are passed on. Of the successor's dial the consumer sees nothing but its `open`, unless the old one ends first.
 */
export function succession<In, Out, Session>({
  subscriber,
  linger,
  scheduler,
  heard = (event) => subscriber.next(event),
  takesOver,
  tookOver,
  failed,
  ended,
}: SuccessionConfig<In, Out, Session>): Succession<In, Out, Session> {
  type Event = ConnectionEvent<In, Out, Session>;
  type OneLife = Life<In, Out, Session>;
  let current: OneLife | undefined;
  let successor: OneLife | undefined;
  let retiring: OneLife | undefined;
  let lingering: Subscription | undefined;
  const patience = clockOf(scheduler).deadline(guarded(subscriber, () => retire()));

  const subscribe = (source: ConnectionEvents<In, Out, Session>): void => {
    const life: OneLife = {
      hold: receiver<Event, Event>({
        subscriber,
        next: (event) => lifeHeard(life, event),
        error: (error) => lifeEnded(life, { error }),
        complete: () => lifeEnded(life),
      }),
    };
    if (current) successor = life;
    else current = life;
    if (!life.hold.closed) source.subscribe(life.hold);
  };
  const retire = (reason: RetiredEvent<Out, Session>['reason'] = 'expired', life = retiring): void => {
    patience.cancel();
    lingering?.unsubscribe();
    retiring = undefined;
    life?.hold.unsubscribe();
    if (life?.connection) subscriber.next({ type: 'retired', connection: life.connection, reason });
  };

  const lifeHeard = (life: OneLife, event: Event): void => {
    if (event.type === 'message') subscriber.next(event);
    else if (life === successor) successorHeard(life, event);
    else if (life === retiring || successor) oldHeard(life, event);
    else {
      if (event.type === 'open') life.connection = event.connection;
      heard(event);
    }
  };
  const successorHeard = (life: OneLife, event: Event): void => {
    if (event.type === 'open') handOver(life, event.connection);
    else if (event.type === 'connecting' || event.type === 'reconnecting') life.hidden = event;
    else if (event.type !== 'close') subscriber.next(event);
  };
  const oldHeard = (life: OneLife, event: Event): void => {
    if (event.type === 'close' || event.type === 'reconnecting') lost(life);
    else subscriber.next(event);
  };

  const handOver = (life: OneLife, connection: Connection<Out, Session>): void => {
    const old = current;
    const oldConnection = old?.connection;
    life.connection = connection;
    current = life;
    successor = undefined;
    retiring = old;
    if (oldConnection) takesOver?.(oldConnection);
    subscriber.next({ type: 'open', connection });
    if (retiring !== old || subscriber.closed || !oldConnection) return;
    lingering = tookOver?.(oldConnection);
    if (retiring !== old) lingering?.unsubscribe();
    else if (linger === 0) retire();
    else patience.in(linger);
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
  const lifeEnded = (life: OneLife, end?: End): void => {
    if (life === successor) {
      successor = undefined;
      failed?.(end);
    } else if (life === retiring || successor) lost(life);
    else ended(end);
  };

  subscriber.add(() => patience.cancel());
  return {
    succeed(source) {
      retire();
      if (!successor && !subscriber.closed) subscribe(source);
    },
    retire,
    settle() {
      successor?.hold.unsubscribe();
      successor = undefined;
      retire();
    },
  };
}
