import fc from 'fast-check';
import type {
  FromGateway,
  RequestIds,
  StartAnswer,
  StartRequest,
  ToGateway,
  WorkerAnnouncement,
  WorkReply,
  WorkRequest,
} from '../../src/gateway/messages.js';

/** Text as peers of any language can hold it: no halves of surrogate pairs, no byte order mark in front. */
const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => !value.startsWith('\ufeff'));
const bytes = fc.uint8Array({ maxLength: 60 });
const whole = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 127, 128, 2 ** 32, Number.MAX_SAFE_INTEGER));

/** A record whose optional fields are there or not there, never undefined. */
function record<Shape extends object>(
  required: { [Name in keyof Shape as object extends Pick<Shape, Name> ? never : Name]: fc.Arbitrary<Shape[Name]> },
  optional: {
    [Name in keyof Shape as object extends Pick<Shape, Name> ? Name : never]-?: fc.Arbitrary<
      Exclude<Shape[Name], undefined>
    >;
  },
): fc.Arbitrary<Shape> {
  const fields: Record<string, fc.Arbitrary<unknown>> = { ...required, ...optional };
  const requiredKeys = Object.keys(required);
  return fc.record(fields, { requiredKeys, noNullPrototype: true }) as fc.Arbitrary<unknown> as fc.Arbitrary<Shape>;
}

const ids = {
  requestId: text,
  accountId: text,
  envId: text,
  appId: text,
  functionSlug: text,
  runId: text,
  systemTraceCtx: bytes,
  userTraceCtx: bytes,
};

export const requestIds = record<RequestIds>(ids, { stepId: text });

export const workRequest = record<WorkRequest>(
  { ...ids, appName: text, functionId: text, jobId: text, leaseId: text, payload: bytes },
  { stepId: text },
);

export const workReply = record<WorkReply>(
  {
    requestId: text,
    accountId: text,
    envId: text,
    appId: text,
    runId: text,
    systemTraceCtx: bytes,
    userTraceCtx: bytes,
    status: fc.constantFrom('notCompleted', 'done', 'error'),
    body: bytes,
    noRetry: fc.boolean(),
    sdkVersion: text,
    requestVersion: fc.nat(),
  },
  { retryAfter: text },
);

export const workerAnnouncement = record<WorkerAnnouncement>(
  {
    connectionId: text,
    sessionToken: text,
    syncToken: text,
    instanceId: text,
    apps: fc.array(record({ appName: text, functions: bytes }, { appVersion: text }), { maxLength: 4 }),
    capabilities: bytes,
    manualReadiness: fc.boolean(),
    framework: text,
    sdkVersion: text,
    sdkLanguage: text,
    startedAt: fc.nat({ max: 8.64e15 }),
    system: fc.record({ cpuCores: fc.nat(), memBytes: whole, os: text }, { noNullPrototype: true }),
  },
  { environment: text, platform: text, maxConcurrency: whole },
);

/** A whole number of milliseconds, or the same as Go prints it. */
export const duration = fc.oneof(
  fc.nat(),
  fc.nat().map((ms) => `${ms}ms`),
  fc.constantFrom('0s', '10s', '1m30s', '1.5s', '2m0s'),
);

const bare = <Kind extends string>(kind: Kind): fc.Arbitrary<{ kind: Kind }> => fc.constant({ kind });

/** Every kind of message of a gateway. */
export const fromGateway: { [Kind in FromGateway['kind']]: fc.Arbitrary<Extract<FromGateway, { kind: Kind }>> } = {
  hello: bare('hello'),
  ready: record<Extract<FromGateway, { kind: 'ready' }>>(
    { kind: fc.constant('ready') },
    { heartbeatInterval: duration, extendLeaseInterval: duration, statusInterval: duration },
  ),
  syncFailed: record<Extract<FromGateway, { kind: 'syncFailed' }>>(
    { kind: fc.constant('syncFailed'), code: text, message: text },
    { data: bytes },
  ),
  heartbeat: bare('heartbeat'),
  request: workRequest.map((request) => ({ kind: 'request', request })),
  leaseAck: record<Extract<FromGateway, { kind: 'leaseAck' }>>(
    { kind: fc.constant('leaseAck'), requestId: text },
    { newLeaseId: text },
  ),
  replyAck: text.map((requestId) => ({ kind: 'replyAck', requestId })),
  draining: record<Extract<FromGateway, { kind: 'draining' }>>({ kind: fc.constant('draining') }, { within: duration }),
};

/** Every kind of message of a worker. */
export const toGateway: { [Kind in ToGateway['kind']]: fc.Arbitrary<Extract<ToGateway, { kind: Kind }>> } = {
  connect: workerAnnouncement.map((worker) => ({ kind: 'connect', worker })),
  ready: bare('ready'),
  pause: bare('pause'),
  heartbeat: bare('heartbeat'),
  ack: requestIds.map((request) => ({ kind: 'ack', request })),
  extendLease: fc.tuple(requestIds, text).map(([request, leaseId]) => ({ kind: 'extendLease', request, leaseId })),
  reply: workReply.map((reply) => ({ kind: 'reply', reply })),
  status: fc
    .tuple(fc.array(text, { maxLength: 10 }), fc.boolean())
    .map(([inFlight, closing]) => ({ kind: 'status', inFlight, closing })),
};

export const startRequest: fc.Arbitrary<StartRequest> = fc
  .array(text, { maxLength: 5 })
  .map((exclude) => ({ exclude }));

export const startAnswer: fc.Arbitrary<StartAnswer> = fc.record(
  {
    connectionId: text,
    endpoint: text.map((path) => `wss://gateway.example.com/${path}`),
    group: text,
    sessionToken: text,
    syncToken: text,
  },
  { noNullPrototype: true },
);

export const flushAnswer: fc.Arbitrary<{ readonly requestId: string }> = text.map((requestId) => ({ requestId }));
