import type { Codec } from '../codecs/codec.js';
import { decodePlain } from '../codecs/msgpack/decoder.js';
import { encodePlain } from '../codecs/msgpack/encoder.js';
import type { Field } from './fields.js';
import type { BodyCodec, GatewayWire } from './gatewayWire.js';
import { messageFields } from './messageFields.js';

/** A frame can hold as many values as it has bytes, and each takes far more memory: no message has nearly as many. */
const MOST_VALUES = 131_072;

const { fromGateway, toGateway, startRequest, startAnswer, workReply, flushAnswer } = messageFields;

/**
 * Messages as maps of msgpack with the field names of the types; `docs/gateway-protocol.md` has all of it.
 *
 * Both ends check what they receive and what they send: either is a `ProtocolError` that names the kind and the field.
 */
export const msgpackWire: GatewayWire = {
  subprotocol: 'v1.hawser.gateway',
  contentType: 'application/msgpack',
  worker: codecOf(fromGateway, toGateway),
  gateway: codecOf(toGateway, fromGateway),
  startRequest: bodyOf(startRequest),
  startAnswer: bodyOf(startAnswer),
  flushRequest: bodyOf(workReply),
  flushAnswer: bodyOf(flushAnswer),
};

function codecOf<In, Out>(incoming: Field<In>, outgoing: Field<Out>): Codec<In, Out> & Pick<BodyCodec<Out>, 'encode'> {
  return {
    encode: (message: Out) => encodePlain(outgoing(message, '')),
    decode: (frame) => incoming(decodePlain(frame, MOST_VALUES), ''),
  };
}

function bodyOf<Value>(fields: Field<Value>): BodyCodec<Value> {
  return codecOf(fields, fields);
}
