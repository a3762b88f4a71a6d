import { asyncScheduler, defer, noop, type Observable, type ObservableInput, type SchedulerLike } from 'rxjs';
import { take, throwIfEmpty } from 'rxjs';
import { isSendable } from '../core/closeCodes.js';
import type { Connection } from '../core/connection.js';
import { clampDelay, type Duration } from '../core/duration.js';
import { ConnectionClosedError, HandshakeError } from '../core/errors.js';
import type { ConnectionEvents } from '../core/event.js';
import { expectDuration, expectFunction } from '../core/expect.js';
import { Meeting } from '../core/meeting.js';
import { operate, operated } from '../core/operate.js';
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
 * When the exchange errors, ends without a value, takes longer than `within`, leaves more than 100 events waiting, or when the
 * connection closes meanwhile, the stream errors with a `HandshakeError`: no `open` and no `close` is emitted. Its `phase` is that of the
 * error that was thrown, where it has one, or else `'exchange'`, `'timeout'`, `'overflow'` or `'closed'`; its `code` is the error's `code`
 * or `status`, or the peer's close code, so that the `closeCodes` of `reconnect` apply. The socket is closed with that code, and the
 * error's `reason`, where it is one that may be sent, and with 1000 otherwise.
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
    operated(source, (subscriber) => {
      let failure: HandshakeError | undefined;
      /** The end, while it has to wait behind what the consumer is told. */
      let held: (() => void) | undefined;
      const fail = ({ inner }: Meeting<In, Out, Session>, error: HandshakeError): void => {
        if (failure) return;
        failure = error;
        // Closing may be answered in the same turn: `failure` keeps that answer from being taken for the reason.
        if (isSendable(error.code))
          inner.close(error.code, `${(error.cause as Thrown | undefined)?.reason ?? ''}`.slice(0, 41));
        subscriber.error(error);
      };
      const meetings = perConnection(
        (inner: Connection<Out>) => new Meeting<In, Out, Session>(inner, subscriber, fail),
      );
      const meet = (meeting: Meeting<In, Out, Session>): void => {
        const exchanging = operate({
          source: defer(() => exchange(meeting.inner, meeting.messages$)).pipe(take(1), throwIfEmpty()),
          subscriber,
          next(session) {
            held = noop;
            meeting.agree(session);
            held = held() as undefined;
          },
          error: (cause) => fail(meeting, failed(cause)),
          complete: noop,
        });
        // After the exchange has begun, and with the same timers as rxjs: an equal time limit of its own comes first.
        exchanging.add(
          scheduler.schedule(
            () => fail(meeting, new HandshakeError(`no answer within ${limit} ms`, 'timeout')),
            clampDelay(limit),
          ),
        );
      };

      const end = (act: () => void): void => {
        if (held) held = act;
        else if (!failure) act();
      };

      return {
        next(event) {
          if ('connection' in event) {
            const meeting = meetings(event.connection);
            if (event.type === 'open' && !meeting.agreed) meet(meeting);
            else if (event.type === 'close' && !meeting.agreed) {
              fail(meeting, failed(new ConnectionClosedError(event.code, event.reason), 'closed'));
            } else meeting.tell(event);
          } else subscriber.next(event);
        },
        error: (error) => end(() => subscriber.error(error)),
        complete: () => end(() => subscriber.complete()),
      };
    });
}

/** What may be found on what an exchange threw. */
type Thrown = Partial<Readonly<Record<'name' | 'message' | 'phase' | 'code' | 'status', unknown>>> & {
  readonly reason?: string | number;
};

/** A `HandshakeError` with what the thrown error tells; its own are passed on. */
function failed(cause: unknown, where = 'exchange'): HandshakeError {
  const { name, message = cause, phase = where, code, status } = Object(cause) as Thrown;
  if (name === 'HandshakeError') return cause as HandshakeError;
  return new HandshakeError(
    message as string,
    String(phase),
    [code, status].find(Number.isInteger) as number | undefined,
    cause,
  );
}
