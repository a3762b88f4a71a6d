import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Frame } from '../../core/connection.js';
import { isNamed, ProtocolError } from '../../core/errors.js';
import type { ProtoField, ProtoFields } from './protoFields.js';
import { ProtoReader } from './protoReader.js';
import type { ProtoType } from './protoTypes.js';

type Values = Record<string, unknown>;

/**
 * A message of protobuf by the table of its fields, as proto3 has it: fields that are not known are skipped, the last of several
 * counts, and messages within a message are always written, joined when they come in parts, and empty when they are not there.
 */
export class ProtoMessage<Shape extends object> implements ProtoType<Shape> {
  readonly wireType = WireType.LengthDelimited;
  readonly #fields: ReadonlyMap<string, ProtoField<unknown, boolean>>;
  readonly #names: ReadonlyMap<number, string>;

  constructor(
    /** What errors call it. */
    readonly name: string,
    fields: ProtoFields<Shape>,
  ) {
    const entries = Object.entries<ProtoField<unknown, boolean>>(fields);
    // What writes in this order writes the same bytes as any other software does that generates its code.
    this.#fields = new Map(entries.sort(([, a], [, b]) => a.number - b.number));
    this.#names = new Map([...this.#fields].map(([name, { number }]) => [number, name]));
  }

  encode(value: Shape): Uint8Array {
    const writer = new BinaryWriter();
    this.#writeFields(writer, value);
    return writer.finish();
  }

  /** Throws a `ProtocolError` when the frame holds no such message. */
  decode(frame: Frame): Shape {
    if (typeof frame === 'string') throw new ProtocolError(`${this.name}: a frame of text, where protobuf is bytes`);
    return this.#readFields(new ProtoReader(frame), this.empty());
  }

  empty(): Shape {
    const shape: Values = {};
    for (const [name, field] of this.#fields) if (!field.optional) shape[name] = field.empty();
    return shape as Shape;
  }

  isEmpty(): boolean {
    return false;
  }

  write(writer: BinaryWriter, value: Shape): void {
    writer.fork();
    this.#writeFields(writer, value);
    writer.join();
  }

  read(reader: ProtoReader, before = this.empty()): Shape {
    return this.#readFields(reader.message(), before);
  }

  #writeFields(writer: BinaryWriter, shape: Shape): void {
    for (const [name, field] of this.#fields) {
      const value = (shape as Values)[name];
      if (value !== undefined) field.write(writer, value);
    }
  }

  #readFields(reader: ProtoReader, shape: Shape): Shape {
    let at = '';
    try {
      while (reader.pos < reader.len) {
        at = `the tag at byte ${reader.pos}`;
        const [number, wireType] = reader.tag();
        const name = this.#names.get(number);
        at = name ?? `field ${number}`;
        if (name === undefined) reader.skip(wireType, number);
        else this.#readField(name, reader, wireType, shape as Values);
      }
    } catch (cause) {
      if (isNamed(cause, 'ProtocolError')) throw cause;
      throw new ProtocolError(`${this.name}: ${at} does not decode: ${(cause as Error).message}`, cause);
    }
    return shape;
  }

  #readField(name: string, reader: ProtoReader, wireType: WireType, shape: Values): void {
    const field = this.#fields.get(name) as ProtoField<unknown, boolean>;
    if (wireType !== field.wireType) throw new TypeError(`wire type ${wireType} instead of ${field.wireType}`);
    shape[name] = field.read(reader, shape[name]);
  }
}
