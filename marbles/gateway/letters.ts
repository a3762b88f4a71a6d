import type { AcceptedEvent, CompletedEvent, GatewayConnection, ReceivedEvent } from '../../src/gateway/events.js';
import type { FromGateway, GatewaySession, ToGateway, WorkReply, WorkRequest } from '../../src/gateway/messages.js';
import { mockConnection, type MockConnection } from '../../src/testing/mockConnection.js';

const none = new Uint8Array();

/** A request with every field; `requestId` is what tells it from another. */
export function workRequest(requestId = 'r1', overrides: Partial<WorkRequest> = {}): WorkRequest {
  return {
    requestId,
    accountId: 'account',
    envId: 'env',
    appId: 'app-id',
    appName: 'app',
    functionId: 'function-id',
    functionSlug: 'app-function',
    runId: 'run',
    jobId: 'job',
    leaseId: `${requestId}-lease`,
    systemTraceCtx: none,
    userTraceCtx: none,
    payload: new TextEncoder().encode('{}'),
    ...overrides,
  };
}

/** A reply to a request. */
export function workReply(requestId = 'r1', overrides: Partial<WorkReply> = {}): WorkReply {
  return {
    requestId,
    accountId: 'account',
    envId: 'env',
    appId: 'app-id',
    runId: 'run',
    systemTraceCtx: none,
    userTraceCtx: none,
    status: 'done',
    body: new TextEncoder().encode('null'),
    noRetry: false,
    sdkVersion: 'test',
    requestVersion: 0,
    ...overrides,
  };
}

/** What a gateway's `ready` agreed on, unless a test says otherwise. */
export const session: GatewaySession = {
  connectionId: 'connection',
  group: 'group',
  heartbeatInterval: 10,
  extendLeaseInterval: 5,
  statusInterval: 0,
};

/** A connection to a gateway that records what is sent. */
export function mockGatewayConnection(
  id: string,
  overrides: Partial<GatewaySession> = {},
): MockConnection<ToGateway, GatewaySession> {
  return mockConnection<ToGateway, GatewaySession>(id, { session: { ...session, ...overrides } });
}

export function received(connection: GatewayConnection, request = workRequest()): ReceivedEvent {
  return { type: 'received', connection, request };
}

export function completed(request = workRequest(), reply = workReply(request.requestId)): CompletedEvent {
  return { type: 'completed', request, reply, duration: 0 };
}

export function accepted(requestId = 'r1', via: AcceptedEvent['via'] = 'connection'): AcceptedEvent {
  return { type: 'accepted', requestId, via };
}

export const hello: FromGateway = { kind: 'hello' };
export const ready: FromGateway = { kind: 'ready' };
