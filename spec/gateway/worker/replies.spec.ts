import { gatewayScene } from './gatewayScene.js';
import { heldWork } from './heldWork.js';

describe('a reply of a worker', () => {
  const scene = gatewayScene();

  it('goes over the new connection when the one that brought its request is gone', async () => {
    const gateway = await scene.gateway();
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const { acked, requestId, record } = gateway.request();
    await acked;
    gateway.reset();
    await gateway.waitForReady(2);
    work.finish(requestId);

    expect(await worker.event('accepted')).toEqual({ type: 'accepted', requestId, via: 'connection' });
    expect(record.replies.map(({ from }) => from)).toEqual(['group-1 #2']);
    expect(scene.api.flushes).toEqual([]);
  });

  it('goes to another gateway when the one that gave the request is gone', async () => {
    const first = await scene.gateway({ group: 'first' });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const { acked, requestId, record } = first.request();
    await acked;
    const other = await scene.gateway({ group: 'other' });
    await first.close();
    await other.waitForReady();
    work.finish(requestId);

    expect(await worker.event('accepted')).toEqual({ type: 'accepted', requestId, via: 'connection' });
    expect(record.replies.map(({ from }) => from)).toEqual(['other #1']);
  });

  it('goes over HTTP, once, when there is no connection as its work ends', async () => {
    const gateway = await scene.gateway();
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const { acked, requestId, record } = gateway.request();
    await acked;
    scene.api.fail('start', 503, { times: Infinity });
    gateway.drop();
    await worker.event('reconnecting');
    work.finish(requestId);
    expect(await worker.event('buffered')).toEqual({ type: 'buffered', requestId, reason: 'noConnection' });
    expect(await worker.event('accepted')).toEqual({ type: 'accepted', requestId, via: 'http' });
    scene.api.recover();
    await worker.event('open', 2);
    await gateway.request().acked;

    expect(record.replies.map(({ from }) => from)).toEqual(['flush']);
    expect(scene.api.flushes).toHaveLength(1);
    expect(gateway.received.filter((message) => message.kind === 'reply')).toEqual([]);
  });

  it('goes over HTTP when the connection that carried it ends before the acknowledgement', async () => {
    const gateway = await scene.gateway({ ackReplies: 'never' });
    const worker = scene.worker();
    const { requestId, reply } = gateway.request();
    await reply;
    gateway.drop();

    expect(await worker.event('buffered')).toEqual({ type: 'buffered', requestId, reason: 'lost' });
    expect(await worker.event('accepted')).toEqual({ type: 'accepted', requestId, via: 'http' });
    expect(gateway.workBook.summary()).toMatchObject({ replied: 1, repeated: 1, doubled: 0 });
  });

  it('goes over HTTP while the connection stays when its acknowledgement got lost, and the others wait for theirs', async () => {
    const gateway = await scene.gateway();
    const worker = scene.worker({ ackWithin: 30 });
    await gateway.waitForReady();
    gateway.loseReplyAcks(1);
    const lost = gateway.request();
    const next = gateway.request();
    await worker.event('accepted', 2);

    expect(worker.events.filter(({ type }) => type === 'accepted')).toEqual([
      { type: 'accepted', requestId: next.requestId, via: 'connection' },
      { type: 'accepted', requestId: lost.requestId, via: 'http' },
    ]);
    expect(worker.types).not.toContain('close');
    expect(gateway.workBook.summary()).toMatchObject({ replied: 2, repeated: 1, doubled: 0 });
  });

  it('takes no harm from an acknowledgement that comes when it has gone over HTTP', async () => {
    const gateway = await scene.gateway({ ackReplies: 'never' });
    const worker = scene.worker({ ackWithin: 30 });
    const { requestId } = gateway.request();
    await worker.event('accepted');
    const connection = await gateway.waitForReady();
    connection.send({ kind: 'replyAck', requestId });
    connection.send({ kind: 'replyAck', requestId: 'unheard-of' });
    gateway.ackReplies('now');
    gateway.request();
    await worker.event('accepted', 2);

    expect(worker.events.filter((event) => event.type === 'accepted' && event.requestId === requestId)).toHaveLength(1);
    expect(scene.api.flushes).toHaveLength(1);
    expect(worker.types).not.toContain('close');
  });

  it('is no longer posted when its acknowledgement comes meanwhile', async () => {
    const gateway = await scene.gateway({ ackReplies: 'never' });
    const worker = scene.worker({ ackWithin: 30 });
    scene.api.hang('flush');
    const { requestId } = gateway.request();
    await scene.api.waitForFlush();
    (await gateway.waitForReady()).send({ kind: 'replyAck', requestId });

    expect(await worker.event('accepted')).toEqual({ type: 'accepted', requestId, via: 'connection' });
    await worker.shutdown();
    expect(scene.api.flushes).toHaveLength(1);
    expect(worker.types).not.toContain('undelivered');
  });

  it('is told by its request from others, in whichever order they are acknowledged', async () => {
    const gateway = await scene.gateway({ ackReplies: 'reversed' });
    const worker = scene.worker();
    await gateway.waitForReady();
    const ids = Array.from({ length: 20 }, () => gateway.request().requestId);
    await worker.event('accepted', 20);

    const accepted = worker.events.filter((event) => event.type === 'accepted');
    expect(new Set(accepted.map(({ requestId }) => requestId))).toEqual(new Set(ids));
    expect(accepted.map(({ requestId }) => requestId)).not.toEqual(ids);
    expect(accepted.every(({ via }) => via === 'connection')).toBe(true);
    expect(worker.types).not.toContain('buffered');
  });

  it('arrives once when the gateway is replaced: whether its work ends before, while there is none, or after', async () => {
    const old = await scene.gateway({ group: 'old' });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const requests = Array.from({ length: 10 }, () => old.request());
    await Promise.all(requests.map(async ({ acked }) => acked));
    const ids = requests.map(({ requestId }) => requestId);
    const finish = (from: number, to: number): void => ids.slice(from, to).forEach((id) => work.finish(id));

    finish(0, 3);
    await worker.event('accepted', 3);
    await old.close();
    await worker.event('reconnecting', 2);
    finish(3, 6);
    await worker.event('accepted', 6);
    const fresh = await scene.gateway({ group: 'new' });
    await fresh.waitForReady();
    finish(6, 10);
    await worker.event('accepted', 10);

    const { workBook } = scene.api;
    expect(workBook.summary()).toMatchObject({ sent: 10, acked: 10, replied: 10, lost: 0, doubled: 0, repeated: 0 });
    expect(
      ids.map((id) =>
        workBook
          .record(id)
          .replies.map(({ from }) => from)
          .join(),
      ),
    ).toEqual([
      ...Array<string>(3).fill('old #1'),
      ...Array<string>(3).fill('flush'),
      ...Array<string>(4).fill('new #1'),
    ]);
    expect(worker.types).not.toContain('leaseLost');
  });

  it('may have 4 MiB; what is bigger goes over HTTP', async () => {
    const gateway = await scene.gateway();
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const [most, more, twice] = [gateway.request(), gateway.request(), gateway.request()];
    const MiB = 1_048_576;
    const bodies = [4 * MiB, 4 * MiB + 1, 8 * MiB].map((size) => new Uint8Array(size).fill(7));
    await Promise.all([most, more, twice].map(async ({ acked }) => acked));
    [most, more, twice].forEach(({ requestId }, at) => work.finish(requestId, { body: bodies[at] }));
    await worker.event('accepted', 3);

    expect(worker.events.filter(({ type }) => type === 'buffered')).toEqual(
      [more, twice].map(({ requestId }) => ({ type: 'buffered', requestId, reason: 'tooBig' })),
    );
    expect([most, more, twice].map(({ record }) => record.reply?.from)).toEqual(['group-1 #1', 'flush', 'flush']);
    const arrived = [most, more, twice].map(({ record }) => record.reply?.reply.body ?? new Uint8Array());
    expect(arrived.map((body, at) => Buffer.compare(body, bodies[at] ?? body))).toEqual([0, 0, 0]);
    expect(worker.types).not.toContain('close');
  });
});
