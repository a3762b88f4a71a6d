import { WebSocket } from 'ws';
import type { WebSocketLike } from '../../src/transports/socketLike.js';

/** A real socket that has no more than the standard says: the platform's own, as a browser has it. */
export function domSocket(url: string, protocols: string[] = []): WebSocketLike {
  const socket = new WebSocket(url, protocols, { perMessageDeflate: false });
  return {
    get readyState() {
      return socket.readyState;
    },
    get protocol() {
      return socket.protocol;
    },
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    get binaryType() {
      return socket.binaryType;
    },
    set binaryType(type) {
      socket.binaryType = type;
    },
    url,
    send: (data) => socket.send(data),
    close: (code, reason) => socket.close(code, reason),
    addEventListener: (type: string, listener: (event: never) => void) =>
      socket.addEventListener(type as 'message', listener as () => void),
  };
}
