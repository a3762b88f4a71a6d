import { asyncScheduler, Observable, type SchedulerLike } from 'rxjs';
import { clockOf } from '../core/clock.js';
import type { Frame } from '../core/connection.js';
import type { Duration } from '../core/duration.js';
import type { ConnectionEvents } from '../core/event.js';
import { expectCount, expectDuration, expected } from '../core/expect.js';
import { withoutSecrets } from '../core/url.js';
import type { PollExchange } from './pollExchange.js';
import { PollingSocket } from './pollingSocket.js';
import { type Fetch, postExchange, type RequestHeaders } from './postExchange.js';
import { SocketConnection } from './socketConnection.js';
import type { MakeWire } from './wire.js';

export interface HttpPollingConfig {
  /** An `http:` or `https:` address without credentials and fragment; in browsers also a relative one. */
  readonly url: string;
  /** How long to wait after an answer before the server is asked for messages again; 5 s by default. */
  readonly interval?: Duration;
  /**
   * Whether the server may hold back an answer until it has a message, so that messages arrive at once; off by default.
   * It is held back for at most `wait`, 25 s by default.
   */
  readonly longPoll?: boolean | { readonly wait?: Duration };
  /** How long a request may take until the last byte of its answer; 30 s by default. */
  readonly timeout?: Duration;
  /** How often a request is made before its failure ends the connection; 3 by default. The one that opens it is made once. */
  readonly tries?: number;
  /** How many messages may wait for the next request; 1,000 by default. `send()` throws a `BufferOverflowError` for one more. */
  readonly buffer?: number;
  /** The largest message taken, in bytes, and about the largest request; 1 MiB by default. */
  readonly maxPayload?: number;
  /** HTTP headers of each request, or a function that gives them anew each time. */
  readonly headers?: RequestHeaders;
  /** Used instead of the platform's own `fetch`. */
  readonly fetch?: Fetch;
  /** Makes the requests instead of `fetch`, for a server that speaks another wire; `headers` and `fetch` mean nothing then. */
  readonly exchange?: PollExchange;
  /** How long to wait until the server has been told of the end; 2 s by default. */
  readonly closeTimeout?: Duration;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
  /** Where the jitter of repeats comes from; `Math.random` by default. */
  readonly random?: () => number;
}

const WAIT = 25_000;

const listen: MakeWire<PollingSocket> = (socket, end) => socket.listen(end);

/**
 * A connection over plain HTTP requests, for networks that let nothing else through. It has the events and laws of a WebSocket.
 *
 * What is sent in one turn goes with one request, at once unless one is under way; requests never overlap. One that fails is repeated
 * with the same messages and the same number, so that the server can tell; after `tries` the connection ends with 1006, or with 4400
 * and the last two digits of the status that refused it. Unsubscribing ends the session with a last request.
 *
 * @example
 * httpPolling({ url: 'https://chat.example.com/poll', longPoll: true }).pipe(json<Chat>(), reconnect(), messages());
 */
export function httpPolling(config: HttpPollingConfig): ConnectionEvents<Frame, Frame, undefined> {
  const { url, longPoll = false, scheduler = asyncScheduler } = config;
  const { tries = 3, buffer = 1_000, maxPayload = 1_048_576, random = Math.random } = config;
  const interval = duration('interval', config.interval ?? 5_000);
  const timeout = duration('timeout', config.timeout ?? 30_000);
  const closeTimeout = duration('closeTimeout', config.closeTimeout ?? 2_000);
  const wait = longPoll ? duration('wait', (longPoll as { readonly wait?: Duration }).wait ?? WAIT) : 0;
  expected(wait < timeout, 'httpPolling', 'timeout', 'longer than `wait`', timeout);
  for (const [name, count] of Object.entries({ tries, buffer, maxPayload })) expectCount('httpPolling', name, count, 1);
  const target = withoutSecrets(url);
  checkUrl(url, target);
  const pace = { interval, timeout, wait, tries, buffer, maxPayload, random };
  const {
    headers = {},
    fetch = async (to: string, init: RequestInit) => globalThis.fetch(to, init),
    exchange = postExchange({ url, headers, maxPayload, fetch, scheduler }),
  } = config;

  return new Observable((subscriber) => {
    subscriber.next({ type: 'connecting', url: target });
    if (subscriber.closed) return;
    const socket = new PollingSocket(pace, clockOf(scheduler), exchange);
    new SocketConnection(socket, listen, subscriber, target, { closeTimeout, scheduler });
    socket.connect();
  });
}

function duration(option: string, value: Duration): number {
  return expectDuration('httpPolling', option, value);
}

function checkUrl(url: string, name: string): void {
  const base = (globalThis as { location?: { href: string } }).location?.href;
  const { protocol, username, password, hash } = URL.canParse(url, base) ? new URL(url, base) : ({} as Partial<URL>);
  const holds = /^https?:$/.test(protocol ?? '') && !username && !password && !hash;
  expected(holds, 'httpPolling', 'url', 'an http: or https: address without credentials and fragment', name);
}
