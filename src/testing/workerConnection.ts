import type { FromGateway, ToGateway, WorkerAnnouncement } from '../gateway/messages.js';
import type { HeardMessage, WantedMessage } from './messageWaits.js';
import type { ServerClose, ServerConnection } from './serverConnection.js';
import type { WaitOptions } from './waiting.js';

/**
 * How far a worker's connection is: `hello` until the worker introduced itself, `connected` until it takes work, `ready`,
 * `paused` when it asked for no more, `closed`.
 */
export type WorkerConnectionState = 'hello' | 'connected' | 'ready' | 'paused' | 'closed';

/** A gateway's end of a connection to a worker. */
export interface WorkerConnection {
  /** Counts from 1, in the order in which connections opened. */
  readonly id: number;
  /** How the work book calls it: `'group-1 #2'`. */
  readonly name: string;
  readonly state: WorkerConnectionState;
  /** Whether it was told to move: it gets no more requests. */
  readonly draining: boolean;
  /** How the worker introduced itself; undefined until it did. */
  readonly worker: WorkerAnnouncement | undefined;
  /** What the worker said, in order. */
  readonly received: readonly ToGateway[];
  /** The same in one word each. */
  readonly kinds: readonly ToGateway['kind'][];
  /** The underlying connection: to freeze, drop or reset it, and for raw bytes. */
  readonly socket: ServerConnection;
  /** Resolves when the connection is gone; never rejects. */
  readonly closed: Promise<ServerClose>;
  /** Sends a message, whatever the state. Throws a `NotOpenError` unless the connection is open. */
  send(message: FromGateway): void;
  /** Tells the worker to move, and closes with 1001 `connect_gateway_closing` after the drain window. */
  drain(): void;
  close(code?: number, reason?: string): void;
  /** Resolves with the nth message (counting from 1) of a kind, or one that passes a test, also one that came before. */
  waitForMessage<W extends WantedMessage>(wanted: W, nth?: number, options?: WaitOptions): Promise<HeardMessage<W>>;
  /** Resolves when the connection has this state. */
  waitForState(state: WorkerConnectionState, options?: WaitOptions): Promise<void>;
}
