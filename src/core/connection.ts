import { NotOpenError } from './errors.js';

// By themselves, so that a client's bundle has no states that it does not ask for.
export const OPEN = 1;
export const CLOSED = 3;

/** The four states of a socket, with the numbers that the WebSocket standard gives them. */
export const ReadyState = { CONNECTING: 0, OPEN, CLOSING: 2, CLOSED } as const;

/** Whether a connection can send. */
export function isOpen(connection: Pick<Connection<never>, 'readyState'>): boolean {
  return connection.readyState === OPEN;
}

/** What goes over the wire: text or bytes. */
export type Frame = string | Uint8Array;

/** What went over one connection so far. Bytes are those of the payloads, without what framing and the network add. */
export interface Traffic {
  readonly messagesSent: number;
  readonly messagesReceived: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** The acting half of a connection, whatever the transport: events tell what happened, a connection is what one acts on. */
export interface Connection<Out, Session = unknown> {
  /** Unique within the process. */
  readonly id: string;
  /** Where it leads, with credentials and the query removed, so that it can be logged. */
  readonly url: string;
  /** The subprotocol that was agreed on, `''` when there is none. */
  readonly protocol: string;
  /** One of {@link ReadyState}. */
  readonly readyState: number;
  /** Bytes that `send()` accepted and that have not been handed to the network yet. */
  readonly bufferedAmount: number;
  /** What the handshake agreed on; `undefined` where there was none. */
  readonly session: Session;
  /** What went over it so far, where `countTraffic` counts. */
  readonly traffic?: Traffic;
  /** Sends one message. Throws a `NotOpenError` unless the connection is open: it never drops in silence. */
  send(message: Out): void;
  /** Closes the connection. `code` is 1000 (the default) or 3000–4999, `reason` at most 123 bytes; anything else is a TypeError. */
  close(code?: number, reason?: string): void;
  /** Sends a protocol ping frame, where the platform has one; the answer arrives as a `pong` event. Throws like `send()`. */
  ping?(): void;
  /** Stops reading from the network, where the platform can; closing reads on. What was read already may still arrive. */
  pause?(): void;
  /** Reads on after `pause()`. */
  resume?(): void;
  /** Whether nothing is read because of `pause()`; a silence is not the peer's then. */
  isPaused?(): boolean;
}

/** What a derived connection does differently from the one it stands on. */
export interface ConnectionOverrides<Out, Session> {
  readonly send?: (message: Out) => void;
  readonly session?: Session;
  readonly traffic?: Traffic;
}

/** A connection that stands on another one: a codec replaces `send`, a handshake adds `session`, the rest is passed through. */
class DerivedConnection<Inner, Out, Session> {
  constructor(
    readonly inner: Connection<Inner>,
    overrides: ConnectionOverrides<Out, Session>,
  ) {
    const { id, url, session, traffic } = inner;
    Object.assign(this, { id, url, session, traffic }, overrides);
    // Undefined where the platform does not have them: callers ask `connection.ping` before they use it.
    for (const name of ['ping', 'pause', 'resume', 'isPaused'] as const) {
      Object.assign(this, { [name]: inner[name]?.bind(inner) });
    }
  }

  get protocol(): string {
    return this.inner.protocol;
  }

  get readyState(): number {
    return this.inner.readyState;
  }

  get bufferedAmount(): number {
    return this.inner.bufferedAmount;
  }

  send(message: Inner): void {
    this.inner.send(message);
  }

  close(code?: number, reason?: string): void {
    this.inner.close(code, reason);
  }
}

/** Makes a connection out of another one; everything that `overrides` does not name is the inner one's. */
export function deriveConnection<Inner, Out, Session>(
  inner: Connection<Inner>,
  overrides: ConnectionOverrides<Out, Session>,
): Connection<Out, Session> {
  return new DerivedConnection(inner, overrides) as unknown as Connection<Out, Session>;
}

/** Throws unless a connection is open. */
export function expectOpen(connection: Pick<Connection<never>, 'readyState' | 'url'>): void {
  if (!isOpen(connection)) throw new NotOpenError(connection.readyState, connection.url);
}

let connections = 0;

/** A new connection id, unique within the process. */
export function connectionId(): string {
  return `c${++connections}`;
}
