import type { BodyCodec } from '../gatewayWire.js';
import type { FromGateway, ReplyStatus, ToGateway, WorkerAnnouncement, WorkReply } from '../messages.js';
import { goDuration } from './goDuration.js';
import type { ProtoMessage } from './protoMessage.js';
import * as tables from './tables.js';

/** How one kind of message looks on this wire: its number, and its payload both ways. */
export interface Form<Message> extends BodyCodec<Message> {
  readonly code: number;
}

export type Forms<Message extends { readonly kind: string }> = {
  readonly [Kind in Message['kind']]: Form<Extract<Message, { readonly kind: Kind }>>;
};

/** A table, and how what it holds becomes ours. What comes of it is of the right types, and not checked any further. */
export function mapped<Value, Shape extends object>(
  table: ProtoMessage<Shape>,
  shapeOf: (value: Value) => Shape,
  valueOf: (shape: Shape) => Value,
): BodyCodec<Value> {
  return { encode: (value) => table.encode(shapeOf(value)), decode: (body) => valueOf(table.decode(body)) };
}

function form<Message, Shape extends object>(
  code: number,
  table: ProtoMessage<Shape>,
  shapeOf: (message: Message) => Shape,
  messageOf: (shape: Shape) => Message,
): Form<Message> {
  return { code, ...mapped(table, shapeOf, messageOf) };
}

function bare<Kind extends string>(code: number, kind: Kind): Form<{ readonly kind: Kind }> {
  return form(
    code,
    tables.Nothing,
    () => ({}),
    () => ({ kind }),
  );
}

const statuses: readonly ReplyStatus[] = ['notCompleted', 'done', 'error'];

/** A reply, within a message or over HTTP. */
export const reply: BodyCodec<WorkReply> = mapped(
  tables.SDKResponse,
  ({ status, ...reply }) => ({ ...reply, status: statuses.indexOf(status) }),
  ({ status, ...reply }) => ({ ...reply, status: statuses[status] as ReplyStatus }),
);

/** An empty text is all that tells that a gateway has no opinion. */
function opinions<Intervals extends object>(intervals: Intervals): Partial<Intervals> {
  return Object.fromEntries(Object.entries(intervals).filter(([, interval]) => interval !== '')) as Partial<Intervals>;
}

export const fromGateway: Forms<FromGateway> = {
  hello: bare(0, 'hello'),
  ready: form(
    2,
    tables.GatewayConnectionReadyData,
    ({ heartbeatInterval, extendLeaseInterval, statusInterval }) => ({
      heartbeatInterval: goDuration(heartbeatInterval),
      extendLeaseInterval: goDuration(extendLeaseInterval),
      statusInterval: goDuration(statusInterval),
    }),
    (intervals) => ({ kind: 'ready', ...opinions(intervals) }),
  ),
  request: form(
    3,
    tables.GatewayExecutorRequestData,
    ({ request: { payload, ...request } }) => ({ ...request, requestPayload: payload }),
    ({ requestPayload, ...request }) => ({ kind: 'request', request: { ...request, payload: requestPayload } }),
  ),
  replyAck: form(
    7,
    tables.WorkerReplyAckData,
    ({ requestId }) => ({ requestId }),
    ({ requestId }) => ({ kind: 'replyAck', requestId }),
  ),
  heartbeat: bare(10, 'heartbeat'),
  draining: bare(11, 'draining'),
  leaseAck: form(
    13,
    tables.WorkerRequestExtendLeaseAckData,
    (ack) => ack,
    (ack) => ({ kind: 'leaseAck', ...ack }),
  ),
  syncFailed: form(
    14,
    tables.SystemError,
    (error) => error,
    (error) => ({ kind: 'syncFailed', ...error }),
  ),
};

export const toGateway: Forms<ToGateway> = {
  connect: form(
    1,
    tables.WorkerConnectRequestData,
    ({ worker: { sessionToken, syncToken, manualReadiness, system, startedAt, maxConcurrency, ...worker } }) => ({
      ...worker,
      authData: { sessionToken, syncToken },
      workerManualReadinessAck: manualReadiness,
      systemAttributes: system,
      startedAt: { seconds: Math.floor(startedAt / 1_000), nanos: (startedAt % 1_000) * 1_000_000 },
      ...(maxConcurrency !== undefined && { maxWorkerConcurrency: maxConcurrency }),
    }),
    ({ authData, workerManualReadinessAck, systemAttributes, startedAt, maxWorkerConcurrency, ...worker }) => {
      const announcement: WorkerAnnouncement = {
        ...worker,
        ...authData,
        manualReadiness: workerManualReadinessAck,
        system: systemAttributes,
        startedAt: startedAt.seconds * 1_000 + Math.trunc(startedAt.nanos / 1_000_000),
        ...(maxWorkerConcurrency !== undefined && { maxConcurrency: maxWorkerConcurrency }),
      };
      return { kind: 'connect', worker: announcement };
    },
  ),
  ready: bare(4, 'ready'),
  ack: form(
    5,
    tables.WorkerRequestAckData,
    ({ request }) => request,
    (request) => ({ kind: 'ack', request }),
  ),
  reply: {
    code: 6,
    encode: (message) => reply.encode(message.reply),
    decode: (payload) => ({ kind: 'reply', reply: reply.decode(payload) }),
  },
  pause: bare(8, 'pause'),
  heartbeat: bare(9, 'heartbeat'),
  extendLease: form(
    12,
    tables.WorkerRequestExtendLeaseData,
    ({ request, leaseId }) => ({ ...request, leaseId }),
    ({ leaseId, ...request }) => ({ kind: 'extendLease', request, leaseId }),
  ),
  status: form(
    15,
    tables.WorkerStatusData,
    ({ inFlight, closing }) => ({ inFlightRequestIds: inFlight, shutdownRequested: closing }),
    ({ inFlightRequestIds, shutdownRequested }) => ({
      kind: 'status',
      inFlight: inFlightRequestIds,
      closing: shutdownRequested,
    }),
  ),
};
