import type { SchedulerLike } from 'rxjs';
import type { Duration } from '../core/duration.js';
import type { MessageSerializer } from './messageSerializer.js';

/** When a lost connection, or one that cannot be made, is tried again. */
export interface ReconnectConfig {
  readonly enabled: boolean;
  /** How many attempts are made in a row; 5 by default, 0 is no limit. A connection that stays open for 5 s begins a new row. */
  readonly maxAttempts?: number;
  /** The wait before the first attempt; 1 s by default. */
  readonly initialDelay?: Duration;
  /** The longest wait; 30 s by default. */
  readonly maxDelay?: Duration;
  /** What each wait is multiplied by for the next one; 2 by default. */
  readonly backoffMultiplier?: number;
  /** Whether chance adds up to 30 % to each wait, also to the longest; true by default. */
  readonly jitter?: boolean;
}

/** When a silent peer is asked whether it is there. */
export interface HeartbeatConfig {
  readonly enabled: boolean;
  /** How long the peer may be silent before it is pinged; 30 s by default. */
  readonly interval?: Duration;
  /** How long it may stay silent after a ping; 5 s by default. Any message is a sign of life. */
  readonly timeout?: Duration;
  /** What is sent as a ping. By default a ping frame; where the platform has none, as in browsers, the message `'PING'`. */
  readonly pingMessage?: unknown;
  /** A message that has everything that is in this one is an answer and not delivered. By default none is, but `'PONG'` to `'PING'`. */
  readonly pongMessage?: unknown;
}

export interface WebSocketConfig {
  /** Where `connect()` leads unless it is told. */
  readonly url: string;
  /** What `connect()` offers unless it is told; none by default. */
  readonly protocols?: readonly string[];
  /** On by default, with the defaults of its fields. */
  readonly reconnect?: ReconnectConfig;
  /** Off by default. */
  readonly heartbeat?: HeartbeatConfig;
  /** JSON by default. */
  readonly serializer?: MessageSerializer;
  /** How long a dial may take; 10 s by default. */
  readonly connectionTimeout?: Duration;
  /** How many messages may wait for a connection; 100 by default. The oldest gives way, and its `send()` is rejected. */
  readonly queueSize?: number;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
  /** Where chance comes from; `Math.random` by default. */
  readonly random?: () => number;
}
