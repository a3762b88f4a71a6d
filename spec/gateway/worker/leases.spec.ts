import type { MockGateway } from '../../../src/testing/mockGateway.js';
import { gatewayScene } from './gatewayScene.js';
import { heldWork } from './heldWork.js';

/** The ids of leases that a worker wanted to extend, in their order. */
const extended = (gateway: Pick<MockGateway, 'received'>, requestId?: string): string[] =>
  gateway.received.flatMap((message) =>
    message.kind === 'extendLease' && (requestId ?? message.request.requestId) === message.request.requestId
      ? [message.leaseId]
      : [],
  );

/** Each id follows the one before; under load one may be used twice, before the answer is there. */
const expectInOrder = (told: readonly string[], leaseIds: readonly string[]): void => {
  const ids = [...new Set(told)];
  expect(ids).toEqual(leaseIds.slice(0, ids.length));
  expect(told).toEqual([...told].sort());
};

/** Resolves when the gateway has heard so many more heartbeats: by then whatever was due at a shorter interval has come. */
const beats = async (gateway: MockGateway, more: number): Promise<void> => {
  const heard = gateway.received.filter(({ kind }) => kind === 'heartbeat').length;
  await gateway.waitForMessage('heartbeat', heard + more);
};

describe('the lease of a request', () => {
  const scene = gatewayScene();

  it('is extended with its newest id as long as the work takes, and no longer', async () => {
    const gateway = await scene.gateway({ extendLeaseInterval: 10, heartbeatInterval: 30 });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const { requestId, reply, leaseIds, record } = gateway.request();
    await worker.event('extended', 4);
    work.finish(requestId);
    await reply;
    const told = extended(gateway);
    await beats(gateway, 2);

    expect(extended(gateway)).toEqual(told);
    expectInOrder(told, leaseIds);
    expect(record).toMatchObject({ nacks: 0, expiries: 0 });
  });

  it('is its own when 50 requests are in work: each keeps it for longer than it lasts', async () => {
    const gateway = await scene.gateway({ lease: 500 });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    await gateway.waitForReady();
    const requests = Array.from({ length: 50 }, () => gateway.request());
    // 30 times 20 ms are more than 500.
    await gateway.waitUntil(() => requests.every(({ record }) => record.extensions >= 30));
    for (const { requestId } of [...requests].reverse()) work.finish(requestId);
    await worker.event('accepted', 50);

    const ids = requests.flatMap(({ leaseIds }) => leaseIds);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { requestId, leaseIds } of requests) {
      expectInOrder(extended(gateway, requestId), leaseIds);
    }
    expect(gateway.workBook.summary()).toMatchObject({ acked: 50, replied: 50, doubled: 0, expiries: 0 });
    expect(gateway.workBook.leases.held).toEqual([]);
  });

  it('that was extended while the answer got lost is extended with the same id again, and goes on', async () => {
    const gateway = await scene.gateway();
    const work = heldWork();
    scene.worker({ apps: work.apps });
    gateway.loseLeaseAcks(1);
    const { leaseIds, record, requestId } = gateway.request();
    const [first] = await gateway.waitForMessage('extendLease', 2).then(() => extended(gateway));
    await gateway.waitForMessage((message) => message.kind === 'extendLease' && message.leaseId !== first);
    work.finish(requestId);

    expect(extended(gateway).slice(0, 2)).toEqual([first, first]);
    expectInOrder(extended(gateway), leaseIds);
    expect(record).toMatchObject({ nacks: 0, expiries: 0 });
  });

  it('is kept while the answers take longer than the interval', async () => {
    const gateway = await scene.gateway({ extendLeaseInterval: 10, lease: 400 });
    gateway.delayLeaseAcks(25);
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const { record, requestId } = gateway.request();
    await gateway.waitUntil(() => record.extensions >= 5);
    work.finish(requestId);
    await worker.event('accepted');

    expect(extended(gateway).length).toBeGreaterThan(record.extensions);
    expect(record).toMatchObject({ nacks: 0, expiries: 0 });
  });

  it('keeps its newest id when the answers come out of order', async () => {
    const gateway = await scene.gateway();
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    gateway.loseLeaseAcks(1_000);
    const { acked, requestId } = gateway.request();
    await acked;
    const older = gateway.workBook.newId();
    const newer = gateway.workBook.newId();
    const connection = await gateway.waitForReady();
    connection.send({ kind: 'leaseAck', requestId, newLeaseId: newer });
    connection.send({ kind: 'leaseAck', requestId, newLeaseId: older });
    await worker.event('extended', 2);
    const before = extended(gateway).length;
    await gateway.waitForMessage('extendLease', before + 2);
    work.finish(requestId);

    expect(extended(gateway).at(-1)).toBe(newer);
    expect(worker.events.filter(({ type }) => type === 'extended')).toMatchObject([
      { leaseId: newer },
      { leaseId: newer },
    ]);
  });

  it('that the gateway takes away ends the work: its signal is aborted, it is not answered, and another has its turn', async () => {
    const gateway = await scene.gateway({ statusInterval: 20 });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps, concurrency: 1 });
    const taken = gateway.request();
    const next = gateway.request();
    await Promise.all([taken.acked, next.acked]);
    gateway.nackLease(taken.requestId);
    expect(await worker.event('leaseLost')).toMatchObject({
      request: { requestId: taken.requestId },
      work: 'cancelled',
    });
    await gateway.waitForMessage((message) => message.kind === 'status' && String(message.inFlight) === next.requestId);
    const told = extended(gateway, taken.requestId).length;
    expect(work.signal(taken.requestId).aborted).toBe(true);
    work.finish(taken.requestId);
    work.finish(next.requestId);
    await next.reply;
    await worker.event('accepted');

    expect(taken.record.replies).toEqual([]);
    expect(extended(gateway, taken.requestId)).toHaveLength(told);
    expect(scene.api.flushes).toEqual([]);
  });

  it('that is lost may be given again: the work begins anew', async () => {
    const gateway = await scene.gateway();
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const { acked, requestId, reply } = gateway.request();
    const { request } = await acked;
    gateway.nackLease(requestId);
    await worker.event('leaseLost');
    gateway.sendRequest({ ...request!, leaseId: gateway.workBook.newId() });
    await worker.event('received', 2);
    work.finish(requestId, { body: 'again' });

    expect(new TextDecoder().decode((await reply).body)).toBe('again');
    expect(work.begun).toHaveLength(2);
  });

  it('may be lost by work that is finished and answered nevertheless', async () => {
    const gateway = await scene.gateway({ extendLeaseInterval: 10, heartbeatInterval: 30 });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps, leaseLost: 'finish' });
    const { acked, requestId, reply } = gateway.request();
    await acked;
    gateway.nackLease(requestId);
    expect(await worker.event('leaseLost')).toMatchObject({ work: 'continued' });
    await beats(gateway, 1);
    const told = extended(gateway).length;
    await beats(gateway, 2);
    work.finish(requestId);

    expect(await reply).toMatchObject({ status: 'done' });
    expect(work.signal(requestId).aborted).toBe(false);
    expect(extended(gateway)).toHaveLength(told);
  });

  it('is not there any more when its answer comes late', async () => {
    const gateway = await scene.gateway({ extendLeaseInterval: 10, heartbeatInterval: 30 });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const done = gateway.request();
    const lost = gateway.request();
    await Promise.all([done.acked, lost.acked]);
    work.finish(done.requestId);
    gateway.nackLease(lost.requestId);
    await worker.event('accepted');
    await worker.event('leaseLost');
    await beats(gateway, 1);
    const told = [extended(gateway, done.requestId), extended(gateway, lost.requestId)];
    const events = worker.events.filter(({ type }) => type === 'extended').length;
    const connection = await gateway.waitForReady();
    for (const { requestId } of [done, lost]) {
      connection.send({ kind: 'leaseAck', requestId, newLeaseId: gateway.workBook.newId() });
      connection.send({ kind: 'leaseAck', requestId });
    }
    await beats(gateway, 2);

    expect([extended(gateway, done.requestId), extended(gateway, lost.requestId)]).toEqual(told);
    expect(worker.events.filter(({ type }) => type === 'extended')).toHaveLength(events);
    expect(worker.events.filter(({ type }) => type === 'leaseLost')).toHaveLength(1);
  });

  it('outlives its connection: it is extended over the next one with the id that it had', async () => {
    const gateway = await scene.gateway({ lease: '5s' });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const { requestId, leaseIds, record, reply } = gateway.request();
    await gateway.waitUntil(() => record.extensions > 1);
    // So that extensions are due while there is no connection.
    gateway.handshake({ readyAfter: 60 });
    gateway.drop();
    await worker.event('reconnecting');
    const before = worker.events.flatMap((event) => (event.type === 'extended' ? [event.leaseId] : [])).at(-1);
    const next = await gateway.waitForReady(2);
    await next.waitForMessage('extendLease', 2);
    work.finish(requestId);
    await reply;

    expect(leaseIds).toContain(before);
    expect(extended(next)[0]).toBe(before);
    expect(record).toMatchObject({ nacks: 0, expiries: 0 });
    expect(worker.types).not.toContain('leaseLost');
  });

  it('is extended over the new connection only, once that is open, while the old one still waits for an acknowledgement', async () => {
    const old = await scene.gateway({ group: 'old', ackReplies: 'never' });
    const next = await scene.gateway({ group: 'new' });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps, ackWithin: '10s' });
    const connection = await old.waitForReady();
    const unconfirmed = old.request();
    const kept = old.request();
    await Promise.all([unconfirmed.acked, kept.acked]);
    work.finish(unconfirmed.requestId);
    await unconfirmed.reply;
    old.drain();
    await next.waitForMessage('extendLease', 2);
    const told = extended(old).length;
    await next.waitForMessage('extendLease', 4);

    expect(connection.state).not.toBe('closed');
    expect(extended(old)).toHaveLength(told);
    connection.send({ kind: 'replyAck', requestId: unconfirmed.requestId });
    expect(await worker.event('retired')).toMatchObject({ reason: 'released' });
    work.finish(kept.requestId);
    await kept.reply;
    expect(kept.record).toMatchObject({ nacks: 0, expiries: 0, reply: { from: 'new #1' } });
  });
});
