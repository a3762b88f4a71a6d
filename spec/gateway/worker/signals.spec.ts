import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shutdownSignals } from '../../../src/gateway/shutdownSignals.js';
import { gatewayScene } from './gatewayScene.js';

const root = join(__dirname, '../../..');
const listeners = (): number[] => ['SIGINT', 'SIGTERM', 'SIGUSR2'].map((signal) => process.listenerCount(signal));

/** A process that is a worker, whose work ends when its parent says so. */
const PROGRAM = `
  const { gatewayWorker, shutdownSignals } = require(process.argv[1]);
  const handle = () => new Promise((resolve) => process.once('message', (body) => resolve({ body })));
  gatewayWorker({ apiUrl: process.argv[2], apps: [{ name: 'app', handle }], shutdown$: shutdownSignals() }).subscribe();
`;

describe('shutdownSignals', () => {
  it.each(['SIGINT', 'SIGTERM'])('emits when the process gets %s, completes, and lets go', (signal) => {
    const before = listeners();
    const heard: string[] = [];
    shutdownSignals().subscribe({ next: () => heard.push('asked'), complete: () => heard.push('complete') });
    process.emit(signal as 'SIGINT');

    expect(heard).toEqual(['asked', 'complete']);
    expect(listeners()).toEqual(before);
  });

  it('listens only to the signals that it is given, and to none where there are none', () => {
    const before = listeners();
    const heard: string[] = [];
    const one = shutdownSignals(['SIGUSR2']).subscribe(() => heard.push('asked'));
    const none = shutdownSignals([]).subscribe({ next: () => heard.push('nobody asked') });
    expect(listeners()).toEqual(before.map((count, at) => count + (at === 2 ? 1 : 0)));
    process.emit('SIGUSR2');

    expect(heard).toEqual(['asked']);
    for (const subscription of [one, none]) subscription.unsubscribe();
    expect(listeners()).toEqual(before);
  });

  it('does not listen before it is subscribed, nor after it was unsubscribed', () => {
    const before = listeners();
    const signals$ = shutdownSignals();
    expect(listeners()).toEqual(before);
    signals$.subscribe().unsubscribe();

    expect(listeners()).toEqual(before);
  });
});

describe('a signal', () => {
  const scene = gatewayScene();
  let folder: string;
  let bundle: string;
  const children: ChildProcess[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'hawser-'));
    bundle = join(folder, 'gateway.cjs');
    const esbuild = join(root, 'node_modules/esbuild/bin/esbuild');
    const options = ['--bundle', '--platform=node', '--format=cjs', '--log-level=error', `--outfile=${bundle}`];
    execFileSync(esbuild, [join(root, 'src/gateway.ts'), ...options]);
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** A process with a worker that has a request in work. */
  const busyProcess = async () => {
    const gateway = await scene.gateway();
    const child = spawn(process.execPath, ['-e', PROGRAM, bundle, scene.api.url], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    children.push(child);
    const exit = once(child, 'exit');
    const connection = await gateway.waitForReady();
    const request = gateway.request();
    await request.acked;
    return { gateway, child, exit, connection, request };
  };

  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends a worker, and the process with it, when the work is done',
    async (signal) => {
      const { child, exit, connection, request } = await busyProcess();
      child.kill(signal);
      await connection.waitForMessage('pause');
      await connection.waitForMessage('extendLease', 2);
      child.send('done');
      await request.reply;

      expect(await connection.closed).toEqual({ code: 1000, reason: 'WORKER_SHUTDOWN' });
      expect(await exit).toEqual([0, null]);
    },
  );

  it('that is the second one ends the process at once', async () => {
    const { child, exit, connection } = await busyProcess();
    child.kill('SIGTERM');
    await connection.waitForMessage('pause');
    child.kill('SIGINT');

    expect(await exit).toEqual([null, 'SIGINT']);
    await connection.closed;
    expect(connection.kinds).not.toContain('reply');
  });
});

describe('a worker', () => {
  const scene = gatewayScene();

  it('is ended by a signal, after which nobody listens any more', async () => {
    const before = listeners();
    const gateway = await scene.gateway();
    const worker = scene.worker({ shutdown$: shutdownSignals() });
    const connection = await gateway.waitForReady();
    expect(listeners()).not.toEqual(before);
    process.emit('SIGTERM');
    await worker.done;

    expect(await connection.closed).toEqual({ code: 1000, reason: 'WORKER_SHUTDOWN' });
    expect(listeners()).toEqual(before);
  });

  it('that is stopped listens to no signal', async () => {
    const before = listeners();
    const gateway = await scene.gateway();
    const worker = scene.worker({ shutdown$: shutdownSignals() });
    const connection = await gateway.waitForReady();
    worker.stop();
    await connection.closed;

    expect(listeners()).toEqual(before);
  });

  it('has one listener for each signal, however many parts of it want to know', async () => {
    const before = listeners();
    const gateway = await scene.gateway();
    const worker = scene.worker({ shutdown$: shutdownSignals() });
    await gateway.waitForReady();

    expect(listeners()).toEqual(before.map((count, at) => count + (at < 2 ? 1 : 0)));
    worker.stop();
  });

  it('that is told to listen to none lives on', async () => {
    const gateway = await scene.gateway();
    const worker = scene.worker({ shutdown$: shutdownSignals([]) });
    await gateway.request({ appName: 'app' }).reply;

    expect(worker.types).not.toContain('closing');
  });
});
