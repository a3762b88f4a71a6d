import type { WebSocketError } from './webSocketError.js';

/** The first connection after `connect()` is open. */
export interface ConnectedEvent {
  readonly type: 'connected';
  /** Where it leads, secrets removed. */
  readonly url: string;
  /** Those that were offered. */
  readonly protocols: readonly string[];
  readonly timestamp: number;
}

/** The connection ended: by `disconnect()`, by the peer, or because the link broke (1006). */
export interface DisconnectedEvent {
  readonly type: 'disconnected';
  readonly code: number;
  readonly reason: string;
  /** Whether both sides took leave of each other. */
  readonly wasClean: boolean;
  readonly timestamp: number;
}

/** A message arrived. */
export interface MessageEvent<T = unknown> {
  readonly type: 'message';
  readonly data: T;
  readonly timestamp: number;
}

/** Something went wrong. What ended a connection by a close code is a {@link DisconnectedEvent} instead, as long as it can be made anew. */
export interface ErrorEvent {
  readonly type: 'error';
  readonly error: WebSocketError;
  readonly timestamp: number;
}

/** A dial follows after a wait. */
export interface ReconnectingEvent {
  readonly type: 'reconnecting';
  /** Counts from 1. */
  readonly attempt: number;
  /** The wait in milliseconds. */
  readonly delay: number;
  /** As it was configured: 0 is no limit. */
  readonly maxAttempts: number;
  readonly timestamp: number;
}

/** Another connection is open in the place of one that was lost. */
export interface ReconnectedEvent {
  readonly type: 'reconnected';
  /** How many attempts it took. */
  readonly attempts: number;
  /** The waits before them, in milliseconds. */
  readonly totalDelay: number;
  readonly timestamp: number;
}

/** What a client tells; `timestamp` is when it was told, in milliseconds since 1970. */
export type WebSocketEvent<T = unknown> =
  ConnectedEvent | DisconnectedEvent | MessageEvent<T> | ErrorEvent | ReconnectingEvent | ReconnectedEvent;

/** An event to which the client adds the time. */
export type Untimed<Event> = Event extends unknown ? Omit<Event, 'timestamp'> : never;
