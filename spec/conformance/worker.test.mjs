// Our worker behind a gateway that reads and writes with the official SDK's own code.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { filter, firstValueFrom, lastValueFrom, ReplaySubject, Subject } from 'rxjs';
import { gatewayWorker, hashSigningKey, inngestWire } from './hawser.mjs';
import { officialGateway } from './officialGateway.mjs';

const KEY = 'signkey-test-12345678123456781234567812345678';
const FALLBACK = 'signkey-test-abcdef01abcdef01abcdef01abcdef01';
const bytes = (value) => new TextEncoder().encode(JSON.stringify(value));
const read = (body) => JSON.parse(new TextDecoder().decode(body));

const ids = {
  requestId: 'request-1',
  accountId: 'account-1',
  envId: 'env-1',
  appId: 'app-1',
  functionSlug: 'conformance-double',
  stepId: 'step',
  systemTraceCtx: bytes({ traceparent: '00-1' }),
  userTraceCtx: bytes({ traceparent: '00-2' }),
  runId: 'run-1',
};
const request = {
  ...ids,
  appName: 'conformance',
  functionId: 'function-1',
  requestPayload: bytes({ number: 21 }),
  leaseId: 'lease',
  jobId: 'job-1',
};

describe('our worker behind a gateway of the official code', { timeout: 30_000 }, () => {
  /** A worker whose work is done when `finish()` says so. */
  function start(t, gateway, config = {}) {
    const shutdown$ = new Subject();
    const started = [];
    const events$ = new ReplaySubject();
    const worker$ = gatewayWorker({
      apiUrl: gateway.url,
      wire: inngestWire,
      instanceId: 'instance-1',
      apps: [
        {
          name: 'conformance',
          version: '1.2.3',
          functions: [{ id: 'conformance-double' }],
          handle: ({ input }) =>
            new Promise((resolve, reject) =>
              started.push((result = { body: { doubled: input.number * 2 } }) =>
                result instanceof Error ? reject(result) : resolve(result),
              ),
            ),
        },
      ],
      concurrency: 10,
      delay: () => 10,
      shutdown$,
      ...config,
    });
    const subscription = worker$.subscribe(events$);
    t.after(() => subscription.unsubscribe());
    return {
      /** Resolves with the first event that passes, also one that came before. */
      event: (test) => firstValueFrom(events$.pipe(filter(test))),
      finish: (result) => started.shift()(result),
      async shutdown() {
        shutdown$.next();
        await lastValueFrom(events$);
      },
    };
  }

  it('asks where to connect, introduces itself, beats, works under a lease, pauses and ends', async (t) => {
    const gateway = await officialGateway(t);
    const worker = start(t, gateway, { signingKey: KEY, env: 'staging' });
    const connection = await gateway.ready();

    const [{ path, method, headers, excludeGateways }] = gateway.starts;
    assert.deepEqual([method, path, excludeGateways], ['POST', '/v0/connect/start', []]);
    assert.equal(headers['content-type'], 'application/protobuf');
    assert.equal(headers['authorization'], `Bearer ${hashSigningKey(KEY)}`);
    assert.equal(headers['x-inngest-env'], 'staging');
    assert.equal(connection.protocol, 'v0.connect.inngest.com');
    const { apps, capabilities, startedAt, systemAttributes, ...introduction } =
      await connection.hear('WORKER_CONNECT');
    assert.match(introduction.connectionId, /^[0-9A-HJKMNP-TV-Z]{26}$/);
    assert.deepEqual(introduction.authData, { sessionToken: 'session', syncToken: 'sync' });
    assert.equal(introduction.instanceId, 'instance-1');
    assert.equal(introduction.workerManualReadinessAck, true);
    assert.equal(introduction.environment, 'staging');
    assert.equal(introduction.framework, 'connect');
    assert.equal(introduction.maxWorkerConcurrency, 10);
    assert.ok(systemAttributes.cpuCores > 0 && systemAttributes.memBytes > 0 && systemAttributes.os !== '');
    assert.ok(Math.abs(Date.now() - startedAt) < 60_000);
    assert.deepEqual(read(capabilities), { connect: 'v1' });
    const [app] = apps;
    assert.deepEqual([apps.length, app.appName, app.appVersion], [1, 'conformance', '1.2.3']);
    assert.deepEqual(read(app.functions), [{ id: 'conformance-double' }]);

    connection.request(request);
    const ack = await connection.hear('WORKER_REQUEST_ACK');
    assert.deepEqual(ack, ids);
    const extension = await connection.hear('WORKER_REQUEST_EXTEND_LEASE', 3);
    assert.deepEqual(extension, { ...ids, leaseId: 'lease++' });
    // More than the two that would be missed without an answer.
    await connection.hear('WORKER_HEARTBEAT', 4);
    assert.deepEqual(await connection.hear('WORKER_STATUS', 2), {
      inFlightRequestIds: ['request-1'],
      shutdownRequested: false,
    });
    worker.finish();
    const { body, status, noRetry, retryAfter, ...reply } = await connection.hear('WORKER_REPLY');
    assert.deepEqual(read(body), { doubled: 42 });
    assert.deepEqual([status, noRetry, retryAfter], [1, false, undefined]);
    for (const name of ['requestId', 'accountId', 'envId', 'appId', 'runId', 'systemTraceCtx', 'userTraceCtx']) {
      assert.deepEqual(reply[name], ids[name], name);
    }

    await worker.shutdown();
    assert.deepEqual(await connection.end(), { code: 1000, reason: 'WORKER_SHUTDOWN' });
    const kinds = connection.received.map(({ kind }) => kind);
    const once = kinds.filter((kind) => !/HEARTBEAT|EXTEND|STATUS/.test(kind));
    assert.deepEqual(once, ['WORKER_CONNECT', 'WORKER_READY', 'WORKER_REQUEST_ACK', 'WORKER_REPLY', 'WORKER_PAUSE']);
    assert.deepEqual(gateway.flushes, []);
    assert.equal(gateway.connections.length, 1);
  });

  it('tells how work ended', async (t) => {
    const gateway = await officialGateway(t);
    const worker = start(t, gateway);
    const connection = await gateway.ready();
    const forGood = Object.assign(new Error('odd'), { noRetry: true });
    const results = [{ status: 206, body: [1] }, { status: 204 }, { status: 503, retryAfter: 30 }, forGood];
    const replies = [];
    for (const [at, result] of results.entries()) {
      connection.request({ ...request, requestId: `request-${at}` });
      await connection.hear('WORKER_REQUEST_ACK', at + 1);
      worker.finish(result);
      const { body, status, noRetry, retryAfter } = await connection.hear('WORKER_REPLY', at + 1);
      replies.push([status, read(body), noRetry, retryAfter]);
    }
    assert.deepEqual(replies, [
      [0, [1], false, undefined],
      [1, null, false, undefined],
      [2, null, false, '30'],
      [2, { name: 'Error', message: 'odd' }, true, undefined],
    ]);
    await worker.shutdown();
  });

  it('moves to another gateway while it works', async (t) => {
    const gateway = await officialGateway(t);
    const worker = start(t, gateway);
    const old = await gateway.ready();
    assert.equal(gateway.starts[0].headers['authorization'], undefined);
    old.request(request);
    await old.hear('WORKER_REQUEST_ACK');

    old.leave();
    const moved = await gateway.ready(2);
    assert.equal(moved.group, 'group-2');
    assert.equal(old.closed, undefined);
    assert.deepEqual(gateway.starts[1].excludeGateways, ['group-1']);
    await old.end();
    await moved.hear('WORKER_REQUEST_EXTEND_LEASE', 2);
    worker.finish();
    assert.equal((await moved.hear('WORKER_REPLY')).requestId, 'request-1');
    moved.request({ ...request, requestId: 'request-2' });
    await moved.hear('WORKER_REQUEST_ACK');
    worker.finish();
    assert.equal((await moved.hear('WORKER_REPLY', 2)).requestId, 'request-2');
    await worker.shutdown();
    assert.deepEqual(gateway.flushes, []);
  });

  it('learns that its lease is lost', async (t) => {
    const gateway = await officialGateway(t);
    gateway.extendLeases = false;
    const worker = start(t, gateway);
    const connection = await gateway.ready();
    connection.request(request);
    await connection.hear('WORKER_REQUEST_EXTEND_LEASE');
    const lost = await worker.event(({ type }) => type === 'leaseLost');
    assert.equal(lost.request.requestId, 'request-1');
    await worker.shutdown();
    // It was cancelled: somebody else may do the work.
    assert.equal(connection.received.filter(({ kind }) => kind === 'WORKER_REPLY').length, 0);
  });

  it('learns why its apps were not taken, and tries again', async (t) => {
    const gateway = await officialGateway(t);
    gateway.syncFailure = { code: 'connect_invalid_function_config', message: 'what is this?', data: bytes({ at: 1 }) };
    const worker = start(t, gateway);
    const {
      cause: { cause },
    } = await worker.event(({ type }) => type === 'reconnecting');
    assert.equal(cause.name, 'SyncFailedError');
    assert.match(cause.message, /connect_invalid_function_config.*what is this\?/);
    gateway.syncFailure = undefined;
    await worker.event(({ type }) => type === 'open');
    await worker.shutdown();
  });

  it('takes its other key when the first is refused', async (t) => {
    const gateway = await officialGateway(t);
    gateway.key = hashSigningKey(FALLBACK);
    const worker = start(t, gateway, { signingKey: KEY, signingKeyFallback: FALLBACK });
    await gateway.ready();
    const tried = gateway.starts.map(({ headers }) => headers['authorization']);
    assert.deepEqual(tried, [`Bearer ${hashSigningKey(KEY)}`, `Bearer ${hashSigningKey(FALLBACK)}`]);
    await worker.shutdown();
  });

  it('delivers over HTTP what found no connection', async (t) => {
    const gateway = await officialGateway(t);
    const worker = start(t, gateway, { signingKey: KEY });
    const connection = await gateway.ready();
    connection.request(request);
    await connection.hear('WORKER_REQUEST_ACK');

    gateway.refuse = 500;
    connection.drop();
    await gateway.until(() => gateway.starts.length > 1);
    worker.finish();
    const { path, method, headers, reply } = await gateway.until(() => gateway.flushes[0]);
    assert.deepEqual([method, path], ['POST', '/v0/connect/flush']);
    assert.equal(headers['content-type'], 'application/protobuf');
    assert.equal(headers['authorization'], `Bearer ${hashSigningKey(KEY)}`);
    assert.equal(reply.requestId, 'request-1');
    assert.deepEqual(read(reply.body), { doubled: 42 });
    gateway.refuse = undefined;
    await gateway.ready(2);
    await worker.shutdown();
    assert.equal(gateway.flushes.length, 1);
  });

  it('delivers over HTTP what nobody acknowledged', async (t) => {
    const gateway = await officialGateway(t, { intervals: ['', '', ''] });
    gateway.ackReplies = false;
    const worker = start(t, gateway, { ackWithin: 50 });
    const connection = await gateway.ready();
    connection.request(request);
    await connection.hear('WORKER_REQUEST_ACK');
    worker.finish();
    await connection.hear('WORKER_REPLY');
    const { reply } = await gateway.until(() => gateway.flushes[0]);
    assert.equal(reply.requestId, 'request-1');
    assert.equal(connection.closed, undefined);
    await worker.shutdown();
    assert.deepEqual(await connection.end(), { code: 1000, reason: 'WORKER_SHUTDOWN' });
    assert.equal(gateway.flushes.length, 1);
  });
});
