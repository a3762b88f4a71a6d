import { finalize, from } from 'rxjs';
import type { GatewayWire } from '../../../src/gateway/gatewayWire.js';
import type { WorkRequest } from '../../../src/gateway/messages.js';
import { msgpackWire } from '../../../src/gateway/wire.js';
import { workerState } from '../../../src/gateway/workerState.js';
import type { MockGateway } from '../../../src/testing/mockGateway.js';
import type { WorkerConnection } from '../../../src/testing/workerConnection.js';
import { webSocket } from '../../../src/transports/webSocket.js';
import { gatewayScene } from './gatewayScene.js';
import { heldWork } from './heldWork.js';
import type { StartedWorker } from './startWorker.js';

/** The states that a user saw. */
const shownStates = ({ events }: StartedWorker): string[] => {
  const states: string[] = [];
  from(events)
    .pipe(workerState())
    .subscribe(({ state }) => states.push(state));
  // The list ends, the worker does not.
  return states.slice(0, -2).filter((state, at) => state !== states[at - 1]);
};

describe('a drain', () => {
  const scene = gatewayScene();

  /** A gateway to move to, whose connection opens when the test says so. */
  const pendingGateway = async (group = 'new') => {
    const gateway = await scene.gateway({ group, handshake: { ready: 'never' } });
    const connected = async (): Promise<WorkerConnection> => {
      const connection = await gateway.waitForConnection(1);
      await connection.waitForState('connected');
      return connection;
    };
    return { gateway, connected, open: (connection: WorkerConnection) => connection.send({ kind: 'ready' }) };
  };
  /** A request like one that was sent, under another id. */
  const like = (gateway: MockGateway, requestId: string, known: string): WorkRequest => {
    const { request } = gateway.workBook.record(known);
    if (!request) throw new Error(`request ${known} was not sent`);
    return { ...request, requestId, leaseId: gateway.workBook.newId() };
  };

  it('makes the new connection, takes work over it, and then lets the old one go', async () => {
    const order: string[] = [];
    const wire: GatewayWire = {
      ...msgpackWire,
      worker: {
        ...msgpackWire.worker,
        encode(message) {
          order.push(message.kind);
          return msgpackWire.worker.encode(message);
        },
      },
    };
    const old = await scene.gateway({ group: 'old' });
    await scene.gateway({ group: 'new' });
    const worker = scene.worker({
      wire,
      connect: ({ endpoint, group }) =>
        webSocket({ url: endpoint, protocols: wire.subprotocol }).pipe(finalize(() => order.push(`leaves ${group}`))),
    });
    const connection = await old.waitForReady();
    order.length = 0;
    old.drain();
    await worker.event('retired');

    expect(order).toEqual(['connect', 'ready', 'leaves old']);
    expect(worker.types).toEqual(['connecting', 'open', 'draining', 'open', 'retired']);
    expect(await connection.closed).toMatchObject({ code: 1000 });
    expect(shownStates(worker)).toEqual(['CONNECTING', 'ACTIVE']);
  });

  it('loses no request that comes before the new connection is there, or while the old one lingers', async () => {
    const old = await scene.gateway({ group: 'old', ackReplies: 'never' });
    const next = await pendingGateway();
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps, ackWithin: '10s' });
    const connection = await old.waitForReady();
    const [unconfirmed, kept] = [old.request(), old.request()];
    await Promise.all([unconfirmed.acked, kept.acked]);
    work.finish(unconfirmed.requestId);
    await unconfirmed.reply;
    old.drain();
    const replacement = await next.connected();
    old.sendRequest(like(old, 'before', kept.requestId), connection);
    await old.workBook.record('before').waitForAck();
    next.open(replacement);
    await replacement.waitForMessage('ready');
    old.sendRequest(like(old, 'after', kept.requestId), connection);
    await old.workBook.record('after').waitForAck();
    for (const id of [kept.requestId, 'before', 'after']) {
      work.finish(id);
      await old.workBook.record(id).waitForReply();
    }
    connection.send({ kind: 'replyAck', requestId: unconfirmed.requestId });
    await worker.event('retired');

    const paths = [kept.requestId, 'before', 'after'].map((id) => {
      const { ackedBy, replies } = old.workBook.record(id);
      return [ackedBy, replies.map((reply) => reply.from)];
    });
    expect(paths).toEqual([
      [['old #1'], ['new #1']],
      [['old #1'], ['new #1']],
      [['old #1'], ['new #1']],
    ]);
    expect(old.workBook.summary()).toMatchObject({ lost: 0, doubled: 0, expiries: 0 });
  });

  it('leaves the work to the old connection as long as there is no new one, which users do not notice', async () => {
    const old = await scene.gateway({ group: 'old' });
    const next = await scene.gateway({ group: 'new' });
    const worker = scene.worker();
    const connection = await old.waitForReady();
    const first = old.request();
    await first.reply;
    scene.api.fail('start', 500, { times: 2 });
    next.handshake({ syncFailed: { code: 'connect_internal_error', message: 'not now' } });
    scene.api.fail('start', 429, { times: Infinity });
    old.drain();
    await scene.api.waitForStart(5);
    old.sendRequest(like(old, 'meanwhile', first.requestId), connection);
    await old.workBook.record('meanwhile').waitForReply();
    expect(old.workBook.record('meanwhile').reply?.from).toBe('old #1');
    scene.api.recover();
    await worker.event('retired');

    expect(worker.types).not.toContain('reconnecting');
    expect(worker.types.filter((type) => type === 'open')).toHaveLength(2);
    expect(shownStates(worker)).toEqual(['CONNECTING', 'ACTIVE']);
  });

  it('becomes a reconnect when the old connection dies while the new one cannot be made', async () => {
    const old = await scene.gateway({ group: 'old' });
    const next = await scene.gateway({ group: 'new' });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const connection = await old.waitForReady();
    const { acked, requestId, record } = old.request();
    await acked;
    scene.api.fail('start', 500, { times: Infinity });
    old.drain();
    await scene.api.waitForStart(4);
    connection.socket.drop();
    expect(await worker.event('retired')).toMatchObject({ reason: 'lost' });
    expect(await worker.event('reconnecting')).toMatchObject({ cause: { name: 'GatewayApiError', status: 500 } });
    expect(shownStates(worker)).toEqual(['CONNECTING', 'ACTIVE', 'RECONNECTING']);
    scene.api.recover();
    await next.waitForReady();
    work.finish(requestId);
    await record.waitForReply();

    expect(record.reply?.from).toBe('new #1');
    expect(shownStates(worker).at(-1)).toBe('ACTIVE');
  });

  it('makes one new connection when the gateway closes the old one meanwhile', async () => {
    const old = await scene.gateway({ group: 'old', drainWindow: 20 });
    const next = await pendingGateway();
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const connection = await old.waitForReady();
    const { acked, requestId, record } = old.request();
    await acked;
    old.drain();
    const replacement = await next.connected();
    expect(await connection.closed).toEqual({ code: 1001, reason: 'connect_gateway_closing' });
    await worker.event('retired');
    next.open(replacement);
    await replacement.waitForMessage('ready');
    work.finish(requestId);
    await record.waitForReply();

    expect(worker.types.filter((type) => !['message', 'extended'].includes(type)).slice(0, 7)).toEqual([
      'connecting',
      'open',
      'received',
      'draining',
      'retired',
      'connecting',
      'open',
    ]);
    expect(scene.api.starts).toHaveLength(2);
    expect(next.gateway.server.dials).toBe(1);
    expect(record.reply?.from).toBe('new #1');
  });

  it('may follow on another one: when the new gateway drains too, the first connection goes, and two live at most', async () => {
    const [first, second, third] = [
      await scene.gateway({ group: 'first', ackReplies: 'never' }),
      await scene.gateway({ group: 'second' }),
      await scene.gateway({ group: 'third' }),
    ];
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps, ackWithin: '10s' });
    await first.waitForReady();
    const [unconfirmed, kept] = [first.request(), first.request()];
    await Promise.all([unconfirmed.acked, kept.acked]);
    work.finish(unconfirmed.requestId);
    await unconfirmed.reply;
    first.drain();
    await second.waitForReady();
    second.drain();
    await third.waitForReady();
    await worker.event('retired', 2);
    work.finish(kept.requestId);
    await kept.reply;

    const gone = worker.events.flatMap((event) =>
      event.type === 'retired' ? [`${event.connection.session.group}: ${event.reason}`] : [],
    );
    expect(gone).toEqual(['first: expired', 'second: released']);
    expect(kept.record.reply?.from).toBe('third #1');
    expect(scene.api.starts.map(({ decoded }) => decoded?.exclude)).toEqual([[], ['first'], ['first', 'second']]);
    expect(shownStates(worker)).toEqual(['CONNECTING', 'ACTIVE']);
    expect(await worker.event('accepted')).toEqual({
      type: 'accepted',
      requestId: unconfirmed.requestId,
      via: 'http',
    });
  });

  it('leads back to the same gateway when there is no other and it is restarted', async () => {
    const only = await scene.gateway({ group: 'only' });
    const worker = scene.worker();
    const connection = await only.waitForReady();
    only.drain();
    await only.waitForConnection(3);
    only.accept();
    await worker.event('retired');
    await connection.closed;
    await only.request().reply;

    expect(only.connections).toHaveLength(1);
    expect(worker.types).not.toContain('reconnecting');
    expect(shownStates(worker)).toEqual(['CONNECTING', 'ACTIVE']);
  });

  it('of a worker that is about to end tells the new gateway to send nothing', async () => {
    const old = await scene.gateway({ group: 'old' });
    const next = await scene.gateway({ group: 'new' });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    await old.waitForReady();
    const { acked, requestId, record } = old.request();
    await acked;
    const ended = worker.shutdown();
    await old.waitForMessage('pause');
    old.drain();
    const replacement = await next.waitForConnection(1);
    await replacement.waitForMessage('pause');
    await replacement.waitForMessage('extendLease', 2);
    work.finish(requestId);
    await ended;

    expect(replacement.kinds.filter((kind) => kind !== 'extendLease')).toEqual(['connect', 'pause', 'reply']);
    expect(record.reply?.from).toBe('new #1');
    expect(await replacement.closed).toEqual({ code: 1000, reason: 'WORKER_SHUTDOWN' });
  });

  it('does not keep an idle worker from its end, and neither connection stays', async () => {
    const old = await scene.gateway({ group: 'old' });
    const next = await pendingGateway();
    const worker = scene.worker();
    const connection = await old.waitForReady();
    old.drain();
    const replacement = await next.connected();
    await worker.shutdown();

    expect(await connection.closed).toEqual({ code: 1000, reason: 'WORKER_SHUTDOWN' });
    await replacement.closed;
    expect(replacement.kinds).toEqual(['connect']);
  });
});
