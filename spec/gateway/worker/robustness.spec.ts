import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { NEVER, of } from 'rxjs';
import { encodePlain } from '../../../src/codecs/msgpack/encoder.js';
import type { WorkRequest } from '../../../src/gateway/messages.js';
import { type FaultProxy, faultProxy } from '../../../src/testing/faultProxy.js';
import { mockGateway } from '../../../src/testing/mockGateway.js';
import { malformedFrames } from '../../../src/testing/rawFrames.js';
import { gatewayScene } from './gatewayScene.js';
import { heldWork } from './heldWork.js';
import { leftOver } from './leftOver.js';
import { startWorker, type StartedWorker, stopWorkers } from './startWorker.js';

const encode = (message: unknown): Uint8Array => new Uint8Array(encodePlain(message));

const REQUEST: WorkRequest = {
  requestId: 'r',
  accountId: 'a',
  envId: 'e',
  appId: 'p',
  appName: 'app',
  functionId: 'f',
  functionSlug: 'app-f',
  runId: 'n',
  jobId: 'j',
  leaseId: 'l',
  systemTraceCtx: new Uint8Array(),
  userTraceCtx: new Uint8Array(),
  payload: new Uint8Array(),
};

describe('a worker whose gateway says what it cannot read', () => {
  const scene = gatewayScene();

  it.each<[string, string | Uint8Array]>([
    ['a text', 'hello'],
    ['a text with the form of a message', '{"kind":"heartbeat"}'],
    ['nothing at all', new Uint8Array()],
    ['noise', new Uint8Array([0xc1, 0xff, 0x00])],
    ['a request that is cut off', encode({ kind: 'request', request: REQUEST }).slice(0, -9)],
    ['a message with something after it', new Uint8Array([...encode({ kind: 'heartbeat' }), 0])],
    ['a kind that it does not know', encode({ kind: 'upgrade' })],
    ['a kind that is its own', encode({ kind: 'pause' })],
    ['a map without a kind', encode({})],
    ['a list', encode([1, 2])],
    ['a request without a lease', encode({ kind: 'request', request: { ...REQUEST, leaseId: null } })],
    ['an id that is a number', encode({ kind: 'replyAck', requestId: 7 })],
    ['a payload that is a text', encode({ kind: 'request', request: { ...REQUEST, payload: '{}' } })],
    ['a map that claims 4 billion keys', new Uint8Array([0xdf, 0xff, 0xff, 0xff, 0xff])],
    ['a list in a list, 100,000 times', new Uint8Array(100_000).fill(0x91)],
  ])('tells of %s, and goes on', async (_what, frame) => {
    const gateway = await scene.gateway();
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const { acked, requestId } = gateway.request();
    await acked;
    const connection = await gateway.waitForReady();
    connection.socket.send(frame);
    const { raw, error } = await worker.event('malformed');
    work.finish(requestId);
    await worker.event('accepted');

    expect(Buffer.from(raw as string)).toEqual(Buffer.from(frame));
    expect(error).toMatchObject({ name: 'ProtocolError' });
    expect(gateway.connections).toEqual([connection]);
    expect(worker.types).not.toContain('reconnecting');
  });

  it.each(Object.keys(malformedFrames) as (keyof typeof malformedFrames)[])(
    'survives a frame that breaks the WebSocket (%s): it dials again, and its work is answered there',
    async (name) => {
      const gateway = await scene.gateway();
      const work = heldWork();
      const worker = scene.worker({ apps: work.apps });
      const { acked, requestId, record } = gateway.request();
      await acked;
      (await gateway.waitForReady()).socket.sendRaw(malformedFrames[name]);
      expect(await worker.event('reconnecting')).toMatchObject({ cause: { name: 'ConnectionClosedError' } });
      await gateway.waitForReady(2);
      work.finish(requestId);
      await worker.event('accepted');

      expect(record.replies.map(({ from }) => from)).toEqual(['group-1 #2']);
      expect(worker.types.filter((type) => type === 'close')).toHaveLength(1);
    },
  );

  it('reads a message of nearly 8 MiB, and leaves a gateway that says more', async () => {
    const gateway = await scene.gateway();
    const worker = scene.worker({
      apps: [{ name: 'app', parse: ({ length }) => length, handle: ({ input }) => ({ body: input }) }],
    });
    const MiB = 1_048_576;
    const { reply } = gateway.request({ payload: new Uint8Array(8 * MiB - 1_024) });
    expect(new TextDecoder().decode((await reply).body)).toBe(String(8 * MiB - 1_024));

    const connection = await gateway.waitForReady();
    const { record } = gateway.request({ payload: new Uint8Array(8 * MiB) });
    expect(await connection.closed).toMatchObject({ code: 1009 });
    expect(await worker.event('reconnecting')).toMatchObject({ cause: { name: 'ConnectionClosedError' } });
    await gateway.waitForReady(2);
    await gateway.request().reply;
    expect(record.ackedBy).toEqual([]);
  });
});

