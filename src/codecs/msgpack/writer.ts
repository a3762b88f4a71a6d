/** Frames are cut from pieces of this size; they are never written to again, so a frame may wait to be sent for as long as it must. */
const PIECE = 65_536;

/** With less than this left, a new piece is begun. */
const SCANT = 4_096;

/** Texts below this length are worth a try as ASCII before the platform's encoder is called. */
const SHORT = 64;

/** What Node's Buffer adds to a Uint8Array, of what is used here. */
interface NodeBuffers {
  allocUnsafeSlow(size: number): Uint8Array;
  readonly prototype: { utf8Write?: unknown };
}

type NodeBytes = Uint8Array & { utf8Write(text: string, at: number): number };

/** Node's buffers are a kind of Uint8Array whose memory is not cleared first, and that encode text faster; nothing but what was written leaves here. */
const buffers = (globalThis as { Buffer?: NodeBuffers }).Buffer;
const node = typeof buffers?.prototype.utf8Write === 'function' ? buffers : undefined;
const allocate = (size: number): Uint8Array => node?.allocUnsafeSlow(size) ?? new Uint8Array(size);
const utf8 = /* @__PURE__ */ new TextEncoder();

/** Writes msgpack values one after another, and hands out what was written as frames. */
export class Writer {
  #bytes: Uint8Array = new Uint8Array(0);
  #view = new DataView<ArrayBufferLike>(this.#bytes.buffer);
  #start = 0;
  #at = 0;

  /** How many bytes of the frame were written. */
  get length(): number {
    return this.#at - this.#start;
  }

  /** Begins a frame; one that was begun before and not taken is forgotten. */
  begin(): void {
    this.#at = this.#start;
    if (this.#bytes.length - this.#start < SCANT) this.#use(allocate(PIECE));
  }

  /** The frame that was written. */
  take(): Uint8Array {
    const frame = this.#bytes.subarray(this.#start, this.#at);
    this.#start = this.#at;
    if (this.#bytes.length > PIECE) this.#use(new Uint8Array(0));
    return frame;
  }

  /** The frame that was written, with what was written from `from` on moved to its front. */
  takeTurned(from: number): Uint8Array {
    const written = this.take();
    const frame = allocate(written.length);
    frame.set(written.subarray(from));
    frame.set(written.subarray(0, from), written.length - from);
    return frame;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#at++] = value;
  }

  /** The byte `first`, and a whole number in `size` bytes. */
  header(first: number, size: 1 | 2 | 4, value: number): void {
    this.#room(5);
    this.#bytes[this.#at] = first;
    if (size === 1) this.#bytes[this.#at + 1] = value;
    else if (size === 2) this.#view.setUint16(this.#at + 1, value);
    else this.#view.setUint32(this.#at + 1, value);
    this.#at += 1 + size;
  }

  /** The header of a list: `fix` with the count in it where `count` is below 16, else `wide` with 16 bits, or the next byte with 32. */
  list(fix: number, wide: number, count: number): void {
    if (count < 16) this.byte(fix | count);
    else if (count < 0x10000) this.header(wide, 2, count);
    else this.header(wide + 1, 4, count);
  }

  /** Lowers the count of the map whose header is so far from the frame's beginning. */
  recount(offset: number, count: number): void {
    const at = this.#start + offset;
    const first = this.#bytes[at] as number;
    if (first < 0x90) this.#bytes[at] = 0x80 | count;
    else if (first === 0xde) this.#view.setUint16(at + 1, count);
    else this.#view.setUint32(at + 1, count);
  }

  uint32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.#at, value);
    this.#at += 4;
  }

  float(value: number): void {
    this.#room(9);
    this.#bytes[this.#at] = 0xcb;
    this.#view.setFloat64(this.#at + 1, value);
    this.#at += 9;
  }

  /** A whole number in 64 bits, for which `first` is 0xcf or, with a sign, 0xd3. */
  int64(first: number, high: number, low: number): void {
    this.#room(9);
    this.#bytes[this.#at] = first;
    this.#view.setUint32(this.#at + 1, high);
    this.#view.setUint32(this.#at + 5, low);
    this.#at += 9;
  }

  bytes(value: Uint8Array): void {
    const { length } = value;
    if (length < 0x100) this.header(0xc4, 1, length);
    else if (length < 0x10000) this.header(0xc5, 2, length);
    else this.header(0xc6, 4, length);
    this.#room(length);
    this.#bytes.set(value, this.#at);
    this.#at += length;
  }

  text(text: string): void {
    const { length } = text;
    this.#room(5 + 3 * length);
    const header = textHeader(length);
    let to = this.#at + header;
    if (length < SHORT) {
      const bytes = this.#bytes;
      let index = 0;
      for (; index < length; index++) {
        const code = text.charCodeAt(index);
        if (code > 0x7f) break;
        bytes[to++] = code;
      }
      if (index === length) {
        this.#textHeader(header, length);
        this.#at = to;
        return;
      }
      to = this.#at + header;
    }
    const size = node
      ? (this.#bytes as NodeBytes).utf8Write(text, to)
      : utf8.encodeInto(text, this.#bytes.subarray(to)).written;
    const needed = textHeader(size);
    if (needed !== header) this.#bytes.copyWithin(this.#at + needed, to, to + size);
    this.#textHeader(needed, size);
    this.#at += needed + size;
  }

  #textHeader(header: number, size: number): void {
    const at = this.#at;
    if (header === 1) this.#bytes[at] = 0xa0 | size;
    else if (header === 2) {
      this.#bytes[at] = 0xd9;
      this.#bytes[at + 1] = size;
    } else if (header === 3) {
      this.#bytes[at] = 0xda;
      this.#view.setUint16(at + 1, size);
    } else {
      this.#bytes[at] = 0xdb;
      this.#view.setUint32(at + 1, size);
    }
  }

  /** Sees to it that so many more bytes fit. */
  #room(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const written = this.#bytes.subarray(this.#start, this.#at);
    this.#use(allocate(Math.max(PIECE, 2 * (written.length + more))));
    this.#bytes.set(written);
    this.#at = written.length;
  }

  #use(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#start = this.#at = 0;
  }
}

/** How many bytes stand before a text of so many. */
function textHeader(size: number): 1 | 2 | 3 | 5 {
  return size < 32 ? 1 : size < 0x100 ? 2 : size < 0x10000 ? 3 : 5;
}
