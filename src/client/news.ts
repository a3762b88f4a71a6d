import type { ConnectionStatus } from './connectionState.js';
import type { WebSocketError } from './webSocketError.js';
import type { Untimed, WebSocketEvent } from './webSocketEvent.js';

/** What a client is to tell: an event, and where the client stands after it when the event does not say. */
export interface News {
  readonly event: Untimed<WebSocketEvent>;
  readonly status?: ConnectionStatus;
}

/** The news that something went wrong. */
export function trouble(error: WebSocketError, status?: ConnectionStatus): News {
  return { event: { type: 'error', error }, ...(status && { status }) };
}
