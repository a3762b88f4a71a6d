import type { Codec } from '../codecs/codec.js';
import type { Frame } from '../core/connection.js';

/** Turns messages into what goes over the wire, and back. What it throws is an `INVALID_MESSAGE`; the connection lives. */
export interface MessageSerializer {
  serialize(message: unknown): string | ArrayBuffer | Uint8Array;
  /** Is given text as it came, and bytes as a buffer of their own. */
  deserialize(data: string | ArrayBuffer): unknown;
}

/** The codec that a serializer is. */
export function serializerCodec(serializer: MessageSerializer): Codec<unknown> {
  return {
    encode(message) {
      const data: unknown = serializer.serialize(message);
      if (typeof data === 'string' || data instanceof Uint8Array) return data;
      if (data instanceof ArrayBuffer) return new Uint8Array(data);
      throw new TypeError(`serializer: expected text or bytes, got ${Object.prototype.toString.call(data)}`);
    },
    // On Node bytes are part of a larger buffer, which is used again.
    decode: (frame: Frame) => serializer.deserialize(typeof frame === 'string' ? frame : new Uint8Array(frame).buffer),
  };
}
