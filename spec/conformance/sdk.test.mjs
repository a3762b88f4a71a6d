// The official SDK as a worker of our gateway.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hashSigningKey, inngestWire, mockApi, mockGateway } from './hawser.mjs';
import { startSdk } from './startSdk.mjs';

const KEY = 'signkey-test-12345678123456781234567812345678';
const FALLBACK = 'signkey-test-abcdef01abcdef01abcdef01abcdef01';
const text = (bytes) => new TextDecoder().decode(bytes);

/** What the SDK takes for work. */
function doubling(number, options = {}) {
  const event = { name: 'number/given', id: `event-${number}`, ts: 1_700_000_000_000, data: { number, ...options } };
  const ctx = { run_id: 'run', fn_id: 'conformance-double', step_id: 'step', attempt: 0 };
  return {
    appName: 'conformance',
    functionSlug: 'conformance-double',
    stepId: 'step',
    payload: {
      version: 1,
      event,
      events: [event],
      steps: {},
      ctx: { ...ctx, stack: { stack: [], current: 0 } },
      use_api: false,
    },
  };
}

/** The generations of the SDK, and where they differ. */
const generations = [
  {
    name: 'inngest',
    version: '4.24.0',
    isManual: true,
    status: 'notCompleted',
    doubled: (body) => JSON.parse(text(body)).find(({ op }) => op === 'RunComplete').data.doubled,
  },
  {
    name: 'inngest-v3',
    version: '3.40.1',
    isManual: false,
    status: 'done',
    doubled: (body) => JSON.parse(text(body)).doubled,
  },
];

/** Older workers listen only a moment after they were told that they are ready; their first heartbeat tells that they do. */
async function listening(gateway, nth) {
  const connection = await gateway.waitForReady(nth, { within: '10s' });
  await connection.waitForMessage('heartbeat');
  return connection;
}

