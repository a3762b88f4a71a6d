import { type BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { ProtoReader } from './protoReader.js';

/** What a field may hold: how one value of it is written and read, without its tag. */
export interface ProtoType<Value> {
  readonly wireType: WireType;
  /** The value of a field that is not there. */
  empty(): Value;
  /** Whether a field with this value need not be there. */
  isEmpty(value: Value): boolean;
  write(writer: BinaryWriter, value: Value): void;
  /** `before` is what the field holds so far. */
  read(reader: ProtoReader, before: Value | undefined): Value;
}

export const string: ProtoType<string> = {
  wireType: WireType.LengthDelimited,
  empty: () => '',
  isEmpty: (value) => value === '',
  write: (writer, value) => void writer.string(value),
  read: (reader) => reader.string(true),
};

/** Bytes of the frame itself, which they keep alive. */
export const view: ProtoType<Uint8Array> = {
  wireType: WireType.LengthDelimited,
  empty: () => new Uint8Array(),
  isEmpty: (value) => value.length === 0,
  write: (writer, value) => void writer.bytes(value),
  read: (reader) => reader.bytes(),
};

export const bytes: ProtoType<Uint8Array> = { ...view, read: (reader) => new Uint8Array(reader.bytes()) };

/** A whole number in as many bytes as it needs: int32, int64, uint32 or an enum. What a number cannot hold exactly is refused. */
export const int: ProtoType<number> = {
  wireType: WireType.Varint,
  empty: () => 0,
  isEmpty: (value) => value === 0,
  write: (writer, value) => void writer.int64(value),
  read(reader) {
    const value = Number(reader.int64());
    if (!Number.isSafeInteger(value)) throw new RangeError('an integer of more than 53 bits');
    return value;
  },
};

export const bool: ProtoType<boolean> = {
  wireType: WireType.Varint,
  empty: () => false,
  isEmpty: (value) => !value,
  write: (writer, value) => void writer.bool(value),
  read: (reader) => reader.bool(),
};
