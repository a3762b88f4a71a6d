import { type MockGateway, mockGateway } from '../../../src/testing/mockGateway.js';
import { startWorker, stopWorkers } from './startWorker.js';

describe('a worker behind a gateway', () => {
  let gateway: MockGateway;

  beforeEach(async () => {
    gateway = await mockGateway({ extendLeaseInterval: 20 });
  });
  afterEach(async () => {
    stopWorkers();
    await gateway.close();
  });

  it('connects, works, and ends when it is asked to', async () => {
    const worker = startWorker({ apiUrl: gateway.api.url });
    const reply = await gateway.request({ appName: 'app', payload: { answer: 42 } }).reply;
    await worker.event('accepted');
    await worker.shutdown();

    expect(new TextDecoder().decode(reply.body)).toBe('{"answer":42}');
    expect(worker.types.filter((type) => type !== 'message')).toEqual([
      'connecting',
      'open',
      'received',
      'completed',
      'accepted',
      'closing',
      'close',
    ]);
    const { connections, received, workBook } = gateway;
    expect(connections).toEqual([]);
    expect(received.map(({ kind }) => kind)).toEqual(['connect', 'ready', 'ack', 'reply', 'pause']);
    expect(workBook.summary()).toMatchObject({ sent: 1, acked: 1, replied: 1, lost: 0, doubled: 0 });
  });
});
