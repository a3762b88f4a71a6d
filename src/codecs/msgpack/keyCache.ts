import { textOf } from './text.js';

/** Keys come again and again: comparing bytes is sooner done than making a text, and the same text each time makes objects sooner. */
interface Entry {
  readonly bytes: Uint8Array;
  readonly key: string;
}

/** A power of two. */
const SLOTS = 512;

const cache: (Entry | undefined)[] = /* @__PURE__ */ new Array<Entry | undefined>(SLOTS).fill(undefined);

/** The key in a stretch of at least one and fewer than 32 bytes. */
export function keyOf(frame: Uint8Array, from: number, to: number): string {
  const size = to - from;
  const slot = ((frame[from] as number) * 7 + (frame[to - 1] as number) * 31 + size * 13) & (SLOTS - 1);
  const entry = cache[slot];
  if (entry?.bytes.length === size) {
    const { bytes } = entry;
    let index = 0;
    while (index < size && bytes[index] === frame[from + index]) index++;
    if (index === size) return entry.key;
  }
  const key = textOf(frame, from, to);
  cache[slot] = { bytes: new Uint8Array(frame.subarray(from, to)), key };
  return key;
}
