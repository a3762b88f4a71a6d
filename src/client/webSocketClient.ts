import type { ConnectionState } from './connectionState.js';
import type { ConnectionStats } from './connectionStats.js';
import type { WebSocketEvent } from './webSocketEvent.js';

/** A message with what is known of it. */
export interface WebSocketMessage<T = unknown> {
  /** The message's own `type` where it has one that is a text, else `'message'`. */
  readonly type: string;
  /** The message as the serializer gave it. */
  readonly data: T;
  /** When it arrived, in milliseconds since 1970. */
  readonly timestamp: number;
  /** The message's own `id` where it has one that is a text. */
  readonly id?: string;
}

export type MessageListener<T = unknown> = (message: WebSocketMessage<T>) => void;
export type EventListener<T = unknown> = (event: WebSocketEvent<T>) => void;
/** Stops listening. */
export type Unsubscribe = () => void;

/**
 * A connection as an object, for code that is handed one. It dials when it is told to, and may be told so again after it ended.
 *
 * Whatever fails is told by an `error` event, and the promise of the call that it concerns is rejected with the same `WebSocketError`.
 * So a promise that nobody looks at does no harm. A listener that throws hurts no other; its error is reported as rxjs does.
 */
export interface WebSocketClient<In = unknown, Out = unknown> {
  /**
   * Resolves when the first connection is open. Rejects when the client gave up, when it is disconnected before, and when it is
   * connected or connecting already. An address that is none rejects with a TypeError.
   */
  connect(url?: string, protocols?: readonly string[]): Promise<void>;
  /**
   * Ends the connection for good; `code` is 1000 (the default) or 3000–4999. Nothing is delivered any more, and the promise resolves
   * when the peer took its leave, or after 2 s.
   */
  disconnect(code?: number, reason?: string): Promise<void>;
  /**
   * Sends a message, or puts it in the queue while a connection is made. Resolves when it is on its way, and rejects when it was not
   * sent. A message that was on its way when the link broke may be lost.
   */
  send(message: Out): Promise<void>;
  /** With a type of one's own, as in `subscribe<Chat>(…)`: a promise of the peer's, which nothing checks. */
  subscribe<T extends In>(listener: MessageListener<T>): Unsubscribe;
  // The last one is what types are inferred from.
  subscribe(listener: MessageListener<In>): Unsubscribe;
  subscribeToEvents(listener: EventListener<In>): Unsubscribe;
  readonly state: ConnectionState;
  readonly stats: ConnectionStats;
}
