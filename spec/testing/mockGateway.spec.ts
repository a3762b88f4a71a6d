import { mockGateway, type MockGateway } from '../../src/testing/mockGateway.js';
import type { MockGatewayOptions } from '../../src/testing/mockGatewayOptions.js';
import { endWorkers, idsOf, replyTo, type WorkerClient, workerClient } from './workerClient.js';
import { tcpHandles } from './wsClient.js';

describe('mockGateway', () => {
  const gateways: MockGateway[] = [];
  const start = async (options?: MockGatewayOptions): Promise<MockGateway> => {
    const gateway = await mockGateway(options);
    gateways.push(gateway);
    return gateway;
  };
  /** A worker that is ready for work. */
  const joined = async (gateway: MockGateway, instanceId?: string): Promise<WorkerClient> => {
    const worker = workerClient(gateway.startAnswer());
    await worker.join(instanceId === undefined ? {} : { instanceId });
    return worker;
  };

  afterEach(async () => {
    await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
    await endWorkers();
    expect(await tcpHandles()).toEqual([]);
  });

  it('welcomes a worker in three steps and gives it work', async () => {
    const gateway = await start();
    const worker = await joined(gateway);
    const connection = await gateway.waitForReady();
    expect(connection).toMatchObject({ id: 1, name: 'group-1 #1', state: 'ready', kinds: ['connect', 'ready'] });
    expect(connection.worker).toMatchObject({ instanceId: 'worker-1' });

    const sent = gateway.request({ payload: { answer: 42 } });
    const { request } = await worker.hear('request');
    expect(request).toMatchObject({ requestId: sent.requestId, appName: 'shop', leaseId: sent.leaseIds[0] });
    worker.say({ kind: 'ack', request: idsOf(request) });
    await sent.acked;
    worker.say({ kind: 'extendLease', request: idsOf(request), leaseId: request.leaseId });
    const { newLeaseId } = await worker.hear('leaseAck');
    expect(sent.leaseIds).toEqual([request.leaseId, newLeaseId]);
    worker.say({ kind: 'reply', reply: replyTo(request) });
    expect(await sent.reply).toEqual(replyTo(request));
    expect(await worker.hear('replyAck')).toEqual({ kind: 'replyAck', requestId: sent.requestId });
    expect(gateway.workBook.summary()).toEqual({
      sent: 1,
      acked: 1,
      replied: 1,
      lost: 0,
      doubled: 0,
      repeated: 0,
      unasked: 0,
      extensions: 1,
      expiries: 0,
    });
  });

  it('tells its workers to move, and closes after the drain window', async () => {
    const gateway = await start({ drainWindow: 50 });
    const worker = await joined(gateway);
    await gateway.waitForReady();
    gateway.drain({ within: 10 });
    expect(await worker.hear('draining')).toEqual({ kind: 'draining', within: 10 });
    expect(await worker.over).toBe('1001 connect_gateway_closing');
  });
});
