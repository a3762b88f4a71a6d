import { gatewayWorker } from '../../../src/gateway/worker.js';
import type { GatewayWorkerConfig, WorkerApp } from '../../../src/gateway/workerConfig.js';
import { type MockGateway, mockGateway } from '../../../src/testing/mockGateway.js';
import { leftOver } from './leftOver.js';
import { echo, startWorker, stopWorkers } from './startWorker.js';

/** An app that answers with its own name. */
const named = (name: string): WorkerApp => ({ name, handle: () => ({ body: name }) });
const many = (count: number): WorkerApp[] => Array.from({ length: count }, (_none, at) => named(`app-${at}`));

describe('the apps of a worker', () => {
  let gateway: MockGateway;
  let left: ReturnType<typeof leftOver>;

  beforeEach(async () => {
    left = leftOver();
    gateway = await mockGateway();
  });
  afterEach(async () => {
    stopWorkers();
    await gateway.close();
    expect(await left()).toEqual([]);
  });

  it('get the work that is meant for them', async () => {
    startWorker({ apiUrl: gateway.api.url, apps: [named('billing'), { ...named('mail'), version: '2' }] });
    const replies = ['mail', 'billing', 'mail'].map(async (appName) => gateway.request({ appName }).reply);
    const bodies = (await Promise.all(replies)).map(({ body }) => new TextDecoder().decode(body));

    expect(bodies).toEqual(['mail', 'billing', 'mail']);
    const { worker } = await gateway.waitForMessage('connect');
    expect(worker.apps.map(({ appName, appVersion }) => [appName, appVersion])).toEqual([
      ['billing', undefined],
      ['mail', '2'],
    ]);
  });

  it('are 100 at most', async () => {
    startWorker({ apiUrl: gateway.api.url, apps: many(100) });
    const { worker } = await gateway.waitForMessage('connect');
    await gateway.request({ appName: 'app-99' }).reply;

    expect(worker.apps).toHaveLength(100);
  });

  it('acknowledge work before it is done', async () => {
    let finish = (): void => undefined;
    const work = new Promise<void>((resolve) => (finish = resolve));
    startWorker({ apiUrl: gateway.api.url, apps: [{ name: 'app', handle: async () => work.then(() => ({})) }] });
    const connection = await gateway.waitForReady();
    const traces = { systemTraceCtx: Buffer.from('{"a":1}'), userTraceCtx: Buffer.from('{"b":2}') };
    const { requestId } = gateway.request({ appName: 'app', runId: 'run-7', stepId: 'step', ...traces });
    const { request } = await connection.waitForMessage('ack');
    const kinds = connection.kinds.slice();
    finish();
    await connection.waitForMessage('reply');

    expect(kinds).toEqual(['connect', 'ready', 'ack']);
    expect(request).toMatchObject({ requestId, runId: 'run-7', stepId: 'step' });
    expect(Buffer.from(request.systemTraceCtx).toString()).toBe('{"a":1}');
    expect(Buffer.from(request.userTraceCtx).toString()).toBe('{"b":2}');
  });

  it.each<[string, Partial<Record<keyof GatewayWorkerConfig, unknown>>, string]>([
    ['no app', { apps: [] }, 'gatewayWorker: expected `apps` to be 1 to 100 apps, got 0'],
    ['101 apps', { apps: many(101) }, 'gatewayWorker: expected `apps` to be 1 to 100 apps, got 101'],
    [
      'two apps of one name',
      { apps: [echo, named('mail'), echo] },
      "gatewayWorker: expected `apps[2].name` to be a name that no other app has, got 'app'",
    ],
    ['an app without a name', { apps: [named('')] }, "gatewayWorker: expected `apps[0].name` to be a text, got ''"],
    [
      'an app that does nothing',
      { apps: [{ name: 'app' }] },
      'gatewayWorker: expected `apps[0].handle` to be a function',
    ],
    [
      "a branch's key without an environment",
      { signingKey: 'signkey-branch-0123' },
      "signingKeys: expected `env` to be there with a branch's key",
    ],
  ])('are refused when there is %s, before anything is asked', (_what, config, message) => {
    const worker = { apiUrl: gateway.api.url, apps: [echo], ...config } as GatewayWorkerConfig;
    expect(() => gatewayWorker(worker)).toThrow(TypeError);
    expect(() => gatewayWorker(worker)).toThrow(message);
    expect(gateway.api.requests).toEqual([]);
  });
});

describe('the options of a worker', () => {
  it.each<[string, Partial<Record<keyof GatewayWorkerConfig, unknown>>, string]>([
    [
      'a timeout that is none',
      { setupTimeout: 'soon' },
      "gatewayWorker: expected `setupTimeout` to be above 0 ms, or a text such as '10s', got 'soon'",
    ],
    ['what makes no connection', { connect: 5 }, 'gatewayWorker: expected `connect` to be a function, got 5'],
    [
      'capabilities without a JSON form',
      { capabilities: () => 1 },
      'gatewayWorker: expected `capabilities` to be what JSON can tell, got function',
    ],
    [
      'functions without a JSON form',
      { apps: [{ ...echo, functions: Symbol('none') }] },
      'gatewayWorker: expected `functions` to be what JSON can tell, got ',
    ],
    [
      'a name that no message holds',
      { instanceId: 'x'.repeat(1_025) },
      'gatewayWorker: expected `connect.worker.instanceId` to be a text of at most 1024 characters',
    ],
  ])('are refused with %s: it would fail again for ever', (_what, config, message) => {
    const worker = { apiUrl: 'http://api.test', apps: [echo], ...config } as GatewayWorkerConfig;
    expect(() => gatewayWorker(worker)).toThrow(TypeError);
    expect(() => gatewayWorker(worker)).toThrow(message);
  });
});
