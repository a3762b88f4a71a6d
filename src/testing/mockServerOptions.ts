import type { SchedulerLike } from 'rxjs';
import type { Frame } from '../core/connection.js';
import type { Payload, ServerConnection } from './serverConnection.js';

/** Says something to a new connection, or does something with it. */
export type Greeting =
  ((connection: ServerConnection) => Payload | undefined) | ((connection: ServerConnection) => void);

/** Answers a message, or does something about it. */
export type Reply =
  | ((message: Frame, connection: ServerConnection) => Payload | undefined)
  | ((message: Frame, connection: ServerConnection) => void);

/** Configures `mockServer()`. */
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
