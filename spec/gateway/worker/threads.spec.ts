import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Observable } from 'rxjs';
import type { WorkerApp } from '../../../src/gateway/workerConfig.js';
import type { WorkResult } from '../../../src/gateway/workReply.js';
import { gatewayScene } from './gatewayScene.js';

/** Work that leaves its thread no time for anything else, for as many milliseconds as its input says. */
const BUSY = `
  const { parentPort, workerData } = require('node:worker_threads');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, workerData);
  parentPort.postMessage('done after ' + workerData);
`;

describe('work in a thread of its own', () => {
  const scene = gatewayScene();
  const threads: Worker[] = [];
  afterEach(async () => Promise.all(threads.splice(0).map(async (thread) => thread.terminate())));

  /** As docs/gateway.md has it. */
  const inThread = (input: unknown): Observable<WorkResult> =>
    new Observable((subscriber) => {
      const thread = new Worker(BUSY, { eval: true, workerData: input });
      threads.push(thread);
      thread.once('error', (error) => subscriber.error(error));
      thread.once('message', (body) => {
        subscriber.next({ body });
        subscriber.complete();
      });
      return () => void thread.terminate();
    });
  const apps: WorkerApp[] = [{ name: 'app', handle: ({ input }) => inThread(input) }];

  it('holds up neither leases nor heartbeats, however busy it is', async () => {
    const gateway = await scene.gateway({ lease: 400, heartbeatInterval: 100 });
    const worker = scene.worker({ apps });
    const { reply, record } = gateway.request({ payload: 1_000 });

    expect(new TextDecoder().decode((await reply).body)).toBe('done after 1000');
    expect(record).toMatchObject({ expiries: 0, nacks: 0 });
    expect(record.extensions).toBeGreaterThan(3);
    expect(worker.types).not.toContain('reconnecting');
  });

  it('is stopped with its thread when the lease is lost', async () => {
    const gateway = await scene.gateway();
    const worker = scene.worker({ apps });
    const { requestId, acked } = gateway.request({ payload: 60_000 });
    await acked;
    const [thread] = threads;
    const stopped = once(thread!, 'exit');
    gateway.nackLease(requestId);
    await worker.event('leaseLost');
    await stopped;

    expect(worker.types).not.toContain('completed');
  });
});
