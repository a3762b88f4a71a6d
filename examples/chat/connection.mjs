// What both features keep of their connection: it follows from the client's events alone.
export const disconnected = {
  status: 'disconnected',
  url: null,
  protocols: [],
  reconnectAttempts: 0,
  lastError: null,
  connectedAt: null,
};

export function connectionAfter(connection, event) {
  switch (event.type) {
    case 'connected':
      return {
        ...connection,
        status: 'connected',
        url: event.url,
        protocols: event.protocols,
        lastError: null,
        connectedAt: new Date(event.timestamp),
      };
    case 'disconnected':
      return { ...disconnected, lastError: connection.lastError };
    case 'error':
      return { ...connection, lastError: event.error };
    case 'reconnecting':
      return { ...connection, status: 'reconnecting', reconnectAttempts: event.attempt };
    case 'reconnected':
      return { ...connection, status: 'connected', reconnectAttempts: 0, connectedAt: new Date(event.timestamp) };
    default:
      return connection;
  }
}
