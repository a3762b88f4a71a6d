import type { Codec } from '../codecs/codec.js';
import type { FromGateway, StartAnswer, StartRequest, ToGateway, WorkReply } from './messages.js';

/** One kind of HTTP body, both ways. `decode` throws a `ProtocolError` for what is none. */
export interface BodyCodec<Value> {
  encode(value: Value): Uint8Array;
  decode(body: Uint8Array): Value;
}

/** The form that messages take between a worker and a gateway. A decoder throws a `ProtocolError` for whatever is not of this form. */
export interface GatewayWire {
  /** The WebSocket subprotocol. */
  readonly subprotocol: string;
  /** The content type of HTTP bodies. */
  readonly contentType: string;
  /** The worker's end. */
  readonly worker: Codec<FromGateway, ToGateway>;
  /** The gateway's end: for gateways and tests. */
  readonly gateway: Codec<ToGateway, FromGateway>;
  readonly startRequest: BodyCodec<StartRequest>;
  readonly startAnswer: BodyCodec<StartAnswer>;
  /** A reply on its way over HTTP. */
  readonly flushRequest: BodyCodec<WorkReply>;
  readonly flushAnswer: BodyCodec<{ readonly requestId: string }>;
}
