/** What can go wrong with a client: the values of {@link WebSocketError.code}. */
export const WS_ERROR_CODES = {
  /** A dial failed, or a connection was ended in a way that rules out another one. */
  CONNECTION_FAILED: 'WS_CONNECTION_FAILED',
  /** A dial took longer than `connectionTimeout`. */
  CONNECTION_TIMEOUT: 'WS_CONNECTION_TIMEOUT',
  /** The peer did not answer a ping within `heartbeat.timeout`. */
  HEARTBEAT_TIMEOUT: 'WS_HEARTBEAT_TIMEOUT',
  /** A message was not sent: there is no connection, or the queue for one was full. */
  SEND_FAILED: 'WS_SEND_FAILED',
  /** A message could not be serialized, or a frame that arrived could not be read. */
  INVALID_MESSAGE: 'WS_INVALID_MESSAGE',
  /** `reconnect.maxAttempts` were made; `cause` is what the last one failed with. */
  MAX_RECONNECTS: 'WS_MAX_RECONNECTS',
  /** The peer closed the connection because of what it was sent: 1002, 1003, 1007, 1009 or 1010. */
  PROTOCOL_ERROR: 'WS_PROTOCOL_ERROR',
} as const;

/** What went wrong with a client. */
export class WebSocketError extends Error {
  override readonly name = 'WebSocketError';
  constructor(
    message: string,
    /** One of {@link WS_ERROR_CODES}. */
    readonly code: string | null,
    /** Whether the same may go well another time. */
    readonly recoverable: boolean,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

/** Tells it by its name: `instanceof` fails when two copies of the package meet. */
export function isWebSocketError(error: unknown): error is WebSocketError {
  return (error as { readonly name?: unknown } | null | undefined)?.name === 'WebSocketError';
}
