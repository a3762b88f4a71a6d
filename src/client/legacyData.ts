import type { Frame } from '../core/connection.js';

/** What sockets send and hear. */
export type LegacyData = string | ArrayBuffer | Blob | ArrayBufferView;

/** A frame as a socket of that `binaryType` would give it. */
export function dataOf(frame: Frame, binaryType: string): LegacyData {
  if (typeof frame === 'string') return frame;
  const bytes = frame as Uint8Array<ArrayBuffer>;
  if (binaryType === 'blob') return new Blob([bytes]);
  if (binaryType !== 'arraybuffer') return bytes;
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
}

/** What a serializer gave, as a frame. A Blob stays as it is: its bytes are not at hand, and sockets take it. */
export function frameOf(message: LegacyData): Frame {
  if (message instanceof ArrayBuffer) return new Uint8Array(message);
  if (ArrayBuffer.isView(message)) return new Uint8Array(message.buffer, message.byteOffset, message.byteLength);
  return message as Frame;
}
