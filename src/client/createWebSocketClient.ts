import { clientSettings } from './clientSettings.js';
import { webSocketLink } from './link.js';
import { LinkClient } from './linkClient.js';
import type { WebSocketClient } from './webSocketClient.js';
import type { WebSocketConfig } from './webSocketConfig.js';

/**
 * A connection as an object: `connect()` dials, and from then on the connection is kept until `disconnect()`, until the peer closes it
 * with 1000, or until the client gives up.
 *
 * A first dial that fails is tried again like a connection that was lost; `error` and `reconnecting` tell of it.
 * Throws a TypeError for a configuration that cannot be.
 *
 * @example
 * const client = createWebSocketClient<Chat>({ url: 'wss://chat.example.com' });
 * client.subscribe(({ data }) => show(data.text));
 * client.subscribeToEvents((event) => badge(event.type));
 * await client.connect();
 * await client.send({ kind: 'say', text: 'hello' });
 */
export function createWebSocketClient<In = unknown, Out = In>(config: WebSocketConfig): WebSocketClient<In, Out> {
  const settings = clientSettings(config);
  const link = webSocketLink(config, settings);
  // Nothing is dialed yet, but the address is looked at.
  void link(config.url, settings.protocols);
  return new LinkClient<In, Out>(link, settings);
}