describe('a worker in a bad network', () => {
  let proxy: FaultProxy;

  afterEach(async () => proxy.close());
  const scene = gatewayScene();

  it('does all its work, late and in pieces, and extends its leases meanwhile', async () => {
    const gateway = await scene.gateway({ lease: '2s' });
    proxy = await faultProxy({ target: gateway.url });
    proxy.latency(15);
    proxy.slice(16);
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps, rewriteEndpoint: () => proxy.url });
    await gateway.waitForReady();
    const requests = Array.from({ length: 10 }, () => gateway.request());
    await gateway.waitUntil(() => requests.every(({ record }) => record.extensions > 1));
    for (const { requestId } of requests) work.finish(requestId);
    await worker.event('accepted', 10);

    expect(worker.types).not.toContain('buffered');
    expect(gateway.workBook.summary()).toMatchObject({ replied: 10, lost: 0, doubled: 0, repeated: 0, expiries: 0 });
    expect(requests.every(({ record }) => record.nacks === 0)).toBe(true);
  });

  it('finds out that a silent link is dead, and answers over the next one what was said into the silence, once', async () => {
    const gateway = await scene.gateway({ heartbeatInterval: 20, lease: '5s' });
    proxy = await faultProxy({ target: gateway.url });
    let endpoint = proxy.url;
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps, rewriteEndpoint: () => endpoint });
    await gateway.waitForReady();
    const [said, kept] = [gateway.request(), gateway.request()];
    await Promise.all([said.acked, kept.acked]);
    proxy.silence();
    endpoint = gateway.url;
    work.finish(said.requestId);
    expect(await worker.event('reconnecting')).toMatchObject({ cause: { name: 'HeartbeatTimeoutError', timeout: 40 } });
    expect(await worker.event('buffered')).toMatchObject({ requestId: said.requestId, reason: 'lost' });
    await gateway.waitForReady(2);
    work.finish(kept.requestId);
    await worker.event('accepted', 2);
    // What was held back may arrive now: the gateway is to see a reply that it knows.
    await proxy.heal();
    await (
      await gateway.waitForConnection(1)
    ).closed;

    expect(said.record.reply?.from).toBe('flush');
    expect(kept.record.replies.map(({ from }) => from)).toEqual(['group-1 #2']);
    expect(gateway.workBook.summary()).toMatchObject({ sent: 2, replied: 2, lost: 0, doubled: 0, expiries: 0 });
  });

  it.each(['cut', 'reset'] as const)(
    'answers everything once when each of its connections is %s in the middle of a message',
    async (by) => {
      const gateway = await scene.gateway({ lease: '5s' });
      proxy = await faultProxy({ target: gateway.url });
      const work = heldWork();
      const worker = scene.worker({ apps: work.apps, rewriteEndpoint: () => proxy.url });
      const requests = Array.from({ length: 10 }, () => gateway.request());
      await Promise.all(requests.map(async ({ acked }) => acked));
      for (const [at, { requestId }] of requests.entries()) {
        proxy.cutAfter(40, { direction: 'up', by });
        work.finish(requestId);
        await gateway.waitForReady(at + 2);
      }
      await worker.event('accepted', 10);

      expect(worker.types.filter((type) => type === 'close')).toHaveLength(10);
      expect(worker.types.filter((type) => type === 'completed')).toHaveLength(10);
      expect(gateway.workBook.summary()).toMatchObject({ replied: 10, lost: 0, doubled: 0, expiries: 0 });
    },
  );
});

describe('100 workers in one process', () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  /** Weak references hold what they refer to until the turn is over. */
  const collectGarbage = async (): Promise<void> => {
    await setImmediate();
    gc();
  };
  const listeners = (): number[] => process.eventNames().map((name) => process.listenerCount(name));

  /** They come, each does some work and is at some more, and they go. Gives what is to be forgotten then. */
  const round = async (end: (worker: StartedWorker) => unknown): Promise<readonly WeakRef<object>[]> => {
    const gateway = await mockGateway({ statusInterval: '10s' });
    const workers = Array.from({ length: 100 }, () =>
      startWorker({
        apiUrl: gateway.api.url,
        shutdownDeadline: 20,
        apps: [{ name: 'app', handle: ({ input }) => (input === 'for ever' ? NEVER : of({ body: input })) }],
      }),
    );
    const ready = (): boolean => gateway.connections.filter(({ state }) => state === 'ready').length === 100;
    await gateway.waitUntil(ready, { within: '20s' });
    for (let at = 0; at < 300; at++) gateway.request({ payload: at < 200 ? at : 'for ever' });
    await Promise.all(workers.map(async (worker) => worker.event('accepted', 2)));
    await Promise.all(workers.map(async (worker) => worker.event('received', 3)));
    await Promise.all(workers.map(end));
    await gateway.waitUntil(() => gateway.connections.length === 0);
    expect(gateway.workBook.summary()).toMatchObject({ sent: 300, acked: 300, replied: 200, lost: 100, doubled: 0 });
    stopWorkers();
    await gateway.close();
    return Promise.all(workers.map(async (worker) => new WeakRef((await worker.event('open')).connection)));
  };

  it.each<[string, (worker: StartedWorker) => unknown]>([
    ['stopped', (worker) => worker.stop()],
    ['asked to end', async (worker) => worker.shutdown()],
  ])(
    'leave no socket, timer, listener and memory behind when they are %s',
    async (_how, end) => {
      const left = leftOver();
      const before = listeners();
      await round(end);
      expect(await left()).toEqual([]);
      await collectGarbage();
      const heap = process.memoryUsage().heapUsed;
      const connections = await round(end);
      expect(await left()).toEqual([]);
      await collectGarbage();

      expect(listeners()).toEqual(before);
      // The runtime itself may hold on to what it looked at last.
      expect(connections.filter((connection) => connection.deref()).length).toBeLessThan(5);
      // Some code has become hot meanwhile; it is less than 1 MB as a rule.
      expect(process.memoryUsage().heapUsed - heap).toBeLessThan(5_000_000);
    },
    30_000,
  );
});
