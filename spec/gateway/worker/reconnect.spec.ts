import { lastValueFrom, map, takeWhile } from 'rxjs';
import { constant } from '../../../src/core/backoff.js';
import type { CloseCodes } from '../../../src/core/closeCodes.js';
import { gatewayWorker } from '../../../src/gateway/worker.js';
import type { GatewayWorkerConfig } from '../../../src/gateway/workerConfig.js';
import { mockApi, type MockApi } from '../../../src/testing/mockApi.js';
import { type MockGateway, mockGateway } from '../../../src/testing/mockGateway.js';
import { deadUrl } from '../httpServer.js';
import { leftOver } from './leftOver.js';
import { echo, startWorker, stopWorkers } from './startWorker.js';

/** Retries follow at once, so that tests need not wait. */
const delay = constant(1);

describe('a worker that lost its gateway', () => {
  let api: MockApi;
  let gateway: MockGateway;
  let left: ReturnType<typeof leftOver>;

  beforeEach(async () => {
    left = leftOver();
    api = await mockApi();
    gateway = await mockGateway({ api, group: 'blue' });
  });
  afterEach(async () => {
    stopWorkers();
    await gateway.close();
    await api.close();
    expect(await left()).toEqual([]);
  });

  const excluded = (): unknown => api.starts.map(({ decoded }) => decoded?.exclude);
  const dialled = async (config: Partial<GatewayWorkerConfig>): Promise<unknown> => {
    const worker = startWorker({ apiUrl: api.url, delay, ...config });
    await worker.event('open');
    expect(worker.types).toEqual(['connecting', 'reconnecting', 'connecting', 'open']);
    expect(excluded()).toEqual([[], ['blue']]);
    return (await worker.event('reconnecting')).cause;
  };

  it.each(['drop', 'reset'] as const)('dials again at once, and once, after a %s', async (end) => {
    const worker = startWorker({ apiUrl: api.url });
    await gateway.waitForReady();
    gateway[end]();
    await gateway.waitForReady(2);

    expect(worker.types).toEqual(['connecting', 'open', 'close', 'reconnecting', 'connecting', 'open']);
    expect(await worker.event('reconnecting')).toMatchObject({
      attempt: 1,
      delay: 0,
      cause: { name: 'ConnectionClosedError', code: 1006 },
    });
    expect(api.starts).toHaveLength(2);
  });

  it('tries again where nobody listens', async () => {
    const endpoint = (await deadUrl()).replace('http', 'ws');
    api.answerStart(() => ({ endpoint }));
    expect(await dialled({})).toMatchObject({ name: 'DialError' });
  });

  it('tries again where the upgrade is refused', async () => {
    gateway.server.refuse(400);
    expect(await dialled({})).toMatchObject({ name: 'DialError', status: 400 });
  });

  it('tries again where TLS fails', async () => {
    api.answerStart(({ endpoint }) => ({ endpoint: endpoint.replace('ws:', 'wss:') }));
    expect(await dialled({})).toMatchObject({ name: 'DialError' });
  });

  it('tries again where the dial is never answered', async () => {
    gateway.server.hang();
    expect(await dialled({ setupTimeout: 300 })).toMatchObject({ name: 'DialError' });
  });

  it('keeps away from the groups that failed since they last served, and is served by one of them when there is no other', async () => {
    const other = await mockGateway({ api, group: 'green' });
    const worker = startWorker({ apiUrl: api.url, delay });
    const serve = async (nth: number): Promise<string> => (await worker.event('open', nth)).connection.session.group;
    const served = [await serve(1)];
    gateway.drop();
    served.push(await serve(2));
    other.drop();
    served.push(await serve(3));
    gateway.drop();
    served.push(await serve(4));
    await other.close();

    expect(served).toEqual(['blue', 'green', 'blue', 'blue']);
    expect(excluded()).toEqual([[], ['blue'], ['blue', 'green'], ['green', 'blue']]);
  });

  it('asks for a group again once it has served, and does not take a goodbye for a failure', async () => {
    gateway.handshake({ authentication: 'refused' });
    const worker = startWorker({ apiUrl: api.url, delay });
    (await gateway.waitForReady(1)).close(1000);
    await worker.event('open', 2);

    expect(excluded()).toEqual([[], ['blue'], []]);
  });

  it('leaves nothing behind when that happens 50 times in a row', async () => {
    const worker = startWorker({ apiUrl: api.url, delay: constant(0) });
    await gateway.waitForReady(1);
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((name) => name.startsWith('TCPSocket')).length;
    const before = sockets();
    for (let nth = 1; nth <= 50; nth++) {
      const connection = await gateway.waitForReady(nth);
      if (nth % 2 === 0) connection.socket.drop();
      else connection.socket.reset();
      await connection.closed;
    }
    await gateway.waitForReady(51);

    expect(worker.types.filter((type) => type === 'open')).toHaveLength(51);
    expect(gateway.connections).toHaveLength(1);
    expect(api.starts).toHaveLength(51);
    expect(sockets()).toBe(before);
  });

  it('gives every reply once when the gateway is restarted meanwhile', async () => {
    let finish = (): void => undefined;
    const work = new Promise<void>((resolve) => (finish = resolve));
    const worker = startWorker({
      apiUrl: api.url,
      delay,
      apps: [{ name: 'app', handle: async ({ input }) => work.then(() => ({ body: input })) }],
    });
    const requests = Array.from({ length: 10 }, (_none, payload) => gateway.request({ appName: 'app', payload }));
    await Promise.all(requests.map(async ({ acked }) => acked));
    await gateway.close();
    gateway = await mockGateway({ api, group: 'blue', port: Number(new URL(gateway.url).port) });
    await gateway.waitForReady();
    finish();
    await worker.event('accepted', 10);

    const { workBook } = api;
    expect(workBook.summary()).toMatchObject({ sent: 10, replied: 10, lost: 0, doubled: 0 });
    expect(gateway.received.filter(({ kind }) => kind === 'reply')).toHaveLength(10);
    expect(worker.types.filter((type) => type === 'completed')).toHaveLength(10);
  });

  it.each<[CloseCodes, () => void, object]>([
    [{ 401: 'stop' }, () => api.fail('start', 401), { name: 'AuthError' }],
    [{ 429: 'stop' }, () => api.fail('start', 429), { name: 'ConnectionLimitError' }],
    [{ '1001-1999': 'stop' }, () => gateway.handshake({ authentication: 'refused' }), { name: 'HandshakeError' }],
    [{ '100-4999': 'stop' }, () => gateway.handshake({ closing: 'accept' }), { name: 'HandshakeError', code: 1001 }],
    [{ 503: 'stop' }, () => gateway.server.refuse(503), { name: 'DialError', status: 503 }],
  ])('gives up where it is told so: %j', async (closeCodes, fail, error) => {
    fail();
    const worker = startWorker({ apiUrl: api.url, delay, closeCodes });

    await expect(worker.done).rejects.toMatchObject(error);
    expect(worker.types).not.toContain('reconnecting');
  });

  it.each([1000, 1002, 1007, 1008, 1009, 1011, 1013, 3000, 4403, 4429])(
    'comes back without delay when a gateway closes with %i',
    async (code) => {
      const worker = startWorker({ apiUrl: api.url });
      (await gateway.waitForReady()).close(code);
      await gateway.waitForReady(2);

      expect(await worker.event('reconnecting')).toMatchObject({ attempt: 1, delay: 0, cause: { code } });
    },
  );

  it('gives up after as many attempts as it may make, with the last cause', async () => {
    api.fail('start', 500, { times: 3 });
    api.fail('start', 429);
    const worker = startWorker({ apiUrl: api.url, delay, maxAttempts: 3 });

    await expect(worker.done).rejects.toMatchObject({ name: 'ConnectionLimitError' });
    expect(worker.types).toEqual(['reconnecting', 'reconnecting', 'reconnecting']);
    expect(api.starts).toHaveLength(4);
  });

  it.each([
    ['reconnecting', undefined],
    ['connecting', undefined],
    ['open', 'connect'],
    ['pong', 'heartbeat'],
  ])('lets go of everything at once when who is told of %s leaves', async (type, last) => {
    api.fail('start', 500);
    gateway.handshake({ intervals: { heartbeatInterval: '10ms' } });
    const told$ = gatewayWorker({ apiUrl: api.url, apps: [echo], delay }).pipe(
      map((event) => event.type),
      takeWhile((told) => told !== type, true),
    );
    expect(await lastValueFrom(told$)).toBe(type);
    await gateway.waitUntil(() => gateway.connections.length === 0);

    expect(gateway.received.at(-1)?.kind).toBe(last);
  });

  describe.each(['shutdown', 'stop'] as const)('ends on %s()', (end) => {
    /** Ends the worker, and waits until no connection is left. */
    const ending = async (worker: ReturnType<typeof startWorker>): Promise<void> => {
      const events = worker.types.length;
      await worker[end]();
      await gateway.waitUntil(() => gateway.connections.length === 0);
      const closing = end === 'shutdown' ? ['closing'] : [];
      expect(worker.types.slice(events).filter((type) => type !== 'close')).toEqual(closing);
      expect(api.starts.length).toBeLessThanOrEqual(1);
    };

    it('while it dials', async () => {
      gateway.server.hang();
      const worker = startWorker({ apiUrl: api.url });
      await gateway.server.waitUntil(() => gateway.server.dials === 1);
      await ending(worker);
    });

    it('while it waits for hello', async () => {
      gateway.handshake({ hello: 'never' });
      const worker = startWorker({ apiUrl: api.url });
      const connection = await gateway.waitForConnection();
      await ending(worker);
      await connection.closed;
    });

    it('while it waits for ready', async () => {
      gateway.handshake({ ready: 'never' });
      const worker = startWorker({ apiUrl: api.url });
      const connection = await gateway.waitForConnection();
      await connection.waitForState('connected');
      await ending(worker);
      await connection.closed;
    });

    it('while it serves', async () => {
      const worker = startWorker({ apiUrl: api.url });
      const connection = await gateway.waitForReady();
      await ending(worker);
      const reason = end === 'shutdown' ? 'WORKER_SHUTDOWN' : '';
      expect(await connection.closed).toEqual({ code: 1000, reason });
    });

    it('while it waits for a retry', async () => {
      api.fail('start', 500);
      const worker = startWorker({ apiUrl: api.url });
      await worker.event('reconnecting');
      await ending(worker);
    });
  });
});
