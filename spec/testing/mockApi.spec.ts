import { request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { GatewayWire } from '../../src/gateway/gatewayWire.js';
import { inngestWire } from '../../src/gateway/inngestWire.js';
import type { StartAnswer } from '../../src/gateway/messages.js';
import { msgpackWire } from '../../src/gateway/wire.js';
import { mockApi, type MockApi } from '../../src/testing/mockApi.js';
import type { ApiGateway, MockApiOptions } from '../../src/testing/mockApiOptions.js';
import { replyTo } from './workerClient.js';
import { tcpHandles } from './wsClient.js';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array;
  readonly text: string;
}

/** Posts bytes; rejects when the connection breaks. */
const post = (url: string, body: Uint8Array = new Uint8Array(), headers = {}, method = 'POST'): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = httpRequest(url, { method, headers, agent: false }, (response) => {
      const { statusCode = 0, headers } = response;
      buffer(response).then((bytes) => {
        resolve({ status: statusCode, headers, body: new Uint8Array(bytes), text: bytes.toString() });
      }, reject);
    });
    asked.on('error', reject).end(body);
  });

const json = new TextEncoder().encode('{}');
const ids = { accountId: 'a', envId: 'e', appId: 'p', functionSlug: 'p-f', runId: 'r' };
const reply = (requestId: string, systemTraceCtx = json) =>
  replyTo({ ...ids, requestId, systemTraceCtx, userTraceCtx: json });
const gateway = (group: string, facts: Partial<ApiGateway> = {}): ApiGateway => ({
  group,
  url: `ws://127.0.0.1:1/${group}`,
  draining: false,
  route: () => false,
  ...facts,
});

