import { Observable, type SchedulerLike } from 'rxjs';
import { clockOf } from '../core/clock.js';
import { type Connection, isOpen } from '../core/connection.js';
import { clampDelay, type Duration } from '../core/duration.js';
import { BufferOverflowError, RequestDisconnectedError, RequestTimeoutError } from '../core/errors.js';
import type { ConnectionEvents } from '../core/event.js';
import { expectCount, expectDuration, expectFunction, expectOneOf } from '../core/expect.js';
import { CONGESTED, trySend } from '../core/trySend.js';
import { type PendingRequest, PendingRequests } from './pendingRequests.js';
import { sharedHold } from './sharedHold.js';

export interface RequestsConfig<In, Out, Session, Id> {
  /** The id of a request, which no other one has while it is pending. */
  readonly id: (request: Out) => Id | undefined;
  /** The id of the request that a message answers; `undefined` where it answers none. What it throws fails every pending request, so let it bear any message. */
  readonly isReply: (message: In) => Id | undefined;
  /** How long an answer may take, the wait for a connection included; 10 s by default. */
  readonly timeout?: Duration;
  /** Tells the peer that nobody awaits the answer any more: who asked has unsubscribed, or the time was up. Not called for what was not sent, nor when the connection that it was sent over is no longer open. */
  readonly cancel?: (connection: Connection<Out, Session>, request: Out) => void;
  /** Which requests do no harm when they are asked twice: all, or those of which it says true. They are asked again when the connection is lost before the answer. None by default. */
  readonly idempotent?: boolean | ((request: Out) => boolean);
  /** How many requests may wait for a connection, or until one that has taken all it can takes more; 100 by default, 0 lets none wait. Those that are asked again always may. */
  readonly buffer?: number;
  /** Which one fails when more would wait: the newest (the default) or the oldest of those that are not asked again. */
  readonly overflow?: 'drop-newest' | 'drop-oldest';
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

export interface Requests<In, Out> {
  /** Asks when it is subscribed, emits the answer and completes. Unsubscribing before that cancels the request. */
  readonly request: (message: Out) => Observable<In>;
}

/**
 * Requests and their answers over one connection, told apart by ids.
 *
 *     source   co----v-u--      (u answers 1, v answers 2)
 *     sent     --12-------
 *     first    --------(u|)
 *     second   ------(v|)
 *
 * A request settles once: with its answer, a `RequestTimeoutError`, a `RequestDisconnectedError` that says whether it was `sent`, or by
 * being cancelled. While no connection is open, or the one that is has taken all it can, it waits. It goes over the connection that opened
 * last; during a handover the old one may still answer, until it is `retired`. The connection is held while a request is pending: give it
 * a shared one.
 *
 * @example
 * const rpc = requests(chat$, { id: ({ id }) => id, isReply: (message) => (message?.kind === 'pong' ? message.id : undefined) });
 * rpc.request({ kind: 'ping', id: '1' }).subscribe({ next: (answer) => show(answer), error: (error) => badge(error) });
 */
export function requests<In, Out, Session, Id>(
  shared$: ConnectionEvents<In, Out, Session>,
  config: RequestsConfig<NoInfer<In>, NoInfer<Out>, NoInfer<Session>, Id>,
): Requests<In, Out> {
  type Request = PendingRequest<In, Out, Session, Id>;
  const { id, isReply, cancel, idempotent = false, buffer = 100, overflow = 'drop-newest' } = config;
  const { timeout = 10_000, scheduler } = config;
  expectFunction('requests', 'id', id);
  expectFunction('requests', 'isReply', isReply);
  expectCount('requests', 'buffer', buffer, 0);
  expectOneOf('requests', 'overflow', overflow, ['drop-newest', 'drop-oldest']);
  const patience = clampDelay(expectDuration('requests', 'timeout', timeout));

  const waiting = new Set<Request>();
  let flushing = false;

  const recall = ({ connection, message }: Request): void => {
    if (connection && isOpen(connection)) cancel?.(connection, message);
  };
  const pending = new PendingRequests<In, Out, Session, Id>({
    patience,
    scheduler,
    expired(one) {
      // Before it is told: who is told may ask again, with the same id.
      recall(one);
      one.subscriber.error(new RequestTimeoutError(patience, one.sent));
    },
    settled: (one) => waiting.delete(one),
    rest() {
      congestion.cancel();
      hold.release();
    },
  });

  /** Whether it was sent or is settled; false when the connection has taken all it can, or turned out not to be open. */
  const ask = (one: Request, connection: Connection<Out, Session>): boolean => {
    const { sent } = one;
    // Before it is sent, for the answer may come while it is.
    one.connection = connection;
    one.sent = true;
    try {
      if (trySend(connection, one.message)) return true;
      one.connection = undefined;
      one.sent = sent;
      if (isOpen(connection)) congestion.in(CONGESTED);
    } catch (error) {
      pending.fail(one, error);
    }
    return one.subscriber.closed;
  };
  const flush = (): void => {
    if (flushing) return;
    flushing = true;
    try {
      for (const one of waiting) {
        const connection = hold.usable();
        if (!connection || !ask(one, connection)) break;
        // It waits again where the connection was lost while it was sent.
        if (one.connection) waiting.delete(one);
      }
    } finally {
      flushing = false;
    }
  };
  const congestion = clockOf(scheduler).deadline(flush);
  const begin = (one: Request): void => {
    const connection = flushing || waiting.size > 0 ? undefined : hold.usable();
    if (connection && ask(one, connection)) return;
    waiting.add(one);
    if (waiting.size <= buffer || flushing) return;
    const [oldest = one] = [...waiting].filter(({ sent }) => !sent);
    const left = overflow === 'drop-oldest' ? oldest : one;
    pending.fail(left, new RequestDisconnectedError(false, new BufferOverflowError(buffer)));
  };

  const hold = sharedHold(shared$, {
    opened: flush,
    heard(message) {
      let key: Id | undefined;
      try {
        key = isReply(message);
      } catch (error) {
        for (const one of pending.all) pending.fail(one, error);
        return;
      }
      const one = key === undefined ? undefined : pending.get(key);
      // What was never asked cannot be answered: that is a late answer to an earlier use of the id.
      if (!one?.sent) return;
      pending.settle(one, () => {
        one.subscriber.next(message);
        one.subscriber.complete();
      });
    },
    lost(connection, cause) {
      const affected = pending.all.filter((one) => one.connection === connection);
      const others = [...waiting];
      waiting.clear();
      for (const one of affected) {
        one.connection = undefined;
        if (one.isIdempotent) waiting.add(one);
      }
      for (const one of others) waiting.add(one);
      for (const one of affected) {
        if (!one.isIdempotent) pending.fail(one, new RequestDisconnectedError(true, cause));
      }
      flush();
    },
    ended(end) {
      const all = pending.all;
      for (const one of all) one.connection = undefined;
      for (const one of all) pending.fail(one, new RequestDisconnectedError(one.sent, end?.error));
    },
  });

  return {
    request: (message) =>
      new Observable((subscriber) => {
        const one: Request = {
          id: id(message) as Id,
          message,
          subscriber,
          isIdempotent: typeof idempotent === 'function' ? idempotent(message) : idempotent,
          connection: undefined,
          sent: false,
        };
        pending.add(one);
        subscriber.add(() => pending.settle(one, () => recall(one)));
        if (!subscriber.closed) hold.take();
        if (!subscriber.closed) begin(one);
      }),
  };
}
