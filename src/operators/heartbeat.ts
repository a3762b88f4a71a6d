import { asyncScheduler, Observable, type SchedulerLike, type Subscriber } from 'rxjs';
import { type Clock, clockOf, type Deadline } from '../core/clock.js';
import { type Connection, ReadyState } from '../core/connection.js';
import { clampDelay, type Duration } from '../core/duration.js';
import { HeartbeatTimeoutError } from '../core/errors.js';
import type { ConnectionEvent, ConnectionOperator } from '../core/event.js';
import { expectDuration } from '../core/expect.js';
import { guarded, operate } from '../core/operate.js';

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

/**
 * Pings a silent peer, and errors with a `HeartbeatTimeoutError` when it stays silent.
 *
 *     source   co-----m---------
 *     pings    -----p-----p-----
 *     result   co-----m-------#      (interval 4, timeout 4)
 *
 * Whatever arrives is a sign of life, so a busy connection is never pinged. The error lets go of the socket at once, without
 * waiting for its close. After the host slept, the peer is asked once more before it is given up.
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
    new Observable((subscriber) => {
      let pulse: Pulse<In, Out, Session> | undefined;
      operate({
        source,
        subscriber,
        next(event) {
          if (event.type === 'message' && pulse?.connection === event.connection) {
            if (!pulse.answered(event)) subscriber.next(event);
            pulse.heard();
            return;
          }
          subscriber.next(event);
          if (event.type === 'open') {
            pulse?.stop();
            if (subscriber.closed) return;
            pulse = new Pulse(
              event.connection,
              checked(typeof config === 'function' ? config(event.connection) : config),
              subscriber,
            );
          } else if ('connection' in event && event.connection === pulse?.connection) {
            if (event.type === 'close' || event.type === 'retired') pulse.stop();
            else pulse.heard();
          }
        },
        finalize: () => pulse?.stop(),
      });
    });
}

interface Checked<In, Out, Session> extends HeartbeatConfig<In, Out, Session> {
  readonly interval: number;
  readonly timeout: number;
}

function checked<In, Out, Session>(config: HeartbeatConfig<In, Out, Session>): Checked<In, Out, Session> {
  return {
    ...config,
    interval: clampDelay(expectDuration('heartbeat', 'interval', config.interval)),
    timeout: expectDuration('heartbeat', 'timeout', config.timeout),
  };
}

/** The pulse of one connection. */
class Pulse<In, Out, Session> {
  readonly #clock: Clock;
  readonly #beat: Deadline;
  readonly #limit: Deadline;
  #heardAt: number;
  #awaiting = false;
  /** When the unanswered pings were sent. */
  #sent: number[] = [];

  constructor(
    readonly connection: Connection<Out, Session>,
    private readonly config: Checked<In, Out, Session>,
    private readonly subscriber: Subscriber<ConnectionEvent<In, Out, Session>>,
  ) {
    this.#clock = clockOf(config.scheduler ?? asyncScheduler);
    this.#heardAt = this.#clock.now();
    this.#beat = this.#clock.deadline(guarded(subscriber, () => this.#due()));
    this.#limit = this.#clock.deadline(guarded(subscriber, (late) => this.#silent(late)));
    if (!config.ping && !connection.ping) {
      throw new TypeError('heartbeat: expected `ping` to be a function, for this platform cannot send ping frames');
    }
    this.#beat.in(config.interval);
  }

  stop(): void {
    this.#beat.cancel();
    this.#limit.cancel();
  }

  /** A sign of life. No timer is touched unless an answer is awaited: the beat looks at the time when it is due. */
  heard(): void {
    this.#heardAt = this.#clock.now();
    if (!this.#awaiting) return;
    this.#awaiting = false;
    this.#limit.cancel();
    if (!this.config.always && !this.subscriber.closed) this.#beat.in(this.config.interval);
  }

  /** Whether a message answers a ping; if so, the consumer is told of the round trip instead. */
  answered({ data }: { readonly data: In }): boolean {
    if (!this.config.isPong?.(data)) return false;
    const now = this.#clock.now();
    this.#sent = this.#sent.filter((at) => now - at <= this.config.timeout);
    const at = this.#sent.shift();
    if (at !== undefined) this.subscriber.next({ type: 'pong', connection: this.connection, roundTrip: now - at });
    return true;
  }

  #due(): void {
    const { always, interval, timeout, isPong, ping } = this.config;
    const now = this.#clock.now();
    // In the clock's own arithmetic: `now - heardAt < interval` may still hold when the deadline is due, and would for ever.
    if (!always && this.#heardAt + interval > now) {
      this.#beat.in(interval, this.#heardAt);
      return;
    }
    // A connection that is closing has its own time limit.
    if (this.connection.readyState !== ReadyState.OPEN) return;
    if (!this.#awaiting) {
      this.#awaiting = true;
      this.#limit.in(timeout);
    }
    if (always) this.#beat.in(interval);
    if (isPong) this.#sent.push(now);
    if (ping) ping(this.connection);
    else this.connection.ping?.();
  }

  #silent(late: number): void {
    if (late < SLEPT) {
      this.subscriber.error(new HeartbeatTimeoutError(this.config.timeout));
      return;
    }
    this.#awaiting = false;
    this.#heardAt = -Infinity;
    this.#due();
  }
}
