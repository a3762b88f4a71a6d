import { nodeWire } from './nodeWire.js';
import type { NodeSocket, WebSocketLike } from './socketLike.js';
import { type MakeWire, standardWire } from './wire.js';

/** The wire of a socket, whatever it can. Bundles for browsers get `wireOf.browser` instead. */
export const wireOf: MakeWire<WebSocketLike> = (socket, end, scheduler) =>
  isNodeSocket(socket) ? nodeWire(socket, end, scheduler) : standardWire(socket, end, scheduler);

/** Whether a socket is one of `ws`: its `on('message')` is a quarter faster than `onmessage`, and it can ping, pause and be terminated. */
function isNodeSocket(socket: WebSocketLike | NodeSocket): socket is NodeSocket {
  const { on, terminate } = socket as Partial<NodeSocket>;
  return typeof on === 'function' && typeof terminate === 'function';
}