describe('mockApi', () => {
  const apis: MockApi[] = [];
  const open = async (options?: MockApiOptions): Promise<MockApi> => {
    const api = await mockApi(options);
    apis.push(api);
    return api;
  };
  const askStart = (api: MockApi, exclude: readonly string[] = [], headers = {}): Promise<Answer> =>
    post(`${api.url}/v0/connect/start`, api.wire.startRequest.encode({ exclude }), headers);
  const askFlush = (api: MockApi, requestId = 'r1'): Promise<Answer> =>
    post(`${api.url}/v0/connect/flush`, api.wire.flushRequest.encode(reply(requestId)));
  const startOf = async (api: MockApi, exclude?: readonly string[]): Promise<StartAnswer> =>
    api.wire.startAnswer.decode((await askStart(api, exclude)).body);

  afterEach(async () => {
    await Promise.all(apis.splice(0).map((api) => api.close()));
    expect(await tcpHandles()).toEqual([]);
  });

  describe.each<[string, GatewayWire]>([
    ['msgpack', msgpackWire],
    ['protobuf', inngestWire],
  ])('over %s', (_name, wire) => {
    it('tells a worker where to connect, and remembers who asked what', async () => {
      const api = await open({ wire });
      api.register(gateway('one'));
      const { status, headers, body } = await askStart(api, ['two'], { 'X-Inngest-Env': 'test' });
      expect([status, headers['content-type']]).toEqual([200, 'application/octet-stream']);
      const answer = wire.startAnswer.decode(body);
      expect(answer).toMatchObject({ endpoint: 'ws://127.0.0.1:1/one', group: 'one' });
      expect(api.isIssued(answer)).toBe(true);
      expect(api.isIssued({ ...answer, sessionToken: 'stale' })).toBe(false);
      const [request] = api.starts;
      expect(request).toMatchObject({ path: '/v0/connect/start', name: 'start', method: 'POST', status: 200 });
      expect(request).toMatchObject({
        decoded: { exclude: ['two'] },
        body: wire.startRequest.encode({ exclude: ['two'] }),
      });
      expect(request?.headers['x-inngest-env']).toBe('test');
      expect(Math.abs(request!.at - Date.now())).toBeLessThan(60_000);
    });

    it('takes a reply, and tells whose it was', async () => {
      const api = await open({ wire });
      const { status, body } = await askFlush(api, 'r7');
      expect(status).toBe(200);
      expect(wire.flushAnswer.decode(body)).toEqual({ requestId: 'r7' });
      expect(api.workBook.record('r7').reply).toEqual({ reply: reply('r7'), from: 'flush' });
      expect(api.flushes).toMatchObject([{ name: 'flush', decoded: reply('r7') }]);
    });

    it('answers 400 to a body that it cannot read', async () => {
      const api = await open({ wire });
      const noise = Uint8Array.of(0xc1, 0xff, 0xff, 0xc1);
      expect((await post(`${api.url}/v0/connect/start`, noise)).status).toBe(400);
      expect((await post(`${api.url}/v0/connect/flush`, noise)).status).toBe(400);
      expect(api.requests.map(({ decoded }) => decoded)).toEqual([undefined, undefined]);
    });

    it.each(['truncated', 'garbage'] as const)('gives an answer that is %s, once', async (spoiled) => {
      const api = await open({ wire });
      api.register(gateway('one'));
      api.answerStart(spoiled);
      const { status, body } = await askStart(api);
      expect(status).toBe(200);
      expect(() => wire.startAnswer.decode(body)).toThrow();
      expect((await startOf(api)).group).toBe('one');
    });
  });

  it('makes connection ids that are ULIDs, another one for each start', async () => {
    const api = await open();
    api.register(gateway('one'));
    const [one, other] = [await startOf(api), await startOf(api)];
    expect(one.connectionId).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
    expect(other.connectionId).not.toBe(one.connectionId);
  });

  describe('sends workers', () => {
    it('to the first gateway that is not excluded and does not drain', async () => {
      const api = await open();
      api.register(gateway('one', { draining: true }));
      const unregister = api.register(gateway('two'));
      api.register(gateway('three'));
      expect(api.gateways.map(({ group }) => group)).toEqual(['one', 'two', 'three']);
      expect((await startOf(api)).group).toBe('two');
      expect((await startOf(api, ['two'])).group).toBe('three');
      unregister();
      expect((await startOf(api)).group).toBe('three');
    });

    it('to any when all are excluded, rather to one that does not drain', async () => {
      const api = await open();
      api.register(gateway('one', { draining: true }));
      expect((await startOf(api, ['one'])).group).toBe('one');
      api.register(gateway('two'));
      expect((await startOf(api, ['one', 'two'])).group).toBe('two');
    });

    it('nowhere without a gateway', async () => {
      const api = await open();
      expect(await askStart(api)).toMatchObject({ status: 500, text: 'no gateway' });
      expect(() => api.startAnswer()).toThrow('mockApi: no gateway is registered');
    });
  });

  describe('accepts', () => {
    const raw = `signkey-test-${'12345678'.repeat(4)}`;
    const hashed = 'signkey-test-ddcbc45ed5383449004fe644dec93827baf94a56322cace8d8139e04572ca01e';
    const bearer = (key: string) => ({ Authorization: `Bearer ${key}` });

    it.each([
      ['given raw', raw],
      ['given hashed', hashed],
    ])('a hashed key, %s, and nothing else', async (_name, key) => {
      const api = await open({ keys: [key] });
      api.register(gateway('one'));
      expect((await askStart(api, [], bearer(hashed))).status).toBe(200);
      expect(await askStart(api, [], bearer(raw))).toMatchObject({ status: 401, text: 'authentication failed' });
      expect(await askStart(api)).toMatchObject({ status: 401, text: 'missing Authorization header' });
    });

    it('a key without a prefix', async () => {
      const api = await open({ keys: ['12345678'.repeat(4)] });
      api.register(gateway('one'));
      expect((await askStart(api, [], bearer(hashed.replace('signkey-test-', '')))).status).toBe(200);
    });

    it('nothing but posts to what it knows', async () => {
      const api = await open();
      expect((await post(`${api.url}/v0/connect/start`, undefined, {}, 'PUT')).status).toBe(405);
      expect((await post(`${api.url}/v0/connect/restart`)).status).toBe(404);
      expect(api.requests.map(({ name }) => name)).toEqual(['start', 'other']);
    });

    it('no reply whose trace context was not copied', async () => {
      const api = await open();
      const body = api.wire.flushRequest.encode(reply('r1', new Uint8Array()));
      expect(await post(`${api.url}/v0/connect/flush`, body)).toMatchObject({
        status: 400,
        text: 'systemTraceCtx is not JSON',
      });
    });
  });

  describe('under script', () => {
    it('fails as often as it is told, with a body and Retry-After', async () => {
      const api = await open();
      api.register(gateway('one'));
      api.fail('start', 429, { times: 2, retryAfter: 3, body: 'reached max allowed connections' });
      const answer = await askStart(api);
      expect(answer).toMatchObject({ status: 429, text: 'reached max allowed connections' });
      expect(answer.headers['retry-after']).toBe('3');
      expect((await askStart(api)).status).toBe(429);
      expect((await askStart(api)).status).toBe(200);
      expect(api.starts.map(({ status }) => status)).toEqual([429, 429, 200]);
    });

    it('fails in one path and not in the other, until it recovers', async () => {
      const api = await open();
      api.register(gateway('one'));
      api.fail('flush', 500, { times: Infinity });
      expect((await askFlush(api)).status).toBe(500);
      expect((await askFlush(api)).status).toBe(500);
      expect((await askStart(api)).status).toBe(200);
      expect(api.workBook.summary().unasked).toBe(0);
      api.recover();
      expect((await askFlush(api)).status).toBe(200);
    });

    it('leaves a request without an answer', async () => {
      const api = await open();
      api.hang('start');
      const hanging = askStart(api).catch((error: unknown) => (error as NodeJS.ErrnoException).code);
      expect((await api.waitForStart()).status).toBeUndefined();
      await api.close();
      expect(await hanging).toBe('ECONNRESET');
    });

    it('cuts a request off', async () => {
      const api = await open();
      api.register(gateway('one'));
      api.cut('start');
      await expect(askStart(api)).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect((await askStart(api)).status).toBe(200);
    });

    it('answers later, and has the reply before', async () => {
      const api = await open();
      api.delay('flush', '20ms');
      const answer = askFlush(api, 'r1');
      await api.waitForFlush('r1');
      expect(api.workBook.record('r1').replies).toHaveLength(1);
      expect(api.flushes[0]?.status).toBeUndefined();
      expect((await answer).status).toBe(200);
      await api.waitUntil(() => api.flushes[0]?.status === 200);
    });

    it('changes an answer, leaves it, or gives bytes', async () => {
      const api = await open();
      api.register(gateway('one'));
      api.answerStart(({ group }, { decoded }) => ({ group: `${group}, not ${String(decoded?.exclude)}` }));
      api.answerStart(() => undefined);
      api.answerStart(() => Uint8Array.of(1, 2));
      expect((await startOf(api, ['two'])).group).toBe('one, not two');
      expect((await startOf(api)).group).toBe('one');
      expect((await askStart(api)).body).toEqual(Uint8Array.of(1, 2));
    });

    it('leads to no endpoint', async () => {
      const api = await open();
      api.register(gateway('one'));
      api.answerStart(() => ({ endpoint: '' }));
      const { status, body } = await askStart(api);
      expect(status).toBe(200);
      expect(() => api.wire.startAnswer.decode(body)).toThrow('endpoint');
    });

    it('refuses one reply and no other', async () => {
      const api = await open();
      api.refuseReply('r1');
      api.refuseReply('r2', 413);
      expect((await askFlush(api, 'r1')).status).toBe(400);
      expect((await askFlush(api, 'r1')).status).toBe(400);
      expect((await askFlush(api, 'r2')).status).toBe(413);
      expect((await askFlush(api, 'r3')).status).toBe(200);
      expect([...api.workBook.records.keys()]).toEqual(['r3']);
    });

    it('says which script threw', async () => {
      const api = await open();
      api.register(gateway('one'));
      api.answerStart(() => {
        throw new Error('my mistake');
      });
      const asked = askStart(api).catch(() => undefined);
      await expect(api.waitUntil(() => false)).rejects.toThrow('my mistake');
      await expect(apis.pop()![Symbol.asyncDispose]()).rejects.toThrow('my mistake');
      await asked;
    });

    it('refuses what makes no sense', async () => {
      const api = await open();
      expect(() => api.fail('start', 200)).toThrow(
        'mockApi: expected `status` to be a number from 400 to 599, got 200',
      );
      expect(() => api.hang('start', { times: 0 })).toThrow('mockApi: expected `times` to be a number above 0, got 0');
      expect(() => api.delay('start', -1)).toThrow('mockApi: expected `delay`');
      await expect(api.waitForStart(0)).rejects.toThrow('mockApi: expected `nth`');
    });
  });

  it('says who asked when a wait takes too long', async () => {
    const api = await open();
    await expect(api.waitForStart(1, { within: 1 })).rejects.toThrow(
      'waited 1 ms for start request number 1; nobody asked',
    );
    await askFlush(api);
    await expect(api.waitForFlush('r2', { within: 1 })).rejects.toThrow(
      'waited 1 ms for the flush of request r2; 1 asked: POST /v0/connect/flush (200)',
    );
    expect((await api.waitForFlush()).decoded?.requestId).toBe('r1');
  });

  it('forgets a client that goes away in the middle of its body', async () => {
    const api = await open();
    const asked = httpRequest(`${api.url}/v0/connect/start`, {
      method: 'POST',
      agent: false,
      headers: { 'Content-Length': 9 },
    });
    asked.on('error', () => {});
    asked.write('half');
    asked.on('socket', (socket) => socket.on('connect', () => setImmediate(() => asked.destroy())));
    api.register(gateway('one'));
    await askStart(api);
    expect(api.requests).toHaveLength(1);
  });
});
