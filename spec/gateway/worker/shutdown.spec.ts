import { of, Subject } from 'rxjs';
import { constant } from '../../../src/core/backoff.js';
import { gatewayScene } from './gatewayScene.js';
import { heldWork } from './heldWork.js';

const farewell = { code: 1000, reason: 'WORKER_SHUTDOWN' };

describe('the end of a worker', () => {
  const scene = gatewayScene();

  /** A worker with requests in work. */
  const busy = async (howMany = 1, config: Parameters<typeof scene.worker>[0] = {}) => {
    const gateway = await scene.gateway({ heartbeatInterval: 100, statusInterval: 20 });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps, ...config });
    const connection = await gateway.waitForReady();
    const requests = Array.from({ length: howMany }, () => gateway.request());
    await Promise.all(requests.map(async ({ acked }) => acked));
    return { gateway, work, worker, connection, requests, ids: requests.map(({ requestId }) => requestId) };
  };

  it('without work says pause, takes leave, and is there', async () => {
    const gateway = await scene.gateway();
    const worker = scene.worker();
    const connection = await gateway.waitForReady();
    await worker.shutdown();

    expect(connection.kinds).toEqual(['connect', 'ready', 'pause']);
    expect(await connection.closed).toEqual(farewell);
    expect(worker.types).toEqual(['connecting', 'open', 'closing', 'close']);
  });

  it('comes when the work is done: meanwhile no more is taken, and leases, beats and reports go on', async () => {
    const { gateway, work, worker, connection, requests, ids } = await busy(2);
    const ended = worker.shutdown();
    await connection.waitForMessage('pause');
    const kinds = ['heartbeat', 'extendLease', 'status'] as const;
    for (const kind of kinds) {
      const before = connection.kinds.filter((one) => one === kind).length;
      await connection.waitForMessage(kind, before + 3);
    }
    expect(connection.state).toBe('paused');
    work.finish(ids[0]!);
    await requests[0]?.reply;
    await connection.waitForMessage(
      (message) => message.kind === 'status' && message.closing && message.inFlight.length === 1,
    );
    expect(connection.state).toBe('paused');
    work.finish(ids[1]!);
    await ended;

    expect(connection.kinds.filter((kind) => !(kinds as readonly string[]).includes(kind))).toEqual([
      'connect',
      'ready',
      'ack',
      'ack',
      'pause',
      'reply',
      'reply',
    ]);
    expect(await connection.closed).toEqual(farewell);
    expect(gateway.workBook.summary()).toMatchObject({ replied: 2, lost: 0, doubled: 0, expiries: 0 });
  });

  it('comes when the last reply is confirmed', async () => {
    const { gateway, work, worker, connection, ids } = await busy(1, { ackWithin: '10s' });
    gateway.ackReplies('never');
    work.finish(ids[0]!);
    await connection.waitForMessage('reply');
    const ended = worker.shutdown();
    await connection.waitForMessage('pause');
    expect(worker.types).not.toContain('close');
    connection.send({ kind: 'replyAck', requestId: ids[0]! });
    await ended;

    expect(worker.types.filter((type) => ['accepted', 'closing', 'close'].includes(type))).toEqual([
      'closing',
      'accepted',
      'close',
    ]);
    expect(scene.api.flushes).toEqual([]);
  });

  it('outlasts a connection that breaks: the next one is told to send nothing, and gets the reply', async () => {
    const { gateway, work, worker, connection, ids, requests } = await busy();
    const ended = worker.shutdown();
    await connection.waitForMessage('pause');
    connection.socket.drop();
    const next = await gateway.waitForConnection(2);
    await next.waitForMessage('extendLease');
    work.finish(ids[0]!);
    await ended;

    expect(next.kinds.slice(0, 2)).toEqual(['connect', 'pause']);
    expect(next.kinds).not.toContain('ready');
    expect(await next.closed).toEqual(farewell);
    expect(requests[0]?.record.replies.map(({ from }) => from)).toEqual([next.name]);
  });

  it('goes on dialling while there is work to do, and takes what the last dial leads to', async () => {
    const { gateway, work, worker, connection, ids, requests } = await busy();
    scene.api.fail('start', 500, { times: Infinity });
    connection.socket.drop();
    await worker.event('reconnecting', 2);
    const ended = worker.shutdown();
    await worker.event('reconnecting', 5);
    scene.api.recover();
    const next = await gateway.waitForConnection(2);
    await next.waitForMessage('pause');
    work.finish(ids[0]!);
    await ended;

    expect(requests[0]?.record.replies.map(({ from }) => from)).toEqual([next.name]);
    expect(next.kinds).not.toContain('ready');
  });

  it('comes without a connection when the last reply went over HTTP', async () => {
    const { work, worker, connection, ids, requests } = await busy(1, { delay: constant('1h') });
    connection.socket.drop();
    await worker.event('reconnecting');
    const ended = worker.shutdown();
    work.finish(ids[0]!);
    await ended;

    expect(requests[0]?.record.replies.map(({ from }) => from)).toEqual(['flush']);
    expect(worker.types.slice(-4)).toEqual(['closing', 'completed', 'buffered', 'accepted']);
  });

  it('comes when the last lease is lost', async () => {
    const { gateway, work, worker, connection, ids } = await busy();
    const ended = worker.shutdown();
    await connection.waitForMessage('pause');
    gateway.nackLease(ids[0]!);
    await ended;

    expect(work.signal(ids[0]!).aborted).toBe(true);
    expect(await worker.event('leaseLost')).toMatchObject({ work: 'cancelled' });
    expect(await connection.closed).toEqual(farewell);
    expect(gateway.received.filter(({ kind }) => kind === 'reply')).toEqual([]);
  });

  it('waits for work that goes on without its lease', async () => {
    const { gateway, work, worker, connection, ids } = await busy(1, { leaseLost: 'finish' });
    const ended = worker.shutdown();
    gateway.nackLease(ids[0]!);
    await worker.event('leaseLost');
    expect(worker.types).not.toContain('close');
    work.finish(ids[0]!);
    await ended;

    expect(connection.kinds).toContain('reply');
    expect(await connection.closed).toEqual(farewell);
  });

  it('comes at its deadline whatever is left, and tells what that was', async () => {
    const { gateway, work, worker, connection, ids } = await busy(3, { shutdownDeadline: 50, ackWithin: '10s' });
    gateway.ackReplies('never');
    work.finish(ids[0]!);
    await connection.waitForMessage('reply');
    await worker.shutdown();

    expect(await worker.event('abandoned')).toEqual({
      type: 'abandoned',
      requests: ids.slice(1),
      replies: ids.slice(0, 1),
    });
    expect(ids.slice(1).map((id) => work.signal(id).aborted)).toEqual([true, true]);
    expect(await connection.closed).toEqual(farewell);
    expect(worker.types.filter((type) => type === 'abandoned')).toHaveLength(1);
  });

  it('says nothing of a deadline when the work is done before', async () => {
    const { work, worker, ids } = await busy(1, { shutdownDeadline: '1h' });
    const ended = worker.shutdown();
    work.finish(ids[0]!);
    await ended;

    expect(worker.types).not.toContain('abandoned');
  });

  it('is asked for once, however often it is asked for', async () => {
    const shutdown$ = new Subject<string>();
    const { work, worker, connection, ids } = await busy(1, { shutdown$ });
    shutdown$.next('now');
    shutdown$.next('once more');
    await connection.waitForMessage('extendLease');
    shutdown$.next('at last');
    work.finish(ids[0]!);
    await worker.done;

    expect(connection.kinds.filter((kind) => kind === 'pause')).toHaveLength(1);
    expect(worker.types.filter((type) => type === 'closing')).toHaveLength(1);
    expect(shutdown$.observed).toBe(false);
  });

  it('comes at once when it is asked for before the beginning', async () => {
    await scene.gateway();
    const worker = scene.worker({ shutdown$: of('now') });
    await worker.done;

    expect(worker.types).toEqual(['closing']);
  });

  it('comes at once while the worker is introduced, and its socket goes', async () => {
    const gateway = await scene.gateway({ handshake: { ready: 'never' } });
    const worker = scene.worker();
    const connection = await gateway.waitForConnection();
    await connection.waitForState('connected');
    await worker.shutdown();
    await connection.closed;

    expect(worker.types).toEqual(['connecting', 'closing']);
    expect(connection.kinds).toEqual(['connect']);
  });

  it('is final: a gateway that closes meanwhile is not dialled again', async () => {
    const gateway = await scene.gateway();
    const worker = scene.worker();
    const connection = await gateway.waitForReady();
    connection.socket.freeze();
    const ended = worker.shutdown();
    connection.socket.drop();
    await ended;

    expect(scene.api.starts).toHaveLength(1);
    expect(worker.types.slice(0, 3)).toEqual(['connecting', 'open', 'closing']);
  });

  it('is not held up by a gateway that does not answer the leave', async () => {
    const gateway = await scene.gateway();
    const worker = scene.worker();
    const connection = await gateway.waitForReady();
    connection.socket.freeze();
    await worker.shutdown();

    expect(worker.types.at(-1)).toBe('close');
    expect(scene.api.starts).toHaveLength(1);
  });
});
