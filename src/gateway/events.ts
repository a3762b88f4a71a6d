import type { Connection } from '../core/connection.js';
import type { ConnectionEvent, ConnectionEvents } from '../core/event.js';
import type { FromGateway, GatewaySession, ToGateway, WorkReply, WorkRequest } from './messages.js';

/** A connection to a gateway. */
export type GatewayConnection = Connection<ToGateway, GatewaySession>;

/** What happens on a connection to a gateway. */
export type GatewayEvent = ConnectionEvent<FromGateway, ToGateway, GatewaySession>;

/** Connections to gateways, one after the other. */
export type GatewayEvents = ConnectionEvents<FromGateway, ToGateway, GatewaySession>;

/** A request was acknowledged: its lease is ours, and its work waits or runs. */
export interface ReceivedEvent {
  readonly type: 'received';
  readonly connection: GatewayConnection;
  readonly request: WorkRequest;
}

/** A request was not taken. */
export interface SkippedEvent {
  readonly type: 'skipped';
  readonly connection: GatewayConnection;
  readonly request: WorkRequest;
  /**
   * `invalid`: it has no id; `unknownApp`: no app of that name; `closing`: the worker is about to end; `capacity`: too many wait
   * already; `ackFailed`: the acknowledgement could not be sent. The gateway was told nothing and gives the request to somebody else.
   * `duplicate`: it is known, in work or answered; it was acknowledged again and not run again.
   */
  readonly reason: 'invalid' | 'unknownApp' | 'closing' | 'capacity' | 'ackFailed' | 'duplicate';
}

/** A lease was extended. */
export interface ExtendedEvent {
  readonly type: 'extended';
  readonly request: WorkRequest;
  /** The newest id. */
  readonly leaseId: string;
}

/** A lease is lost: somebody else may do the work now. It is not answered, unless it is finished nevertheless. */
export interface LeaseLostEvent {
  readonly type: 'leaseLost';
  readonly request: WorkRequest;
  /** `cancelled`: the work was stopped; `continued`: it is finished and answered all the same. */
  readonly work: 'cancelled' | 'continued';
}

/** Work ended, well or not, and its reply is on its way. */
export interface CompletedEvent {
  readonly type: 'completed';
  readonly request: WorkRequest;
  readonly reply: WorkReply;
  /** Milliseconds between the acknowledgement and the reply. */
  readonly duration: number;
  /** What the work threw, where it did. */
  readonly error?: unknown;
}

/** The other side has a reply. */
export interface AcceptedEvent {
  readonly type: 'accepted';
  readonly requestId: string;
  readonly via: 'connection' | 'http';
}

/** A reply could not be delivered over a connection, and goes over HTTP. */
export interface BufferedEvent {
  readonly type: 'buffered';
  readonly requestId: string;
  /** `notAcked`: no acknowledgement in time; `lost`: the connection it went over ended first; `tooBig`: over the limit of a message. */
  readonly reason: 'noConnection' | 'notAcked' | 'lost' | 'tooBig';
}

/** A reply was given up. */
export interface UndeliveredEvent {
  readonly type: 'undelivered';
  readonly reply: WorkReply;
  /** `overflow`: too many waited; `refused`: the API would never take it; `gaveUp`: all tries failed. */
  readonly reason: 'overflow' | 'refused' | 'gaveUp';
  readonly error?: unknown;
}

/** The worker's patience ended before its work. */
export interface AbandonedEvent {
  readonly type: 'abandoned';
  /** Requests still in work, whose work was stopped. */
  readonly requests: readonly string[];
  /** Requests whose replies nobody confirmed. */
  readonly replies: readonly string[];
}

/** What happens to work. */
export type WorkEvent =
  | ReceivedEvent
  | SkippedEvent
  | ExtendedEvent
  | LeaseLostEvent
  | CompletedEvent
  | AcceptedEvent
  | BufferedEvent
  | UndeliveredEvent
  | AbandonedEvent;

/** Everything that happens to a worker. */
export type WorkerEvent = GatewayEvent | WorkEvent;
