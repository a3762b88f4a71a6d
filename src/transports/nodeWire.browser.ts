import type { AnySocket, NodeSocket } from './socketLike.js';
import { type MakeWire, standardWire } from './wire.js';

/** In browsers there is none: the `browser` field of package.json puts this file in the place of `nodeWire`. */
export function isNodeSocket(_socket: AnySocket): _socket is NodeSocket {
  return false;
}

export const nodeWire = standardWire as unknown as MakeWire<NodeSocket>;
