/** Up to here, a text of ASCII is made from its bytes sooner than the platform's decoder is called; longer ones would not be flat strings either. */
const SHORT = 12;

type NodeBytes = Uint8Array & { utf8Slice?: (from: number, to: number) => string };

const utf8 = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true });
const { fromCharCode } = String;

/** The text in a stretch of UTF-8. What is no UTF-8 becomes U+FFFD. */
export function textOf(bytes: Uint8Array, from: number, to: number): string {
  const text = to - from <= SHORT ? ascii(bytes, from, to - from) : undefined;
  if (text !== undefined) return text;
  const node = bytes as NodeBytes;
  return node.utf8Slice === undefined ? utf8.decode(bytes.subarray(from, to)) : node.utf8Slice(from, to);
}

/** The text in `count` bytes when they are all ASCII, else undefined. Spelled out: one call per text is what makes it fast. */
function ascii(bytes: Uint8Array, at: number, count: number): string | undefined {
  const a = bytes[at] as number;
  if (count === 1) return a < 0x80 ? fromCharCode(a) : undefined;
  const b = bytes[at + 1] as number;
  if (count === 2) return (a | b) < 0x80 ? fromCharCode(a, b) : undefined;
  const c = bytes[at + 2] as number;
  if (count === 3) return (a | b | c) < 0x80 ? fromCharCode(a, b, c) : undefined;
  if (count === 0) return '';
  const d = bytes[at + 3] as number;
  if ((a | b | c | d) >= 0x80) return undefined;
  if (count === 4) return fromCharCode(a, b, c, d);
  const e = bytes[at + 4] as number;
  if (count === 5) return e < 0x80 ? fromCharCode(a, b, c, d, e) : undefined;
  const f = bytes[at + 5] as number;
  if (count === 6) return (e | f) < 0x80 ? fromCharCode(a, b, c, d, e, f) : undefined;
  const g = bytes[at + 6] as number;
  if (count === 7) return (e | f | g) < 0x80 ? fromCharCode(a, b, c, d, e, f, g) : undefined;
  const h = bytes[at + 7] as number;
  if ((e | f | g | h) >= 0x80) return undefined;
  if (count === 8) return fromCharCode(a, b, c, d, e, f, g, h);
  const i = bytes[at + 8] as number;
  if (count === 9) return i < 0x80 ? fromCharCode(a, b, c, d, e, f, g, h, i) : undefined;
  const j = bytes[at + 9] as number;
  if (count === 10) return (i | j) < 0x80 ? fromCharCode(a, b, c, d, e, f, g, h, i, j) : undefined;
  const k = bytes[at + 10] as number;
  if (count === 11) return (i | j | k) < 0x80 ? fromCharCode(a, b, c, d, e, f, g, h, i, j, k) : undefined;
  const l = bytes[at + 11] as number;
  return (i | j | k | l) < 0x80 ? fromCharCode(a, b, c, d, e, f, g, h, i, j, k, l) : undefined;
}
