import type { RequestIds, WorkReply, WorkRequest } from '../messages.js';
import { field, optional, type ProtoFields, repeated } from './protoFields.js';
import { ProtoMessage } from './protoMessage.js';
import { bool, bytes, int, string, view } from './protoTypes.js';

/** The envelope of every frame. */
export const ConnectMessage = new ProtoMessage<{ kind: number; payload: Uint8Array }>('ConnectMessage', {
  kind: field(1, int),
  payload: field(2, view),
});

export const Nothing = new ProtoMessage<object>('a message without fields', {});

export const StartRequest = new ProtoMessage<{ excludeGateways: readonly string[] }>('StartRequest', {
  excludeGateways: repeated(1, string),
});

export const StartResponse = new ProtoMessage<{
  connectionId: string;
  gatewayEndpoint: string;
  gatewayGroup: string;
  sessionToken: string;
  syncToken: string;
}>('StartResponse', {
  connectionId: field(1, string),
  gatewayEndpoint: field(2, string),
  gatewayGroup: field(3, string),
  sessionToken: field(4, string),
  syncToken: field(5, string),
});

const AuthData = new ProtoMessage<{ sessionToken: string; syncToken: string }>('AuthData', {
  sessionToken: field(1, string),
  syncToken: field(2, string),
});

const SystemAttributes = new ProtoMessage<{ cpuCores: number; memBytes: number; os: string }>('SystemAttributes', {
  cpuCores: field(1, int),
  memBytes: field(2, int),
  os: field(3, string),
});

const AppConfiguration = new ProtoMessage<{ appName: string; appVersion?: string; functions: Uint8Array }>(
  'AppConfiguration',
  { appName: field(1, string), appVersion: optional(2, string), functions: field(4, bytes) },
);

const Timestamp = new ProtoMessage<{ seconds: number; nanos: number }>('Timestamp', {
  seconds: field(1, int),
  nanos: field(2, int),
});

type Shape<Message> = Message extends ProtoMessage<infer Fields> ? Fields : never;

export const WorkerConnectRequestData = new ProtoMessage<{
  connectionId: string;
  instanceId: string;
  authData: Shape<typeof AuthData>;
  capabilities: Uint8Array;
  apps: readonly Shape<typeof AppConfiguration>[];
  workerManualReadinessAck: boolean;
  systemAttributes: Shape<typeof SystemAttributes>;
  environment?: string;
  framework: string;
  platform?: string;
  sdkVersion: string;
  sdkLanguage: string;
  startedAt: Shape<typeof Timestamp>;
  maxWorkerConcurrency?: number;
}>('WorkerConnectRequestData', {
  connectionId: field(1, string),
  instanceId: field(2, string),
  authData: field(3, AuthData),
  capabilities: field(4, bytes),
  apps: repeated(5, AppConfiguration),
  workerManualReadinessAck: field(6, bool),
  systemAttributes: field(7, SystemAttributes),
  environment: optional(8, string),
  framework: field(9, string),
  platform: optional(10, string),
  sdkVersion: field(11, string),
  sdkLanguage: field(12, string),
  startedAt: field(13, Timestamp),
  maxWorkerConcurrency: optional(14, int),
});

export const GatewayConnectionReadyData = new ProtoMessage<{
  heartbeatInterval: string;
  extendLeaseInterval: string;
  statusInterval: string;
}>('GatewayConnectionReadyData', {
  heartbeatInterval: field(1, string),
  extendLeaseInterval: field(2, string),
  statusInterval: field(3, string),
});

export const GatewayExecutorRequestData = new ProtoMessage<
  Omit<WorkRequest, 'payload'> & { requestPayload: Uint8Array }
>('GatewayExecutorRequestData', {
  requestId: field(1, string),
  accountId: field(2, string),
  envId: field(3, string),
  appId: field(4, string),
  appName: field(5, string),
  functionId: field(6, string),
  functionSlug: field(7, string),
  stepId: optional(8, string),
  requestPayload: field(9, bytes),
  systemTraceCtx: field(10, bytes),
  userTraceCtx: field(11, bytes),
  runId: field(12, string),
  leaseId: field(13, string),
  jobId: field(14, string),
});

const requestIds: ProtoFields<RequestIds> = {
  requestId: field(1, string),
  accountId: field(2, string),
  envId: field(3, string),
  appId: field(4, string),
  functionSlug: field(5, string),
  stepId: optional(6, string),
  systemTraceCtx: field(7, bytes),
  userTraceCtx: field(8, bytes),
  runId: field(9, string),
};

export const WorkerRequestAckData = new ProtoMessage<RequestIds>('WorkerRequestAckData', requestIds);

export const WorkerRequestExtendLeaseData = new ProtoMessage<RequestIds & { readonly leaseId: string }>(
  'WorkerRequestExtendLeaseData',
  { ...requestIds, leaseId: field(10, string) },
);

/** What is between these two only repeats the request. */
export const WorkerRequestExtendLeaseAckData = new ProtoMessage<{ requestId: string; newLeaseId?: string }>(
  'WorkerRequestExtendLeaseAckData',
  { requestId: field(1, string), newLeaseId: optional(6, string) },
);

export const SDKResponse = new ProtoMessage<Omit<WorkReply, 'status'> & { status: number }>('SDKResponse', {
  requestId: field(1, string),
  accountId: field(2, string),
  envId: field(3, string),
  appId: field(4, string),
  status: field(5, int),
  body: field(6, bytes),
  noRetry: field(7, bool),
  retryAfter: optional(8, string),
  sdkVersion: field(9, string),
  requestVersion: field(10, int),
  systemTraceCtx: field(11, bytes),
  userTraceCtx: field(12, bytes),
  runId: field(13, string),
});

/** Both the acknowledgement of a reply and the answer to one over HTTP. */
export const WorkerReplyAckData = new ProtoMessage<{ requestId: string }>('WorkerReplyAckData', {
  requestId: field(1, string),
});

export const WorkerStatusData = new ProtoMessage<{ inFlightRequestIds: readonly string[]; shutdownRequested: boolean }>(
  'WorkerStatusData',
  { inFlightRequestIds: repeated(1, string), shutdownRequested: field(2, bool) },
);

export const SystemError = new ProtoMessage<{ code: string; data?: Uint8Array; message: string }>('SystemError', {
  code: field(1, string),
  data: optional(2, bytes),
  message: field(3, string),
});
