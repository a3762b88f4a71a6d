import type { Duration } from '../core/duration.js';
import { ProtocolError } from '../core/errors.js';
import {
  boolean,
  bytes,
  type Field,
  type Fields,
  list,
  object,
  optional,
  string,
  union,
  whole,
  word,
} from './fields.js';
import type {
  AppAnnouncement,
  FromGateway,
  RequestIds,
  StartAnswer,
  StartRequest,
  ToGateway,
  WorkerAnnouncement,
  WorkReply,
  WorkRequest,
} from './messages.js';

/** How many requests a status report can name. */
export const MOST_IN_FLIGHT = 65_536;

/** Tokens, addresses, explanations. */
const text = string(65_536);
const name = string();

/** A number of milliseconds, or a text that whoever uses it reads. */
const duration: Field<Duration> = (value, name) => {
  if (typeof value === 'string' && value.length <= 64) return value;
  if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value;
  throw new ProtocolError(`expected \`${name}\` to be a duration`);
};

const socketUrl: Field<string> = (value, name) => {
  const url = text(value, name);
  if (!/^wss?:\/\/./i.test(url)) throw new ProtocolError(`expected \`${name}\` to be a URL of a WebSocket`);
  return url;
};

/** What is repeated in every message about a request, for hours. */
const traceContext: Field<Uint8Array> = (value, name) => {
  const context = bytes(value, name);
  if (context.length <= 65_536) return context;
  throw new ProtocolError(`expected \`${name}\` to be at most 65536 bytes, got ${context.length}`);
};

const requestIds: Fields<RequestIds> = {
  requestId: name,
  accountId: name,
  envId: name,
  appId: name,
  functionSlug: name,
  stepId: optional(name),
  runId: name,
  systemTraceCtx: traceContext,
  userTraceCtx: traceContext,
};

const workRequest = object<WorkRequest>({
  ...requestIds,
  appName: name,
  functionId: name,
  jobId: name,
  leaseId: name,
  payload: bytes,
});

const workReply = object<WorkReply>({
  requestId: name,
  accountId: name,
  envId: name,
  appId: name,
  runId: name,
  systemTraceCtx: traceContext,
  userTraceCtx: traceContext,
  status: word({ notCompleted: true, done: true, error: true }),
  body: bytes,
  noRetry: boolean,
  retryAfter: optional(name),
  sdkVersion: name,
  requestVersion: whole,
});

const workerAnnouncement = object<WorkerAnnouncement>({
  connectionId: name,
  sessionToken: text,
  syncToken: text,
  instanceId: name,
  apps: list(object<AppAnnouncement>({ appName: name, appVersion: optional(name), functions: bytes }), 1_024),
  capabilities: bytes,
  manualReadiness: boolean,
  environment: optional(name),
  framework: name,
  platform: optional(name),
  sdkVersion: name,
  sdkLanguage: name,
  startedAt: whole,
  maxConcurrency: optional(whole),
  system: object({ cpuCores: whole, memBytes: whole, os: name }),
});

const fromGateway = union<FromGateway>({
  hello: {},
  ready: {
    heartbeatInterval: optional(duration),
    extendLeaseInterval: optional(duration),
    statusInterval: optional(duration),
  },
  syncFailed: { code: name, message: text, data: optional(bytes) },
  heartbeat: {},
  request: { request: workRequest },
  leaseAck: { requestId: name, newLeaseId: optional(name) },
  replyAck: { requestId: name },
  draining: { within: optional(duration) },
});

const toGateway = union<ToGateway>({
  connect: { worker: workerAnnouncement },
  ready: {},
  pause: {},
  heartbeat: {},
  ack: { request: object(requestIds) },
  extendLease: { request: object(requestIds), leaseId: name },
  reply: { reply: workReply },
  status: { inFlight: list(name, MOST_IN_FLIGHT), closing: boolean },
});

/** What messages and bodies consist of, whatever the wire: checks them, and makes them anew without what does not belong there. */
export const messageFields = {
  fromGateway,
  toGateway,
  startRequest: object<StartRequest>({ exclude: list(name, 1_024) }),
  startAnswer: object<StartAnswer>({
    connectionId: name,
    endpoint: socketUrl,
    group: name,
    sessionToken: text,
    syncToken: text,
  }),
  workReply,
  flushAnswer: object<{ readonly requestId: string }>({ requestId: name }),
};
