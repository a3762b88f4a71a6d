import type { PlatformConfig } from './platformSocket.js';
import type { WebSocketLike } from './socketLike.js';

/** The platform's own socket: the `browser` field of package.json puts this file in the place of `platformSocket`. */
export function platformSocket(url: string, protocols: string[], _config: PlatformConfig): WebSocketLike {
  return new WebSocket(url, protocols);
}
