import { Buffer } from 'node:buffer';
import type { Frame } from '../../src/core/connection.js';
import { ProtocolError } from '../../src/core/errors.js';
import type { Field } from '../../src/gateway/fields.js';
import type { GatewayWire } from '../../src/gateway/gatewayWire.js';
import { messageFields } from '../../src/gateway/messageFields.js';

const { fromGateway, toGateway, startRequest, startAnswer, workReply, flushAnswer } = messageFields;

/** A second wire, which nobody would use: JSON in bytes, with binary data in base64. What passes over it does not depend on the first one. */
export const jsonWire: GatewayWire = {
  subprotocol: 'json.test',
  contentType: 'application/json',
  worker: both(fromGateway, toGateway),
  gateway: both(toGateway, fromGateway),
  startRequest: both(startRequest, startRequest),
  startAnswer: both(startAnswer, startAnswer),
  flushRequest: both(workReply, workReply),
  flushAnswer: both(flushAnswer, flushAnswer),
};

interface Base64 {
  readonly base64: string;
}

function both<In, Out>(incoming: Field<In>, outgoing: Field<Out>) {
  return {
    encode: (message: Out): Uint8Array =>
      new TextEncoder().encode(JSON.stringify(outgoing(message, ''), (_, value: unknown) => toBase64(value))),
    decode: (frame: Frame): In => incoming(parsed(frame), ''),
  };
}

function parsed(frame: Frame): unknown {
  if (typeof frame === 'string') throw new ProtocolError('expected bytes, got text');
  try {
    return JSON.parse(new TextDecoder().decode(frame), (_, value: unknown) => fromBase64(value));
  } catch (cause) {
    throw new ProtocolError('no JSON', cause);
  }
}

function toBase64(value: unknown): unknown {
  return value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value;
}

function fromBase64(value: unknown): unknown {
  const { base64 } = (value ?? {}) as Partial<Base64>;
  return base64 === undefined ? value : new Uint8Array(Buffer.from(base64, 'base64'));
}
