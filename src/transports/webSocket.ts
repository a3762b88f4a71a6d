import { Observable, type SchedulerLike } from 'rxjs';
import { clockOf } from '../core/clock.js';
import type { Frame } from '../core/connection.js';
import type { Duration } from '../core/duration.js';
import { DialError, messageOf } from '../core/errors.js';
import type { ConnectionEvents } from '../core/event.js';
import { expectCount, expectDuration, expected } from '../core/expect.js';
import { operate } from '../core/operate.js';
import { withoutSecrets } from '../core/url.js';
import { type Address, addressOf, checkAddress } from './address.js';
import { platformSocket, type PlatformConfig } from './platformSocket.js';
import { SocketConnection } from './socketConnection.js';
import type { WebSocketLike } from './socketLike.js';
import { wireOf } from './wireOf.js';

export interface WebSocketConfig extends PlatformConfig {
  /** A `ws:`, `wss:`, `http:` or `https:` address (in browsers also a relative one), or what gives one. Of an Observable, the first value counts. */
  readonly url: Address;
  /** Subprotocols to offer, the preferred one first. */
  readonly protocols?: string | readonly string[];
  /** How long a dial may take, the finding of the address included; 10 s by default. */
  readonly connectTimeout?: Duration;
  /** How long to wait for the peer's leave before the socket is abandoned; 2 s by default. */
  readonly closeTimeout?: Duration;
  /** Makes the socket instead of the platform's own constructor. */
  readonly createSocket?: (url: string, protocols: string[]) => WebSocketLike;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/**
 * A WebSocket as a connection: subscribing dials, unsubscribing hangs up.
 *
 * Errors with a `DialError` when no connection comes about, and after its `close` event with a `ConnectionClosedError`
 * unless the close code was 1000. On Node it is a socket of `ws`, in browsers the platform's own.
 *
 * @example
 * webSocket('wss://echo.example.com').subscribe((event) => {
 *   if (event.type === 'open') event.connection.send('hello');
 *   if (event.type === 'message') console.log(event.data);
 * });
 */
export function webSocket(address: Address | WebSocketConfig): ConnectionEvents<Frame, Frame, undefined> {
  const config = 'url' in Object(address) ? (address as WebSocketConfig) : { url: address as Address };
  const { url, protocols = [], connectTimeout = 10_000, closeTimeout = 2_000, scheduler } = config;
  const { createSocket } = config;
  const offered = [protocols].flat();
  const within = expectDuration('webSocket', 'connectTimeout', connectTimeout);
  const patience = expectDuration('webSocket', 'closeTimeout', closeTimeout, true);
  expectCount('webSocket', 'maxPayload', config.maxPayload ?? 1, 1);
  const proper = offered.every((name, at) => TOKEN.test(name) && offered.indexOf(name) === at);
  expected(proper, 'webSocket', 'protocols', 'different names without spaces or commas', 'another text');
  // What gives an address is asked when it is needed.
  if (Object(url) !== url) checkAddress(url);

  return new Observable((subscriber) => {
    let target = typeof url === 'string' ? withoutSecrets(url) : 'an address still to be found';
    let found = '';
    const fail = (cause: unknown): void => {
      subscriber.error(new DialError(target, messageOf(cause), { cause }));
    };
    const deadline = clockOf(scheduler).deadline(() => {
      subscriber.error(new DialError(target, `no answer within ${within} ms`));
    });
    const opened = (): void => deadline.cancel();
    deadline.in(within);
    subscriber.add(opened);
    operate({
      source: addressOf(url),
      subscriber,
      next(address: string) {
        found = address;
      },
      error: fail,
      complete() {
        try {
          checkAddress(found, 'another text');
          target = withoutSecrets(found);
          subscriber.next({ type: 'connecting', url: target });
          if (subscriber.closed) return;
          const socket = createSocket ? createSocket(found, offered) : platformSocket(found, offered, config, patience);
          new SocketConnection(socket, wireOf, subscriber, target, { closeTimeout: patience, scheduler, opened });
        } catch (cause) {
          fail(cause);
        }
      },
    });
  });
}

/** A token of RFC 9110 section 5.6.2. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