for (const { name, version, isManual, status, doubled } of generations) {
  describe(`inngest ${version} as a worker`, { timeout: 60_000 }, () => {
    /** An API and a gateway, and the SDK in a process of its own. */
    async function start(t, { keys, ...options } = {}) {
      const api = await mockApi({ wire: inngestWire, keys });
      const gateway = await mockGateway({
        api,
        heartbeatInterval: '50ms',
        extendLeaseInterval: '30ms',
        ...options,
      });
      const sdk = await startSdk(t, name);
      t.after(() => gateway.close());
      t.after(() => api.close());
      return { api, gateway, sdk };
    }

    it('asks where to connect, introduces itself, beats, works under a lease, and ends', async (t) => {
      const { api, gateway, sdk } = await start(t, { statusInterval: isManual ? '40ms' : '0s' });
      sdk.tell('connect', { apiUrl: api.url, signingKey: KEY });
      const { connectionId } = await sdk.hear('connected');
      const connection = await listening(gateway);

      const [asked] = api.starts;
      assert.equal(asked.path, '/v0/connect/start');
      assert.equal(asked.headers['content-type'], 'application/protobuf');
      assert.equal(asked.headers['authorization'], `Bearer ${hashSigningKey(KEY)}`);
      assert.deepEqual(asked.decoded, { exclude: [] });
      const { worker } = connection;
      assert.equal(worker.connectionId, connectionId);
      assert.equal(worker.instanceId, 'instance-1');
      assert.equal(worker.framework, 'connect');
      assert.equal(worker.sdkVersion, `v${version}`);
      assert.equal(worker.manualReadiness, isManual);
      assert.equal(worker.maxConcurrency, isManual ? 10 : undefined);
      assert.ok(worker.startedAt > 1_700_000_000_000 && worker.system.memBytes > 0);
      assert.deepEqual(JSON.parse(text(worker.capabilities)), { trust_probe: 'v1', connect: 'v1' });
      assert.deepEqual(
        worker.apps.map(({ appName, functions }) => [appName, JSON.parse(text(functions)).map(({ id }) => id)]),
        [['conformance', ['conformance-double']]],
      );
      // Older ones are ready as they are told so.
      assert.equal(connection.kinds.includes('ready'), isManual);

      const sent = gateway.request(doubling(21, { hold: true }));
      await sent.acked;
      await sdk.hear('called');
      const { leaseId } = await connection.waitForMessage('extendLease', 3);
      assert.equal(leaseId, sent.leaseIds[2]);
      // More than the two that would be missed without an answer.
      await connection.waitForMessage('heartbeat', 4);
      if (isManual) {
        const { inFlight } = await connection.waitForMessage((message) => message.inFlight?.length > 0);
        assert.deepEqual(inFlight, [sent.requestId]);
      }
      sdk.tell('finish', { number: 21 });
      const reply = await sent.reply;
      assert.equal(doubled(reply.body), 42);
      assert.equal(reply.status, status);
      assert.deepEqual(reply.systemTraceCtx, sent.record.request.systemTraceCtx);

      sdk.tell('close');
      await sdk.hear('closed');
      const close = await connection.closed;
      assert.deepEqual(close, isManual ? { code: 1005, reason: '' } : { code: 1000, reason: 'WORKER_SHUTDOWN' });
      assert.equal(await sdk.end(), 0);
      const { kinds } = connection;
      assert.equal(kinds[0], 'connect');
      assert.ok(kinds.indexOf('ack') < kinds.indexOf('extendLease'));
      assert.ok(kinds.lastIndexOf('extendLease') < kinds.indexOf('reply'));
      assert.ok(kinds.indexOf('reply') < kinds.indexOf('pause'));
      assert.deepEqual(api.flushes, []);
      const { sent: all, acked, replied, lost, doubled: twice, repeated, unasked } = gateway.workBook.summary();
      assert.deepEqual([all, acked, replied, lost, twice, repeated, unasked], [1, 1, 1, 0, 0, 0, 0]);
      assert.equal(sent.record.nacks, 0);
      assert.deepEqual(sdk.warnings(), []);
    });

    it('tells how work failed', async (t) => {
      const { api, gateway, sdk } = await start(t);
      sdk.tell('connect', { apiUrl: api.url });
      await listening(gateway);
      const forGood = await gateway.request(doubling(1, { fail: 'for good' })).reply;
      const forNow = await gateway.request(doubling(2, { fail: 'for now' })).reply;
      // The SDK knows no status for what is not worth trying again.
      assert.deepEqual([forGood.status, forGood.noRetry, forGood.retryAfter], ['done', true, undefined]);
      assert.deepEqual([forNow.status, forNow.noRetry, forNow.retryAfter], ['error', false, '30']);
    });

    it('learns that its lease is lost', async (t) => {
      const { api, gateway, sdk } = await start(t);
      sdk.tell('connect', { apiUrl: api.url });
      const connection = await listening(gateway);
      const sent = gateway.request(doubling(8, { hold: true }));
      await sent.acked;
      await sdk.hear('called');
      gateway.nackLease(sent.requestId);
      await gateway.waitUntil(() => sent.record.nacks > 0);
      const beats = connection.kinds.filter((kind) => kind === 'heartbeat').length;
      await connection.waitForMessage('heartbeat', beats + 2);
      const { nacks } = sent.record;
      await connection.waitForMessage('heartbeat', beats + 4);
      assert.equal(sent.record.nacks, nacks);
      // It finishes nevertheless.
      sdk.tell('finish', { number: 8 });
      assert.equal(doubled((await sent.reply).body), 16);
    });

    it('moves to another gateway while it works', async (t) => {
      const { api, gateway, sdk } = await start(t);
      const other = await mockGateway({ api, heartbeatInterval: '50ms', extendLeaseInterval: '30ms' });
      t.after(() => other.close());
      sdk.tell('connect', { apiUrl: api.url });
      const old = await listening(gateway);
      assert.equal(api.starts[0].headers['authorization'], undefined);
      const sent = gateway.request(doubling(1, { hold: true }));
      await sent.acked;
      await sdk.hear('called');

      gateway.drain();
      const moved = await other.waitForReady();
      await old.closed;
      // The old generation extends leases where it got them, or not at all.
      if (isManual) await moved.waitForMessage('extendLease', 2);
      sdk.tell('finish', { number: 1 });
      assert.equal(doubled((await sent.reply).body), 2);
      assert.equal(sent.record.reply.from, moved.name);
      assert.equal(doubled((await other.request(doubling(2)).reply).body), 4);
      assert.equal(api.starts.length, 2);
      assert.equal(gateway.workBook.summary().lost, 0);
    });

    it('takes its other key when the first is refused', async (t) => {
      const { api, gateway, sdk } = await start(t, {
        keys: [FALLBACK],
        // A gateway without an opinion: the SDK has its own.
        heartbeatInterval: '',
        extendLeaseInterval: '',
        statusInterval: '',
      });
      sdk.tell('connect', { apiUrl: api.url, signingKey: KEY, signingKeyFallback: FALLBACK });
      await gateway.waitForReady(1, { within: '10s' });
      const tried = api.starts.map(({ status, headers }) => [status, headers['authorization']]);
      assert.deepEqual(tried, [
        [401, `Bearer ${hashSigningKey(KEY)}`],
        [200, `Bearer ${hashSigningKey(FALLBACK)}`],
      ]);
      await sdk.hear('connected');
      assert.equal(doubled((await gateway.request(doubling(3)).reply).body), 6);
    });

    it('delivers over HTTP what found no connection', async (t) => {
      const { api, gateway, sdk } = await start(t);
      sdk.tell('connect', { apiUrl: api.url, signingKey: KEY });
      await listening(gateway);
      const sent = gateway.request(doubling(5, { hold: true }));
      await sent.acked;
      await sdk.hear('called');

      // The old generation sends its reply into the void, and misses the acknowledgement before it connects again.
      api.fail('start', 500);
      gateway.drop();
      await api.waitUntil(() => api.starts[1]?.status === 500);
      sdk.tell('finish', { number: 5 });
      const flush = await api.waitForFlush(sent.requestId, { within: '10s' });
      await api.waitUntil(() => flush.status !== undefined);
      assert.equal(flush.status, 200);
      assert.equal(flush.headers['content-type'], 'application/protobuf');
      assert.equal(flush.headers['authorization'], `Bearer ${hashSigningKey(KEY)}`);
      assert.equal(doubled(flush.decoded.body), 10);

      await listening(gateway, 2);
      // A gateway that fails is to be avoided.
      assert.deepEqual(api.starts.at(-1).decoded, { exclude: [gateway.group] });
      assert.equal(doubled((await gateway.request(doubling(6)).reply).body), 12);
      assert.equal(gateway.workBook.summary().lost, 0);
    });

    it('delivers over HTTP what was not acknowledged, and nothing else', async (t) => {
      const { api, gateway, sdk } = await start(t);
      sdk.tell('connect', { apiUrl: api.url });
      const connection = await listening(gateway);
      await gateway.request(doubling(1)).reply;
      gateway.ackReplies('never');
      const sent = gateway.request(doubling(2));
      await sent.reply;
      // Until the SDK waits no more, which is for ten heartbeats.
      const beats = connection.kinds.filter((kind) => kind === 'heartbeat').length;
      await connection.waitForMessage('heartbeat', beats + 12);
      sdk.tell('close');
      await sdk.hear('closed');
      assert.deepEqual(
        api.flushes.map(({ decoded, status }) => [decoded.requestId, status]),
        [[sent.requestId, 200]],
      );
      assert.equal(gateway.workBook.summary().repeated, 1);
    });

    it('finishes its work before it ends', async (t) => {
      const { api, gateway, sdk } = await start(t);
      sdk.tell('connect', { apiUrl: api.url });
      const connection = await listening(gateway);
      const sent = gateway.request(doubling(7, { hold: true }));
      await sent.acked;
      await sdk.hear('called');

      sdk.tell('close');
      await connection.waitForMessage('pause');
      if (isManual) {
        const extended = connection.kinds.filter((kind) => kind === 'extendLease').length;
        await connection.waitForMessage('extendLease', extended + 2);
        assert.equal(connection.state, 'paused');
      } else await connection.closed;
      sdk.tell('finish', { number: 7 });
      assert.equal(doubled((await sent.reply).body), 14);
      // The old generation lets go of the connection first.
      assert.equal(sent.record.reply.from, isManual ? connection.name : 'flush');
      assert.equal((await sdk.hear('closed')).state, 'CLOSED');
      await connection.closed;
      assert.equal(sent.record.replies.length, 1);
      assert.equal(await sdk.end(), 0);
    });
  });
}
