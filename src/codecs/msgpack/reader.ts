import { ProtocolError } from '../../core/errors.js';
import { Cursor } from './cursor.js';
import { DEEPEST, FIRST_STRUCTURE } from './format.js';
import type { Structure } from './structure.js';

// Nothing that is called while a frame is read calls back, so that one set of these serves all connections.
const cursor = /* @__PURE__ */ new Cursor();
let structures: readonly Structure[] | undefined;
let depth = 0;

/**
 * Reads the message that begins at `start` and ends with the frame; without `known` there are no structures.
 * Throws a `ProtocolError` when there is no such message, or one that is nested too deep. The work is bounded by the frame's length.
 */
export function readMessage(frame: Uint8Array, start: number, known?: readonly Structure[]): unknown {
  begin(frame, start, known);
  const message = value();
  if (cursor.at !== cursor.end) throw new ProtocolError(`${cursor.end - cursor.at} bytes follow the message`);
  cursor.leave();
  return message;
}

/** Reads the value that begins at `start`, and tells where the next one does. */
export function readValue(frame: Uint8Array, start: number): { readonly value: unknown; readonly next: number } {
  begin(frame, start, undefined);
  return { value: value(), next: cursor.at };
}

function begin(frame: Uint8Array, start: number, known: readonly Structure[] | undefined): void {
  cursor.enter(frame, start);
  structures = known;
  depth = 0;
}

function value(): unknown {
  const first = cursor.uint8();
  if (first < 0x80) return first < FIRST_STRUCTURE || structures === undefined ? first : record(structures, first);
  if (first < 0x90) return map(first & 0x0f);
  if (first < 0xa0) return list(first & 0x0f);
  if (first < 0xc0) return cursor.text(first & 0x1f);
  if (first >= 0xe0) return first - 0x100;
  return valueOfType(first);
}

function valueOfType(first: number): unknown {
  switch (first) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xc4:
      return cursor.binary(cursor.uint8());
    case 0xc5:
      return cursor.binary(cursor.uint16());
    case 0xc6:
      return cursor.binary(cursor.uint32());
    case 0xca:
      return cursor.float32();
    case 0xcb:
      return cursor.float64();
    case 0xcc:
      return cursor.uint8();
    case 0xcd:
      return cursor.uint16();
    case 0xce:
      return cursor.uint32();
    case 0xcf:
      return whole(cursor.uint32(), cursor.uint32());
    case 0xd0:
      return (cursor.uint8() << 24) >> 24;
    case 0xd1:
      return (cursor.uint16() << 16) >> 16;
    case 0xd2:
      return cursor.uint32() | 0;
    case 0xd3:
      return whole(cursor.uint32() | 0, cursor.uint32());
    case 0xd9:
      return cursor.text(cursor.uint8());
    case 0xda:
      return cursor.text(cursor.uint16());
    case 0xdb:
      return cursor.text(cursor.uint32());
    case 0xdc:
      return list(cursor.uint16());
    case 0xdd:
      return list(cursor.uint32());
    case 0xde:
      return map(cursor.uint16());
    case 0xdf:
      return map(cursor.uint32());
    default:
      return extension(first);
  }
}

function record(known: readonly Structure[], first: number): object {
  const structure = known[first - FIRST_STRUCTURE];
  if (structure === undefined) throw new ProtocolError(`structure ${first - FIRST_STRUCTURE} was not announced`);
  open(structure.keys.length);
  const object = structure.make(value);
  depth--;
  return object;
}

function list(count: number): unknown[] {
  open(count);
  const values = new Array<unknown>(count);
  for (let index = 0; index < count; index++) values[index] = value();
  depth--;
  return values;
}

function map(count: number): object {
  open(2 * count);
  const object: Record<string, unknown> = {};
  for (let index = 0; index < count; index++) {
    const name = cursor.key() ?? keyOfValue(value());
    const part = value();
    // It would do harm when the data is merged into something.
    if (name !== '__proto__') object[name] = part;
  }
  depth--;
  return object;
}

/** Opens a container of so many values. */
function open(count: number): void {
  cursor.expect(count);
  if (++depth > DEEPEST) throw new ProtocolError(`nested more than ${DEEPEST} levels deep`);
}

function keyOfValue(key: unknown): string {
  if (typeof key === 'string') return key;
  if (typeof key === 'number' || typeof key === 'bigint') return String(key);
  throw new ProtocolError('a key of a map is neither text nor number');
}

/** `undefined`, as msgpackr and notepack write it, and timestamps in their three sizes; there are no others. */
function extension(first: number): unknown {
  const { at, bytes } = cursor;
  const type = bytes[at];
  if (first === 0xd4 && type === 0x00) {
    cursor.skip(2);
    return undefined;
  }
  if (first === 0xd6 && type === 0xff) {
    cursor.skip(1);
    return timestamp(0, 0, cursor.uint32());
  }
  if (first === 0xd7 && type === 0xff) {
    cursor.skip(1);
    const both = cursor.uint32();
    return timestamp(both >>> 2, both & 3, cursor.uint32());
  }
  if (first === 0xc7 && type === 12 && bytes[at + 1] === 0xff) {
    cursor.skip(2);
    return timestamp(cursor.uint32(), cursor.uint32() | 0, cursor.uint32());
  }
  throw new ProtocolError(`the byte 0x${first.toString(16)} begins nothing that is known`);
}

function timestamp(nanoseconds: number, high: number, low: number): Date {
  const date = new Date((high * 0x1_0000_0000 + low) * 1_000 + Math.floor(nanoseconds / 1_000_000));
  if (Number.isNaN(date.getTime())) throw new ProtocolError('a timestamp is beyond what a Date can hold');
  return date;
}

/** A number where it is exact, else a bigint. */
function whole(high: number, low: number): number | bigint {
  if (high >= -0x20_0000 && high < 0x20_0000) return high * 0x1_0000_0000 + low;
  return (BigInt(high) << 32n) | BigInt(low);
}
