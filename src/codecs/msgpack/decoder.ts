import { Unpackr } from 'msgpackr';
import type { Frame } from '../../core/connection.js';
import { ProtocolError } from '../../core/errors.js';
import { endOfValue } from './endOfValue.js';
import { ANNOUNCEMENT, MOST_ANNOUNCED, MOST_KEYS, MOST_STRUCTURES } from './format.js';

type Structure = string[];

/** msgpackr keeps the number of lasting structures beside them in the array, and forgets those beyond it. */
type Structures = Structure[] & { sharedLength?: number };

const reading = {
  mapsAsObjects: true,
  // A view would keep the whole piece alive that was read from the network.
  copyBuffers: true,
  // The types of msgpackr do not know this one: a bigint only where a number is not exact.
  int64AsType: 'auto' as 'bigint',
} as const;

const plain = /* @__PURE__ */ new Unpackr({ ...reading, useRecords: false });

/** The message in a frame of plain msgpack, which holds `most` values in all its lists and maps. */
export function decodePlain(frame: Frame, most?: number): unknown {
  expectBytes(frame);
  expectEnd(frame, endOfValue(frame, 0, undefined, most));
  return unpack(plain, frame);
}

/** Makes messages of the frames of one connection, whose structures it learns from them. */
export class SharedDecoder {
  readonly #structures: Structures = [];
  readonly #unpackr = new Unpackr({ ...reading, structures: this.#structures });
  #announced = 0;

  decode(frame: Frame): unknown {
    expectBytes(frame);
    const start = frame[0] === ANNOUNCEMENT ? this.#learn(frame) : 0;
    expectEnd(frame, endOfValue(frame, start, this.#structures));
    return unpack(this.#unpackr, start === 0 ? frame : frame.subarray(start));
  }

  /** Learns what the frame announces; returns where its message begins. */
  #learn(frame: Uint8Array): number {
    const end = endOfValue(frame, 1);
    const structures = unpack(plain, frame.subarray(1, end));
    if (!Array.isArray(structures) || !structures.every(isStructure)) {
      throw new ProtocolError('an announcement that is no list of lists of keys');
    }
    if (this.#structures.length + structures.length > MOST_STRUCTURES) {
      throw new ProtocolError(`more than ${MOST_STRUCTURES} structures were announced`);
    }
    if (this.#announced + end > MOST_ANNOUNCED) {
      throw new ProtocolError(`more than ${MOST_ANNOUNCED} bytes of structures were announced`);
    }
    this.#announced += end;
    this.#structures.push(...structures);
    this.#structures.sharedLength = this.#structures.length;
    return end;
  }
}

function isStructure(value: unknown): value is Structure {
  return Array.isArray(value) && value.length <= MOST_KEYS && value.every(isKey);
}

function isKey(value: unknown): value is string {
  return typeof value === 'string' && value !== '__proto__';
}

function expectBytes(frame: Frame): asserts frame is Uint8Array {
  if (typeof frame === 'string') throw new ProtocolError('a frame of text, where msgpack is bytes');
}

function expectEnd(frame: Uint8Array, end: number): void {
  if (end < frame.length) throw new ProtocolError(`${frame.length - end} bytes follow the message`);
}

/** Reads a sound frame. What can still fail is a map with keys that are lists or maps. */
function unpack(unpackr: Unpackr, frame: Uint8Array): unknown {
  try {
    return unpackr.unpack(frame) as unknown;
  } catch (cause) {
    throw new ProtocolError(cause instanceof Error ? cause.message : String(cause), cause);
  }
}
