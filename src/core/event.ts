import type { MonoTypeOperatorFunction, Observable } from 'rxjs';
import type { Connection } from './connection.js';

/** A dial has begun. */
export interface ConnectingEvent {
  readonly type: 'connecting';
  /** Where it leads, secrets removed. */
  readonly url: string;
}

/** The connection can be used: after the handshake, where there is one. */
export interface OpenEvent<Out, Session = unknown> {
  readonly type: 'open';
  readonly connection: Connection<Out, Session>;
}

/** A message arrived. */
export interface ConnectionMessage<In, Out = In, Session = unknown> {
  readonly type: 'message';
  readonly connection: Connection<Out, Session>;
  readonly data: In;
}

/** A frame arrived that the codec refused: an event, not a death. */
export interface MalformedEvent<Out, Session = unknown> {
  readonly type: 'malformed';
  readonly connection: Connection<Out, Session>;
  /** The frame as it came. */
  readonly raw: unknown;
  readonly error: Error;
}

/** A ping was answered. */
export interface PongEvent<Out, Session = unknown> {
  readonly type: 'pong';
  readonly connection: Connection<Out, Session>;
  /** Milliseconds between the ping and its answer. */
  readonly roundTrip: number;
}

/** Another connection is to take over: the peer asks us to move. */
export interface DrainingEvent<Out, Session = unknown> {
  readonly type: 'draining';
  readonly connection: Connection<Out, Session>;
  /** A hint: move at a random moment within this many milliseconds, so that not every client moves at once. */
  readonly within?: number;
  /** Whether the other connection is there already: its `open` follows, and nobody has to make one. */
  readonly replaced?: boolean;
}

/** A connection was let go after a handover. */
export interface RetiredEvent<Out, Session = unknown> {
  readonly type: 'retired';
  readonly connection: Connection<Out, Session>;
  /** `released`: `until` said so; `expired`: `linger` passed; `lost`: it ended by itself first. */
  readonly reason: 'released' | 'expired' | 'lost';
}

/** The connection ended; nothing but the end of the stream follows from it. */
export interface ConnectionClose<Out, Session = unknown> {
  readonly type: 'close';
  readonly connection: Connection<Out, Session>;
  readonly code: number;
  readonly reason: string;
  /** Whether both sides took leave of each other. */
  readonly wasClean: boolean;
}

/** A new dial follows after a wait. */
export interface ReconnectingEvent {
  readonly type: 'reconnecting';
  /** Counts from 1, anew after a connection proved stable. */
  readonly attempt: number;
  /** The wait in milliseconds. */
  readonly delay: number;
  /** What ended the connection or the dial before. */
  readonly cause: unknown;
}

/** A bounded queue dropped a message: never in silence. */
export interface DroppedEvent {
  readonly type: 'dropped';
  readonly message: unknown;
  /** `overflow`: too many waited; `expired`: it waited too long; `ended`: the stream ended while it waited. */
  readonly reason: 'overflow' | 'expired' | 'ended';
}

/** The user asked for the end: what is under way is finished, and then the stream completes. */
export interface ClosingEvent {
  readonly type: 'closing';
}

/** Everything that can happen to a connection. More variants may join: switch on `type` with a default. */
export type ConnectionEvent<In, Out = In, Session = unknown> =
  | ConnectingEvent
  | OpenEvent<Out, Session>
  | ConnectionMessage<In, Out, Session>
  | MalformedEvent<Out, Session>
  | PongEvent<Out, Session>
  | DrainingEvent<Out, Session>
  | RetiredEvent<Out, Session>
  | ConnectionClose<Out, Session>
  | ReconnectingEvent
  | DroppedEvent
  | ClosingEvent;

/** A connection: subscribing dials, unsubscribing hangs up. `docs/architecture.md` lists the laws it keeps. */
export type ConnectionEvents<In, Out = In, Session = unknown> = Observable<ConnectionEvent<In, Out, Session>>;

/** An operator that keeps the types of whatever connection it is used on: a value of it serves many. */
export type AnyConnectionOperator = <In, Out, Session>(
  source: ConnectionEvents<In, Out, Session>,
) => ConnectionEvents<In, Out, Session>;

/** An operator that keeps the types of a connection's events. */
export type ConnectionOperator<In, Out = In, Session = unknown> = MonoTypeOperatorFunction<
  ConnectionEvent<In, Out, Session>
>;
