import type { SchedulerLike } from 'rxjs';
import type { Frame } from '../core/connection.js';
import type { Duration } from '../core/duration.js';
import type { Wanted, WaitOptions } from './waiting.js';

/** What a mock server sends: a frame as it is, anything else as JSON. */
export type Payload = Frame | object;

/** Says something to a new connection, or does something with it. */
export type Greeting =
  ((connection: ServerConnection) => Payload | undefined) | ((connection: ServerConnection) => void);

/** Answers a message, or does something about it. */
export type Reply =
  | ((message: Frame, connection: ServerConnection) => Payload | undefined)
  | ((message: Frame, connection: ServerConnection) => void);

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

/** Configures {@link mockServer}. */
export interface MockServerOptions {
  /** A free one by default. */
  readonly port?: number;
  /** The path and query of `url`; `'/'` by default. Every path is served. */
  readonly path?: string;
  /** The subprotocols that it speaks; the client's first that is among them is chosen, or none. By default whatever the client asks for first. */
  readonly protocols?: readonly string[];
  /** The biggest message in bytes; 1 MiB by default. A bigger one is closed with 1009. */
  readonly maxPayload?: number;
  /** permessage-deflate; off by default. */
  readonly compression?: boolean;
  /** Whether ping frames are answered; true by default. */
  readonly answerPings?: boolean;
  /** As `server.reply()`. */
  readonly reply?: Reply;
  /** As `server.greet()`. */
  readonly greet?: Greeting;
  /** For delays and waits; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/** How often a script for dials is followed. */
export interface DialScriptOptions {
  /** How many dials; 1 by default, `Infinity` until `accept()`. */
  readonly times?: number;
}

/** A WebSocket server under script. Scripts for dials queue up; when none is left, dials are accepted. */
export interface MockServer {
  readonly url: string;
  readonly port: number;
  /** How many upgrade requests came, whatever became of them. */
  readonly dials: number;
  /** The live ones, oldest first. */
  readonly connections: readonly ServerConnection[];
  /** The messages of all connections in the order of their arrival. */
  readonly received: readonly Frame[];

  /** Forgets the scripts for dials: the next ones are accepted. */
  accept(): void;
  /** The next dial is accepted only after a while. */
  acceptAfter(delay: Duration, options?: DialScriptOptions): void;
  /** The next dial is answered with an HTTP status instead of an upgrade. */
  refuse(status: number, headers?: Readonly<Record<string, string | number>>, options?: DialScriptOptions): void;
  /** The next dial is connected and never answered. */
  hang(options?: DialScriptOptions): void;
  /** The next dial is cut off before it is answered. */
  closeBeforeOpen(options?: DialScriptOptions): void;

  /** What is sent to each new connection at once. */
  greet(script: Greeting): void;
  /** What is answered to each message; an error thrown here rejects every wait and `close()`. */
  reply(script: Reply): void;
  /** Answers each message with itself. */
  echo(): void;
  /** Answers (of `reply`, `echo` and to pings) are sent this much later from now on. */
  delay(delay: Duration): void;
  /** Sends to all live connections. */
  broadcast(payload: Payload): void;
  /** Sends a drain notice to all live connections; with `refuse`, dials are answered with that status until `accept()`. */
  drain(notice: Payload, options?: { readonly refuse?: number }): void;
  /** Freezes all connections; dials are left unanswered until `thaw()`. */
  freeze(): void;
  thaw(): void;

  /** Resolves with the nth connection since the beginning (counting from 1); by default with the newest live one, or else the next. */
  waitForConnection(nth?: number, options?: WaitOptions): Promise<ServerConnection>;
  /** Resolves with the first message of any connection that fits, also one that came before; by default with the first of all. */
  waitForMessage(wanted?: Wanted, options?: WaitOptions): Promise<Frame>;
  /** Resolves when the condition holds; it is looked at after every dial, open, message, ping and close. */
  waitUntil(condition: () => boolean, options?: WaitOptions): Promise<void>;

  /** Drops all connections and resolves when the port is free. Safe to call twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
