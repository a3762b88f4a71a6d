import type { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { ProtoReader } from './protoReader.js';
import type { ProtoType } from './protoTypes.js';

/** A field of a message: how all of it is written and read, tags included. */
export interface ProtoField<Value, Optional extends boolean = false> {
  readonly number: number;
  readonly wireType: WireType;
  readonly optional: Optional;
  /** The value when no such field is there; undefined when it is then absent. */
  empty(): Value | undefined;
  write(writer: BinaryWriter, value: Value): void;
  /** `before` is what the field holds so far. */
  read(reader: ProtoReader, before: Value | undefined): Value;
}

/** The fields of a message by name. */
export type ProtoFields<Shape> = {
  readonly [Name in keyof Shape]-?: object extends Pick<Shape, Name>
    ? ProtoField<Exclude<Shape[Name], undefined>, true>
    : ProtoField<Shape[Name]>;
};

/** A field that is left out when it holds what its type takes for empty. */
export function field<Value>(number: number, type: ProtoType<Value>): ProtoField<Value> {
  return {
    number,
    wireType: type.wireType,
    optional: false,
    empty: () => type.empty(),
    write(writer, value) {
      if (!type.isEmpty(value)) type.write(writer.tag(number, type.wireType), value);
    },
    read: (reader, before) => type.read(reader, before),
  };
}

/** A field that is there or is not, whatever it holds. */
export function optional<Value>(number: number, type: ProtoType<Value>): ProtoField<Value, true> {
  return { ...field(number, { ...type, isEmpty: () => false }), optional: true, empty: () => undefined };
}

export function repeated<Value>(number: number, type: ProtoType<Value>): ProtoField<readonly Value[]> {
  return {
    number,
    wireType: type.wireType,
    optional: false,
    empty: () => [],
    write(writer, values) {
      for (const value of values) type.write(writer.tag(number, type.wireType), value);
    },
    read(reader, before) {
      (before as Value[]).push(type.read(reader, undefined));
      return before as Value[];
    },
  };
}
