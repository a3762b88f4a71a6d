import type { ToGateway, WorkerAnnouncement } from '../gateway/messages.js';
import { isUlid } from './ulid.js';

/** Why a gateway ends a connection: a close code and its reason. */
export type GatewayFault = readonly [code: number, reason: string];

/** The reasons that the gateways of Inngest Connect have. */
export const gatewayFaults = {
  helloTimeout: [1008, 'connect_worker_hello_timeout'],
  helloOrder: [1008, 'connect_worker_hello_invalid_msg'],
  helloPayload: [1008, 'connect_worker_hello_invalid_payload'],
  authentication: [1008, 'connect_authentication_failed'],
  ackPayload: [1008, 'connect_worker_request_ack_invalid_payload'],
  leasePayload: [1008, 'connect_worker_request_extend_lease_invalid_payload'],
  payload: [1011, 'connect_internal_error'],
  frame: [1007, 'failed to unmarshal message'],
  heartbeat: [1008, 'CONSECUTIVE_HEARTBEATS_MISSED'],
  closing: [1001, 'connect_gateway_closing'],
} as const satisfies Readonly<Record<string, GatewayFault>>;

/** What a wire calls the messages of which it could not read the content. */
const PAYLOADS: Readonly<Record<string, GatewayFault>> = {
  connect: gatewayFaults.helloPayload,
  WorkerConnectRequestData: gatewayFaults.helloPayload,
  ack: gatewayFaults.ackPayload,
  WorkerRequestAckData: gatewayFaults.ackPayload,
  extendLease: gatewayFaults.leasePayload,
  WorkerRequestExtendLeaseData: gatewayFaults.leasePayload,
  reply: gatewayFaults.payload,
  SDKResponse: gatewayFaults.payload,
};

/** What is wrong with a frame that does not decode. */
export function frameFault(error: unknown): GatewayFault {
  // The field in question, ``expected `ack.request.requestId` ``, or the message in protobuf, `WorkerRequestAckData: …`.
  const [, field = '', message = field] =
    /^(?:expected `(\w+)\.|(\w+):)/.exec(error instanceof Error ? error.message : '') ?? [];
  return PAYLOADS[message] ?? gatewayFaults.frame;
}

/** What is wrong with the content of a message; undefined when all is well. */
export function payloadFault(message: ToGateway): GatewayFault | undefined {
  switch (message.kind) {
    case 'connect':
      return isIntroduction(message.worker) ? undefined : gatewayFaults.helloPayload;
    case 'ack':
      return message.request.requestId === '' ? gatewayFaults.ackPayload : undefined;
    case 'extendLease':
      return message.request.requestId === '' || message.leaseId === '' ? gatewayFaults.leasePayload : undefined;
    case 'reply':
      return message.reply.requestId === '' ? gatewayFaults.payload : undefined;
    default:
      return undefined;
  }
}

function isIntroduction({ connectionId, instanceId, apps }: WorkerAnnouncement): boolean {
  return isUlid(connectionId) && instanceId !== '' && apps.length > 0;
}
