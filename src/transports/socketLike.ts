/** What every kind of socket has. */
export interface AnySocket {
  readonly readyState: number;
  readonly protocol: string;
  readonly bufferedAmount: number;
  readonly url?: string;
  binaryType: string;
  send(data: string | ReturnType<TextEncoder['encode']>): void;
  close(code?: number, reason?: string): void;
}

/** The part of a WebSocket that a connection needs: the browser's, Node's own and those of `ws` all have it. */
export interface WebSocketLike extends AnySocket {
  addEventListener(type: 'open', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'error', listener: (event: SocketErrorEvent) => void): void;
  addEventListener(type: 'close', listener: (event: SocketCloseEvent) => void): void;
}

/** What is told of a failure: nothing by browsers, the rest by Node. */
export interface SocketErrorEvent {
  readonly type: string;
  readonly message?: string;
  readonly error?: unknown;
}

export interface SocketCloseEvent {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** A socket as those of `ws`: it can do more than the standard says. */
export interface NodeSocket extends AnySocket {
  on(event: 'message', listener: (data: Uint8Array, isBinary: boolean) => void): unknown;
  on(event: 'close', listener: (code: number, reason: Uint8Array) => void): unknown;
  on(event: 'error', listener: (error: Error & { readonly code?: unknown }) => void): unknown;
  on(event: 'pong', listener: (said: Uint8Array) => void): unknown;
  on(event: 'open', listener: () => void): unknown;
  on(event: 'upgrade', listener: (response: UpgradeResponse) => void): unknown;
  on(event: 'unexpected-response', listener: (request: unknown, response: RefusedResponse) => void): unknown;
  send(data: string | ReturnType<TextEncoder['encode']>, options?: { readonly binary: boolean }): void;
  terminate(): void;
  ping(said?: string): void;
  pause(): void;
  resume(): void;
  readonly isPaused: boolean;
}

/** The TCP socket below, which can gather writes. */
export interface Corkable {
  cork(): void;
  uncork(): void;
}

/** The answer to a dial that was accepted. */
export interface UpgradeResponse {
  readonly socket: Corkable;
}

/** The answer to a dial that was refused. */
export interface RefusedResponse {
  readonly statusCode?: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/**
 * A Retry-After header in milliseconds: seconds or an HTTP date (RFC 9110 section 10.2.3).
 * `now` is what the date is compared with.
 */
export function parseRetryAfter(header: unknown, now: number): number | undefined {
  if (typeof header !== 'string') return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1_000;
  // `Date.parse` finds a date in nearly everything, also in a number.
  const wait = / GMT\s*$/.test(header) ? Date.parse(header) - now : NaN;
  return wait >= 0 ? wait : undefined;
}
