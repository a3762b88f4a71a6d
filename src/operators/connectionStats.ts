import type { Observable, SchedulerLike } from 'rxjs';
import { clockOf } from '../core/clock.js';
import type { Connection, Traffic } from '../core/connection.js';
import type { Duration } from '../core/duration.js';
import type { ConnectionEvent, ConnectionEvents } from '../core/event.js';
import { expectDuration } from '../core/expect.js';
import { guarded, operated } from '../core/operate.js';

/** What happened on a stream of connections. The traffic of all of them is added up, and is unknown (undefined) without `countTraffic`. */
export interface ConnectionStats {
  /** Messages that arrived; with `countTraffic` all frames that did. */
  readonly messagesReceived: number;
  readonly messagesSent: number | undefined;
  readonly bytesReceived: number | undefined;
  readonly bytesSent: number | undefined;
  /** How often a connection was made anew after one had been lost. A handover loses none. */
  readonly reconnects: number;
  /** Dials that failed, connections that were lost, and frames that did not decode. */
  readonly errors: number;
  /** Milliseconds since the consumer has had a connection without a gap; 0 while there is none. */
  readonly uptime: number;
}

export interface ConnectionStatsConfig {
  /** The least time between two snapshots; 1 s by default. */
  readonly every?: Duration;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

const nothing: Traffic = { messagesSent: 0, messagesReceived: 0, bytesSent: 0, bytesReceived: 0 };

/** The sum of two counts. */
const plus = (one: Traffic, other: Traffic): Traffic => ({
  messagesSent: one.messagesSent + other.messagesSent,
  messagesReceived: one.messagesReceived + other.messagesReceived,
  bytesSent: one.bytesSent + other.bytesSent,
  bytesReceived: one.bytesReceived + other.bytesReceived,
});

/**
 * Counts what happens: a snapshot at once, then at most one every `every` ms, and one at the end, each only when a number has changed.
 *
 *     source   co-m-m-m---m----m-x|
 *     result   0---1----3-----4---(5|)      (messagesReceived, every 4 ms)
 *
 * Sends happen outside the stream of events, so with `countTraffic` it looks every `every` ms for them while a connection is open. That
 * `uptime` grows is no change. What a shared connection carried before the subscription is included.
 *
 * @example
 * const chat$ = webSocket('wss://chat.example.com').pipe(countTraffic(), json<Chat>(), reconnect(), shareConnection());
 * chat$.pipe(connectionStats()).subscribe(({ bytesReceived }) => show(bytesReceived));
 */
export function connectionStats({ every = 1_000, scheduler }: ConnectionStatsConfig = {}): <In, Out, Session>(
  source: ConnectionEvents<In, Out, Session>,
) => Observable<ConnectionStats> {
  const least = expectDuration('connectionStats', 'every', every);

  return <In, Out, Session>(source: ConnectionEvents<In, Out, Session>) =>
    operated(source, (subscriber) => {
      const clock = clockOf(scheduler);
      const live = new Map<Connection<Out, Session>, Traffic>();
      let past: Traffic | undefined;
      let messages = 0;
      let reconnects = 0;
      let errors = 0;
      let upSince: number | undefined;
      let current: Connection<Out, Session> | undefined;
      let accounted = false;
      let last = '';

      const emit = (): void => {
        const traffic = [...live.values()].reduce<Traffic | undefined>((sum, one) => plus(sum ?? nothing, one), past);
        const { messagesReceived = messages, messagesSent, bytesReceived, bytesSent } = traffic ?? {};
        const counts = { messagesReceived, messagesSent, bytesReceived, bytesSent, reconnects, errors };
        const text = `${Object.values(counts).join()},${upSince}`;
        if (text === last) return;
        last = text;
        subscriber.next({ ...counts, uptime: upSince === undefined ? 0 : clock.now() - upSince });
      };
      const deadline = clock.deadline(
        guarded(subscriber, () => {
          emit();
          if (live.size > 0 && !subscriber.closed) deadline.in(least);
        }),
      );
      /** A connection is gone: its numbers will not change any more. */
      const settle = (connection: Connection<Out, Session>): void => {
        const traffic = live.get(connection);
        if (traffic && live.delete(connection)) past = plus(past ?? nothing, traffic);
      };
      const down = (): void => {
        upSince = undefined;
        for (const connection of live.keys()) settle(connection);
      };
      const heard = (event: ConnectionEvent<In, Out, Session>): void => {
        switch (event.type) {
          case 'message':
            messages++;
            break;
          case 'malformed':
            errors++;
            break;
          case 'open':
            if (event.connection.traffic) live.set(event.connection, event.connection.traffic);
            if (current && upSince === undefined) reconnects++;
            upSince ??= clock.now();
            current = event.connection;
            accounted = false;
            break;
          case 'retired':
            settle(event.connection);
            if (event.connection !== current) break;
            errors++;
            down();
            break;
          case 'close':
            if (event.code !== 1000) errors++;
            accounted = true;
            down();
            break;
          case 'reconnecting':
            if (!accounted) errors++;
            accounted = false;
            down();
            break;
          case 'connecting':
            // A source that is subscribed anew after an error says no more of the old connection than this.
            if (upSince !== undefined) errors++;
            down();
            break;
          default:
            return;
        }
        if (deadline.due === Infinity) deadline.in(least);
      };

      emit();
      return {
        next: heard,
        error(error) {
          if (!accounted) errors++;
          down();
          emit();
          subscriber.error(error);
        },
        complete() {
          down();
          emit();
          subscriber.complete();
        },
        finalize: () => deadline.cancel(),
      };
    });
}
