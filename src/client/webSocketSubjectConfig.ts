import type { NextObserver, SchedulerLike } from 'rxjs';
import type { Duration } from '../core/duration.js';
import type { DroppedEvent } from '../core/event.js';
import type { Address } from '../transports/address.js';
import type { WebSocketLike } from '../transports/socketLike.js';
import type { LegacyData } from './legacyData.js';

/** Makes a socket, as the standard constructor does; that of `ws` is one too. */
export type WebSocketConstructor = new (url: string, protocols?: string | string[]) => WebSocketLike;

/** The config of rxjs's `webSocket()`, and below it what that does not have. */
export interface WebSocketSubjectConfig<T> {
  /** Where to dial: an address, or what gives one anew on every dial. */
  readonly url: Address;
  /** Subprotocols to offer, the preferred one first. */
  readonly protocol?: string | string[];
  /** Makes what is sent of a message; JSON by default. */
  readonly serializer?: (value: T) => LegacyData;
  /** Makes a message of what arrived; of JSON by default. What it throws ends the connection and is the subscribers' error. */
  readonly deserializer?: (event: MessageEvent) => T;
  /** Told when a socket opened, before anything is sent. */
  readonly openObserver?: NextObserver<Event>;
  /** Told when a socket closed, also one that never opened or that nobody listens to any more. */
  readonly closeObserver?: NextObserver<CloseEvent>;
  /** Told when `complete()` or `error()` is about to close a socket: what it sends still goes out. */
  readonly closingObserver?: NextObserver<void>;
  /** By default the global `WebSocket` when the subject is made; on Node, where there is none, that of `ws`. */
  readonly WebSocketCtor?: WebSocketConstructor;
  /** What binary data is to a deserializer; by default what it is to the socket: a Blob in browsers, a Buffer with `ws`. */
  readonly binaryType?: 'blob' | 'arraybuffer';

  /** How many messages may wait for a connection; 10,000 by default. */
  readonly buffer?: number;
  /** What gives way when more would wait: `next()` throws a `BufferOverflowError` (the default), or the oldest, or the newest is dropped. */
  readonly overflow?: 'error' | 'drop-oldest' | 'drop-newest';
  /** Told of each message that will not be sent: dropped by `overflow`, or left when the subject was unsubscribed. */
  readonly droppedObserver?: NextObserver<DroppedEvent>;
  /** How long a dial may take; 10 s by default. */
  readonly connectTimeout?: Duration;
  /** How long to wait for the peer's leave before the socket is abandoned; 2 s by default. */
  readonly closeTimeout?: Duration;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}
