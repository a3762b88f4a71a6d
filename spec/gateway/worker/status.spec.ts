import type { ToGateway } from '../../../src/gateway/messages.js';
import { gatewayScene } from './gatewayScene.js';
import { heldWork } from './heldWork.js';

/** Whether a message is a report of these requests in work. */
const reportOf =
  (...ids: string[]) =>
  (message: ToGateway): boolean =>
    message.kind === 'status' && message.inFlight.join() === ids.join();

describe('the status reports of a worker', () => {
  const scene = gatewayScene();

  it('tell again and again which requests are in work, the oldest first', async () => {
    const gateway = await scene.gateway({ statusInterval: 20 });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const connection = await gateway.waitForReady();
    await connection.waitForMessage(reportOf(), 2);
    const [one, two] = [gateway.request(), gateway.request()];
    await connection.waitForMessage(reportOf(one.requestId, two.requestId), 3);
    work.finish(one.requestId);
    await worker.event('accepted');
    await connection.waitForMessage(reportOf(two.requestId), 2);
    work.finish(two.requestId);
    await worker.event('accepted', 2);
    const reports = connection.received.filter(reportOf()).length;
    await connection.waitForMessage(reportOf(), reports + 2);

    const closing = connection.received.map((message) => message.kind === 'status' && message.closing);
    expect(closing).not.toContain(true);
  });

  it('tell of requests that wait for their turn too, and not of one whose lease is lost', async () => {
    const gateway = await scene.gateway({ statusInterval: 20 });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps, concurrency: 1 });
    const connection = await gateway.waitForReady();
    const [running, waiting] = [gateway.request(), gateway.request()];
    await connection.waitForMessage(reportOf(running.requestId, waiting.requestId));
    expect(work.begun).toHaveLength(1);
    gateway.nackLease(running.requestId);
    await worker.event('leaseLost');

    await connection.waitForMessage(reportOf(waiting.requestId));
  });

  it('say that the worker is about to end once it is', async () => {
    const gateway = await scene.gateway({ statusInterval: 20 });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const connection = await gateway.waitForReady();
    const { acked, requestId } = gateway.request();
    await acked;
    await connection.waitForMessage(reportOf(requestId));
    const ended = worker.shutdown();
    await connection.waitForMessage((message) => message.kind === 'status' && message.closing, 3);
    work.finish(requestId);
    await ended;

    const pausedAt = connection.kinds.indexOf('pause');
    const said = connection.received.flatMap((message, at) =>
      message.kind === 'status' ? [[at > pausedAt, message.closing]] : [],
    );
    expect(said.filter(([after, closing]) => after !== closing)).toEqual([]);
    expect(said.every(([after]) => after)).toBe(false);
  });

  it.each(['0s', ''])('are not made where the gateway says %j', async (statusInterval) => {
    const gateway = await scene.gateway({ statusInterval, heartbeatInterval: 100 });
    const worker = scene.worker();
    const connection = await gateway.waitForReady();
    await worker.event('pong', 2);

    expect(connection.kinds).not.toContain('status');
  });

  it('come as each connection asks for: often over the first, not at all over the second, and over the third again', async () => {
    const gateway = await scene.gateway({ statusInterval: 10, heartbeatInterval: 100 });
    const worker = scene.worker();
    const first = await gateway.waitForReady();
    await first.waitForMessage('status', 2);
    gateway.handshake({ intervals: { statusInterval: '0s' } });
    first.socket.drop();
    const second = await gateway.waitForReady(2);
    await second.waitForMessage('heartbeat', 2);
    second.socket.drop();
    const third = await gateway.waitForReady(3);
    await third.waitForMessage('status', 2);

    expect(second.kinds).not.toContain('status');
    expect(worker.types.filter((type) => type === 'open')).toHaveLength(3);
  });

  it('go over the new connection only, once a handover made it', async () => {
    const old = await scene.gateway({ group: 'old', statusInterval: 10, ackReplies: 'never' });
    const next = await scene.gateway({ group: 'new', statusInterval: 10 });
    const work = heldWork();
    scene.worker({ apps: work.apps, ackWithin: '10s' });
    const connection = await old.waitForReady();
    const [unconfirmed, kept] = [old.request(), old.request()];
    await Promise.all([unconfirmed.acked, kept.acked]);
    work.finish(unconfirmed.requestId);
    await unconfirmed.reply;
    await connection.waitForMessage('status');
    old.drain();
    const replacement = await next.waitForReady();
    await replacement.waitForMessage(reportOf(kept.requestId));
    const before = connection.kinds.filter((kind) => kind === 'status').length;
    await replacement.waitForMessage(reportOf(kept.requestId), 4);

    expect(connection.state).not.toBe('closed');
    expect(connection.kinds.filter((kind) => kind === 'status')).toHaveLength(before);
    work.finish(kept.requestId);
    await kept.reply;
  });
});
