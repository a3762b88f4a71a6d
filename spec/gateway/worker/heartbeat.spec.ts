import { constant } from '../../../src/core/backoff.js';
import { mockApi, type MockApi } from '../../../src/testing/mockApi.js';
import { type MockGateway, mockGateway } from '../../../src/testing/mockGateway.js';
import { leftOver } from './leftOver.js';
import { startWorker, stopWorkers } from './startWorker.js';

/** Retries follow at once, so that tests need not wait. */
const delay = constant(1);

describe('the heartbeat of a worker', () => {
  let api: MockApi;
  let gateway: MockGateway;
  let other: MockGateway;
  let left: ReturnType<typeof leftOver>;

  beforeEach(async () => {
    left = leftOver();
    api = await mockApi();
    gateway = await mockGateway({ api, group: 'blue', heartbeatInterval: 40 });
    other = await mockGateway({ api, group: 'green', heartbeatInterval: 40 });
  });
  afterEach(async () => {
    stopWorkers();
    await Promise.all([gateway.close(), other.close()]);
    await api.close();
    expect(await left()).toEqual([]);
  });

  it('keeps a connection over which nothing else is said', async () => {
    const worker = startWorker({ apiUrl: api.url });
    const connection = await gateway.waitForReady();
    await connection.waitForMessage('heartbeat', 6);
    await worker.event('pong', 5);

    expect(worker.types.filter((type) => type !== 'pong')).toEqual(['connecting', 'open']);
  });

  it('tells of a dead gateway, closes its connection, and asks for another group', async () => {
    gateway.answerHeartbeats = false;
    const worker = startWorker({ apiUrl: api.url, delay });
    const connection = await gateway.waitForReady();
    const { cause } = await worker.event('reconnecting');
    await other.waitForReady();
    await connection.closed;

    expect(cause).toMatchObject({ name: 'HeartbeatTimeoutError', timeout: 80 });
    expect(connection.kinds.slice(0, 4)).toEqual(['connect', 'ready', 'heartbeat', 'heartbeat']);
    expect(api.starts.map(({ decoded }) => decoded?.exclude)).toEqual([[], ['blue']]);
    expect(gateway.connections).toEqual([]);
  });

  it('finds a link dead that tells nobody of its end', async () => {
    const worker = startWorker({ apiUrl: api.url, delay });
    const connection = await gateway.waitForReady();
    connection.socket.freeze();
    await other.waitForReady();

    expect(worker.types.filter((type) => type !== 'pong')).toEqual([
      'connecting',
      'open',
      'reconnecting',
      'connecting',
      'open',
    ]);
  });

  it('takes whatever the gateway says for a sign of life', async () => {
    gateway.answerHeartbeats = false;
    const worker = startWorker({ apiUrl: api.url });
    const connection = await gateway.waitForReady();
    for (let beat = 1; beat <= 6; beat++) {
      await connection.waitForMessage('heartbeat', beat);
      connection.send({ kind: 'replyAck', requestId: 'none' });
    }

    expect(new Set(worker.types)).toEqual(new Set(['connecting', 'open', 'message']));
  });

  it('has the rhythm that each gateway asks for', async () => {
    gateway.handshake({ intervals: { heartbeatInterval: '10m' } });
    const worker = startWorker({ apiUrl: api.url, delay });
    const slow = await gateway.waitForReady();
    const reply = gateway.request({ appName: 'app' });
    await reply.reply;
    slow.socket.drop();
    const fast = await other.waitForReady();
    await fast.waitForMessage('heartbeat', 3);

    expect(slow.kinds).not.toContain('heartbeat');
    await worker.event('open', 2);
  });

  it('goes over the new connection after a handover', async () => {
    const worker = startWorker({ apiUrl: api.url });
    const old = await gateway.waitForReady();
    await old.waitForMessage('heartbeat');
    gateway.drain();
    await worker.event('retired');
    await old.closed;
    const beats = old.kinds.length;
    const current = await other.waitForReady();
    await current.waitForMessage('heartbeat', 3);

    expect(old.kinds).toHaveLength(beats);
    expect(worker.types).not.toContain('reconnecting');
  });

  it('goes on while the worker ends and has work to do', async () => {
    let finish = (): void => undefined;
    const work = new Promise<void>((resolve) => (finish = resolve));
    const worker = startWorker({
      apiUrl: api.url,
      apps: [{ name: 'app', handle: async () => work.then(() => ({ body: 'late' })) }],
    });
    const connection = await gateway.waitForReady();
    const { acked } = gateway.request({ appName: 'app' });
    await acked;
    const ended = worker.shutdown();
    await connection.waitForMessage('pause');
    const beats = connection.kinds.filter((kind) => kind === 'heartbeat').length;
    await connection.waitForMessage('heartbeat', beats + 5);
    finish();
    await ended;

    expect(connection.kinds.filter((kind) => kind !== 'heartbeat')).toEqual([
      'connect',
      'ready',
      'ack',
      'pause',
      'reply',
    ]);
    expect(await connection.closed).toEqual({ code: 1000, reason: 'WORKER_SHUTDOWN' });
  });
});
