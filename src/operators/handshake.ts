import { asyncScheduler, defer, Observable, type ObservableInput, type SchedulerLike } from 'rxjs';
import { clockOf } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import type { Duration } from '../core/duration.js';
import { ConnectionClosedError, HandshakeError, isNamed } from '../core/errors.js';
import type { ConnectionEvents } from '../core/event.js';
import { expectDuration, expectFunction } from '../core/expect.js';
import { Meeting } from '../core/meeting.js';
import { guarded, operate, receiver } from '../core/operate.js';
import { perConnection } from '../core/perConnection.js';

export interface HandshakeConfig<In, Out, Session> {
  /** How long the exchange may take, from the source's `open` on. */
  readonly within: Duration;
  /**
   * Agrees with the peer on a session: the first value is it. `messages$` keeps messages while nobody is subscribed to it, so that those that
   * come before, or between two awaits, are not lost. It never ends: after the exchange it is silent.
   */
  readonly exchange: (connection: Connection<Out>, messages$: Observable<In>) => ObservableInput<Session>;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Holds `open` back until both sides agreed on a session, which is then found as `connection.session`.
 *
 *     source   co-h-r-1-x|      (the exchange takes h and emits on r)
 *     result   c----o-1-x|
 *
 * Until then messages go to the exchange only; what it did not take, and what else happened to the connection, follows `open` in order.
 * When the exchange errors, ends without a value, takes longer than `within`, leaves more than 1,000 events waiting, or when the
 * connection closes meanwhile, the stream errors with a `HandshakeError`: no `open` and no `close` is emitted. Its `phase` is that of the
 * error that was thrown, where it has one, or else `'exchange'`, `'timeout'`, `'overflow'` or `'closed'`; its `code` is the error's `code`
 * or `status`, or the peer's close code, so that the `closeCodes` of `reconnect` apply. The socket is closed with that code where
 * it is one that may be sent, and with 1000 otherwise.
 *
 * @example
 * webSocket('wss://chat.example.com').pipe(
 *   json<Chat>(),
 *   handshake({
 *     within: '10s',
 *     exchange: (connection, messages$) => {
 *       connection.send({ kind: 'ping' });
 *       return messages$.pipe(first(), map(({ id }) => ({ id })));
 *     },
 *   }),
 * );
 */
export function handshake<In, Out, Session>({
  within,
  exchange,
  scheduler = asyncScheduler,
}: HandshakeConfig<NoInfer<In>, NoInfer<Out>, Session>): (
  source: ConnectionEvents<In, Out>,
) => ConnectionEvents<In, Out, Session> {
  const limit = expectDuration('handshake', 'within', within);
  expectFunction('handshake', 'exchange', exchange);

  return (source) =>
    new Observable((subscriber) => {
      let failure: HandshakeError | undefined;
      const fail = (connection: Connection<Out>, error: HandshakeError): void => {
        if (failure) return;
        failure = error;
        // Closing may be answered in the same turn: `failure` keeps that answer from being taken for the reason.
        if (sendable(error.code)) connection.close(error.code);
        subscriber.error(error);
      };
      const meetings = perConnection(
        (inner: Connection<Out>) => new Meeting<In, Out, Session>(inner, subscriber, (error) => fail(inner, error)),
      );
      const meet = (meeting: Meeting<In, Out, Session>): void => {
        const { inner, messages$ } = meeting;
        const late = (): void => meeting.fail(new HandshakeError(`it took longer than ${limit} ms`, 'timeout'));
        const deadline = clockOf(scheduler).deadline(guarded(subscriber, late));
        const result = receiver<Session, unknown>({
          subscriber,
          next(session) {
            result.unsubscribe();
            meeting.agree(session);
          },
          error: (cause) => meeting.fail(failed(cause)),
          complete: () => meeting.fail(new HandshakeError('the exchange ended without a session', 'exchange')),
          finalize: () => deadline.cancel(),
        });
        deadline.in(limit);
        defer(() => exchange(inner, messages$)).subscribe(result);
      };

      operate({
        source,
        subscriber,
        next(event) {
          if (!('connection' in event)) {
            subscriber.next(event);
            return;
          }
          const meeting = meetings(event.connection);
          if (event.type === 'message') meeting.heard(event);
          else if (event.type === 'open' && !meeting.agreed) meet(meeting);
          else if (event.type === 'close' && !meeting.agreed) {
            const closed = new ConnectionClosedError(event.code, event.reason);
            meeting.fail(new HandshakeError(closed.message, 'closed', event.code, closed));
          } else meeting.pass(event);
        },
        error: (error) => subscriber.error(failure ?? error),
        complete: () => (failure ? subscriber.error(failure) : subscriber.complete()),
      });
    });
}

/** Whether an endpoint may send this code in a close frame (the platform's `close()` takes no other). */
function sendable(code: number | undefined): code is number {
  return code !== undefined && (code === 1000 || (Number.isInteger(code) && code >= 3000 && code <= 4999));
}

/** A `HandshakeError` with what the thrown error tells. */
function failed(cause: unknown): HandshakeError {
  if (isNamed(cause, 'HandshakeError')) return cause;
  const { message, phase, code, status } = (cause ?? {}) as Partial<Record<string, unknown>>;
  const number = typeof code === 'number' ? code : status;
  return new HandshakeError(
    typeof message === 'string' ? message : String(cause),
    typeof phase === 'string' ? phase : 'exchange',
    typeof number === 'number' ? number : undefined,
    cause,
  );
}
