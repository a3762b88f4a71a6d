import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { constant } from '../../../src/core/backoff.js';
import { HandshakeError } from '../../../src/core/errors.js';
import type { FromGateway } from '../../../src/gateway/messages.js';
import { msgpackWire } from '../../../src/gateway/wire.js';
import type { HandshakeScript } from '../../../src/testing/handshakeScript.js';
import { listen, unlisten } from '../../../src/testing/listen.js';
import { mockApi, type MockApi } from '../../../src/testing/mockApi.js';
import { type MockGateway, mockGateway } from '../../../src/testing/mockGateway.js';
import { workRequest } from '../../../marbles/gateway/letters.js';
import { leftOver } from './leftOver.js';
import { echo, startWorker, stopWorkers } from './startWorker.js';

/** Retries follow at once, so that tests need not wait. */
const delay = constant(1);

describe('the handshake of a worker', () => {
  let api: MockApi;
  let gateway: MockGateway;
  let other: MockGateway;
  let left: ReturnType<typeof leftOver>;

  beforeEach(async () => {
    left = leftOver();
    api = await mockApi();
    gateway = await mockGateway({ api, group: 'blue' });
    other = await mockGateway({ api, group: 'green' });
  });
  afterEach(async () => {
    stopWorkers();
    await Promise.all([gateway.close(), other.close()]);
    await api.close();
    expect(await left()).toEqual([]);
  });

  it('introduces the worker once, when the gateway says hello, and takes work when the gateway is ready', async () => {
    gateway.handshake({ hello: 'never' });
    const worker = startWorker({
      apiUrl: api.url,
      apps: [{ ...echo, version: '1.2', functions: [{ id: 'bill' }] }],
      instanceId: 'pod-7',
      capabilities: { connect: 'v1', steps: true },
      concurrency: 5,
    });
    const connection = await gateway.waitForConnection();
    expect(connection.kinds).toEqual([]);

    connection.send({ kind: 'hello' });
    const { worker: announced } = await connection.waitForMessage('connect');
    const { connectionId, sessionToken, syncToken } = announced;
    const json = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));
    expect(announced).toMatchObject({ instanceId: 'pod-7', manualReadiness: true, maxConcurrency: 5 });
    expect(json(announced.capabilities)).toEqual({ connect: 'v1', steps: true });
    expect(announced.apps).toMatchObject([{ appName: 'app', appVersion: '1.2' }]);
    expect(json(announced.apps[0]?.functions as Uint8Array)).toEqual([{ id: 'bill' }]);
    expect(api.isIssued({ connectionId, sessionToken, syncToken })).toBe(true);

    const { connection: opened } = await worker.event('open');
    await connection.waitForState('ready');
    expect(connection.kinds).toEqual(['connect', 'ready']);
    expect(connection.socket.protocol).toBe(msgpackWire.subprotocol);
    expect(opened.session).toMatchObject({ connectionId, group: 'blue' });
    expect(JSON.stringify(opened.session)).not.toContain(sessionToken);
  });

  it('takes the intervals of each connection from its gateway', async () => {
    gateway.handshake({ intervals: { heartbeatInterval: '1m30s', extendLeaseInterval: '2s', statusInterval: '' } });
    gateway.handshake({ intervals: { heartbeatInterval: '', extendLeaseInterval: '', statusInterval: '3s' } });
    const worker = startWorker({ apiUrl: api.url, delay });
    const { connection: first } = await worker.event('open');
    other.drain();
    gateway.drop();
    const { connection: second } = await worker.event('open', 2);

    expect(first.session).toMatchObject({ heartbeatInterval: 90_000, extendLeaseInterval: 2_000, statusInterval: 0 });
    expect(second.session).toMatchObject({
      heartbeatInterval: 10_000,
      extendLeaseInterval: 5_000,
      statusInterval: 3_000,
    });
  });

  it.each<[string, HandshakeScript, object, RegExp]>([
    [
      'another message than hello',
      { firstMessage: { kind: 'heartbeat' } },
      { phase: 'hello', code: 4001, cause: { name: 'UnexpectedMessageError', got: 'heartbeat' } },
      /^4001 UNEXPECTED$/,
    ],
    [
      'that the apps could not be registered',
      { syncFailed: { code: 'connect_invalid_function_config', message: 'no triggers' } },
      {
        phase: 'sync',
        message: expect.stringContaining('(connect_invalid_function_config): no triggers'),
        cause: { name: 'SyncFailedError', reason: 'connect_invalid_function_config' },
      },
      // Both sides close at once.
      /^1000 $|^1008 connect_invalid_function_config$/,
    ],
    [
      'that it does not know the worker',
      { authentication: 'refused' },
      {
        phase: 'closed',
        code: 1008,
        cause: { name: 'ConnectionClosedError', reason: 'connect_authentication_failed' },
      },
      /^1008 connect_authentication_failed$/,
    ],
  ])('fails when the gateway says %s, and another group is asked for', async (_what, script, cause, closed) => {
    gateway.handshake(script);
    const worker = startWorker({ apiUrl: api.url, delay });
    const first = await gateway.waitForConnection(1);
    await other.waitForReady();

    expect(worker.types).toEqual(['connecting', 'reconnecting', 'connecting', 'open']);
    expect((await worker.event('reconnecting')).cause).toMatchObject({ name: 'HandshakeError', ...cause });
    const { code, reason } = await first.closed;
    expect(`${code} ${reason}`).toMatch(closed);
    expect(api.starts.map(({ decoded }) => decoded?.exclude)).toEqual([[], ['blue']]);
    expect(worker.events[3]).toMatchObject({ type: 'open', connection: { session: { group: 'green' } } });
  });

  it('fails when the gateway says another thing than ready', async () => {
    gateway.handshake({ ready: 'never' });
    const worker = startWorker({ apiUrl: api.url, delay });
    const first = await gateway.waitForConnection(1);
    await first.waitForState('connected');
    first.send({ kind: 'replyAck', requestId: 'r1' });
    await other.waitForReady();

    expect((await worker.event('reconnecting')).cause).toMatchObject({ phase: 'ready', code: 4001 });
    expect(await first.closed).toEqual({ code: 4001, reason: 'UNEXPECTED' });
    expect(first.kinds).toEqual(['connect']);
  });

  it.each<['hello' | 'ready', HandshakeScript]>([
    ['hello', { hello: 'never' }],
    ['ready', { ready: 'never' }],
  ])('waits for %s as long as it is told to, and another group is asked for', async (phase, script) => {
    gateway.handshake(script);
    const worker = startWorker({ apiUrl: api.url, setupTimeout: 300, delay });
    const first = await gateway.waitForConnection(1);
    await other.waitForReady();

    const { cause } = await worker.event('reconnecting');
    expect(cause).toEqual(new HandshakeError(`no '${phase}' within 300 ms`, phase));
    expect(await first.closed).toMatchObject({ code: 1000 });
    expect(api.starts.map(({ decoded }) => decoded?.exclude)).toEqual([[], ['blue']]);
  });

  it.each<NonNullable<HandshakeScript['closing']>>(['accept', 'connect', 'notice'])(
    'goes elsewhere soon when the gateway is about to close (%s)',
    async (closing) => {
      gateway.handshake({ closing });
      const worker = startWorker({ apiUrl: api.url });
      await other.waitForReady();

      expect(await worker.event('reconnecting')).toMatchObject({ attempt: 1, delay: 500 });
      expect(api.starts.map(({ decoded }) => decoded?.exclude)).toEqual([[], ['blue']]);
    },
  );

  it('goes to another endpoint than the gateway named when it is told one', async () => {
    api.answerStart(() => ({ endpoint: 'ws://gateway.invalid:1/v0/connect' }));
    const worker = startWorker({
      apiUrl: api.url,
      rewriteEndpoint: ({ endpoint }) => endpoint.replace('ws://gateway.invalid:1', new URL(gateway.url).origin),
    });
    await gateway.waitForReady();

    expect(worker.types).toEqual(['connecting', 'open']);
  });

  it('loses no request that comes in one turn with ready', async () => {
    gateway.handshake({ ready: 'never' });
    const worker = startWorker({ apiUrl: api.url });
    const connection = await gateway.waitForConnection();
    await connection.waitForState('connected');
    connection.send({ kind: 'ready' });
    gateway.sendRequest(workRequest(), connection);
    const { reply } = await connection.waitForMessage('reply');

    expect(reply).toMatchObject({ requestId: 'r1', status: 'done' });
    expect(connection.kinds).toEqual(['connect', 'ready', 'ack', 'reply']);
    await worker.event('accepted');
  });

  describe('with a gateway that does as it likes', () => {
    const sockets: Socket[] = [];
    const server = createServer();
    let heard: number[];
    /** The endpoint of a server that answers an upgrade with these messages at once, and goes on with the handshake when it is told goodbye. */
    let url: string;

    const frame = (message: FromGateway): Buffer => {
      const body = Buffer.from(msgpackWire.gateway.encode(message) as Uint8Array);
      return Buffer.concat([Buffer.of(0x82, body.length), body]);
    };

    beforeEach(async () => {
      heard = [];
      server.on('upgrade', ({ headers }, socket: Socket) => {
        sockets.push(socket);
        const accept = createHash('sha1')
          .update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
          .digest('base64');
        const head = [
          'HTTP/1.1 101 Switching Protocols',
          'Upgrade: websocket',
          'Connection: Upgrade',
          `Sec-WebSocket-Accept: ${accept}`,
          `Sec-WebSocket-Protocol: ${msgpackWire.subprotocol}`,
        ];
        socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), frame({ kind: 'hello' })]));
        socket.on('data', (chunk: Buffer) => {
          heard.push(chunk[0] as number);
          if (chunk[0] === CLOSE) socket.end(Buffer.concat([frame({ kind: 'hello' }), frame({ kind: 'ready' })]));
        });
        socket.on('error', () => undefined);
      });
      await listen(server);
      url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterEach(async () => {
      for (const socket of sockets.splice(0)) socket.destroy();
      server.removeAllListeners('upgrade');
      await unlisten(server);
    });

    it('loses no hello that comes in one packet with the accept, and says nothing over a socket that it gave up', async () => {
      const worker = startWorker({
        apiUrl: api.url,
        setupTimeout: 300,
        delay,
        rewriteEndpoint: ({ group, endpoint }) => (group === 'blue' ? url : endpoint),
      });
      await other.waitForReady();
      const [socket] = sockets;
      if (!socket?.closed) await new Promise((resolve) => socket?.once('close', resolve));

      expect((await worker.event('reconnecting')).cause).toMatchObject({ phase: 'ready' });
      expect(heard).toEqual([BINARY, CLOSE]);
      expect(worker.types.filter((type) => type === 'open')).toHaveLength(1);
    });
  });
});

/** The first byte of a frame of bytes, and of one that says goodbye. */
const BINARY = 0x82;
const CLOSE = 0x88;
