import type { Frame } from '../core/connection.js';
import { ProtocolError } from '../core/errors.js';
import { codec, type Codec, type CodecConfig, type CodecOperator } from './codec.js';

/** Deeper JSON is refused: what walks the data later, often by recursion, would overflow its stack. */
const DEEPEST = 512;

const utf8 = /* @__PURE__ */ new TextDecoder(undefined, { fatal: true });

/**
 * Messages as JSON text. Frames of bytes are read as UTF-8.
 *
 * `__proto__` keys are left out, and text nested more than 512 levels deep is malformed. A message without a JSON form, such as
 * `undefined` or a function, makes `send()` throw a TypeError. The types are a promise of the peer's: nothing checks them here.
 *
 * @example
 * webSocket('wss://chat.example.com').pipe(json<Chat>(), messages());
 */
export function json<In, Out = In>(config?: CodecConfig): CodecOperator<In, Out> {
  return codec(jsonCodec as Codec<In, Out>, config);
}

/** The codec behind {@link json}. */
export const jsonCodec: Codec<unknown> = {
  encode(message) {
    const text = JSON.stringify(message) as string | undefined;
    if (text === undefined) throw new TypeError(`json: no JSON for ${typeof message}`);
    return text;
  },
  decode(frame: Frame) {
    const text = typeof frame === 'string' ? frame : utf8.decode(frame);
    const value = JSON.parse(text) as unknown;
    if (mentionsProto(text) || hasManyBrackets(text)) tidy(value, 0);
    return value;
  },
};

/** Whether `__proto__` may be among the keys; an escape can spell each of its letters too. Both are rare. */
function mentionsProto(text: string): boolean {
  return text.includes('__proto__') || (text.includes('\\u00') && /\\u00[567]/.test(text));
}

/** Whether a text may be nested too deep. Few have enough brackets to be: the others are not looked at by the value. */
function hasManyBrackets(text: string): boolean {
  let brackets = 0;
  if (text.length > 2 * DEEPEST) {
    for (const open of '[{') {
      for (let at = -1; brackets <= DEEPEST && (at = text.indexOf(open, at + 1)) >= 0;) brackets++;
    }
  }
  return brackets > DEEPEST;
}

/** Refuses fresh data that is nested too deep, and takes out of it each `__proto__` that is an ordinary key: it would do harm when the data is merged into something. */
function tidy(value: unknown, depth: number): void {
  if (Object(value) !== value) return;
  if (depth === DEEPEST) throw new ProtocolError(`nested more than ${DEEPEST} levels deep`);
  delete (value as { __proto__?: unknown }).__proto__;
  for (const part of Object.values(value as object)) tidy(part, depth + 1);
}
