import type { Frame } from '../core/connection.js';
import type { Wanted, WaitOptions } from './waiting.js';

/** What a mock server sends: a frame as it is, anything else as JSON. */
export type Payload = Frame | object;

/** How a connection ended, as the server saw it: 1005 without a code, 1006 without a close frame. */
export interface ServerClose {
  readonly code: number;
  readonly reason: string;
}

/** The server's end of one connection. */
export interface ServerConnection {
  /** Counts from 1, in the order in which connections opened. */
  readonly id: number;
  /** The path and query that the client asked for. */
  readonly url: string;
  /** Of the upgrade request; names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The subprotocol that was chosen, `''` when none. */
  readonly protocol: string;
  /** One of `ReadyState`. */
  readonly readyState: number;
  /** The messages that arrived: text as strings, binary as bytes. */
  readonly received: readonly Frame[];
  /** How many ping frames arrived. */
  readonly pings: number;
  readonly frozen: boolean;
  /** Resolves when the connection is gone; never rejects. */
  readonly closed: Promise<ServerClose>;
  /** Throws a `NotOpenError` unless the connection is open. */
  send(payload: Payload): void;
  /** Writes bytes to the TCP socket as they are; see `malformedFrames`. */
  sendRaw(bytes: Uint8Array): void;
  /** Sends a ping frame. */
  ping(): void;
  /** Sends a close frame with any code, also with those that must never be on the wire; the TCP connection ends when the client answers. */
  close(code?: number, reason?: string): void;
  /** Sends a close frame without a code: the client sees 1005. */
  closeWithoutCode(): void;
  /** Ends the TCP connection without a close frame (FIN): the client sees 1006. */
  drop(): void;
  /** Ends the TCP connection by a reset (RST): the client sees 1006. */
  reset(): void;
  /** Stops reading and writing, like a stopped process: no answer, no pong, no close echo; what is sent waits for `thaw()`. */
  freeze(): void;
  thaw(): void;
  /** Resolves with the first message that fits, also one that came before; by default with the first of all. */
  waitForMessage(wanted?: Wanted, options?: WaitOptions): Promise<Frame>;
}
