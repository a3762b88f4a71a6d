import { from, noop, type ObservableInput, type SchedulerLike } from 'rxjs';
import { clockOf } from '../core/clock.js';
import { type Connection, isOpen } from '../core/connection.js';
import { clampDelay, type Duration } from '../core/duration.js';
import { BufferOverflowError } from '../core/errors.js';
import type { ConnectionEvent, ConnectionOperator, DroppedEvent } from '../core/event.js';
import { expectCount, expectDuration, expectOneOf } from '../core/expect.js';
import { Fifo } from '../core/fifo.js';
import { guarded, operated, receiver } from '../core/operate.js';
import { CONGESTED, HIGH_WATER, trySend } from '../core/trySend.js';

export interface SendFromConfig {
  /** How many messages may wait for a connection; 100 by default. */
  readonly buffer?: number;
  /** What gives way when more would wait: the oldest (the default), the newest, or everything: the stream errors with a `BufferOverflowError`. */
  readonly overflow?: 'drop-oldest' | 'drop-newest' | 'error';
  /** With more bytes than this accepted and not yet handed to the network, messages wait as if there were no connection; 16 MiB by default. */
  readonly highWater?: number;
  /** How long a message may wait; for ever by default. */
  readonly ttl?: Duration;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

interface Waiting<Out> {
  readonly message: Out;
  readonly since: number;
}

/**
 * Sends what `outgoing$` emits over whatever connection is open; while none is, messages wait and are sent in order after the next `open`.
 *
 *     outgoing   1-2------3-
 *     source     c---o----m-
 *     sent       ----(12)-3-
 *
 * `dropped` tells what the bounded queue had to drop. Messages go to the connection that opened last, so a handover does not interrupt them.
 * A message that was sent is not kept: what a broken link lost, only the peers can know.
 * A message that an open connection refuses to send, for one because it cannot be encoded, errors the stream; one that it refuses because it
 * has taken all it can, with a `BufferOverflowError`, waits and is tried again.
 *
 * @example
 * webSocket('wss://chat.example.com').pipe(json<Chat>(), reconnect(), sendFrom(outgoing$, { buffer: 50 }));
 */
export function sendFrom<In, Out, Session>(
  outgoing$: ObservableInput<NoInfer<Out>>,
  { buffer = 100, overflow = 'drop-oldest', ttl = Infinity, highWater = HIGH_WATER, scheduler }: SendFromConfig = {},
): ConnectionOperator<In, Out, Session> {
  expectCount('sendFrom', 'buffer', buffer, 0);
  expectCount('sendFrom', 'highWater', highWater, 1);
  expectOneOf('sendFrom', 'overflow', overflow, ['drop-oldest', 'drop-newest', 'error']);
  const life = expectDuration('sendFrom', 'ttl', ttl);

  return (source) =>
    operated(source, (subscriber) => {
      const clock = clockOf(scheduler);
      const queue = new Fifo<Waiting<Out>>();
      let current: Connection<Out, Session> | undefined;
      let flushing = false;

      const drop = (message: unknown, reason: DroppedEvent['reason']): void => {
        subscriber.next({ type: 'dropped', message, reason });
      };
      const dropExpired = (): void => {
        const now = clock.now();
        for (let head = queue.head; head && head.since + clampDelay(life) <= now; head = queue.head) {
          queue.shift();
          drop(head.message, 'expired');
        }
        watchHead();
      };
      const dropAll = (): void => {
        current = undefined;
        // Nothing is taken any more: what those would send who are told would be lost in silence.
        messages.unsubscribe();
        for (let one = queue.shift(); one; one = queue.shift()) drop(one.message, 'ended');
      };
      const fail = (error: unknown): void => {
        dropAll();
        subscriber.error(error);
      };
      const expiry = clock.deadline(guarded(subscriber, dropExpired));
      const congestion = clock.deadline(guarded(subscriber, () => flush()));
      const watchHead = (): void => {
        const { head } = queue;
        if (head && life < Infinity && !subscriber.closed) expiry.in(life, head.since);
        else expiry.cancel();
        // Not moved by every message: those that come often would put it off for ever.
        const isUnset = congestion.due === Infinity;
        if (head && isUnset && current && isOpen(current) && !subscriber.closed) congestion.in(CONGESTED);
      };
      const flush = (): void => {
        if (flushing) return;
        if (life < Infinity) dropExpired();
        flushing = true;
        try {
          while (current && !subscriber.closed) {
            const head = queue.shift();
            if (!head) break;
            if (trySend(current, head.message, highWater)) continue;
            queue.unshift(head);
            break;
          }
        } catch (error) {
          fail(error);
        } finally {
          flushing = false;
        }
        watchHead();
      };
      const enqueue = (message: Out): void => {
        const isFull = queue.length >= buffer;
        if (isFull && overflow !== 'error' && (overflow === 'drop-newest' || buffer === 0)) {
          drop(message, 'overflow');
          return;
        }
        const oldest = isFull && overflow !== 'error' ? queue.shift() : undefined;
        queue.push({ message, since: clock.now() });
        if (isFull && overflow === 'error') {
          fail(new BufferOverflowError(buffer));
          return;
        }
        watchHead();
        // The last thing that is done: who is told may send again because of it.
        if (oldest) drop(oldest.message, 'overflow');
      };

      const messages = receiver<Out, ConnectionEvent<In, Out, Session>>({
        subscriber,
        next(message) {
          if (flushing || queue.length > 0 || !current || !trySend(current, message, highWater)) enqueue(message);
        },
        error: fail,
        complete: noop,
      });
      if (!messages.closed) from(outgoing$).subscribe(messages);
      return {
        next(event) {
          // Who is told that a connection is gone may send at once, and not into it.
          const isCurrent = 'connection' in event && event.connection === current;
          const isEnd = event.type === 'close' || event.type === 'retired';
          if (event.type === 'reconnecting' || (isCurrent && isEnd)) current = undefined;
          subscriber.next(event);
          if (event.type !== 'open') return;
          current = event.connection;
          flush();
        },
        error: fail,
        complete() {
          dropAll();
          subscriber.complete();
        },
        finalize() {
          expiry.cancel();
          congestion.cancel();
        },
      };
    });
}
