import type { Frame } from '../core/connection.js';
import { ProtocolError } from '../core/errors.js';

/** The kinds of frames, as RFC 6455 numbers them. */
const TEXT = 1;
const BINARY = 2;

/** A kind and a length: 1 + 4 bytes. */
const PREFIX = 5;

/** Frames as one body: each is its kind, its length (32 bits, big-endian) and its bytes. */
export function encodeFrameBody(frames: readonly Frame[]): Uint8Array {
  const encoder = new TextEncoder();
  const parts = frames.map((frame) => (typeof frame === 'string' ? encoder.encode(frame) : frame));
  const body = new Uint8Array(parts.reduce((sum, part) => sum + PREFIX + part.length, 0));
  const view = new DataView(body.buffer);
  let at = 0;
  parts.forEach((part, index) => {
    view.setUint8(at, typeof frames[index] === 'string' ? TEXT : BINARY);
    view.setUint32(at + 1, part.length);
    body.set(part, at + PREFIX);
    at += PREFIX + part.length;
  });
  return body;
}

/** Reads what `encodeFrameBody` wrote. Throws a `ProtocolError` for anything else. */
export function decodeFrameBody(body: Uint8Array): Frame[] {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const frames: Frame[] = [];
  try {
    for (let at = 0; at < body.length;) {
      const kind = view.getUint8(at);
      const start = at + PREFIX;
      at = start + view.getUint32(at + 1);
      if ((kind !== TEXT && kind !== BINARY) || at > body.length) throw new RangeError();
      const part = body.subarray(start, at);
      frames.push(kind === TEXT ? decoder.decode(part) : part);
    }
  } catch (cause) {
    throw new ProtocolError('the body does not consist of whole frames', cause);
  }
  return frames;
}
