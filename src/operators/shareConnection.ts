import { Observable, type SchedulerLike, type Subscriber, type Subscription } from 'rxjs';
import { clockOf } from '../core/clock.js';
import type { Duration } from '../core/duration.js';
import type {
  AnyConnectionOperator,
  ConnectingEvent,
  ConnectionEvent,
  ConnectionEvents,
  DrainingEvent,
  OpenEvent,
  ReconnectingEvent,
} from '../core/event.js';
import { expectDuration } from '../core/expect.js';
import { receiver } from '../core/operate.js';

export interface ShareConnectionConfig {
  /** How long the connection is kept after the last subscriber left, for one that may come; 0 by default. */
  readonly resetAfter?: Duration;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/**
 * One connection for many subscribers: the first one dials, the last one hangs up.
 *
 *     source   co-m--m-x|
 *     first    co-m--m-x|
 *     late     ----o-m-x|
 *
 * A late subscriber is first told `open`, if the connection is, and `draining`, if it is that too. After the source ended, the next
 * subscriber dials anew. Subscribers are kept in a list that is copied when it changes: half the cost of rxjs's `share()` for each of many.
 *
 * @example
 * const chat$ = webSocket('wss://chat.example.com').pipe(json<Chat>(), reconnect(), shareConnection());
 * chat$.pipe(messages()).subscribe((message) => show(message));
 * chat$.pipe(connectionState()).subscribe(({ state }) => badge(state));
 */
export function shareConnection({ resetAfter = 0, scheduler }: ShareConnectionConfig = {}): AnyConnectionOperator {
  const linger = expectDuration('shareConnection', 'resetAfter', resetAfter, true);

  return <In, Out, Session>(source: ConnectionEvents<In, Out, Session>) => {
    let members: readonly Subscriber<ConnectionEvent<In, Out, Session>>[] = [];
    let hold: Subscription | undefined;
    let lastOpen: OpenEvent<Out, Session> | undefined;
    let draining: DrainingEvent<Out, Session> | undefined;
    let lastDial: ConnectingEvent | ReconnectingEvent | undefined;
    const rest = clockOf(scheduler).deadline(() => reset());

    const reset = (): void => {
      rest.cancel();
      hold?.unsubscribe();
      hold = undefined;
      lastOpen = draining = lastDial = undefined;
    };
    /** Takes everybody's leave, for the source ended. Whoever subscribes from here on dials anew. */
    const end = (): readonly Subscriber<ConnectionEvent<In, Out, Session>>[] => {
      const all = members;
      members = [];
      reset();
      return all;
    };
    const next = (event: ConnectionEvent<In, Out, Session>): void => {
      if (event.type !== 'message') remember(event);
      for (const member of members) member.next(event);
    };
    const remember = (event: ConnectionEvent<In, Out, Session>): void => {
      const isCurrent = 'connection' in event && event.connection === lastOpen?.connection;
      if (event.type === 'draining' && isCurrent) draining = event;
      else if (event.type === 'open') {
        lastOpen = event;
        draining = lastDial = undefined;
      } else if (event.type === 'connecting' || event.type === 'reconnecting') {
        lastDial = event;
        lastOpen = draining = undefined;
      } else if (isCurrent && (event.type === 'close' || event.type === 'retired')) {
        lastOpen = draining = undefined;
      }
    };
    const dial = (): void => {
      const receiving = receiver<ConnectionEvent<In, Out, Session>, never>({
        next,
        error: (error) => end().forEach((member) => member.error(error)),
        complete: () => end().forEach((member) => member.complete()),
      });
      hold = receiving;
      source.subscribe(receiving);
    };

    return new Observable<ConnectionEvent<In, Out, Session>>((subscriber) => {
      // Some of rxjs's operators subscribe for a subscriber that is gone already.
      if (subscriber.closed) return;
      rest.cancel();
      members = [...members, subscriber];
      subscriber.add(() => {
        if (!members.includes(subscriber)) return;
        members = members.filter((member) => member !== subscriber);
        if (members.length > 0) return;
        if (linger > 0) rest.in(linger);
        else reset();
      });
      if (!hold) dial();
      else {
        for (const event of [lastOpen, draining, lastDial]) if (event) subscriber.next(event);
      }
    });
  };
}
