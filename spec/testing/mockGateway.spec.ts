import { VirtualTimeScheduler } from 'rxjs';
import type { GatewayWire } from '../../src/gateway/gatewayWire.js';
import { inngestWire } from '../../src/gateway/inngestWire.js';
import type { WorkRequest } from '../../src/gateway/messages.js';
import { msgpackWire } from '../../src/gateway/wire.js';
import { mockApi } from '../../src/testing/mockApi.js';
import { mockGateway, type MockGateway } from '../../src/testing/mockGateway.js';
import type { MockGatewayOptions } from '../../src/testing/mockGatewayOptions.js';
import { endWorkers, idsOf, introduction, replyTo, type WorkerClient, workerClient } from './workerClient.js';
import { tcpHandles } from './wsClient.js';

const gateways: MockGateway[] = [];
const open = async (options?: MockGatewayOptions): Promise<MockGateway> => {
  const gateway = await mockGateway(options);
  gateways.push(gateway);
  return gateway;
};
/** A gateway whose deadlines are due when the test says so. */
const inVirtualTime = async (options: MockGatewayOptions) => {
  const scheduler = new VirtualTimeScheduler();
  const pass = (ms: number): void => {
    scheduler.maxFrames = scheduler.now() + ms;
    scheduler.schedule(() => {}, ms);
    scheduler.flush();
  };
  return { gateway: await open({ ...options, scheduler }), pass };
};
/** A worker that is ready for work. */
const joined = async (gateway: MockGateway, instanceId = 'worker-1'): Promise<WorkerClient> => {
  const worker = workerClient(gateway.startAnswer(), gateway.wire);
  await worker.join({ instanceId });
  await gateway.waitForReady(gateway.received.filter(({ kind }) => kind === 'ready').length || 1);
  return worker;
};
/** The next request of a worker, acknowledged. */
const taken = async (worker: WorkerClient, nth = 1): Promise<WorkRequest> => {
  const { request } = await worker.hear('request', nth);
  worker.say({ kind: 'ack', request: idsOf(request) });
  return request;
};

afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
  await endWorkers();
  expect(await tcpHandles()).toEqual([]);
});

