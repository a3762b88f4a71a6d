import { ProtocolError } from '../../core/errors.js';
import { DEEPEST, FIRST_STRUCTURE } from './format.js';

/** How many values each open container still waits for. */
const waiting = /* @__PURE__ */ new Uint32Array(DEEPEST);

/**
 * Where the value that begins at `at` ends. Throws a `ProtocolError` when it is not one that may be read: it ends early, claims
 * more than the frame holds, is nested too deep, is of an unknown type, of a structure that nobody announced, or of more than `most` values.
 *
 * One pass, no recursion, no allocation: the reader behind it meets sound frames only. `structures` is undefined where
 * there are none, and the bytes of their names are small numbers.
 */
export function endOfValue(
  frame: Uint8Array,
  at: number,
  structures?: readonly (readonly string[])[],
  most = Infinity,
): number {
  const end = frame.length;
  let depth = 0;
  let left = 1;
  let values = 0;
  for (;;) {
    while (left === 0) {
      if (depth === 0) {
        if (at > end) throw endsEarly();
        return at;
      }
      left = waiting[--depth] as number;
    }
    if (at >= end) throw endsEarly();
    left--;
    const first = frame[at++] as number;
    let count: number;
    if (first < FIRST_STRUCTURE || first >= 0xe0) continue;
    if (first < 0x80) {
      if (structures === undefined) continue;
      const structure = structures[first - FIRST_STRUCTURE];
      if (structure === undefined) throw new ProtocolError(`structure ${first - FIRST_STRUCTURE} was not announced`);
      count = structure.length;
    } else if (first < 0x90) count = (first & 0x0f) * 2;
    else if (first < 0xa0) count = first & 0x0f;
    else if (first < 0xdc) {
      at = first < 0xc0 ? at + (first & 0x1f) : endOfScalar(frame, at, first);
      continue;
    } else {
      const wide = (first & 1) === 1;
      count = wide ? uint32(frame, at) : uint16(frame, at);
      at += wide ? 4 : 2;
      if (first >= 0xde) count *= 2;
    }
    // Every value takes a byte at least, so that a short frame cannot claim a long list.
    if (!(count <= end - at)) throw endsEarly();
    if ((values += count) > most) throw new ProtocolError(`more than ${most} values`);
    if (depth === DEEPEST) throw new ProtocolError(`nested more than ${DEEPEST} levels deep`);
    waiting[depth++] = left;
    left = count;
  }
}

const NONE = -8;

/** How many bytes follow the bytes 0xc0 to 0xdb; where it is negative, as many as those that follow at first say. */
// prettier-ignore
const following = [
  0, NONE, 0, 0, -1, -2, -4, NONE, NONE, NONE, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, NONE, NONE, NONE, NONE, NONE, -1, -2, -4,
];

/** Where the scalar ends whose first byte, 0xc0 to 0xdb, stands before `at`. A count that is cut off leads beyond the frame. */
function endOfScalar(frame: Uint8Array, at: number, first: number): number {
  const size = following[first - 0xc0] as number;
  if (size >= 0) return at + size;
  if (size === -1) return at + 1 + (frame[at] ?? Infinity);
  if (size === -2) return at + 2 + uint16(frame, at);
  return size === -4 ? at + 4 + uint32(frame, at) : endOfExtension(frame, at, first);
}

/** Only two extensions are read: `undefined`, as msgpackr and notepack write it, and timestamps in their three sizes. */
function endOfExtension(frame: Uint8Array, at: number, first: number): number {
  if (first === 0xd4 && frame[at] === 0x00) return at + 2;
  if (first === 0xd6 && frame[at] === 0xff) return at + 5;
  if (first === 0xd7 && frame[at] === 0xff) return at + 9;
  if (first === 0xc7 && frame[at] === 12 && frame[at + 1] === 0xff && isTime(frame, at + 2)) return at + 14;
  throw new ProtocolError(`0x${first.toString(16)} begins nothing that is known`);
}

/** Whether a Date can hold these nanoseconds and seconds. */
function isTime(frame: Uint8Array, at: number): boolean {
  const seconds = (uint32(frame, at + 4) | 0) * 0x1_0000_0000 + uint32(frame, at + 8);
  return Math.abs(seconds + uint32(frame, at) / 1e9) <= 8.64e12;
}

function uint16(frame: Uint8Array, at: number): number {
  if (at + 2 > frame.length) throw endsEarly();
  return ((frame[at] as number) << 8) | (frame[at + 1] as number);
}

function uint32(frame: Uint8Array, at: number): number {
  if (at + 4 > frame.length) throw endsEarly();
  return uint16(frame, at) * 0x10000 + uint16(frame, at + 2);
}

function endsEarly(): ProtocolError {
  return new ProtocolError('the frame ends before its message does');
}
