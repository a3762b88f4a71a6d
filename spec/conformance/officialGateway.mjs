import { createServer } from 'node:http';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { ulid } from 'ulid';
import { WebSocketServer } from 'ws';
import {
  ConnectMessage,
  FlushResponse,
  GatewayConnectionReadyData,
  GatewayExecutorRequestData,
  GatewayMessageType as Kind,
  SDKResponse,
  StartRequest,
  StartResponse,
  SystemError,
  WorkerConnectRequestData,
  WorkerReplyAckData,
  WorkerRequestAckData,
  WorkerRequestExtendLeaseAckData,
  WorkerRequestExtendLeaseData,
  WorkerStatusData,
} from './generated.mjs';

/** What is in the messages of workers; the others have nothing in them. */
const payloads = {
  WORKER_CONNECT: WorkerConnectRequestData,
  WORKER_REQUEST_ACK: WorkerRequestAckData,
  WORKER_REQUEST_EXTEND_LEASE: WorkerRequestExtendLeaseData,
  WORKER_REPLY: SDKResponse,
  WORKER_STATUS: WorkerStatusData,
};

/** Something that changes, and those who wait until it is as they want it. */
function watched() {
  const looks = new Set();
  return {
    changed: () => looks.forEach((look) => look()),
    until: (find) =>
      new Promise((resolve) => {
        const look = () => {
          const found = find();
          if (found === undefined || found === false) return;
          looks.delete(look);
          resolve(found);
        };
        looks.add(look);
        look();
      }),
  };
}

/**
 * An API with two gateways that know messages only through the code of the official SDK; `t` is the test that they do not outlive.
 * They tell nothing by themselves but what a handshake, heartbeats, leases and replies need.
 */
export async function officialGateway(t, { intervals = ['50ms', '30ms', '40ms'] } = {}) {
  const { changed, until } = watched();
  const starts = [];
  const flushes = [];
  const connections = [];
  const drained = new Set();
  const gateway = {
    ackReplies: true,
    extendLeases: true,
    /** What start requests are answered with instead: a status. */
    refuse: undefined,
    /** The only key that is accepted, hashed. */
    key: undefined,
    /** What workers are told instead of being welcome. */
    syncFailure: undefined,
  };
  const [heartbeatInterval, extendLeaseInterval, statusInterval] = intervals;

  const http = createServer(async (request, response) => {
    const body = new Uint8Array(await buffer(request));
    const { url: path, method, headers } = request;
    const asked = { path, method, headers };
    const answer = (bytes) => response.writeHead(200, { 'Content-Type': 'application/octet-stream' }).end(bytes);
    if (path === '/v0/connect/start') {
      starts.push({ ...asked, ...StartRequest.decode(body) });
      const isKnown = !gateway.key || headers.authorization === `Bearer ${gateway.key}`;
      if (!isKnown || gateway.refuse) response.writeHead(gateway.refuse ?? 401).end();
      else answer(StartResponse.encode(StartResponse.create(place())).finish());
    } else {
      const reply = SDKResponse.decode(body);
      flushes.push({ ...asked, reply });
      answer(FlushResponse.encode({ requestId: reply.requestId }).finish());
    }
    changed();
  });
  const sockets = new WebSocketServer({ server: http, handleProtocols: () => 'v0.connect.inngest.com' });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address();
  t.after(() => {
    for (const socket of sockets.clients) socket.terminate();
    http.closeAllConnections();
    http.close();
  });

  function place() {
    const gatewayGroup = ['group-1', 'group-2'].find((group) => !drained.has(group));
    const gatewayEndpoint = `ws://127.0.0.1:${port}/v0/connect?${gatewayGroup}`;
    return { connectionId: ulid(), gatewayEndpoint, gatewayGroup, sessionToken: 'session', syncToken: 'sync' };
  }

  sockets.on('connection', (socket, { url, headers }) => {
    const received = [];
    const connection = {
      group: new URL(url, 'ws://any').search.slice(1),
      protocol: headers['sec-websocket-protocol'],
      received,
      closed: undefined,
      drop: () => socket.terminate(),
      close: (code, reason) => socket.close(code, reason),
      send(kind, type, message) {
        const payload = type ? type.encode(type.create(message)).finish() : new Uint8Array();
        socket.send(ConnectMessage.encode({ kind: Kind[kind], payload }).finish());
      },
      request: (request) => connection.send('GATEWAY_EXECUTOR_REQUEST', GatewayExecutorRequestData, request),
      /** Resolves with the nth message of a kind, counting from 1. */
      hear: (kind, nth = 1) => until(() => received.filter((message) => message.kind === kind)[nth - 1]?.payload),
      leave() {
        drained.add(connection.group);
        connection.send('GATEWAY_CLOSING');
      },
      end: () => until(() => connection.closed),
    };
    connections.push(connection);
    socket.on('message', (frame, isBinary) => {
      if (!isBinary) throw new Error(`a frame of text: ${frame}`);
      const message = ConnectMessage.decode(new Uint8Array(frame));
      const kind = Kind[message.kind];
      const payload = payloads[kind]?.decode(message.payload) ?? message.payload;
      received.push({ kind, payload });
      answer(connection, kind, payload);
      changed();
    });
    socket.on('close', (code, reason) => {
      connection.closed = { code, reason: reason.toString() };
      changed();
    });
    connection.send('GATEWAY_HELLO');
    changed();
  });

  function answer(connection, kind, { requestId, leaseId }) {
    const intervals = { heartbeatInterval, extendLeaseInterval, statusInterval };
    if (kind === 'WORKER_CONNECT' && gateway.syncFailure) {
      connection.send('SYNC_FAILED', SystemError, gateway.syncFailure);
      connection.close(1008, gateway.syncFailure.code);
    } else if (kind === 'WORKER_CONNECT')
      connection.send('GATEWAY_CONNECTION_READY', GatewayConnectionReadyData, intervals);
    if (kind === 'WORKER_HEARTBEAT') connection.send('GATEWAY_HEARTBEAT');
    if (kind === 'WORKER_REQUEST_EXTEND_LEASE') {
      const ack = { requestId, newLeaseId: gateway.extendLeases ? `${leaseId}+` : undefined };
      connection.send('WORKER_REQUEST_EXTEND_LEASE_ACK', WorkerRequestExtendLeaseAckData, ack);
    }
    if (kind === 'WORKER_REPLY' && gateway.ackReplies) {
      connection.send('WORKER_REPLY_ACK', WorkerReplyAckData, { requestId });
    }
  }

  return Object.assign(gateway, {
    url: `http://127.0.0.1:${port}`,
    starts,
    flushes,
    connections,
    until,
    /** Resolves with the nth connection, counting from 1, when its worker is ready. */
    async ready(nth = 1) {
      const connection = await until(() => connections[nth - 1]);
      await connection.hear('WORKER_READY');
      return connection;
    },
  });
}
