import type { Observable } from 'rxjs';
import type { Connection } from '../core/connection.js';
import type { DroppedEvent } from '../core/event.js';
import type { PartitionMap } from './partitionMap.js';

/** What a provider tells. */
export type ProviderEvent<In> =
  /** The first connection to a node is open. */
  | { readonly type: 'connected'; readonly node: string }
  /** Another one is. */
  | { readonly type: 'reconnected'; readonly node: string }
  | { readonly type: 'disconnected'; readonly node: string }
  | { readonly type: 'message'; readonly node: string; readonly data: In }
  | { readonly type: 'partitionMapUpdated'; readonly map: PartitionMap }
  /** With a node: a frame that could not be read, or a node that is left alone for a while. Without: the provider gave up. */
  | { readonly type: 'error'; readonly error: unknown; readonly node?: string }
  | DroppedEvent;

/** Connections as an object, for code that is handed one. Nothing happens before `connect()`. */
export interface ConnectionProvider<In, Out = In> {
  /** Whether there is an open connection. */
  readonly isConnected: boolean;
  /** The nodes with an open connection. */
  readonly connectedNodes: readonly string[];
  /** What happens from now on; completes with `close()`. */
  readonly events$: Observable<ProviderEvent<In>>;

  /**
   * Resolves when there is an open connection. Two calls are one connection. Rejects when the source gave up, after which it may be
   * called again, and when the provider is closed. A rejection that nobody looks at does no harm: `events$` tells why.
   */
  connect(): Promise<void>;
  /** The connection for a key. Throws a `NotOpenError` where there is none. */
  getConnection(key: string): Connection<Out>;
  /** Throws a `NotOpenError` where there is none. */
  getAnyConnection(): Connection<Out>;
  /** Sends a message, or throws a `NotOpenError`. */
  send(message: Out, key?: string): void;
  /**
   * Hangs up and connects anew, whatever state things are in. Resolves and rejects like `connect()`. What waits goes out then where the
   * provider lets messages wait for a connection, and is `dropped` where they wait for a node among others.
   */
  forceReconnect(): Promise<void>;
  /** Hangs up for good. What still waits is `dropped`. */
  close(): void;
}
