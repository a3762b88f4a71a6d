import type { FromGateway, StartAnswer, StartRequest, ToGateway, WorkRequest } from '../../src/gateway/messages.js';

const json = (value: unknown): Uint8Array => new Uint8Array(Buffer.from(JSON.stringify(value)));

const request: WorkRequest = {
  requestId: 'R1',
  accountId: 'acme',
  envId: 'prod',
  appId: 'A1',
  appName: 'billing',
  functionId: 'F1',
  functionSlug: 'billing-charge',
  runId: 'U1',
  jobId: 'J1',
  leaseId: 'L1',
  payload: json({ amount: 42 }),
  systemTraceCtx: json({}),
  userTraceCtx: json({}),
};
const { requestId, accountId, envId, appId, functionSlug, runId, systemTraceCtx, userTraceCtx } = request;
const ids = { requestId, accountId, envId, appId, functionSlug, runId, systemTraceCtx, userTraceCtx };

/** What goes over the wire in the worked example of `docs/gateway-protocol.md`, in its order. */
export type Said =
  | readonly ['start request', StartRequest]
  | readonly ['start answer', StartAnswer]
  | readonly ['gateway', FromGateway]
  | readonly ['worker', ToGateway];

export const workedExample: readonly Said[] = [
  ['start request', { exclude: ['eu-2'] }],
  [
    'start answer',
    {
      connectionId: 'C1',
      endpoint: 'wss://eu-1.example.com/connect',
      group: 'eu-1',
      sessionToken: 'secret-1',
      syncToken: 'secret-2',
    },
  ],
  ['gateway', { kind: 'hello' }],
  [
    'worker',
    {
      kind: 'connect',
      worker: {
        connectionId: 'C1',
        sessionToken: 'secret-1',
        syncToken: 'secret-2',
        instanceId: 'host-7',
        apps: [{ appName: 'billing', appVersion: '2', functions: json([]) }],
        capabilities: json({ connect: 'v1' }),
        manualReadiness: true,
        framework: 'connect',
        platform: 'node',
        sdkVersion: '1.0.0',
        sdkLanguage: 'js',
        startedAt: 1_763_700_000_000,
        maxConcurrency: 1_000,
        system: { cpuCores: 2, memBytes: 8_589_934_592, os: 'linux' },
      },
    },
  ],
  ['gateway', { kind: 'ready', heartbeatInterval: '10s', extendLeaseInterval: 5_000 }],
  ['worker', { kind: 'ready' }],
  ['gateway', { kind: 'request', request }],
  ['worker', { kind: 'ack', request: ids }],
  ['worker', { kind: 'extendLease', request: ids, leaseId: 'L1' }],
  ['gateway', { kind: 'leaseAck', requestId: 'R1', newLeaseId: 'L2' }],
  [
    'worker',
    {
      kind: 'reply',
      reply: {
        requestId,
        accountId,
        envId,
        appId,
        runId,
        systemTraceCtx,
        userTraceCtx,
        status: 'done',
        body: json({ charged: 42 }),
        noRetry: false,
        sdkVersion: '1.0.0',
        requestVersion: 1,
      },
    },
  ],
  ['gateway', { kind: 'replyAck', requestId: 'R1' }],
  ['worker', { kind: 'status', inFlight: [], closing: false }],
  ['gateway', { kind: 'draining', within: 1_000 }],
];
