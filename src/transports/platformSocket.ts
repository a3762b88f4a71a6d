import WebSocket from 'isomorphic-ws';
import { clampDelay } from '../core/duration.js';
import type { WebSocketLike } from './socketLike.js';

type SocketConstructor = new (url: string, protocols: string[], options?: object) => WebSocketLike;

const Platform = WebSocket as unknown as SocketConstructor | null | undefined;

/** What only a platform with sockets of its own can do; browsers ignore all of it. */
export interface PlatformConfig {
  /** HTTP headers of the upgrade request; Node only, browsers cannot send any. A function is asked anew on every dial. */
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);
  /** TLS options as `tls.connect` takes them (`ca`, `cert`, `key`, `servername`, `rejectUnauthorized` …); Node only. */
  readonly tls?: Readonly<Record<string, unknown>>;
  /** An `http.Agent`, such as a proxy's; Node only. */
  readonly agent?: object;
  /** The largest message taken, in bytes; 1 MiB by default. A larger one ends the connection with 1006 and a reason that says so. Node only. */
  readonly maxPayload?: number;
  /** Whether to offer permessage-deflate; off by default, for it costs 4 to 8 times the CPU and some memory a connection. Node only. */
  readonly compression?: boolean;
}

/** Makes a socket: one of `ws` on Node, the platform's own in browsers. `closeTimeout` is in milliseconds. */
export function platformSocket(
  url: string,
  protocols: string[],
  config: PlatformConfig,
  closeTimeout: number,
): WebSocketLike {
  const { headers = {}, tls, agent, maxPayload = 1_048_576, compression = false } = config;
  const sent = typeof headers === 'function' ? headers() : headers;
  if (typeof (sent as { then?: unknown }).then === 'function') {
    throw new TypeError('webSocket: expected `headers` to be an object or a function that gives one, got a promise');
  }
  const options = {
    ...tls,
    ...(agent && { agent }),
    headers: sent,
    maxPayload,
    perMessageDeflate: compression,
    // The same patience where it is the peer that takes leave, and then leaves the TCP connection open.
    closeTimeout: clampDelay(closeTimeout),
  };
  if (!Platform) throw new Error('this platform has no WebSocket: give one with `createSocket`');
  // Only the constructor of `ws` knows a third parameter; others must not see one, for a later standard may give it a meaning.
  return 'Server' in Platform ? new Platform(url, protocols, options) : new Platform(url, protocols);
}
