import type { WebSocketLike } from './socketLike.js';

/** The platform's own socket: the `browser` field of package.json puts this file in the place of `platformSocket`. */
export function platformSocket(url: string, protocols: string[]): WebSocketLike {
  return new WebSocket(url, protocols);
}
