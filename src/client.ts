// a connection as an object
export type { ConnectionState, ConnectionStatus } from './client/connectionState.js';
export type { ConnectionStats } from './client/connectionStats.js';
export { createWebSocketClient } from './client/createWebSocketClient.js';
export type { MessageSerializer } from './client/messageSerializer.js';
export type { EventListener, MessageListener, Unsubscribe } from './client/webSocketClient.js';
export type { WebSocketClient, WebSocketMessage } from './client/webSocketClient.js';
export type { HeartbeatConfig, ReconnectConfig, WebSocketConfig } from './client/webSocketConfig.js';
export { WebSocketError, WS_ERROR_CODES } from './client/webSocketError.js';
export type {
  ConnectedEvent,
  DisconnectedEvent,
  ErrorEvent,
  MessageEvent,
  ReconnectedEvent,
  ReconnectingEvent,
  WebSocketEvent,
} from './client/webSocketEvent.js';

// channels
export { createSubscriptionManager, type SubscriptionManager } from './client/subscriptionManager.js';

// actions
export { effects } from './client/effects.js';

// the place of rxjs's webSocket()
export { WebSocketSubject, webSocketSubject } from './client/webSocketSubject.js';
export type { WebSocketConstructor, WebSocketSubjectConfig } from './client/webSocketSubjectConfig.js';
