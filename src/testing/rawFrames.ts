/** A WebSocket frame, bit by bit, whether or not RFC 6455 section 5.2 allows it. */
export interface RawFrame {
  /** 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong; the others are reserved. */
  readonly opcode: number;
  readonly payload?: string | Uint8Array;
  /** The last frame of its message: the default. */
  readonly fin?: boolean;
  /** The three reserved bits, 0 to 7; the highest is compression's. */
  readonly rsv?: number;
  /** Frames of a server must not be masked, which is the default. */
  readonly masked?: boolean;
  /** The length to claim, where it is not the payload's. */
  readonly length?: number;
}

/** The bytes of a frame. */
export function rawFrame({ opcode, payload = '', fin = true, rsv = 0, masked = false, length }: RawFrame): Uint8Array {
  const body = Buffer.from(payload);
  const claimed = length ?? body.length;
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  const mask = masked ? 0x80 : 0;
  if (claimed < 126) head.push(mask | claimed);
  else if (claimed < 2 ** 16) head.push(mask | 126, claimed >> 8, claimed & 0xff);
  else {
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE(BigInt(claimed));
    head.push(mask | 127, ...size);
  }
  // A mask of zeros leaves the payload as it is.
  return new Uint8Array(Buffer.concat([Buffer.from(head), Buffer.alloc(masked ? 4 : 0), body]));
}

/** The bytes of a close frame with any code at all, or with none. */
export function closeFrame(code?: number, reason = ''): Uint8Array {
  if (code === undefined) return rawFrame({ opcode: 8 });
  const payload = Buffer.from(`  ${reason}`);
  payload.writeUInt16BE(code);
  return rawFrame({ opcode: 8, payload });
}

/** What a server must never send: each of these makes a correct client fail the connection. */
export const malformedFrames = {
  /** Opcode 3 is reserved. */
  badOpcode: /* @__PURE__ */ rawFrame({ opcode: 3 }),
  /** Says that it is compressed where no compression was agreed on. */
  reservedBit: /* @__PURE__ */ rawFrame({ opcode: 1, rsv: 4, payload: 'hi' }),
  /** A text that is not UTF-8. */
  badUtf8: /* @__PURE__ */ rawFrame({ opcode: 1, payload: new Uint8Array([0xc3, 0x28]) }),
  /** Only clients mask. */
  masked: /* @__PURE__ */ rawFrame({ opcode: 1, masked: true, payload: 'hi' }),
  /** A continuation of nothing. */
  strayContinuation: /* @__PURE__ */ rawFrame({ opcode: 0, payload: 'hi' }),
  /** A control frame in two parts. */
  fragmentedPing: /* @__PURE__ */ rawFrame({ opcode: 9, fin: false }),
  /** A control frame of more than 125 bytes. */
  longPing: /* @__PURE__ */ rawFrame({ opcode: 9, payload: 'p'.repeat(126) }),
  /** Half a close code. */
  shortClose: /* @__PURE__ */ rawFrame({ opcode: 8, payload: new Uint8Array([3]) }),
  /** Claims more bytes than JavaScript can count. */
  hugeLength: /* @__PURE__ */ rawFrame({ opcode: 2, length: 2 ** 62 }),
} as const;
