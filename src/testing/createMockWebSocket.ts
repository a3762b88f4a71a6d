import { Observable, Subscription } from 'rxjs';
import { clientSettings } from '../client/clientSettings.js';
import type { Link } from '../client/link.js';
import { LinkClient } from '../client/linkClient.js';
import { trouble } from '../client/news.js';
import type { MessageListener, Unsubscribe, WebSocketClient, WebSocketMessage } from '../client/webSocketClient.js';
import type { WebSocketConfig } from '../client/webSocketConfig.js';
import type { WebSocketError } from '../client/webSocketError.js';
import type { WebSocketEvent } from '../client/webSocketEvent.js';
import { MockSocket } from './mockSocket.js';

/** A client without a network. */
export interface MockWebSocketClient<In = unknown, Out = In> extends WebSocketClient<In, Out> {
  /** Gives a message to those who subscribed, as if it had arrived. */
  simulateMessage(message: WebSocketMessage<In>): void;
  /** Tells an event, with the `timestamp` that it has. The state follows, but there is no more of a connection than before. */
  simulateEvent(event: WebSocketEvent<In>): void;
  /** Tells an error; it becomes `state.lastError`. */
  simulateError(error: WebSocketError): void;
  /** Ends the connection as if the peer or the network did, or the dial. */
  simulateDisconnect(code: number, reason: string): void;
  /** What was sent, in order. */
  readonly sentMessages: readonly Out[];
  /** Makes it as new: nothing is connected, nobody listens, nothing was sent. */
  reset(): void;
}

/**
 * A client for tests of what uses one. It is the client itself, with its queue, states and errors, over connections that open in the next
 * turn of `scheduler` and never fail by themselves.
 *
 * Unlike the real one it reconnects only when `reconnect` is configured. `heartbeat` and `connectionTimeout` have nothing to do.
 *
 * @example
 * const client = createMockWebSocket<Chat>();
 * await client.connect('wss://chat.example.com');
 * await client.send({ kind: 'say', text: 'hello' });
 * client.simulateMessage({ type: 'say', data: { kind: 'say', text: 'hi' }, timestamp: 0 });
 * expect(client.sentMessages).toHaveLength(1);
 */
export function createMockWebSocket<In = unknown, Out = In>(
  config: Partial<WebSocketConfig> = {},
): MockWebSocketClient<In, Out> {
  const settings = clientSettings({ url: 'ws://mock', reconnect: { enabled: false }, ...config });
  let sent: Out[] = [];
  let socket: MockSocket | undefined;
  let listening = new Subscription();
  const link: Link = (url, [protocol = '']) =>
    new Observable((subscriber) => {
      socket = new MockSocket(subscriber, url, protocol, (message) => sent.push(message as Out), settings.scheduler);
    });
  let client = new LinkClient<In, Out>(link, settings);
  const untilReset = (unsubscribe: Unsubscribe): Unsubscribe => {
    listening.add(unsubscribe);
    return unsubscribe;
  };

  return {
    connect: (url, protocols) => client.connect(url, protocols),
    disconnect: (code, reason) => client.disconnect(code, reason),
    send: (message) => client.send(message),
    subscribe: (listener: MessageListener<In>) => untilReset(client.subscribe(listener)),
    subscribeToEvents: (listener) => untilReset(client.subscribeToEvents(listener)),
    get state() {
      return client.state;
    },
    get stats() {
      return client.stats;
    },
    get sentMessages() {
      return sent;
    },
    simulateMessage: (message) => client.deliverMessage(message),
    simulateEvent: (event) => client.tell({ event }),
    simulateError: (error) => client.tell(trouble(error)),
    simulateDisconnect(code, reason) {
      const { status } = client.state;
      if (status === 'connected' || status === 'connecting') socket?.end(code, reason, false);
      else client.tell({ event: { type: 'disconnected', code, reason, wasClean: false } });
    },
    reset() {
      listening.unsubscribe();
      listening = new Subscription();
      void client.disconnect();
      sent = [];
      client = new LinkClient(link, settings);
    },
  };
}
