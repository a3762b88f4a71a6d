import type { Frame } from '../../src/core/connection.js';

/** Bytes that begin something in one of the formats: far more of them in a frame than chance would give. */
const openers = [0x00, 0x22, 0x40, 0x41, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x91, 0x9f, 0xa0, 0xa1]
  .concat([0xbf, 0xc0, 0xc1, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xcb, 0xcf, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8])
  .concat([0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xff]); // prettier-ignore

/** Frames of noise and of sound frames that were cut, bent, joined or nested; the same for the same seed. */
export function* hostileFrames(seed: number, count: number, sound: readonly Frame[]): Generator<Frame> {
  let state = seed | 1;
  const below = (limit: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  const byte = (): number => (below(2) === 0 ? below(256) : openers[below(openers.length)]!);
  const noise = (): Buffer => Buffer.from(Array.from({ length: below(40) }, byte));
  const pick = (): Buffer => Buffer.from(sound[below(sound.length)]! as string);
  const bend = (bytes: Buffer): Buffer => {
    for (let times = below(3); times >= 0 && bytes.length > 0; times--) bytes[below(bytes.length)] = byte();
    return bytes;
  };
  const cut = (bytes: Buffer): Buffer => bytes.subarray(0, below(bytes.length + 1));
  const insert = (bytes: Buffer, more: Buffer): Buffer => {
    const at = below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
  };
  const nest = (): Buffer => Buffer.concat([Buffer.alloc(below(2_000), byte()), noise()]);
  const kinds = [
    noise,
    noise,
    () => bend(pick()),
    () => bend(pick()),
    () => cut(pick()),
    () => insert(pick(), noise()),
    () => insert(pick(), pick()),
    () => bend(insert(pick(), pick())),
  ];
  for (let made = 0; made < count; made++) {
    const bytes = made % 200 === 0 ? nest() : kinds[below(kinds.length)]!();
    yield below(8) === 0 ? bytes.toString() : bytes;
  }
}
