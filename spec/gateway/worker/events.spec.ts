import { config as rxjs, from, Subject } from 'rxjs';
import type { WorkerEvent } from '../../../src/gateway/events.js';
import { gatewayWorker } from '../../../src/gateway/worker.js';
import { workerState } from '../../../src/gateway/workerState.js';
import { gatewayScene } from './gatewayScene.js';
import { heldWork } from './heldWork.js';
import { echo } from './startWorker.js';

/** An event in a few words. */
function told(event: WorkerEvent): string {
  switch (event.type) {
    case 'message':
      return `message ${event.data.kind}`;
    case 'close':
      return `close ${event.code} ${event.reason}`.trim();
    case 'retired':
      return `retired ${event.reason}`;
    case 'reconnecting':
      return `reconnecting ${event.attempt} ${(event.cause as Error).name}`;
    case 'skipped':
      return `skipped ${event.reason}`;
    case 'accepted':
      return `accepted ${event.via}`;
    case 'buffered':
      return `buffered ${event.reason}`;
    default:
      return event.type;
  }
}

describe('the events of a worker', () => {
  const scene = gatewayScene();

  it('tell of a life without trouble in its order', async () => {
    const gateway = await scene.gateway();
    const worker = scene.worker();
    await gateway.request({ appName: 'app' }).reply;
    await worker.event('accepted');
    await worker.shutdown();

    expect(worker.events.map(told)).toEqual([
      'connecting',
      'open',
      'message request',
      'received',
      'completed',
      'message replyAck',
      'accepted connection',
      'closing',
      'close 1000 WORKER_SHUTDOWN',
    ]);
  });

  it('tell of a lease that is extended, and of one that is lost', async () => {
    const gateway = await scene.gateway();
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const { acked, requestId } = gateway.request({ appName: 'app' });
    await acked;
    await worker.event('extended');
    gateway.nackLease(requestId);
    await worker.event('leaseLost');
    await worker.shutdown();

    const order = worker.events.map(told);
    expect(order.slice(2, 6)).toEqual(['message request', 'received', 'message leaseAck', 'extended']);
    expect(order.slice(-4)).toEqual(['message leaseAck', 'leaseLost', 'closing', 'close 1000 WORKER_SHUTDOWN']);
  });

  it('tell of a connection that breaks while there is work', async () => {
    const gateway = await scene.gateway({ extendLeaseInterval: '5s' });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const connection = await gateway.waitForReady();
    const { acked, requestId, reply } = gateway.request();
    await acked;
    connection.socket.drop();
    await worker.event('open', 2);
    work.finish(requestId);
    await reply;
    await worker.event('accepted');

    expect(worker.events.map(told)).toEqual([
      'connecting',
      'open',
      'message request',
      'received',
      'close 1006',
      'reconnecting 1 ConnectionClosedError',
      'connecting',
      'open',
      'completed',
      'message replyAck',
      'accepted connection',
    ]);
  });

  it('tell of a reply that found no connection', async () => {
    const gateway = await scene.gateway({ extendLeaseInterval: '5s' });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const connection = await gateway.waitForReady();
    const { acked, requestId } = gateway.request();
    await acked;
    gateway.server.refuse(503);
    connection.socket.drop();
    await worker.event('close');
    work.finish(requestId);
    await worker.event('accepted');

    const ofWork = ['received', 'completed', 'buffered noConnection', 'accepted http'];
    expect(worker.events.map(told).filter((event) => ofWork.includes(event))).toEqual(ofWork);
  });

  it('tell of a gateway that drains', async () => {
    const old = await scene.gateway({ group: 'old', extendLeaseInterval: '5s' });
    const next = await scene.gateway({ group: 'new', extendLeaseInterval: '5s' });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    await old.waitForReady();
    const { acked, requestId, reply } = old.request();
    await acked;
    old.drain();
    await next.waitForReady();
    await worker.event('retired');
    work.finish(requestId);
    await reply;
    await worker.event('accepted');

    expect(worker.events.map(told)).toEqual([
      'connecting',
      'open',
      'message request',
      'received',
      'draining',
      'open',
      'retired released',
      'completed',
      'message replyAck',
      'accepted connection',
    ]);
  });

  it('tell of an end that waits for work', async () => {
    const gateway = await scene.gateway({ extendLeaseInterval: '5s' });
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const connection = await gateway.waitForReady();
    const { acked, requestId, record } = gateway.request();
    await acked;
    const ended = worker.shutdown();
    await connection.waitForMessage('pause');
    gateway.sendRequest({ ...record.request!, requestId: 'late' }, connection);
    await worker.event('skipped');
    work.finish(requestId);
    await ended;

    expect(worker.events.map(told).slice(3)).toEqual([
      'received',
      'closing',
      'message request',
      'skipped closing',
      'completed',
      'message replyAck',
      'accepted connection',
      'close 1000 WORKER_SHUTDOWN',
    ]);
  });

  it('move the state through legal changes only, also when everything goes wrong', async () => {
    const [one, two] = [await scene.gateway({ group: 'one' }), await scene.gateway({ group: 'two' })];
    const work = heldWork();
    scene.api.fail('start', 500, { times: 2 });
    one.handshake({ syncFailed: { code: 'connect_internal_error', message: 'not now' } });
    const worker = scene.worker({ apps: work.apps });
    const first = await two.waitForReady();
    const { acked, requestId, reply } = two.request({ appName: 'app' });
    await acked;
    two.drain();
    const second = await one.waitForReady();
    second.socket.drop();
    two.accept();
    await worker.event('open', 3);
    const ended = worker.shutdown();
    two.drop();
    one.drop();
    await worker.event('open', 4);
    work.finish(requestId);
    await reply;
    await ended;
    await first.closed;

    const illegal: string[] = [];
    const states: string[] = [];
    from(worker.events)
      .pipe(workerState({ onIllegal: (state, event) => illegal.push(`${event} in ${state}`) }))
      .subscribe(({ internalState }) => states.push(internalState));
    expect(illegal).toEqual([]);
    expect(states.lastIndexOf('ACTIVE')).toBeLessThan(states.indexOf('CLOSING'));
    expect(new Set(states.slice(states.indexOf('CLOSING')))).toEqual(new Set(['CLOSING', 'CLOSED']));
    expect(states.at(-1)).toBe('CLOSED');
  });

  describe('reach a listener', () => {
    const unhandled: unknown[] = [];

    beforeEach(() => {
      unhandled.length = 0;
      rxjs.onUnhandledError = (error) => void unhandled.push(error);
    });
    afterEach(() => {
      rxjs.onUnhandledError = null;
    });

    it('that throws, and nothing breaks: it hears the next one, and the work is done', async () => {
      const gateway = await scene.gateway();
      const shutdown$ = new Subject<void>();
      const heard: string[] = [];
      const ended = new Promise<void>((resolve) => {
        gatewayWorker({ apiUrl: scene.api.url, apps: [echo], shutdown$ }).subscribe({
          next({ type }) {
            heard.push(type);
            throw new RangeError(type);
          },
          complete: resolve,
        });
      });
      await gateway.request({ appName: 'app' }).reply;
      await gateway.waitForMessage('reply');
      shutdown$.next();
      await ended;
      // rxjs reports each in a turn of its own.
      while (unhandled.length < heard.length) await new Promise((resolve) => setImmediate(resolve));

      expect(heard.at(-1)).toBe('close');
      expect(heard).toContain('completed');
      expect(unhandled.map((error) => (error as Error).message)).toEqual(heard);
      expect(gateway.workBook.summary()).toMatchObject({ replied: 1, lost: 0 });
    });

    it('no longer when it has unsubscribed', async () => {
      const gateway = await scene.gateway();
      const heard: string[] = [];
      const subscription = gatewayWorker({ apiUrl: scene.api.url, apps: [echo] }).subscribe(({ type }) =>
        heard.push(type),
      );
      const connection = await gateway.waitForReady();
      subscription.unsubscribe();
      await connection.closed;

      expect(heard).toEqual(['connecting', 'open']);
      expect(unhandled).toEqual([]);
    });
  });
});
