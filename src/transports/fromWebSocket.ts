import { noop, Observable, type SchedulerLike } from 'rxjs';
import { type Frame, ReadyState } from '../core/connection.js';
import type { Duration } from '../core/duration.js';
import { DialError, messageOf } from '../core/errors.js';
import type { ConnectionEvents } from '../core/event.js';
import { expectDuration } from '../core/expect.js';
import { withoutSecrets } from '../core/url.js';
import { SocketConnection } from './socketConnection.js';
import type { WebSocketLike } from './socketLike.js';
import { wireOf } from './wireOf.js';

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
 * gives `connecting` and `open` at once; one that is closed, or that has had a subscriber, gives a `DialError`.
 * Unsubscribing closes it with 1000.
 *
 * @example
 * fromWebSocket(new WebSocket('wss://echo.example.com')).pipe(json<Message>(), messages());
 */
export function fromWebSocket(
  socket: WebSocketLike | (() => WebSocketLike),
  { closeTimeout = 2_000, scheduler }: FromWebSocketConfig = {},
): ConnectionEvents<Frame, Frame, undefined> {
  const config = { closeTimeout: expectDuration('fromWebSocket', 'closeTimeout', closeTimeout, true), scheduler };
  let taken = false;
  // A socket of `ws` whose error nobody hears ends the process.
  const calm = (own: WebSocketLike): WebSocketLike => {
    own.addEventListener('error', noop);
    return own;
  };
  if (typeof socket !== 'function') calm(socket);

  /** The socket of a new subscriber: two subscribers never share one. */
  const take = (): WebSocketLike => {
    if (typeof socket === 'function') return calm(socket());
    if (taken) throw new Error('its socket has had a subscriber: give a function that makes sockets');
    taken = true;
    return socket;
  };

  return new Observable((subscriber) => {
    let url = 'a socket still to be made';
    try {
      const adopted = take();
      url = withoutSecrets(adopted.url ?? '');
      if (adopted.readyState > ReadyState.OPEN) throw new Error('its socket is closed already');
      subscriber.next({ type: 'connecting', url });
      new SocketConnection(adopted, wireOf, subscriber, url, config);
    } catch (cause) {
      subscriber.error(new DialError(url, messageOf(cause), { cause }));
    }
  });
}
