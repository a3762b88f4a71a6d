import type { Frame } from '../../core/connection.js';
import { ProtocolError } from '../../core/errors.js';
import { ANNOUNCEMENT, MOST_ANNOUNCED, MOST_KEYS, MOST_STRUCTURES } from './format.js';
import { readMessage, readValue } from './reader.js';
import { Structure } from './structure.js';

/** The message in a frame of plain msgpack. */
export function decodePlain(frame: Frame): unknown {
  return readMessage(expectBytes(frame), 0);
}

/** Makes messages of the frames of one connection, whose structures it learns from them. */
export class SharedDecoder {
  readonly #structures: Structure[] = [];
  #announced = 0;

  decode(frame: Frame): unknown {
    const bytes = expectBytes(frame);
    const start = bytes[0] === ANNOUNCEMENT ? this.#learn(bytes) : 0;
    return readMessage(bytes, start, this.#structures);
  }

  /** Learns what the frame announces; returns where its message begins. */
  #learn(frame: Uint8Array): number {
    const { value, next } = readValue(frame, 1);
    if (!Array.isArray(value) || !value.every(isKeys)) {
      throw new ProtocolError('an announcement that is no list of lists of keys');
    }
    if (this.#structures.length + value.length > MOST_STRUCTURES) {
      throw new ProtocolError(`more than ${MOST_STRUCTURES} structures were announced`);
    }
    if (this.#announced + next > MOST_ANNOUNCED) {
      throw new ProtocolError(`more than ${MOST_ANNOUNCED} bytes of structures were announced`);
    }
    this.#announced += next;
    for (const keys of value) this.#structures.push(new Structure(keys));
    return next;
  }
}

function isKeys(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MOST_KEYS && value.every(isKey);
}

function isKey(value: unknown): value is string {
  return typeof value === 'string' && value !== '__proto__';
}

function expectBytes(frame: Frame): Uint8Array {
  if (typeof frame === 'string') throw new ProtocolError('a frame of text, where msgpack is bytes');
  return frame;
}
