import { ANNOUNCEMENT, DEEPEST } from './format.js';
import type { Shapes } from './shapes.js';
import { Writer } from './writer.js';

let writer: Writer | undefined;
let writing = false;

/** Makes frames of the messages of one connection; without `shapes`, frames that any msgpack peer reads. */
export class Encoder {
  readonly #shapes: Shapes | undefined;
  readonly #writer = (writer ??= new Writer());
  /** Numbers below it are written as one byte. */
  readonly #small: number;
  #depth = 0;

  constructor(shapes?: Shapes) {
    this.#shapes = shapes;
    this.#small = shapes ? 0x40 : 0x80;
  }

  /** Throws a TypeError when msgpack cannot hold the message. */
  encode(message: unknown): Uint8Array {
    if (writing) throw new TypeError('msgpack: a message cannot be encoded while another one is');
    if (message === undefined) throw impossible('undefined');
    writing = true;
    this.#depth = 0;
    this.#writer.begin();
    try {
      this.#value(message);
      return this.#shapes ? this.#frame(this.#shapes) : this.#writer.take();
    } finally {
      writing = false;
    }
  }

  /** The frame, with the structures it uses and that were not announced yet before its message. */
  #frame(shapes: Shapes): Uint8Array {
    const structures = shapes.unannounced();
    if (structures.length === 0) return this.#writer.take();
    const { length } = this.#writer;
    this.#writer.byte(ANNOUNCEMENT);
    this.#writer.list(0x90, 0xdc, structures.length);
    for (const keys of structures) {
      this.#writer.list(0x90, 0xdc, keys.length);
      for (const key of keys) this.#writer.text(key);
    }
    return this.#writer.takeTurned(length);
  }

  #value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.#writer.text(value);
        break;
      case 'number':
        this.#number(value);
        break;
      case 'boolean':
        this.#writer.byte(value ? 0xc3 : 0xc2);
        break;
      case 'object':
        if (value === null) this.#writer.byte(0xc0);
        else this.#object(value);
        break;
      case 'undefined':
        // As msgpackr writes it; where anybody may read, what JSON makes of it.
        if (this.#shapes) this.#writer.header(0xd4, 2, 0);
        else this.#writer.byte(0xc0);
        break;
      case 'bigint':
        this.#bigint(value);
        break;
      default:
        throw impossible(`a ${typeof value}`);
    }
  }

  #number(value: number): void {
    const writer = this.#writer;
    if (value >>> 0 === value) {
      if (value < this.#small) writer.byte(value);
      else if (value < 0x100) writer.header(0xcc, 1, value);
      else if (value < 0x10000) writer.header(0xcd, 2, value);
      else writer.header(0xce, 4, value);
    } else if (value >> 0 === value) {
      if (value >= -0x20) writer.byte(value + 0x100);
      else if (value >= -0x80) writer.header(0xd0, 1, value);
      else if (value >= -0x8000) writer.header(0xd1, 2, value);
      else writer.header(0xd2, 4, value);
    } else if (this.#shapes === undefined && Number.isSafeInteger(value)) {
      // Peers with strict types do not read a whole number, such as a time in milliseconds, from a float.
      writer.int64(value < 0 ? 0xd3 : 0xcf, Math.floor(value / 0x1_0000_0000), value);
    } else {
      writer.float(value);
    }
  }

  #bigint(value: bigint): void {
    if (value !== BigInt.asIntN(64, value) && value !== BigInt.asUintN(64, value)) {
      throw impossible('a bigint of more than 64 bits');
    }
    const low = Number(value & 0xffff_ffffn);
    this.#writer.int64(value < 0n ? 0xd3 : 0xcf, Number((value >> 32n) & 0xffff_ffffn), low);
  }

  #object(value: object): void {
    if (++this.#depth > DEEPEST) throw impossible(`one that is nested more than ${DEEPEST} levels deep, or in itself`);
    if (Array.isArray(value)) this.#array(value);
    else if (value.constructor === Object) this.#record(value as Record<string, unknown>);
    else this.#instance(value);
    this.#depth--;
  }

  #array(values: readonly unknown[]): void {
    this.#writer.list(0x90, 0xdc, values.length);
    for (const value of values) this.#value(value);
  }

  #record(record: Record<string, unknown>): void {
    const keys = Object.keys(record);
    const name = this.#shapes === undefined ? 0 : this.#shapes.find(keys);
    if (name > 0) {
      this.#writer.byte(name);
      for (const key of keys) this.#value(record[key]);
      return;
    }
    const { length } = this.#writer;
    this.#writer.list(0x80, 0xde, keys.length);
    let left = keys.length;
    for (const key of keys) {
      const value = record[key];
      // As in JSON: peers may not know what to make of it.
      if (value === undefined && this.#shapes === undefined) left--;
      else {
        this.#writer.text(key);
        this.#value(value);
      }
    }
    if (left < keys.length) this.#writer.recount(length, left);
  }

  /** What is neither an array nor a plain object. Told by its tag: another realm, such as a frame's, has other classes. */
  #instance(value: object): void {
    if (ArrayBuffer.isView(value)) {
      this.#writer.bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
      return;
    }
    switch (Object.prototype.toString.call(value)) {
      case '[object ArrayBuffer]':
        this.#writer.bytes(new Uint8Array(value as ArrayBuffer));
        break;
      case '[object Date]':
        this.#date((value as Date).getTime());
        break;
      case '[object Set]':
        this.#array([...(value as Set<unknown>)]);
        break;
      case '[object Map]':
        this.#writer.list(0x80, 0xde, (value as Map<unknown, unknown>).size);
        for (const pair of value as Map<unknown, unknown>) pair.forEach((part) => this.#value(part));
        break;
      default:
        if (hasJson(value)) this.#value(value.toJSON());
        else this.#record(value as Record<string, unknown>);
    }
  }

  /** The smallest of the three sizes of a timestamp: seconds; seconds below 2^34 and nanoseconds; seconds of any sign and nanoseconds. */
  #date(time: number): void {
    if (Number.isNaN(time)) throw impossible('an invalid Date');
    const writer = this.#writer;
    const seconds = Math.floor(time / 1_000);
    const nanoseconds = (time - seconds * 1_000) * 1_000_000;
    const high = Math.floor(seconds / 0x1_0000_0000);
    if (high === 0 && nanoseconds === 0) {
      writer.header(0xd6, 1, 0xff);
      writer.uint32(seconds);
    } else if (high >= 0 && high < 4) {
      writer.header(0xd7, 1, 0xff);
      writer.uint32(nanoseconds * 4 + high);
      writer.uint32(seconds);
    } else {
      writer.header(0xc7, 2, 0x0cff);
      writer.uint32(nanoseconds);
      writer.uint32(high);
      writer.uint32(seconds);
    }
  }
}

function hasJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

function impossible(what: string): TypeError {
  return new TypeError(`msgpack: expected a message that msgpack can hold, got ${what}`);
}
