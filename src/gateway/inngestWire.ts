import type { Frame } from '../core/connection.js';
import { ProtocolError } from '../core/errors.js';
import type { Field } from './fields.js';
import type { BodyCodec, GatewayWire } from './gatewayWire.js';
import { type Form, type Forms, fromGateway, mapped, reply, toGateway } from './inngest/forms.js';
import { ConnectMessage, StartRequest, StartResponse, WorkerReplyAckData } from './inngest/tables.js';
import { messageFields } from './messageFields.js';

const gatewaySays = directionOf(messageFields.fromGateway, fromGateway);
const workerSays = directionOf(messageFields.toGateway, toGateway);

/**
 * The wire of Inngest Connect, in protobuf. Needs the package `@bufbuild/protobuf`.
 *
 * What it has no room for is lost: the `within` of `draining`, and whether an interval is `''` or absent.
 */
export const inngestWire: GatewayWire = {
  subprotocol: 'v0.connect.inngest.com',
  contentType: 'application/protobuf',
  worker: { encode: workerSays.encode, decode: gatewaySays.decode },
  gateway: { encode: gatewaySays.encode, decode: workerSays.decode },
  startRequest: checked(
    messageFields.startRequest,
    mapped(
      StartRequest,
      ({ exclude }) => ({ excludeGateways: exclude }),
      ({ excludeGateways }) => ({ exclude: excludeGateways }),
    ),
  ),
  startAnswer: checked(
    messageFields.startAnswer,
    mapped(
      StartResponse,
      ({ endpoint, group, ...answer }) => ({ ...answer, gatewayEndpoint: endpoint, gatewayGroup: group }),
      ({ gatewayEndpoint, gatewayGroup, ...answer }) => ({ ...answer, endpoint: gatewayEndpoint, group: gatewayGroup }),
    ),
  ),
  flushRequest: checked(messageFields.workReply, reply),
  flushAnswer: checked(messageFields.flushAnswer, WorkerReplyAckData),
};

/** What one end says and the other hears. */
interface Direction<Message> {
  readonly encode: (message: Message) => Uint8Array;
  readonly decode: (frame: Frame) => Message;
}

function directionOf<Message extends { readonly kind: string }>(
  check: Field<Message>,
  forms: Forms<Message>,
): Direction<Message> {
  const byKind = new Map(Object.entries<Form<Message>>(forms as Record<string, Form<Message>>));
  const byCode = new Map([...byKind.values()].map((form) => [form.code, form]));
  return {
    encode(message) {
      const sound = check(message, '');
      const form = byKind.get(sound.kind) as Form<Message>;
      return ConnectMessage.encode({ kind: form.code, payload: form.encode(sound) });
    },
    decode(frame) {
      const { kind, payload } = ConnectMessage.decode(frame);
      const form = byCode.get(kind);
      if (form === undefined) throw new ProtocolError(`expected \`kind\` to be known, got ${kind}`);
      return check(form.decode(payload), '');
    },
  };
}

function checked<Value>(check: Field<Value>, body: BodyCodec<Value>): BodyCodec<Value> {
  return { encode: (value) => body.encode(check(value, '')), decode: (bytes) => check(body.decode(bytes), '') };
}