describe.each<[string, GatewayWire]>([
  ['msgpack', msgpackWire],
  ['protobuf', inngestWire],
])('mockGateway over %s', (_name, wire) => {
  it('welcomes a worker in three steps, gives it work, extends its lease and takes its reply', async () => {
    const gateway = await open({ wire, heartbeatInterval: 250, extendLeaseInterval: '1s' });
    const worker = workerClient(gateway.startAnswer(), wire);
    await worker.join();
    expect(worker.received).toEqual([
      { kind: 'hello' },
      { kind: 'ready', heartbeatInterval: '250ms', extendLeaseInterval: '1s', statusInterval: '0s' },
    ]);
    const connection = await gateway.waitForReady();
    expect(connection).toMatchObject({ id: 1, name: 'group-1 #1', state: 'ready', kinds: ['connect', 'ready'] });
    expect(connection.worker).toMatchObject({ instanceId: 'worker-1', apps: [{ appName: 'shop' }] });
    expect(connection.socket.protocol).toBe(wire.subprotocol);

    const sent = gateway.request({ payload: { answer: 42 } });
    const { request } = await worker.hear('request');
    expect(request).toMatchObject({ requestId: sent.requestId, appName: 'shop', leaseId: sent.leaseIds[0] });
    expect(Buffer.from(request.payload).toString()).toBe('{"answer":42}');
    worker.say({ kind: 'ack', request: idsOf(request) });
    expect((await sent.acked).ackedBy).toEqual(['group-1 #1']);

    worker.say({ kind: 'extendLease', request: idsOf(request), leaseId: request.leaseId });
    const { newLeaseId } = await worker.hear('leaseAck');
    expect(newLeaseId).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
    expect(sent.leaseIds).toEqual([request.leaseId, newLeaseId]);

    worker.say({ kind: 'reply', reply: replyTo(request) });
    expect(await sent.reply).toEqual(replyTo(request));
    expect(await worker.hear('replyAck')).toEqual({ kind: 'replyAck', requestId: sent.requestId });
    const counts = { sent: 1, acked: 1, replied: 1, lost: 0, doubled: 0, repeated: 0 };
    expect(gateway.workBook.summary()).toEqual({ ...counts, unasked: 0, extensions: 1, expiries: 0 });
    expect(gateway.received.map(({ kind }) => kind)).toEqual(['connect', 'ready', 'ack', 'extendLease', 'reply']);
  });

  it.each([
    ['text', 'hello', '1007 failed to unmarshal message'],
    ['noise', Uint8Array.of(0xc1, 0xff, 0xff, 0xc1), '1007 failed to unmarshal message'],
  ])('ends a worker that speaks %s', async (_what, frame, close) => {
    const gateway = await open({ wire });
    const worker = await joined(gateway);
    worker.socket.send(frame);
    expect(await worker.over).toBe(close);
  });

  it('ends a worker that leaves out what it speaks of', async () => {
    const gateway = await open({ wire });
    const faults: [(ids: WorkRequest) => Parameters<WorkerClient['say']>[0], string][] = [
      [(request) => ({ kind: 'ack', request }), '1008 connect_worker_request_ack_invalid_payload'],
      [
        (request) => ({ kind: 'extendLease', request, leaseId: 'l' }),
        '1008 connect_worker_request_extend_lease_invalid_payload',
      ],
      [(request) => ({ kind: 'reply', reply: replyTo(request) }), '1011 connect_internal_error'],
    ];
    for (const [message, close] of faults) {
      const worker = await joined(gateway);
      const sent = gateway.request();
      const { request } = await worker.hear('request');
      worker.say(message({ ...request, requestId: '' }));
      expect(await worker.over).toBe(close);
      expect(sent.record).toMatchObject({ ackedBy: [], extensions: 0, replies: [] });
    }
  });
});

