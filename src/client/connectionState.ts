import type { WebSocketError } from './webSocketError.js';
import type { WebSocketEvent } from './webSocketEvent.js';

/** `failed`: the client gave up, and only `connect()` begins anew. */
export type ConnectionStatus = 'disconnected' | 'connecting' | 'connected' | 'reconnecting' | 'failed';

/** How a client stands. A new object whenever anything in it changes. */
export interface ConnectionState {
  readonly status: ConnectionStatus;
  /** Where it leads, secrets removed; null while nobody asked for a connection. */
  readonly url: string | null;
  readonly protocols: readonly string[];
  /** The number of the retry that is waited for or under way; 0 when there is none. */
  readonly reconnectAttempts: number;
  /** What went wrong since the last connection was made. */
  readonly lastError: WebSocketError | null;
  readonly connectedAt: Date | null;
}

/** The state of a client that is not used. */
export const idle: ConnectionState = {
  status: 'disconnected',
  url: null,
  protocols: [],
  reconnectAttempts: 0,
  lastError: null,
  connectedAt: null,
};

/** The state after an event; `status` says where the client stands when the event alone does not. */
export function connectionStateAfter(
  state: ConnectionState,
  event: WebSocketEvent,
  status?: ConnectionStatus,
): ConnectionState {
  switch (event.type) {
    case 'connected':
    case 'reconnected': {
      const { url, protocols } = event.type === 'connected' ? event : state;
      const connectedAt = new Date(event.timestamp);
      return { url, protocols, status: 'connected', reconnectAttempts: 0, lastError: null, connectedAt };
    }
    case 'disconnected':
      return status ? { ...state, status, connectedAt: null } : idle;
    case 'reconnecting':
      return { ...state, status: 'reconnecting', reconnectAttempts: event.attempt };
    case 'error':
      return { ...state, status: status ?? state.status, lastError: event.error };
    default:
      return state;
  }
}
