import { HandshakeError } from '../../../src/core/errors.js';
import { hashSigningKey } from '../../../src/gateway/signingKeys.js';
import type { ConnectedWorker } from '../../../src/gateway/connectWorker.js';
import { connectWorker } from '../../../src/gateway/connectWorker.js';
import { type MockApi, mockApi } from '../../../src/testing/mockApi.js';
import { type MockGateway, mockGateway } from '../../../src/testing/mockGateway.js';
import type { MockGatewayOptions } from '../../../src/testing/mockGatewayOptions.js';
import { constant } from '../../../src/core/backoff.js';
import { echo, startWorker, stopWorkers } from './startWorker.js';

const KEY = `signkey-test-${'12345678'.repeat(4)}`;
const FALLBACK = `signkey-test-${'abcdef01'.repeat(4)}`;

/** What was measured to go wrong in the workers of others, each with the name of its scenario, and does not here. */
describe('a weakness of other workers that this one does not have', () => {
  let api: MockApi;
  const gateways: MockGateway[] = [];
  const workers: ConnectedWorker[] = [];

  const gatewayOf = async (options: MockGatewayOptions = {}): Promise<MockGateway> => {
    const gateway = await mockGateway({ api, extendLeaseInterval: 20, ...options });
    gateways.push(gateway);
    return gateway;
  };
  const soon = constant(5);

  beforeEach(async () => {
    api = await mockApi();
  });
  afterEach(async () => {
    stopWorkers();
    for (const worker of workers.splice(0)) worker.stop();
    await Promise.all(gateways.splice(0).map(async (gateway) => gateway.close()));
    await api.close();
  });

  it('zombie: a connection whose heartbeat died is closed, and what comes over it later is not executed', async () => {
    const gateway = await gatewayOf({ heartbeatInterval: 40 });
    const handled: string[] = [];
    const worker = startWorker({
      apiUrl: api.url,
      delay: soon,
      apps: [{ name: 'app', handle: ({ request }) => void handled.push(request.requestId) }],
    });
    const zombie = await gateway.waitForReady();
    const request = await firstRequest(gateway);
    zombie.socket.freeze();
    await worker.event('reconnecting');
    // Before the gateway misses beats as well.
    gateway.sendRequest({ ...request, requestId: 'late' }, zombie);
    await gateway.waitForReady(2);
    zombie.socket.thaw();
    await zombie.closed;

    expect(gateway.connections).toHaveLength(1);
    expect(handled).not.toContain('late');
  });

  it('hbmiss: heartbeats that nobody answers end the connection, and another one is made', async () => {
    const gateway = await gatewayOf({ heartbeatInterval: 20, answerHeartbeats: false });
    const worker = startWorker({ apiUrl: api.url, delay: soon });
    const first = await gateway.waitForReady();
    const { cause } = await worker.event('reconnecting');

    expect(cause).toMatchObject({ name: 'HeartbeatTimeoutError', timeout: 40 });
    expect(first.kinds.filter((kind) => kind === 'heartbeat').length).toBeGreaterThanOrEqual(2);
    await first.closed;
    await gateway.waitForReady(2);
  });

  it('doubleclosing: a second notice before the replacement is there loses no connection', async () => {
    const old = await gatewayOf();
    const next = await gatewayOf({ handshake: { readyAfter: 30 } });
    const worker = startWorker({ apiUrl: api.url });
    const connection = await old.waitForReady();
    old.drain();
    old.drain();
    await worker.event('retired');
    await connection.closed;
    await worker.shutdown();

    expect(old.connections).toEqual([]);
    expect(next.connections).toEqual([]);
    expect(worker.types.filter((type) => type === 'open')).toHaveLength(2);
  });

  it('setuptimeout, latehello: a handshake that takes too long closes its socket, and a late hello is not answered', async () => {
    const gateway = await gatewayOf();
    gateway.handshake({ hello: 'never' });
    const worker = startWorker({ apiUrl: api.url, setupTimeout: 40, delay: soon });
    const late = await gateway.waitForConnection(1);
    const { cause } = await worker.event('reconnecting');
    expect(cause).toMatchObject({ name: 'HandshakeError', phase: 'hello' });
    if (late.state !== 'closed') late.send({ kind: 'hello' });
    await late.closed;
    await gateway.waitForReady();

    expect(late.received).toEqual([]);
  });

  it('hangstart: a start request that is never answered is given up and made again', async () => {
    const gateway = await gatewayOf();
    api.hang('start');
    const worker = startWorker({ apiUrl: api.url, apiTimeout: 300, delay: soon });
    const { cause } = await worker.event('reconnecting');
    await gateway.waitForReady();

    expect(cause).toMatchObject({ name: 'GatewayApiError', status: undefined });
    expect(api.starts).toHaveLength(2);
  });

  it('closehang: a worker whose start request hangs ends when it is asked to', async () => {
    api.hang('start', { times: Infinity });
    const worker = startWorker({ apiUrl: api.url });
    await api.waitForStart();
    await worker.shutdown();

    expect(worker.types).toEqual(['closing']);
  });

  it('noreplyackclose: a reply that nobody confirmed is flushed before the worker ends', async () => {
    const gateway = await gatewayOf({ ackReplies: 'never' });
    const worker = startWorker({ apiUrl: api.url, ackWithin: 30 });
    const { requestId, reply } = gateway.request();
    await reply;
    await worker.shutdown();

    expect(await worker.event('accepted')).toEqual({ type: 'accepted', requestId, via: 'http' });
    expect(api.flushes.map(({ decoded }) => decoded?.requestId)).toEqual([requestId]);
  });

  it('noreplyack: a reply that nobody confirmed is flushed while the connection stays', async () => {
    const gateway = await gatewayOf({ ackReplies: 'never' });
    const worker = startWorker({ apiUrl: api.url, ackWithin: 30 });
    const { requestId } = gateway.request();

    expect(await worker.event('accepted')).toEqual({ type: 'accepted', requestId, via: 'http' });
    expect(gateway.connections).toHaveLength(1);
    expect(worker.types).not.toContain('reconnecting');
  });

  it('flushfail: a flush that is refused with 401 is made again with the fallback key, at once', async () => {
    await api.close();
    api = await mockApi({ keys: [KEY, FALLBACK] });
    const gateway = await gatewayOf({ ackReplies: 'never' });
    const worker = startWorker({
      apiUrl: api.url,
      signingKey: KEY,
      signingKeyFallback: FALLBACK,
      ackWithin: 30,
    });
    await gateway.waitForReady();
    api.fail('flush', 401);
    const { requestId } = gateway.request();
    await worker.event('accepted');

    expect(api.flushes.map(({ decoded, status }) => [decoded?.requestId, status])).toEqual([
      [requestId, 401],
      [requestId, 200],
    ]);
    expect(api.flushes.map(({ headers }) => headers['authorization'])).toEqual(
      [KEY, FALLBACK].map((key) => `Bearer ${hashSigningKey(key)}`),
    );
  });

  it('dup: a request that comes twice is done once and answered once', async () => {
    const gateway = await gatewayOf();
    let runs = 0;
    const worker = startWorker({
      apiUrl: api.url,
      apps: [{ name: 'app', handle: async () => Promise.resolve({ body: ++runs }) }],
    });
    const request = await firstRequest(gateway);
    gateway.sendRequest(request);
    await worker.event('skipped');
    await gateway.waitForMessage('ack', 2);

    expect(runs).toBe(1);
    expect(gateway.received.filter(({ kind }) => kind === 'reply')).toHaveLength(1);
  });

  it('throwing: a handler that throws, or a payload that does not parse, is answered', async () => {
    const gateway = await gatewayOf();
    startWorker({
      apiUrl: api.url,
      apps: [{ name: 'app', handle: () => Promise.reject(new RangeError('too far')) }],
    });
    const thrown = await gateway.request().reply;
    const unparsed = await gateway.request({ payload: new TextEncoder().encode('{"half') }).reply;

    expect([thrown.status, unparsed.status]).toEqual(['error', 'error']);
    expect(text(thrown.body)).toContain('too far');
    expect(text(unparsed.body)).toContain('InvalidPayloadError');
  });

  it('text, crash: frames that are no messages do not end the connection, let alone the process', async () => {
    const gateway = await gatewayOf();
    const worker = startWorker({ apiUrl: api.url });
    const connection = await gateway.waitForReady();
    connection.socket.send('hello');
    connection.socket.send(new Uint8Array());
    connection.socket.send(new Uint8Array([0xc1, 0xff]));
    await worker.event('malformed', 3);
    await gateway.request().reply;

    expect(gateway.connections).toHaveLength(1);
  });

  it("godur: '1m30s' is a minute and a half, and a text that is no duration is said so", async () => {
    const gateway = await gatewayOf();
    gateway.handshake({ intervals: { heartbeatInterval: 'often' } });
    gateway.handshake({ intervals: { heartbeatInterval: '1m30s', extendLeaseInterval: '2m0s' } });
    const worker = startWorker({ apiUrl: api.url, delay: soon });
    const { cause } = await worker.event('reconnecting');
    const { connection } = await worker.event('open');

    expect(cause).toBeInstanceOf(HandshakeError);
    expect(connection.session).toMatchObject({ heartbeatInterval: 90_000, extendLeaseInterval: 120_000 });
  });

  it('doublehello: two hellos are answered once', async () => {
    const gateway = await gatewayOf({ handshake: { hello: 'twice' } });
    startWorker({ apiUrl: api.url });
    const connection = await gateway.waitForReady();

    expect(connection.kinds).toEqual(['connect', 'ready']);
  });

  it('concurrency: no more requests are worked on at a time than the worker said', async () => {
    const gateway = await gatewayOf();
    let now = 0;
    let most = 0;
    startWorker({
      apiUrl: api.url,
      concurrency: 1,
      apps: [
        {
          name: 'app',
          async handle() {
            most = Math.max(most, ++now);
            await new Promise((resolve) => setImmediate(resolve));
            now--;
          },
        },
      ],
    });
    await gateway.waitForReady();
    const requests = Array.from({ length: 5 }, () => gateway.request());
    await Promise.all(requests.map(async ({ reply }) => reply));

    expect(most).toBe(1);
    expect(gateway.received.find(({ kind }) => kind === 'connect')).toMatchObject({ worker: { maxConcurrency: 1 } });
  });

  it('auth: the fallback key is tried at once', async () => {
    await api.close();
    api = await mockApi({ keys: [FALLBACK] });
    const gateway = await gatewayOf();
    const worker = startWorker({ apiUrl: api.url, signingKey: KEY, signingKeyFallback: FALLBACK });
    await gateway.waitForReady();

    expect(api.starts.map(({ status }) => status)).toEqual([401, 200]);
    expect(worker.types).not.toContain('reconnecting');
  });

  it('authnofb: without a fallback no request goes out without the key', async () => {
    await api.close();
    api = await mockApi({ keys: [FALLBACK] });
    await gatewayOf();
    const worker = startWorker({ apiUrl: api.url, signingKey: KEY, delay: soon });
    await api.waitForStart(4);
    const { cause } = await worker.event('reconnecting');

    expect(cause).toMatchObject({ name: 'AuthError', status: 401 });
    expect(new Set(api.starts.map(({ headers }) => headers['authorization']))).toEqual(
      new Set([`Bearer ${hashSigningKey(KEY)}`]),
    );
  });

  it('drain: the drained gateway is excluded, the state stays ACTIVE, and the old connection serves until the new one is ready', async () => {
    const old = await gatewayOf({ group: 'old' });
    const next = await gatewayOf({ group: 'new', handshake: { readyAfter: 30 } });
    const worker = connectWorker({ apiUrl: api.url, apps: [echo] });
    workers.push(worker);
    const states: string[] = [];
    worker.state$.subscribe(({ state, internalState }) => states.push(`${state} (${internalState})`));
    const connection = await old.waitForReady();
    connection.send({ kind: 'draining' });
    const late = { ...(await firstRequest(old)), requestId: 'late' };
    expect(next.connections.some(({ state }) => state === 'ready')).toBe(false);
    old.sendRequest(late, connection);
    await next.waitForReady();
    await connection.closed;
    await old.waitForMessage((message) => message.kind === 'ack' && message.request.requestId === 'late');

    expect(api.starts.map(({ decoded }) => decoded?.exclude)).toEqual([[], ['old']]);
    expect(states).toEqual([
      'CONNECTING (CONNECTING)',
      'ACTIVE (ACTIVE)',
      'ACTIVE (DRAINING_RECONNECTING)',
      'ACTIVE (ACTIVE)',
    ]);
  });

  it('close: a gateway is told that the end is no accident', async () => {
    const gateway = await gatewayOf();
    const worker = startWorker({ apiUrl: api.url });
    const connection = await gateway.waitForReady();
    await worker.shutdown();

    expect(await connection.closed).toEqual({ code: 1000, reason: 'WORKER_SHUTDOWN' });
  });

  it('syncfailed: why the apps could not be registered is told', async () => {
    const gateway = await gatewayOf();
    gateway.handshake({ syncFailed: { code: 'connect_invalid_function_config', message: 'app has no triggers' } });
    const worker = startWorker({ apiUrl: api.url, delay: soon });
    const { cause } = await worker.event('reconnecting');

    expect(cause).toMatchObject({
      name: 'HandshakeError',
      phase: 'sync',
      cause: { name: 'SyncFailedError', reason: 'connect_invalid_function_config' },
    });
    expect((cause as Error).message).toContain('app has no triggers');
  });

  it('closeduringbackoff: a worker that waits to try again can be watched, and ends when it is asked to', async () => {
    api.fail('start', 500, { times: Infinity });
    const worker = connectWorker({ apiUrl: api.url, apps: [echo], delay: constant('1h') });
    workers.push(worker);
    await api.waitForStart();
    await new Promise<void>((resolve) => {
      worker.state$.subscribe(({ state }) => state === 'RECONNECTING' && resolve());
    });
    await worker.close();

    expect(worker.state).toBe('CLOSED');
  });

  it('limit: how often to try can be limited, and then the last cause is the error', async () => {
    api.fail('start', 429, { times: Infinity, retryAfter: 0 });
    const worker = startWorker({ apiUrl: api.url, delay: soon, maxAttempts: 2 });

    await expect(worker.done).rejects.toMatchObject({ name: 'ConnectionLimitError', status: 429 });
    expect(api.starts).toHaveLength(3);
  });

  it('back-off: the first wait is the first of the table, and not the same for all', async () => {
    api.fail('start', 500, { times: Infinity });
    const delays = [0, 0.5].map(async (chance) => {
      const worker = startWorker({ apiUrl: api.url, random: () => chance });
      return (await worker.event('reconnecting')).delay;
    });

    expect(await Promise.all(delays)).toEqual([1_000, 1_150]);
  });

  it('3.40.1 drain: leases are extended on the new connection after a handover', async () => {
    const old = await gatewayOf({ group: 'old' });
    const next = await gatewayOf({ group: 'new' });
    let finish = (): void => undefined;
    const worker = startWorker({
      apiUrl: api.url,
      apps: [{ name: 'app', handle: () => new Promise<undefined>((resolve) => (finish = () => resolve(undefined))) }],
    });
    await old.waitForReady();
    const { reply, acked } = old.request();
    await acked;
    old.drain();
    await worker.event('retired');
    await next.waitForMessage('extendLease', 2);
    finish();
    await reply;

    expect(api.workBook.summary()).toMatchObject({ lost: 0, doubled: 0, expiries: 0 });
  });

  /** A request that was sent and answered: to send variants of it. */
  const firstRequest = async (gateway: MockGateway) => {
    const { record, reply } = gateway.request();
    await reply;
    if (!record.request) throw new Error('the request was not sent');
    return record.request;
  };
});

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