describe('mockGateway', () => {
  it('tells which content of a message it could not read', async () => {
    const gateway = await open({ wire: inngestWire });
    const close = async (kind: number): Promise<string> => {
      const worker = await joined(gateway);
      // A message of protobuf whose content ends in the middle of its first field.
      worker.socket.send(Uint8Array.of(0x08, kind, 0x12, 2, 0x0a, 9));
      return worker.over;
    };
    expect(await close(5)).toBe('1008 connect_worker_request_ack_invalid_payload');
    expect(await close(12)).toBe('1008 connect_worker_request_extend_lease_invalid_payload');
    expect(await close(6)).toBe('1011 connect_internal_error');
  });

  describe('the handshake', () => {
    it('asks for no ready of workers that have none to say', async () => {
      const gateway = await open();
      const worker = workerClient(gateway.startAnswer());
      await worker.join({ manualReadiness: false });
      expect(await gateway.waitForReady()).toMatchObject({ state: 'ready', kinds: ['connect'] });
    });

    it('gives no work before the worker is ready', async () => {
      const gateway = await open();
      const start = gateway.startAnswer();
      const worker = workerClient(start);
      await worker.hear('hello');
      expect(await gateway.waitForConnection()).toMatchObject({ state: 'hello', worker: undefined });
      worker.say(introduction(start));
      await worker.hear('ready');
      expect(await gateway.waitForConnection()).toMatchObject({ state: 'connected' });
      const sent = gateway.request();
      expect(sent.record.sentTo).toEqual([]);
      worker.say({ kind: 'ready' });
      await worker.hear('request');
      expect(sent.record.sentTo).toEqual(['group-1 #1']);
    });

    it('takes no ready for an answer before its own', async () => {
      const gateway = await open({ handshake: { ready: 'never' } });
      const start = gateway.startAnswer();
      const worker = workerClient(start);
      await worker.hear('hello');
      worker.say(introduction(start));
      worker.say({ kind: 'ready' });
      await gateway.waitForMessage('ready');
      expect(await gateway.waitForConnection()).toMatchObject({ state: 'connected' });
      expect(worker.received).toEqual([{ kind: 'hello' }]);
    });

    it('ends a worker that does not introduce itself in time', async () => {
      const gateway = await open({ connectTimeout: 20 });
      gateway.handshake({ hello: 'never' });
      expect(await workerClient(gateway.startAnswer()).over).toBe('1008 connect_worker_hello_timeout');
      const worker = await joined(gateway);
      expect(worker.socket.readyState).toBe(1);
    });

    it('ends a worker that begins with something else', async () => {
      const gateway = await open();
      const worker = workerClient(gateway.startAnswer());
      await worker.hear('hello');
      worker.say({ kind: 'heartbeat' });
      expect(await worker.over).toBe('1008 connect_worker_hello_invalid_msg');
    });

    it.each<[string, object]>([
      ['connection id', { connectionId: 'c1' }],
      ['instance', { instanceId: '' }],
      ['app', { apps: [] }],
    ])('ends a worker that has no %s', async (_what, facts) => {
      const gateway = await open();
      const start = gateway.startAnswer();
      const worker = workerClient(start);
      await worker.hear('hello');
      const { kind, worker: facts0 } = introduction(start);
      worker.say({ kind, worker: { ...facts0, ...facts } });
      expect(await worker.over).toBe('1008 connect_worker_hello_invalid_payload');
    });

    it('ends a worker whose tokens are not those of its start', async () => {
      const gateway = await open();
      const worker = workerClient({ ...gateway.startAnswer(), sessionToken: 'stale' });
      worker.join().catch(() => {});
      expect(await worker.over).toBe('1008 connect_authentication_failed');
    });

    it.each<[string, Parameters<MockGateway['handshake']>[0], string, string[]]>([
      ['is refused', { authentication: 'refused' }, '1008 connect_authentication_failed', ['hello']],
      ['meets a gateway about to close', { closing: 'accept' }, '1001 connect_gateway_closing', []],
      ['meets it a little later', { closing: 'connect' }, '1001 connect_gateway_closing', ['hello']],
      ['is told to move', { closing: 'notice' }, '1001 connect_gateway_closing', ['hello', 'draining']],
      [
        'has bad functions',
        { syncFailed: { code: 'connect_invalid_function_config', message: 'no trigger' } },
        '1008 connect_invalid_function_config',
        ['hello', 'syncFailed'],
      ],
    ])('is scripted: a worker %s', async (_what, script, close, said) => {
      const gateway = await open({ drainWindow: 10 });
      gateway.handshake(script);
      const start = gateway.startAnswer();
      const worker = workerClient(start);
      if (said.length > 0) {
        await worker.hear('hello');
        worker.say(introduction(start));
      }
      expect(await worker.over).toBe(close);
      expect(worker.received.map(({ kind }) => kind)).toEqual(said);
      await joined(gateway);
    });

    it('is scripted: hello comes twice, late, or something else comes first', async () => {
      const gateway = await open();
      gateway.handshake({ hello: 'twice' });
      gateway.handshake({ helloAfter: 30, intervals: { heartbeatInterval: '1s' } });
      gateway.handshake({ firstMessage: { kind: 'heartbeat' } });
      const twice = workerClient(gateway.startAnswer());
      await twice.hear('hello', 2);
      const late = workerClient(gateway.startAnswer());
      await gateway.waitForConnection(2);
      expect(late.received).toEqual([]);
      await late.join();
      expect(await late.hear('ready')).toMatchObject({ heartbeatInterval: '1s', extendLeaseInterval: '5s' });
      const wrong = workerClient(gateway.startAnswer());
      await wrong.hear('heartbeat');
      expect(wrong.received).toEqual([{ kind: 'heartbeat' }]);
    });

    it('is scripted: ready comes late', async () => {
      const gateway = await open();
      gateway.handshake({ readyAfter: 30 }, { times: 2 });
      const start = gateway.startAnswer();
      const worker = workerClient(start);
      await worker.hear('hello');
      worker.say(introduction(start));
      await gateway.waitForMessage('connect');
      expect(worker.received).toHaveLength(1);
      await worker.hear('ready');
      gateway.accept();
      await joined(gateway);
    });
  });

  describe('heartbeats', () => {
    it('are answered unless it is told otherwise', async () => {
      const gateway = await open();
      const worker = await joined(gateway);
      worker.say({ kind: 'heartbeat' });
      await worker.hear('heartbeat');
      gateway.answerHeartbeats = false;
      worker.say({ kind: 'heartbeat' });
      await gateway.waitForMessage('heartbeat', 2);
      worker.say({ kind: 'pause' });
      await gateway.waitForMessage('pause');
      expect(worker.received.filter(({ kind }) => kind === 'heartbeat')).toHaveLength(1);
      expect(gateway.answerHeartbeats).toBe(false);
    });

    it('that do not come for five intervals end the connection', async () => {
      const { gateway, pass } = await inVirtualTime({ heartbeatInterval: '10s' });
      const worker = await joined(gateway);
      pass(49_999);
      worker.say({ kind: 'heartbeat' });
      await worker.hear('heartbeat');
      pass(49_999);
      expect((await gateway.waitForConnection()).socket.readyState).toBe(1);
      pass(50);
      expect(await worker.over).toBe('1008 CONSECUTIVE_HEARTBEATS_MISSED');
    });

    it('that do not come for two intervals keep work away, if that is asked for', async () => {
      const { gateway, pass } = await inVirtualTime({ heartbeatInterval: '10s', avoidSilent: true });
      const worker = await joined(gateway);
      pass(20_000);
      const [early, late] = [gateway.request(), (pass(1), gateway.request())];
      expect([early.record.sentTo, late.record.sentTo]).toEqual([['group-1 #1'], []]);
      worker.say({ kind: 'heartbeat' });
      await worker.hear('heartbeat');
      gateway.request();
      await worker.hear('request', 3);
      expect(late.record.sentTo).toEqual(['group-1 #1']);
    });
  });

  describe('requests', () => {
    it('go to the workers in turn, and not to those that pause', async () => {
      const gateway = await open();
      const [one, two, three] = [await joined(gateway), await joined(gateway), await joined(gateway)];
      two.say({ kind: 'pause' });
      await (await gateway.waitForConnection(2)).waitForState('paused');
      const sent = [1, 2, 3, 4].map(() => gateway.request());
      await Promise.all([one.hear('request', 2), three.hear('request', 2)]);
      expect(sent.map(({ record }) => record.sentTo)).toEqual([
        ['group-1 #1'],
        ['group-1 #3'],
        ['group-1 #1'],
        ['group-1 #3'],
      ]);
      two.say({ kind: 'ready' });
      await (await gateway.waitForConnection(2)).waitForState('ready');
      gateway.request();
      gateway.request();
      await two.hear('request');
    });

    it('wait for a worker, and keep what is given', async () => {
      const gateway = await open();
      const sent = gateway.request({ requestId: 'r1', appName: 'none', payload: Uint8Array.of(7), stepId: 's' });
      const worker = await joined(gateway);
      const { request } = await worker.hear('request');
      expect(request).toMatchObject({ requestId: 'r1', appName: 'none', stepId: 's', payload: Uint8Array.of(7) });
      expect(sent.record.request).toEqual(request);
    });

    it('are sent as they are, twice, or to a worker that is not ready', async () => {
      const gateway = await open();
      const worker = await joined(gateway);
      const sent = gateway.request();
      const { request } = await worker.hear('request');
      gateway.sendRequest(request);
      await worker.hear('request', 2);
      expect(sent.record).toMatchObject({ sentTo: ['group-1 #1', 'group-1 #1'], leaseIds: [request.leaseId] });
      worker.say({ kind: 'pause' });
      const connection = await gateway.waitForConnection();
      await connection.waitForState('paused');
      expect(() => gateway.sendRequest(request)).toThrow(`no connection to send request ${request.requestId} to`);
      gateway.sendRequest({ ...request, requestId: 'r2', appName: '' }, connection);
      expect((await worker.hear('request', 3)).request).toMatchObject({ requestId: 'r2', appName: '' });
    });

    it('say what they wait for when nobody answers', async () => {
      const gateway = await open();
      const sent = gateway.request({ requestId: 'r1' }, { within: 1 });
      await expect(sent.acked).rejects.toThrow('waited 1 ms for an acknowledgement of request r1');
      await expect(sent.reply).rejects.toThrow('request r1 was sent to nobody, acknowledged by nobody');
    });
  });

  describe('leases', () => {
    const extend = (worker: WorkerClient, request: WorkRequest, leaseId = request.leaseId): void =>
      worker.say({ kind: 'extendLease', request: idsOf(request), leaseId });

    it('are refused when they are taken away, and over when the reply is there', async () => {
      const gateway = await open();
      const worker = await joined(gateway);
      const sent = gateway.request();
      const request = await taken(worker);
      gateway.nackLease(sent.requestId);
      extend(worker, request);
      expect(await worker.hear('leaseAck')).toEqual({ kind: 'leaseAck', requestId: sent.requestId });
      expect(sent.record).toMatchObject({ nacks: 1, extensions: 0 });
    });

    it('are extended although the answer is lost', async () => {
      const gateway = await open();
      const worker = await joined(gateway);
      const sent = gateway.request();
      const request = await taken(worker);
      gateway.loseLeaseAcks(1);
      extend(worker, request);
      extend(worker, request);
      const { newLeaseId } = await worker.hear('leaseAck');
      expect(sent.leaseIds).toEqual([request.leaseId, newLeaseId]);
      expect(gateway.workBook.summary()).toMatchObject({ extensions: 1 });
    });

    it('are answered late', async () => {
      const gateway = await open();
      const worker = await joined(gateway);
      gateway.request();
      const request = await taken(worker);
      gateway.delayLeaseAcks(30);
      extend(worker, request);
      worker.say({ kind: 'reply', reply: replyTo(request) });
      await worker.hear('leaseAck');
      expect(worker.received.map(({ kind }) => kind).slice(-2)).toEqual(['replyAck', 'leaseAck']);
    });

    it('run out, and the book knows', async () => {
      const gateway = await open({ lease: 10 });
      const worker = await joined(gateway);
      const sent = gateway.request();
      await taken(worker);
      await sent.record.waitForExpiry();
      expect(gateway.workBook.summary()).toMatchObject({ sent: 1, acked: 1, lost: 1, expiries: 1 });
      expect(sent.record.sentTo).toEqual(['group-1 #1']);
    });

    it('that ran out lead to another worker, also of another gateway, if that is asked for', async () => {
      const api = await mockApi();
      const [one, two] = [await open({ api, lease: 10, reroute: true }), await open({ api })];
      const first = await joined(one);
      const sent = one.request();
      const request = await taken(first);
      first.socket.terminate();
      await sent.record.waitForExpiry();
      const second = await joined(two, 'worker-2');
      const again = await taken(second);
      expect(again).toEqual({ ...request, leaseId: sent.leaseIds[1] });
      expect(sent.record.sentTo).toEqual(['group-1 #1', 'group-2 #1']);
      second.say({ kind: 'reply', reply: replyTo(again) });
      await sent.reply;
      expect(api.workBook.summary()).toMatchObject({ sent: 1, replied: 1, lost: 0, expiries: 1 });
      await api.close();
    });
  });

  describe('replies', () => {
    /** A worker with requests in hand, acknowledged. */
    const busy = async (gateway: MockGateway, count: number) => {
      const worker = await joined(gateway);
      const sent = Array.from({ length: count }, () => gateway.request());
      for (const nth of sent.keys()) await taken(worker, nth + 1);
      const answer = (at: number, body?: string): void =>
        worker.say({ kind: 'reply', reply: replyTo(sent[at]!.record.request!, body) });
      const acked = (): number[] =>
        worker.received.flatMap((message) =>
          message.kind === 'replyAck' ? [sent.findIndex(({ requestId }) => requestId === message.requestId)] : [],
        );
      return { worker, sent, answer, acked };
    };

    it('count once, and are acknowledged each time', async () => {
      const gateway = await open();
      const { worker, sent, answer, acked } = await busy(gateway, 1);
      answer(0, 'first');
      answer(0, 'second');
      await worker.hear('replyAck', 2);
      expect(acked()).toEqual([0, 0]);
      expect(Buffer.from((await sent[0]!.reply).body).toString()).toBe('first');
      expect(gateway.workBook.summary()).toMatchObject({ replied: 1, doubled: 1 });
    });

    it('are accepted although the acknowledgement is lost', async () => {
      const gateway = await open();
      const { worker, sent, answer, acked } = await busy(gateway, 3);
      gateway.loseReplyAcks(2);
      [0, 1, 2].forEach((at) => answer(at));
      await worker.hear('replyAck');
      await Promise.all(sent.map(({ reply }) => reply));
      expect(acked()).toEqual([2]);
    });

    it('are acknowledged in the reverse order', async () => {
      const gateway = await open({ ackReplies: 'reversed' });
      const { worker, answer, acked } = await busy(gateway, 3);
      [0, 1, 2].forEach((at) => answer(at));
      await worker.hear('replyAck', 3);
      expect(acked()).toEqual([2, 1, 0]);
      answer(1);
      await worker.hear('replyAck', 4);
    });

    it('are acknowledged late, or never', async () => {
      const gateway = await open({ ackReplies: { after: '30ms' } });
      const { worker, sent, answer, acked } = await busy(gateway, 3);
      answer(0);
      await sent[0]!.reply;
      gateway.ackReplies('never');
      answer(1);
      await sent[1]!.reply;
      gateway.ackReplies('now');
      answer(2);
      await worker.hear('replyAck', 2);
      expect(acked()).toEqual([2, 0]);
    });

    it('are not acknowledged where nobody listens any more', async () => {
      const gateway = await open({ ackReplies: { after: 10 } });
      const { worker, sent, answer } = await busy(gateway, 1);
      answer(0);
      await sent[0]!.reply;
      worker.socket.close(1000, 'WORKER_SHUTDOWN');
      expect(await worker.over).toBe('1000 WORKER_SHUTDOWN');
      const other = await joined(gateway);
      gateway.request();
      const request = await taken(other);
      other.say({ kind: 'reply', reply: replyTo(request) });
      await other.hear('replyAck');
    });
  });

  describe('a drain', () => {
    it('tells the workers to move, and closes after the drain window', async () => {
      const gateway = await open({ drainWindow: 50 });
      const worker = await joined(gateway);
      const start = gateway.startAnswer();
      const beginner = workerClient(start);
      await beginner.hear('hello');
      gateway.drain({ within: 10 });
      expect(gateway.draining).toBe(true);
      expect(await worker.hear('draining')).toEqual({ kind: 'draining', within: 10 });
      expect(await beginner.over).toBe('1001 connect_gateway_closing');
      expect(await workerClient(gateway.startAnswer()).over).toBe('1001 connect_gateway_closing');
      expect(worker.socket.readyState).toBe(1);
      expect(await worker.over).toBe('1001 connect_gateway_closing');
    });

    it('gives no more work, and hears what the workers have to say', async () => {
      const gateway = await open();
      const worker = await joined(gateway);
      const sent = gateway.request();
      const request = await taken(worker);
      gateway.drain();
      const late = gateway.request();
      await worker.hear('draining');
      worker.say({ kind: 'heartbeat' });
      await worker.hear('heartbeat');
      worker.say({ kind: 'extendLease', request: idsOf(request), leaseId: request.leaseId });
      await worker.hear('leaseAck');
      worker.say({ kind: 'pause' });
      worker.say({ kind: 'ready' });
      worker.say({ kind: 'reply', reply: replyTo(request) });
      await worker.hear('replyAck');
      await sent.reply;
      expect(await gateway.waitForConnection()).toMatchObject({ state: 'paused', draining: true });
      expect(late.record.sentTo).toEqual([]);
    });

    it('does not promise more time the second time', async () => {
      const { gateway, pass } = await inVirtualTime({ drainWindow: '20s' });
      const worker = await joined(gateway);
      gateway.drain();
      pass(19_999);
      gateway.drain();
      await worker.hear('draining', 2);
      expect(worker.socket.readyState).toBe(1);
      pass(51);
      expect(await worker.over).toBe('1001 connect_gateway_closing');
    });

    it('sends workers to the other gateways of the API', async () => {
      const api = await mockApi();
      const [one, two] = [await open({ api }), await open({ api, group: 'blue' })];
      expect(api.startAnswer().group).toBe('group-1');
      one.drain();
      expect(api.startAnswer().group).toBe('blue');
      one.accept();
      expect([one.draining, api.startAnswer().group]).toEqual([false, 'group-1']);
      await one.close();
      expect(api.startAnswer().group).toBe('blue');
      expect(two.startAnswer().group).toBe('blue');
      expect((await open({ api })).group).toBe('group-1');
      await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
      await api.close();
    });

    it('of one connection leaves the others at work', async () => {
      const gateway = await open();
      const [one, two] = [await joined(gateway), await joined(gateway)];
      (await gateway.waitForConnection(1)).drain();
      await one.hear('draining');
      gateway.request();
      gateway.request();
      await two.hear('request', 2);
      expect(gateway.draining).toBe(false);
    });
  });

  describe('a network', () => {
    it('breaks, with and without a reset', async () => {
      const gateway = await open();
      const dropped = await joined(gateway);
      gateway.drop();
      expect(await dropped.over).toBe('1006');
      const reset = await joined(gateway);
      gateway.reset();
      expect(await reset.over).toBe('1006');
      await gateway.waitUntil(() => gateway.connections.length === 0);
      expect(await gateway.waitForConnection(1)).toMatchObject({ state: 'closed' });
    });

    it('freezes', async () => {
      const gateway = await open();
      const worker = await joined(gateway);
      gateway.freeze();
      worker.say({ kind: 'heartbeat' });
      const other = await joined(await open());
      other.say({ kind: 'heartbeat' });
      await other.hear('heartbeat');
      expect(worker.received.map(({ kind }) => kind)).toEqual(['hello', 'ready']);
      gateway.thaw();
      await worker.hear('heartbeat');
    });

    it('closes with any code', async () => {
      const gateway = await open();
      const worker = await joined(gateway);
      const connection = await gateway.waitForConnection();
      connection.close(4000, 'bye');
      expect(await worker.over).toBe('4000 bye');
      expect(await connection.closed).toEqual({ code: 4000, reason: 'bye' });
      expect(() => connection.send({ kind: 'hello' })).toThrow('is not open');
      expect(connection.state).toBe('closed');
    });
  });

  describe('waits', () => {
    it('for messages of a kind or that pass a test, of one connection or all', async () => {
      const gateway = await open();
      const [one, two] = [await joined(gateway), await joined(gateway)];
      const second = await gateway.waitForConnection(2);
      const report = gateway.waitForMessage((message) => message.kind === 'status' && message.closing);
      const beat = second.waitForMessage('heartbeat', 2);
      one.say({ kind: 'heartbeat' });
      two.say({ kind: 'heartbeat' });
      two.say({ kind: 'status', inFlight: ['r1'], closing: false });
      two.say({ kind: 'status', inFlight: ['r2'], closing: true });
      two.say({ kind: 'heartbeat' });
      expect(await report).toEqual({ kind: 'status', inFlight: ['r2'], closing: true });
      expect(await beat).toEqual({ kind: 'heartbeat' });
      const { inFlight } = await second.waitForMessage('status');
      expect(inFlight).toEqual(['r1']);
    });

    it('tell what came instead', async () => {
      const gateway = await open();
      const within = { within: 1 };
      await expect(gateway.waitForReady(undefined, within)).rejects.toThrow(
        'waited 1 ms for a ready connection; 0 so far (start requests: 0, dials: 0, connections: none)',
      );
      await expect(gateway.waitForMessage('pause', 1, within)).rejects.toThrow(
        "waited 1 ms for a message 'pause'; no message arrived",
      );
      await joined(gateway);
      await expect(gateway.waitForMessage('ready', 2, within)).rejects.toThrow(
        "waited 1 ms for a message 'ready', number 2; 2 messages arrived: connect, ready " +
          '(start requests: 0, dials: 1, connections: #1 ready)',
      );
      await expect(gateway.waitForConnection(2, within)).rejects.toThrow('for connection number 2; 1 so far');
      const connection = await gateway.waitForConnection();
      await expect(connection.waitForMessage('pause', 1, within)).rejects.toThrow('2 messages arrived: connect, ready');
      await expect(connection.waitForState('paused', within)).rejects.toThrow(
        'for group-1 #1 to be paused; it is ready',
      );
      await expect(gateway.waitUntil(() => 1 > 2, within)).rejects.toThrow('() => 1 > 2; 2 messages arrived');
      await expect(gateway.waitForMessage('pause', 0)).rejects.toThrow('mockGateway: expected `nth`');
      await expect(gateway.waitForReady(0)).rejects.toThrow('mockGateway: expected `nth`');
    });

    it('end when the gateway does', async () => {
      const gateway = await open();
      const wait = gateway.waitForReady();
      const closed = gateway.close();
      await expect(wait).rejects.toThrow('mockGateway: closed while a test waited for a ready connection');
      await closed;
      await gateway[Symbol.asyncDispose]();
    });
  });

  it('says which of its own scripts it could not follow', async () => {
    const gateway = await open();
    gateway.handshake({ firstMessage: { kind: 'goodbye' } as never });
    workerClient(gateway.startAnswer());
    await expect(gateway.waitForReady()).rejects.toThrow("expected `kind` to be known, got 'goodbye'");
    await expect(gateways.pop()!.close()).rejects.toThrow("expected `kind` to be known, got 'goodbye'");
  });

  it('refuses options that make no sense', async () => {
    await expect(mockGateway({ lease: 0 })).rejects.toThrow('mockGateway: expected `lease` to be');
    await expect(mockGateway({ ackReplies: 'later' as 'now' })).rejects.toThrow('mockGateway: expected `ackReplies`');
    await expect(mockGateway({ handshake: { helloAfter: 'soon' } })).rejects.toThrow(
      'mockGateway: expected `helloAfter`',
    );
    const gateway = await open();
    expect(() => gateway.handshake({ readyAfter: -1 })).toThrow('mockGateway: expected `readyAfter`');
    expect(() => gateway.loseLeaseAcks(-1)).toThrow('mockGateway: expected `loseLeaseAcks`');
    expect(() => gateway.handshake({}, { times: 0 })).toThrow('mockGateway: expected `times`');
  });
});
