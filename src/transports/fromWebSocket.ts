import { asyncScheduler, Observable, type SchedulerLike } from 'rxjs';
import { type Frame, ReadyState } from '../core/connection.js';
import type { Duration } from '../core/duration.js';
import { DialError } from '../core/errors.js';
import type { ConnectionEvents } from '../core/event.js';
import { expectDuration } from '../core/expect.js';
import { withoutSecrets } from '../core/url.js';
import { SocketConnection } from './socketConnection.js';
import type { WebSocketLike } from './socketLike.js';

export interface FromWebSocketConfig {
  /** How long to wait for the peer's leave before the socket is abandoned; 2 s by default. */
  readonly closeTimeout?: Duration;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Adapts a socket that somebody else opened, or a function that opens one for each subscriber.
 *
 * Subscribe in the turn in which the socket was made: what it received before is not seen. A socket that is open already
 * gives `connecting` and `open` at once; one that is closed gives a `DialError`. Unsubscribing closes it with 1000.
 *
 * @example
 * fromWebSocket(new WebSocket('wss://echo.example.com')).pipe(json<Message>(), messages());
 */
export function fromWebSocket(
  socket: WebSocketLike | (() => WebSocketLike),
  { closeTimeout = 2_000, scheduler = asyncScheduler }: FromWebSocketConfig = {},
): ConnectionEvents<Frame, Frame, undefined> {
  const config = { closeTimeout: expectDuration('fromWebSocket', 'closeTimeout', closeTimeout, true), scheduler };

  return new Observable((subscriber) => {
    const adopted = typeof socket === 'function' ? socket() : socket;
    const url = withoutSecrets(adopted.url ?? '');
    if (adopted.readyState > ReadyState.OPEN) {
      subscriber.error(new DialError(url, 'the socket is closed already'));
      return;
    }
    subscriber.next({ type: 'connecting', url });
    const connection = new SocketConnection(adopted, subscriber, url, config);
    subscriber.add(() => connection.hangUp());
  });
}
