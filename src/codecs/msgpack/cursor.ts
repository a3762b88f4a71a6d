import { ProtocolError } from '../../core/errors.js';
import { keyOf } from './keyCache.js';
import { textOf } from './text.js';

const nothing = /* @__PURE__ */ new Uint8Array(0);

/** A place in a frame, which moves on over what is read. Throws a `ProtocolError` at the frame's end. */
export class Cursor {
  bytes: Uint8Array = nothing;
  at = 0;
  end = 0;
  #budget = 0;
  readonly #eight = new Uint8Array(8);
  readonly #view = new DataView(this.#eight.buffer);

  /** Goes to a place in a frame. */
  enter(bytes: Uint8Array, at: number): void {
    this.bytes = bytes;
    this.at = at;
    this.end = this.#budget = bytes.length;
  }

  /** Lets go of the frame. */
  leave(): void {
    this.bytes = nothing;
  }

  uint8(): number {
    if (this.at >= this.end) throw endsEarly();
    return this.bytes[this.at++] as number;
  }

  uint16(): number {
    const { at, bytes } = this;
    this.skip(2);
    return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  }

  uint32(): number {
    const { at, bytes } = this;
    this.skip(4);
    const high = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    return high * 0x1_0000 + (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
  }

  float32(): number {
    this.#view.setUint32(0, this.uint32());
    return this.#view.getFloat32(0);
  }

  /** A view of the whole frame would cost more than this does for the few floats that most frames have. */
  float64(): number {
    const { at, bytes } = this;
    const eight = this.#eight;
    this.skip(8);
    eight[0] = bytes[at] as number;
    eight[1] = bytes[at + 1] as number;
    eight[2] = bytes[at + 2] as number;
    eight[3] = bytes[at + 3] as number;
    eight[4] = bytes[at + 4] as number;
    eight[5] = bytes[at + 5] as number;
    eight[6] = bytes[at + 6] as number;
    eight[7] = bytes[at + 7] as number;
    return this.#view.getFloat64(0);
  }

  text(size: number): string {
    const from = this.at;
    this.skip(size);
    return textOf(this.bytes, from, this.at);
  }

  /** The key that may begin here: a text of one to 31 bytes. Otherwise undefined, and the cursor stays. */
  key(): string | undefined {
    const first = this.bytes[this.at] as number;
    if (!(first > 0xa0 && first < 0xc0)) return undefined;
    const from = this.at + 1;
    this.skip(1 + (first & 0x1f));
    return keyOf(this.bytes, from, this.at);
  }

  /** A copy: a view would keep the whole piece alive that was read from the network. */
  binary(size: number): Uint8Array {
    const from = this.at;
    this.skip(size);
    return Uint8Array.prototype.slice.call(this.bytes, from, this.at);
  }

  skip(size: number): void {
    this.at += size;
    if (this.at > this.end) throw endsEarly();
  }

  /**
   * Makes sure that so many values can follow. Each takes a byte at least, and is in one container only: short frames cannot
   * claim long lists, neither one nor many within each other.
   */
  expect(count: number): void {
    this.#budget -= count;
    if (this.#budget < 0) throw endsEarly();
  }
}

function endsEarly(): ProtocolError {
  return new ProtocolError('the frame ends before its message does');
}
