import type { MessageListener, WebSocketClient, WebSocketMessage } from '../client/webSocketClient.js';
import type { WebSocketEvent } from '../client/webSocketEvent.js';

/** A call of `connect()`, with what was given. */
export interface ConnectCall {
  readonly url: string | undefined;
  readonly protocols: readonly string[] | undefined;
}

/** A call of `disconnect()`, with what was given. */
export interface DisconnectCall {
  readonly code: number | undefined;
  readonly reason: string | undefined;
}

/** A client that remembers what was done with it and what it told, each in order. */
export interface SpyWebSocketClient<In = unknown, Out = In> extends WebSocketClient<In, Out> {
  readonly connections: readonly ConnectCall[];
  readonly disconnections: readonly DisconnectCall[];
  /** What `send()` was given, whatever became of it. */
  readonly sentMessages: readonly Out[];
  readonly receivedMessages: readonly WebSocketMessage<In>[];
  readonly events: readonly WebSocketEvent<In>[];
  /** The calls of `connect()` that named this address. */
  connectionsTo(url: string): readonly ConnectCall[];
  /** Forgets what it remembers; the client stays as it is. */
  reset(): void;
}

/**
 * Wraps a client, a real one or a mock: every call goes through to it and is remembered.
 *
 * @example
 * const spy = createSpyWebSocket(createMockWebSocket<Chat>());
 * await spy.connect('wss://chat.example.com');
 * expect(spy.connectionsTo('wss://chat.example.com')).toHaveLength(1);
 */
export function createSpyWebSocket<In, Out>(client: WebSocketClient<In, Out>): SpyWebSocketClient<In, Out> {
  const connections: ConnectCall[] = [];
  const disconnections: DisconnectCall[] = [];
  const sentMessages: Out[] = [];
  const receivedMessages: WebSocketMessage<In>[] = [];
  const events: WebSocketEvent<In>[] = [];
  client.subscribe((message) => receivedMessages.push(message));
  client.subscribeToEvents((event) => events.push(event));

  return {
    connections,
    disconnections,
    sentMessages,
    receivedMessages,
    events,
    connectionsTo: (wanted) => connections.filter(({ url }) => url === wanted),
    reset() {
      for (const list of [connections, disconnections, sentMessages, receivedMessages, events]) list.length = 0;
    },
    connect(url, protocols) {
      connections.push({ url, protocols });
      return client.connect(url, protocols);
    },
    disconnect(code, reason) {
      disconnections.push({ code, reason });
      return client.disconnect(code, reason);
    },
    send(message) {
      sentMessages.push(message);
      return client.send(message);
    },
    subscribe: (listener: MessageListener<In>) => client.subscribe(listener),
    subscribeToEvents: (listener) => client.subscribeToEvents(listener),
    get state() {
      return client.state;
    },
    get stats() {
      return client.stats;
    },
  };
}
