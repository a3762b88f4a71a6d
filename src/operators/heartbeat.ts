import type { SchedulerLike, Subscriber } from 'rxjs';
import { clockOf } from '../core/clock.js';
import { type Connection, isOpen } from '../core/connection.js';
import { clampDelay, type Duration } from '../core/duration.js';
import { HeartbeatTimeoutError } from '../core/errors.js';
import type { ConnectionEvent, ConnectionOperator } from '../core/event.js';
import { expectDuration, expected } from '../core/expect.js';
import { guarded, operated } from '../core/operate.js';

export interface HeartbeatConfig<In, Out, Session = unknown> {
  /** How long the peer may be silent before it is pinged. */
  readonly interval: Duration;
  /** How long it may stay silent after a ping. */
  readonly timeout: Duration;
  /** Ping every `interval`, whatever arrives and also while an answer is awaited; for peers that demand it. */
  readonly always?: boolean;
  /** Sends one ping. A protocol ping frame by default; browsers have none, so give one there. */
  readonly ping?: (connection: Connection<Out, Session>) => void;
  /** Tells answers to pings from messages: they become `pong` events. */
  readonly isPong?: (message: In) => boolean;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/** Called this late or later, a deadline says that the host slept, not that the peer did: what arrived meanwhile is not read yet. */
const SLEPT = 1_000;

/** Called this late, it says that the process was busy: the answer may have arrived, and is read before the next timer rings. */
const BUSY = 100;

/**
 * Pings a silent peer, and errors with a `HeartbeatTimeoutError` when it stays silent.
 *
 *     source   co-----m---------
 *     pings    -----p-----p-----
 *     result   co-----m-------#      (interval 4, timeout 4)
 *
 * Whatever arrives is a sign of life, so a busy connection is never pinged. The error lets go of the socket at once, without
 * waiting for its close. After the host slept, the peer is asked once more before it is given up; while the connection is paused
 * it is not given up at all.
 * Stands before `reconnect`: it watches the connection that opened last.
 *
 * @example
 * webSocket('wss://chat.example.com').pipe(
 *   json<Chat>(),
 *   heartbeat({ interval: 10_000, timeout: 5_000, ping: (connection) => connection.send({ kind: 'ping' }) }),
 * );
 */
export function heartbeat<In, Out, Session>(
  config:
    | HeartbeatConfig<NoInfer<In>, NoInfer<Out>, NoInfer<Session>>
    | ((connection: Connection<Out, Session>) => HeartbeatConfig<NoInfer<In>, NoInfer<Out>, NoInfer<Session>>),
): ConnectionOperator<In, Out, Session> {
  if (typeof config !== 'function') checked(config);

  return (source) =>
    operated(source, (subscriber) => {
      let pulse: Pulse<In, Out, Session> | undefined;
      return {
        next(event) {
          if (event.type === 'message' && pulse?.connection === event.connection) {
            if (!pulse.answers(event.data)) subscriber.next(event);
            pulse.heard();
            return;
          }
          subscriber.next(event);
          if (event.type === 'open') {
            pulse?.stop();
            if (subscriber.closed) return;
            const { connection } = event;
            pulse = pulseOf(connection, typeof config === 'function' ? config(connection) : config, subscriber);
          } else if ('connection' in event && event.connection === pulse?.connection) {
            if (event.type === 'close' || event.type === 'retired') pulse.stop();
            else pulse.heard();
          }
        },
        finalize: () => pulse?.stop(),
      };
    });
}

type Timing = Pick<HeartbeatConfig<never, never>, 'interval' | 'timeout'>;

function checked({ interval, timeout }: Timing): readonly [interval: number, timeout: number] {
  return [
    clampDelay(expectDuration('heartbeat', 'interval', interval)),
    expectDuration('heartbeat', 'timeout', timeout),
  ];
}

/** The pulse of one connection. */
interface Pulse<In, Out, Session> {
  readonly connection: Connection<Out, Session>;
  stop(): void;
  /** A sign of life. */
  heard(): void;
  /** Whether a message answers a ping; if so, the consumer is told of the round trip instead. */
  answers(message: In): boolean;
}

function pulseOf<In, Out, Session>(
  connection: Connection<Out, Session>,
  config: HeartbeatConfig<In, Out, Session>,
  subscriber: Subscriber<ConnectionEvent<In, Out, Session>>,
): Pulse<In, Out, Session> {
  const { always, isPong, ping = connection.ping && (() => connection.ping?.()), scheduler } = config;
  const [interval, timeout] = checked(config);
  const clock = clockOf(scheduler);
  let heardAt = clock.now();
  let awaiting = false;
  /** Whether a silence was excused by a late timer already: it is only once. */
  let excused = false;
  /** When the unanswered pings were sent. */
  let sent: number[] = [];

  const due = (late = 0): void => {
    const now = clock.now();
    // In the clock's own arithmetic: `now - heardAt < interval` may still hold when the deadline is due, and would for ever.
    if (!always && heardAt + interval > now) {
      beat.in(interval, heardAt);
      return;
    }
    // A connection that is closing has its own time limit.
    if (!isOpen(connection)) return;
    if (!awaiting) limit.in(timeout);
    awaiting = true;
    if (always) beat.in(interval, late < SLEPT ? now - late : now);
    if (isPong) sent = [...sent.filter((at) => now - at <= timeout), now];
    ping?.(connection);
  };
  const beat = clock.deadline(guarded(subscriber, due));
  const limit = clock.deadline(
    guarded(subscriber, (late) => {
      // Who does not read does not hear the answer.
      if (connection.isPaused?.()) limit.in(timeout);
      else if (late < BUSY || excused) throw new HeartbeatTimeoutError(timeout);
      else {
        excused = true;
        if (late < SLEPT) limit.in(1);
        else {
          awaiting = false;
          heardAt = -Infinity;
          due();
        }
      }
    }),
  );
  expected(ping, 'heartbeat', 'ping', 'a function as there are no ping frames', ping);
  beat.in(interval);

  return {
    connection,
    stop() {
      beat.cancel();
      limit.cancel();
    },
    // No timer is touched unless an answer is awaited: the beat looks at the time when it is due.
    heard() {
      heardAt = clock.now();
      if (!awaiting) return;
      awaiting = excused = false;
      limit.cancel();
      if (!always && !subscriber.closed) beat.in(interval);
    },
    answers(message) {
      if (!isPong?.(message)) return false;
      const now = clock.now();
      sent = sent.filter((at) => now - at <= timeout);
      const at = sent.shift();
      if (at !== undefined) subscriber.next({ type: 'pong', connection, roundTrip: now - at });
      return true;
    },
  };
}
