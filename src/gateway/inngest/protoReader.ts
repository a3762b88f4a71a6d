import { BinaryReader } from '@bufbuild/protobuf/wire';

/** How many fields are read of one frame at most: a field can be as short as two bytes, and takes far more time and memory. */
const MOST_FIELDS = 131_072;

/** Reads a message, and those within it, until it has read too many fields. */
export class ProtoReader extends BinaryReader {
  constructor(
    bytes: Uint8Array,
    private readonly left = { fields: MOST_FIELDS },
  ) {
    super(bytes);
  }

  override tag(): ReturnType<BinaryReader['tag']> {
    if (this.left.fields-- === 0) throw new RangeError(`more than ${MOST_FIELDS} fields`);
    return super.tag();
  }

  /** A reader of the next message. One of its own keeps it from reading beyond its end. */
  message(): ProtoReader {
    return new ProtoReader(this.bytes(), this.left);
  }
}
