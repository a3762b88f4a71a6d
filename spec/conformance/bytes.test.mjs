// Every message, byte for byte as the official SDK's own code writes it.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { arbitraries, fc } from './arbitraries.mjs';
import * as official from './generated.mjs';
import { inngestWire } from './hawser.mjs';

const RUNS = 500;
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
let compared = 0;

const { GatewayMessageType: Kind, SDKResponseStatus: Status } = official;
const bytesOf = (type, shape) => type.encode(type.create(shape)).finish();
const same = (shape) => shape;
const text = (interval) => (typeof interval === 'number' ? `${interval}ms` : interval);
const statuses = { notCompleted: Status.NOT_COMPLETED, done: Status.DONE, error: Status.ERROR };
const replyShape = (reply) => ({ ...reply, status: statuses[reply.status] });

/** Our words in theirs: the number of the message, what it consists of, and how ours becomes that. */
const fromGateway = {
  hello: [Kind.GATEWAY_HELLO],
  ready: [
    Kind.GATEWAY_CONNECTION_READY,
    official.GatewayConnectionReadyData,
    ({ heartbeatInterval, extendLeaseInterval, statusInterval }) => ({
      heartbeatInterval,
      extendLeaseInterval,
      statusInterval,
    }),
  ],
  request: [
    Kind.GATEWAY_EXECUTOR_REQUEST,
    official.GatewayExecutorRequestData,
    ({ request: { payload, ...request } }) => ({ ...request, requestPayload: payload }),
  ],
  replyAck: [Kind.WORKER_REPLY_ACK, official.WorkerReplyAckData, ({ requestId }) => ({ requestId })],
  heartbeat: [Kind.GATEWAY_HEARTBEAT],
  draining: [Kind.GATEWAY_CLOSING],
  leaseAck: [
    Kind.WORKER_REQUEST_EXTEND_LEASE_ACK,
    official.WorkerRequestExtendLeaseAckData,
    ({ requestId, newLeaseId }) => ({ requestId, newLeaseId }),
  ],
  syncFailed: [Kind.SYNC_FAILED, official.SystemError, ({ code, message, data }) => ({ code, message, data })],
};
const toGateway = {
  connect: [
    Kind.WORKER_CONNECT,
    official.WorkerConnectRequestData,
    ({ worker: { sessionToken, syncToken, manualReadiness, system, startedAt, maxConcurrency, ...worker } }) => ({
      ...worker,
      authData: { sessionToken, syncToken },
      workerManualReadinessAck: manualReadiness,
      systemAttributes: system,
      startedAt: new Date(startedAt),
      maxWorkerConcurrency: maxConcurrency,
    }),
  ],
  ready: [Kind.WORKER_READY],
  ack: [Kind.WORKER_REQUEST_ACK, official.WorkerRequestAckData, ({ request }) => request],
  reply: [Kind.WORKER_REPLY, official.SDKResponse, ({ reply }) => replyShape(reply)],
  pause: [Kind.WORKER_PAUSE],
  heartbeat: [Kind.WORKER_HEARTBEAT],
  extendLease: [
    Kind.WORKER_REQUEST_EXTEND_LEASE,
    official.WorkerRequestExtendLeaseData,
    ({ request, leaseId }) => ({ ...request, leaseId }),
  ],
  status: [
    Kind.WORKER_STATUS,
    official.WorkerStatusData,
    ({ inFlight, closing }) => ({ inFlightRequestIds: inFlight, shutdownRequested: closing }),
  ],
};
const bodies = {
  startRequest: [official.StartRequest, ({ exclude }) => ({ excludeGateways: exclude })],
  startAnswer: [
    official.StartResponse,
    ({ endpoint, group, ...answer }) => ({ ...answer, gatewayEndpoint: endpoint, gatewayGroup: group }),
  ],
  flushRequest: [official.SDKResponse, replyShape],
  flushAnswer: [official.FlushResponse, same],
};

/** What both can say: this wire has no room for `within`, and knows durations as texts only. */
function sayable(message) {
  if (message.kind === 'draining') return { kind: 'draining' };
  if (message.kind !== 'ready') return message;
  return Object.fromEntries(Object.entries(message).map(([name, value]) => [name, text(value)]));
}

function compare(arbitrary, check) {
  fc.assert(fc.property(arbitrary, check), { numRuns: RUNS, seed });
  compared += RUNS;
}

describe('the bytes of our wire are those of the official code', () => {
  for (const [direction, forms, said, speaker, listener] of [
    ['a gateway says', fromGateway, arbitraries.fromGateway, inngestWire.gateway, inngestWire.worker],
    ['a worker says', toGateway, arbitraries.toGateway, inngestWire.worker, inngestWire.gateway],
  ]) {
    it(`for every kind that ${direction}`, () => assert.deepEqual(Object.keys(forms).sort(), Object.keys(said).sort()));

    for (const [name, [kind, type, shapeOf]] of Object.entries(forms)) {
      it(`${direction} ${name}`, () => {
        compare(said[name].map(sayable), (message) => {
          const shape = type?.create(shapeOf(message));
          const theirs = bytesOf(official.ConnectMessage, { kind, ...(type && { payload: bytesOf(type, shape) }) });
          const ours = speaker.encode(message);
          assert.deepEqual(Buffer.from(ours), Buffer.from(theirs));
          assert.deepEqual(listener.decode(theirs), message);
          const envelope = official.ConnectMessage.decode(ours);
          assert.equal(envelope.kind, kind);
          if (type) assert.deepEqual(type.decode(envelope.payload), shape);
          else assert.equal(envelope.payload.length, 0);
        });
      });
    }
  }

  for (const [name, [type, shapeOf]] of Object.entries(bodies)) {
    it(`the body of a ${name}`, () => {
      compare(arbitraries[name === 'flushRequest' ? 'workReply' : name], (value) => {
        const shape = type.create(shapeOf(value));
        const theirs = bytesOf(type, shape);
        const ours = inngestWire[name].encode(value);
        assert.deepEqual(Buffer.from(ours), Buffer.from(theirs));
        assert.deepEqual(inngestWire[name].decode(theirs), value);
        assert.deepEqual(type.decode(ours), shape);
      });
    });
  }

  after(() => console.log(`${compared} random messages compared both ways; SEED=${seed} repeats them`));
});
