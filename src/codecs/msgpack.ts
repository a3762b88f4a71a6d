import type { Connection, Frame } from '../core/connection.js';
import { expectFunction } from '../core/expect.js';
import { type Codec, codec, type CodecConfig, type CodecOperator } from './codec.js';
import { decodePlain, SharedDecoder } from './msgpack/decoder.js';
import { encodePlain, SharedEncoder } from './msgpack/encoder.js';

export interface MsgpackCodecConfig {
  /**
   * Whether the keys of objects are sent once per connection instead of in every message; `false` by default.
   * Both ends have to agree: by a function of the connection for instance, that looks at its subprotocol.
   */
  readonly shared?: boolean | ((connection: Connection<Frame>) => boolean);
}

export interface MsgpackConfig extends CodecConfig, MsgpackCodecConfig {}

/**
 * Messages as msgpack, by msgpackr. Frames of text are malformed.
 *
 * Plain msgpack, the default, is read and written by any peer. With `shared`, objects go without their keys after they were
 * met twice: less than half the bytes of JSON, and several times its speed; `docs/msgpack-wire.md` has the format. What is
 * shared ends with the connection. Frames are encoded for one connection then, and cannot be sent over another.
 *
 * Binary data arrives as a Uint8Array (on Node a Buffer, which is one) and is a copy; a Date arrives as a Date, a Map as an
 * object, a Set as an array. Integers of 64 bits arrive as numbers where those are exact, else as bigints. A key `__proto__`
 * arrives as `__proto_`, and what is nested more than 512 levels deep is malformed. `undefined` is left out of objects and null
 * in arrays, unless `shared`. A message without a msgpack form makes `send()` throw a TypeError: one with a function, a symbol,
 * a bigint of more than 64 bits, an invalid Date, a view that is no Uint8Array, or itself in it.
 * The types are a promise of the peer's: nothing checks them here.
 *
 * msgpackr writes whole numbers of more than 32 bits as floats (send a bigint to a peer that wants an integer), and an Error or
 * a RegExp as an array of its parts.
 *
 * @example
 * webSocket({ url: 'wss://feed.example.com', protocols: ['v1.shared', 'v1'] }).pipe(
 *   msgpack<Price>({ shared: (connection) => connection.protocol === 'v1.shared' }),
 *   messages(),
 * );
 */
export function msgpack<In, Out = In>(config: MsgpackConfig = {}): CodecOperator<In, Out> {
  return codec(msgpackCodec<In, Out>(config), config);
}

/** The codec behind {@link msgpack}, for servers and tests: call it once per connection. */
export function msgpackCodec<In, Out = In>({ shared = false }: MsgpackCodecConfig = {}): (
  connection: Connection<Frame>,
) => Codec<In, Out> {
  if (typeof shared !== 'boolean') expectFunction('msgpack', 'shared', shared);
  return (connection) => {
    if (!(typeof shared === 'function' ? shared(connection) : shared)) return codecOf(encodePlain, decodePlain);
    const encoder = new SharedEncoder();
    const decoder = new SharedDecoder();
    return {
      ...codecOf<In, Out>(
        (message) => encoder.encode(message),
        (frame) => decoder.decode(frame),
      ),
      refused: () => encoder.refused(),
    };
  };
}

function codecOf<In, Out>(encode: (message: Out) => Frame, decode: (frame: Frame) => unknown): Codec<In, Out> {
  return { encode, decode: (frame) => decode(frame) as In };
}
