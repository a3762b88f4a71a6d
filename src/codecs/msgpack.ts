import type { Connection, Frame } from '../core/connection.js';
import { expectFunction } from '../core/expect.js';
import { type Codec, codec, type CodecConfig, type CodecOperator } from './codec.js';
import { Decoder, SharedDecoder } from './msgpack/decoder.js';
import { Encoder } from './msgpack/encoder.js';
import { Shapes } from './msgpack/shapes.js';

export interface MsgpackCodecConfig {
  /**
   * Whether the keys of objects are sent once per connection instead of in every message; `false` by default.
   * Both ends have to agree: by a function of the connection for instance, that looks at its subprotocol.
   */
  readonly shared?: boolean | ((connection: Connection<Frame>) => boolean);
}

export interface MsgpackConfig extends CodecConfig, MsgpackCodecConfig {}

/**
 * Messages as msgpack. Frames of text are malformed.
 *
 * Plain msgpack, the default, is read and written by any peer. With `shared`, objects go without their keys after they were
 * met twice: less than half the bytes, and several times the speed; `docs/msgpack-wire.md` has the format. What was shared
 * ends with the connection.
 *
 * Binary data arrives as a Uint8Array (on Node a Buffer, which is one) and is a copy; a Date stays one. 64-bit integers
 * arrive as numbers where those are exact, else as bigints. Maps arrive as objects, a key `__proto__` as `__proto_`.
 * `undefined` is left out of objects, unless `shared`, and null in lists. A message that msgpack cannot hold, such as a
 * function, makes `send()` throw a TypeError. The types are a promise of the peer's: nothing checks them here.
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
  let plain: Codec<In, Out> | undefined;
  return (connection) => {
    if (typeof shared === 'function' ? shared(connection) : shared) {
      return together(new Encoder(new Shapes()), new SharedDecoder());
    }
    return (plain ??= together(new Encoder(), new Decoder()));
  };
}

function together<In, Out>(encoder: Encoder, decoder: Decoder | SharedDecoder): Codec<In, Out> {
  return {
    encode: (message) => encoder.encode(message),
    decode: (frame) => decoder.decode(frame) as In,
  };
}
