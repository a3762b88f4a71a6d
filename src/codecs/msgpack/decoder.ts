import { Unpackr } from 'msgpackr';
import type { Frame } from '../../core/connection.js';
import { ProtocolError } from '../../core/errors.js';
import { endOfValue } from './endOfValue.js';
import { ANNOUNCEMENT, MOST_ANNOUNCED, MOST_KEYS, MOST_STRUCTURES } from './format.js';

type Structure = string[];

/** msgpackr keeps the number of lasting structures beside them in the array, and forgets those beyond it. */
type Structures = Structure[] & { sharedLength?: number };

/** What all readers have in common. */
const reading = {
  mapsAsObjects: true,
  // A view would keep the whole piece alive that was read from the network.
  copyBuffers: true,
  // The types of msgpackr do not know this one: a bigint only where a number is not exact.
  int64AsType: 'auto' as 'bigint',
} as const;

/** Makes messages of frames that hold plain msgpack. */
export class Decoder {
  readonly #reader = new Unpackr({ ...reading, useRecords: false });

  decode(frame: Frame): unknown {
    expectBytes(frame);
    expectEnd(frame, endOfValue(frame, 0));
    return read(this.#reader, frame);
  }
}

/** Makes messages of the frames of one connection, whose structures it learns from them. */
export class SharedDecoder {
  readonly #structures: Structures = [];
  readonly #reader = new Unpackr({ ...reading, structures: this.#structures });
  #announced = 0;

  decode(frame: Frame): unknown {
    expectBytes(frame);
    const start = frame[0] === ANNOUNCEMENT ? this.#learn(frame) : 0;
    expectEnd(frame, endOfValue(frame, start, this.#structures));
    return read(this.#reader, start === 0 ? frame : frame.subarray(start));
  }

  /** Learns what the frame announces; returns where its message begins. */
  #learn(frame: Uint8Array): number {
    const end = endOfValue(frame, 1);
    const structures = read(announcements, frame.subarray(1, end));
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

const announcements = /* @__PURE__ */ new Unpackr({ useRecords: false });

function isStructure(value: unknown): value is Structure {
  return Array.isArray(value) && value.length <= MOST_KEYS && value.every((key) => typeof key === 'string');
}

function expectBytes(frame: Frame): asserts frame is Uint8Array {
  if (typeof frame === 'string') throw new ProtocolError('a frame of text, where msgpack is bytes');
}

function expectEnd(frame: Uint8Array, end: number): void {
  if (end < frame.length) throw new ProtocolError(`${frame.length - end} bytes follow the value`);
}

/** Reads a sound frame. What can still fail is a map whose keys are no keys. */
function read(reader: Unpackr, frame: Uint8Array): unknown {
  try {
    return reader.unpack(frame) as unknown;
  } catch (cause) {
    throw new ProtocolError(cause instanceof Error ? cause.message : String(cause), cause);
  }
}
