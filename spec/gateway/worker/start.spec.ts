import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { constant } from '../../../src/core/backoff.js';
import { hashSigningKey } from '../../../src/gateway/signingKeys.js';
import { mockApi, type MockApi } from '../../../src/testing/mockApi.js';
import { type MockGateway, mockGateway } from '../../../src/testing/mockGateway.js';
import { closeServers, deadUrl, httpServer } from '../httpServer.js';
import { leftOver } from './leftOver.js';
import { startWorker, stopWorkers } from './startWorker.js';

const KEY = `signkey-test-${'12345678'.repeat(4)}`;
const FALLBACK = `signkey-test-${'abcdef01'.repeat(4)}`;
const FIRST = `Bearer ${hashSigningKey(KEY)}`;
const SECOND = `Bearer ${hashSigningKey(FALLBACK)}`;

/** Retries follow at once, so that tests need not wait. */
const delay = constant(1);

describe('the start of a worker', () => {
  let api: MockApi;
  let gateway: MockGateway;
  let left: ReturnType<typeof leftOver>;

  const begin = async (options?: Parameters<typeof mockApi>[0]): Promise<void> => {
    api = await mockApi(options);
    gateway = await mockGateway({ api });
  };
  const keysOf = (): unknown[] => api.starts.map(({ headers }) => headers['authorization']);

  beforeEach(() => {
    left = leftOver();
  });
  afterEach(async () => {
    stopWorkers();
    await gateway.close();
    await api.close();
    await closeServers();
    expect(await left()).toEqual([]);
  });

  it('asks the API where to connect, with the hashed key and the environment', async () => {
    await begin({ keys: [KEY] });
    const worker = startWorker({ apiUrl: api.url, signingKey: KEY, env: 'pr-7' });
    const { connection } = await worker.event('open');

    expect(api.starts).toMatchObject([
      {
        method: 'POST',
        path: '/v0/connect/start',
        headers: { 'content-type': api.wire.contentType, authorization: FIRST, 'x-inngest-env': 'pr-7' },
        decoded: { exclude: [] },
        status: 200,
      },
    ]);
    expect(connection.url).toBe(gateway.url);
    expect(gateway.received[0]).toMatchObject({ worker: { environment: 'pr-7' } });
  });

  it('says nothing of a key and of an environment where there is none, and asks elsewhere when it is told to', async () => {
    await begin();
    const worker = startWorker({ apiUrl: `${api.url}/proxy/`, startPath: '/start' });
    await worker.event('open');

    expect(api.starts.map(({ path }) => path)).toEqual(['/proxy/start']);
    expect(api.starts[0]?.headers).not.toHaveProperty('authorization');
    expect(api.starts[0]?.headers).not.toHaveProperty('x-inngest-env');
    expect(gateway.received[0]).not.toHaveProperty('worker.environment');
  });

  it('tries the fallback key at once when the key is refused, and stays with it', async () => {
    await begin({ keys: [FALLBACK] });
    const worker = startWorker({ apiUrl: api.url, signingKey: KEY, signingKeyFallback: FALLBACK, delay });
    await worker.event('open');
    expect(worker.types).not.toContain('reconnecting');

    gateway.drop();
    await worker.event('open', 2);
    expect(keysOf()).toEqual([FIRST, SECOND, SECOND]);
  });

  it('swaps the keys back and forth while both are refused', async () => {
    await begin({ keys: [KEY] });
    api.fail('start', 401, { times: 3, body: 'authentication failed' });
    const worker = startWorker({ apiUrl: api.url, signingKey: KEY, signingKeyFallback: FALLBACK, delay });
    await worker.event('open');

    const { cause } = await worker.event('reconnecting');
    expect(cause).toMatchObject({ name: 'AuthError', status: 401 });
    expect(keysOf()).toEqual([FIRST, SECOND, SECOND, FIRST]);
  });

  it('comes back within the time that the API asks for when there are too many connections', async () => {
    await begin();
    api.fail('start', 429, { retryAfter: 7, body: 'reached max allowed connections' });
    api.fail('start', 429);
    const worker = startWorker({ apiUrl: api.url, delay, random: () => 0.001 });
    await worker.event('open');

    expect(worker.events.filter(({ type }) => type === 'reconnecting')).toMatchObject([
      { attempt: 1, delay: 7, cause: { name: 'ConnectionLimitError', status: 429, retryAfter: 7_000 } },
      { attempt: 2, delay: 1, cause: { name: 'ConnectionLimitError', status: 429, retryAfter: undefined } },
    ]);
    expect(api.starts.map(({ status }) => status)).toEqual([429, 429, 200]);
  });

  it.each<[string, (api: MockApi) => void, object]>([
    ['that answers 500', (down) => down.fail('start', 500), { name: 'GatewayApiError', status: 500 }],
    ['that hangs up', (down) => down.cut('start'), { message: expect.stringContaining('gave no answer') }],
    [
      'whose answer is cut off',
      (down) => down.answerStart('truncated'),
      { message: expect.stringContaining('gave an answer that cannot be read'), cause: { name: 'ProtocolError' } },
    ],
    ['that answers with noise', (down) => down.answerStart('garbage'), { cause: { name: 'ProtocolError' } }],
    [
      'that names no endpoint',
      (down) => down.answerStart(() => ({ endpoint: undefined }) as never),
      { cause: { name: 'ProtocolError' } },
    ],
    [
      'whose endpoint is none',
      (down) => down.answerStart(() => ({ endpoint: 'https://gateway.example.com' })),
      { message: expect.stringContaining('expected `endpoint` to be a URL of a WebSocket') },
    ],
  ])('asks an API again %s', async (_what, fail, cause) => {
    await begin();
    fail(api);
    const worker = startWorker({ apiUrl: api.url, delay });
    await worker.event('open');

    expect(worker.events).toMatchObject([
      { type: 'reconnecting', attempt: 1, cause },
      { type: 'connecting' },
      { type: 'open' },
    ]);
    // An API that fails says nothing about a gateway.
    expect(api.starts[1]?.decoded).toEqual({ exclude: [] });
  });

  it('waits for an API that is down, and finds it when it is back', async () => {
    const apiUrl = await deadUrl();
    const worker = startWorker({ apiUrl, delay });
    const { cause } = await worker.event('reconnecting', 2);
    expect(cause).toMatchObject({ name: 'GatewayApiError', message: expect.stringContaining('ECONNREFUSED') });

    await begin({ port: Number(new URL(apiUrl).port) });
    await worker.event('open');
  });

  it.each(['shutdown', 'stop'] as const)('aborts its request on %s()', async (end) => {
    await begin();
    let arrived: (response: ServerResponse) => void;
    const arrival = new Promise<ServerResponse>((resolve) => (arrived = resolve));
    const { url } = await httpServer((response) => arrived(response));
    const worker = startWorker({ apiUrl: url });
    const aborted = once(await arrival, 'close');

    await worker[end]();
    await aborted;
    expect(worker.types).toEqual(end === 'shutdown' ? ['closing'] : []);
  });
});
