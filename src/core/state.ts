/**
 * The states of a connection. `DRAINING_RECONNECTING` is shown as `ACTIVE` outside: the old connection still serves while its successor is made.
 */
export type InternalState = 'CONNECTING' | 'ACTIVE' | 'RECONNECTING' | 'DRAINING_RECONNECTING' | 'CLOSING' | 'CLOSED';

/** The states that a user is shown. */
export type State = Exclude<InternalState, 'DRAINING_RECONNECTING'>;

/** What moves a connection from state to state. */
export type StateEvent =
  | 'CONNECT_REQUESTED'
  | 'WEBSOCKET_OPEN'
  | 'AUTH_SUCCESS'
  | 'AUTH_FAILED'
  | 'GATEWAY_READY'
  | 'DRAINING_REQUESTED'
  | 'NEW_CONNECTION_READY'
  | 'ERROR_OCCURRED'
  | 'CONNECTION_LOST'
  | 'RECONNECT_STARTED'
  | 'SHUTDOWN_REQUESTED'
  | 'SHUTDOWN_COMPLETED';

/** All states, in the order of a life. */
export const states: readonly InternalState[] = [
  'CONNECTING',
  'ACTIVE',
  'RECONNECTING',
  'DRAINING_RECONNECTING',
  'CLOSING',
  'CLOSED',
];

/** All events. */
export const stateEvents: readonly StateEvent[] = [
  'CONNECT_REQUESTED',
  'WEBSOCKET_OPEN',
  'AUTH_SUCCESS',
  'AUTH_FAILED',
  'GATEWAY_READY',
  'DRAINING_REQUESTED',
  'NEW_CONNECTION_READY',
  'ERROR_OCCURRED',
  'CONNECTION_LOST',
  'RECONNECT_STARTED',
  'SHUTDOWN_REQUESTED',
  'SHUTDOWN_COMPLETED',
];

/** Every legal move; what is not listed is illegal. CLOSED has no way out. */
const moves: Readonly<Record<InternalState, Partial<Readonly<Record<StateEvent, InternalState>>>>> = {
  CONNECTING: {
    CONNECT_REQUESTED: 'CONNECTING',
    WEBSOCKET_OPEN: 'CONNECTING',
    AUTH_SUCCESS: 'CONNECTING',
    AUTH_FAILED: 'RECONNECTING',
    GATEWAY_READY: 'ACTIVE',
    ERROR_OCCURRED: 'RECONNECTING',
    CONNECTION_LOST: 'RECONNECTING',
    RECONNECT_STARTED: 'RECONNECTING',
    SHUTDOWN_REQUESTED: 'CLOSING',
  },
  ACTIVE: {
    DRAINING_REQUESTED: 'DRAINING_RECONNECTING',
    ERROR_OCCURRED: 'RECONNECTING',
    CONNECTION_LOST: 'RECONNECTING',
    RECONNECT_STARTED: 'RECONNECTING',
    SHUTDOWN_REQUESTED: 'CLOSING',
  },
  RECONNECTING: {
    CONNECT_REQUESTED: 'CONNECTING',
    AUTH_FAILED: 'RECONNECTING',
    NEW_CONNECTION_READY: 'ACTIVE',
    ERROR_OCCURRED: 'RECONNECTING',
    CONNECTION_LOST: 'RECONNECTING',
    RECONNECT_STARTED: 'RECONNECTING',
    SHUTDOWN_REQUESTED: 'CLOSING',
  },
  DRAINING_RECONNECTING: {
    CONNECT_REQUESTED: 'DRAINING_RECONNECTING',
    WEBSOCKET_OPEN: 'DRAINING_RECONNECTING',
    AUTH_SUCCESS: 'DRAINING_RECONNECTING',
    AUTH_FAILED: 'DRAINING_RECONNECTING',
    DRAINING_REQUESTED: 'DRAINING_RECONNECTING',
    NEW_CONNECTION_READY: 'ACTIVE',
    ERROR_OCCURRED: 'DRAINING_RECONNECTING',
    CONNECTION_LOST: 'RECONNECTING',
    RECONNECT_STARTED: 'DRAINING_RECONNECTING',
    SHUTDOWN_REQUESTED: 'CLOSING',
  },
  CLOSING: {
    ERROR_OCCURRED: 'CLOSING',
    CONNECTION_LOST: 'CLOSING',
    SHUTDOWN_REQUESTED: 'CLOSING',
    SHUTDOWN_COMPLETED: 'CLOSED',
  },
  CLOSED: {},
};

/** The state after an event, or `undefined` where the event is illegal. */
export function transition(state: InternalState, event: StateEvent): InternalState | undefined {
  return moves[state][event];
}

/** What a user is shown of an internal state. */
export function shown(state: InternalState): State {
  return state === 'DRAINING_RECONNECTING' ? 'ACTIVE' : state;
}

/** One change of state. */
export interface StateChange {
  readonly from: InternalState;
  readonly to: InternalState;
  readonly event: StateEvent;
  /** In the time of the scheduler. */
  readonly at: number;
}

/** How many changes are remembered. */
export const HISTORY = 50;

/** The history with one more change, the oldest forgotten. */
export function remember(history: readonly StateChange[], change: StateChange): readonly StateChange[] {
  return [...history.slice(-(HISTORY - 1)), change];
}
