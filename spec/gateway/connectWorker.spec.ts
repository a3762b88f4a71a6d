import {
  asyncScheduler,
  config as rxjs,
  EMPTY,
  interval,
  type SchedulerAction,
  type SchedulerLike,
  switchMap,
} from 'rxjs';
import { constant } from '../../src/core/backoff.js';
import { type ConnectedWorker, connectWorker, type WorkerSnapshot } from '../../src/gateway/connectWorker.js';
import type { GatewayWorkerConfig } from '../../src/gateway/workerConfig.js';
import type { WorkerState } from '../../src/gateway/workerState.js';
import { gatewayScene } from './worker/gatewayScene.js';
import { heldWork } from './worker/heldWork.js';
import { echo } from './worker/startWorker.js';

describe('connectWorker', () => {
  const workers: ConnectedWorker[] = [];
  afterEach(() => {
    for (const worker of workers.splice(0)) worker.stop();
  });
  const scene = gatewayScene();

  const connect = (config: Partial<GatewayWorkerConfig> = {}): ConnectedWorker => {
    const worker = connectWorker({
      apiUrl: scene.api.url,
      apps: [echo],
      delay: constant(5),
      random: () => 0,
      ...config,
    });
    workers.push(worker);
    return worker;
  };

  /** Resolves when the worker is in a state. */
  const stateOf = async ({ state$ }: ConnectedWorker, wanted: WorkerState['state']): Promise<WorkerState> =>
    new Promise((resolve) => {
      const subscription = state$.subscribe((state) => {
        if (state.state !== wanted) return;
        resolve(state);
        queueMicrotask(() => subscription.unsubscribe());
      });
    });

  it('starts a worker at once, and tells its states up to the end', async () => {
    await scene.gateway();
    const worker = connect();
    const states: string[] = [];
    const over = new Promise<void>((resolve) => {
      worker.state$.subscribe({ next: ({ state }) => states.push(state), complete: resolve });
    });
    expect(worker.state).toBe('CONNECTING');
    const { connection } = await stateOf(worker, 'ACTIVE');
    expect(worker.state).toBe('ACTIVE');
    expect(connection?.session.group).toBe('group-1');
    await worker.close();
    await over;

    expect(worker.state).toBe('CLOSED');
    expect(states.filter((state, at) => state !== states[at - 1])).toEqual([
      'CONNECTING',
      'ACTIVE',
      'CLOSING',
      'CLOSED',
    ]);
  });

  it('tells who comes late how it stands, also after the end', async () => {
    await scene.gateway();
    const worker = connect();
    await stateOf(worker, 'ACTIVE');
    const states: string[] = [];
    worker.state$.subscribe(({ state }) => states.push(state)).unsubscribe();
    await worker.close();
    worker.state$.subscribe({ next: ({ state }) => states.push(state), complete: () => states.push('complete') });

    expect(states).toEqual(['ACTIVE', 'CLOSED', 'complete']);
  });

  it('tells what happens, to whoever listens, and is in the state that it led to', async () => {
    const gateway = await scene.gateway();
    const worker = connect();
    const told: string[] = [];
    const over = new Promise<void>((resolve) => {
      worker.events$.subscribe({ next: ({ type }) => told.push(`${type} ${worker.state}`), complete: resolve });
    });
    await gateway.request({ appName: 'app' }).reply;
    await stateOf(worker, 'ACTIVE');
    gateway.drop();
    await stateOf(worker, 'RECONNECTING');
    await stateOf(worker, 'ACTIVE');
    void worker.close();
    await over;

    expect(told.filter((one) => /^(open|received|close|reconnecting|closing) /.test(one))).toEqual([
      'open ACTIVE',
      'received ACTIVE',
      'close RECONNECTING',
      'reconnecting RECONNECTING',
      'open ACTIVE',
      'closing CLOSING',
      'close CLOSING',
    ]);
  });

  it('shows a handover in the internal state only', async () => {
    const old = await scene.gateway({ group: 'old' });
    const next = await scene.gateway({ group: 'new' });
    const worker = connect();
    const states: string[] = [];
    worker.state$.subscribe(({ state, internalState }) => states.push(`${state} ${internalState}`));
    await old.waitForReady();
    old.drain();
    await next.waitForReady();

    expect(states.slice(1)).toEqual(['ACTIVE ACTIVE', 'ACTIVE DRAINING_RECONNECTING', 'ACTIVE ACTIVE']);
  });

  it('closes once, and gives every caller the same end', async () => {
    const gateway = await scene.gateway();
    const work = heldWork();
    const worker = connect({ apps: work.apps });
    const connection = await gateway.waitForReady();
    const { acked, requestId, reply } = gateway.request();
    await acked;
    const ends = [worker.close(), worker.close()];
    await connection.waitForMessage('pause');
    ends.push(worker.close());
    work.finish(requestId);
    await Promise.all([...ends, worker.closed, reply]);
    await worker.close();

    expect(new Set([...ends, worker.closed, worker.close()]).size).toBe(1);
    expect(connection.kinds.filter((kind) => kind === 'pause')).toHaveLength(1);
    expect(await connection.closed).toEqual({ code: 1000, reason: 'WORKER_SHUTDOWN' });
  });

  it('never goes back from CLOSING, also when the connection breaks meanwhile', async () => {
    const gateway = await scene.gateway();
    const work = heldWork();
    const worker = connect({ apps: work.apps });
    const states: string[] = [];
    worker.state$.subscribe(({ state }) => states.push(state));
    const connection = await gateway.waitForReady();
    const { acked, requestId } = gateway.request();
    await acked;
    const ended = worker.close();
    connection.socket.drop();
    const next = await gateway.waitForConnection(2);
    await next.waitForMessage('pause');
    expect(worker.snapshot()).toMatchObject({ state: 'CLOSING', inFlight: [{ requestId }] });
    work.finish(requestId);
    await ended;

    const closing = states.slice(states.indexOf('CLOSING'));
    expect(closing.slice(0, -1)).toEqual(closing.slice(0, -1).map(() => 'CLOSING'));
    expect(closing.at(-1)).toBe('CLOSED');
  });

  it('ends by another signal too', async () => {
    const gateway = await scene.gateway();
    const shutdown$ = new Promise<void>((resolve) => void gateway.waitForReady().then(() => resolve()));
    const worker = connect({ shutdown$ });
    await worker.closed;

    expect(worker.state).toBe('CLOSED');
  });

  it('stops at once: work is cancelled, the socket goes, and the end is told', async () => {
    const gateway = await scene.gateway();
    const work = heldWork();
    const worker = connect({ apps: work.apps });
    const connection = await gateway.waitForReady();
    const { acked, requestId } = gateway.request();
    await acked;
    const { signal } = work.begun[0]!;
    worker.stop();
    worker.stop();
    await worker.closed;

    expect(work.signal(requestId).aborted).toBe(true);
    expect(signal.aborted).toBe(true);
    expect(worker.state).toBe('CLOSED');
    expect((await connection.closed).code).toBe(1000);
    expect(connection.kinds).not.toContain('pause');
  });

  it('rejects with the cause when it gave up, which nobody has to hear, and knows it as its state', async () => {
    scene.api.fail('start', 429, { times: Infinity });
    const unheard = connect({ maxAttempts: 0 });
    const worker = connect({ maxAttempts: 1, closeCodes: {} });
    const heard: unknown[] = [];
    worker.events$.subscribe({ error: (error: unknown) => heard.push(error) });
    const rejected = { name: 'ConnectionLimitError', status: 429 };
    await expect(worker.closed).rejects.toMatchObject(rejected);
    await expect(worker.close()).rejects.toMatchObject(rejected);
    await stateOf(unheard, 'CLOSED');

    expect(heard).toMatchObject([rejected]);
    expect(worker.state).toBe('CLOSED');
    expect(await stateOf(worker, 'CLOSED')).toMatchObject({ cause: rejected });
  });

  it('refuses bad options at once', () => {
    expect(() => connectWorker({ apiUrl: scene.api.url, apps: [] })).toThrow(TypeError);
    expect(() => connectWorker({ apiUrl: 'nowhere', apps: [echo] })).toThrow(TypeError);
    expect(scene.api.requests).toEqual([]);
  });

  describe('a listener that throws', () => {
    const unhandled: unknown[] = [];

    beforeEach(() => {
      unhandled.length = 0;
      rxjs.onUnhandledError = (error) => void unhandled.push((error as Error).message);
    });
    afterEach(() => {
      rxjs.onUnhandledError = null;
    });

    it('breaks neither the worker nor another listener', async () => {
      const gateway = await scene.gateway();
      const worker = connect();
      const thrown: string[] = [];
      const heard: string[] = [];
      const fail = (what: string): never => {
        thrown.push(what);
        throw new RangeError(what);
      };
      worker.events$.subscribe(({ type }) => fail(type));
      worker.state$.subscribe(({ internalState }) => fail(internalState));
      worker.events$.subscribe(({ type }) => heard.push(type));
      await gateway.request({ appName: 'app' }).reply;
      await worker.close();
      // rxjs reports each in a turn of its own.
      while (unhandled.length < thrown.length) await new Promise((resolve) => setImmediate(resolve));

      expect(unhandled).toEqual(thrown);
      expect(thrown.filter((what) => heard.includes(what))).toEqual(heard);
      expect(heard.at(-1)).toBe('close');
      expect(gateway.workBook.summary()).toMatchObject({ replied: 1, lost: 0 });
      expect(worker.state).toBe('CLOSED');
    });
  });

  describe('a snapshot', () => {
    it('tells which requests are in work, with their leases and ages, the oldest first', async () => {
      let now = 1_000;
      const scheduler: SchedulerLike = {
        now: () => now,
        schedule: <T>(work: (this: SchedulerAction<T>, state?: T) => void, delay?: number, state?: T) =>
          asyncScheduler.schedule(work, delay, state),
      };
      const gateway = await scene.gateway();
      const work = heldWork();
      const worker = connect({ apps: work.apps, scheduler });
      const connection = await gateway.waitForReady();
      const first = gateway.request();
      await first.acked;
      now += 250;
      const second = gateway.request();
      await second.acked;
      now += 50;
      await stateOf(worker, 'ACTIVE');

      expect(worker.snapshot()).toEqual({
        state: 'ACTIVE',
        internalState: 'ACTIVE',
        group: 'group-1',
        connectionId: connection.worker?.connectionId,
        silence: 50,
        inFlight: [
          { requestId: first.requestId, functionSlug: 'app-work', leaseId: first.leaseIds[0], age: 300 },
          { requestId: second.requestId, functionSlug: 'app-work', leaseId: second.leaseIds[0], age: 50 },
        ],
        unconfirmed: [],
      });
    });

    it('tells which replies nobody confirmed yet, and has the newest lease of what is in work', async () => {
      const gateway = await scene.gateway({ ackReplies: 'never' });
      const work = heldWork();
      const worker = connect({ apps: work.apps, ackWithin: '10s' });
      const [done, kept] = [gateway.request(), gateway.request()];
      await Promise.all([done.acked, kept.acked]);
      work.finish(done.requestId);
      await done.reply;
      const extended = kept.leaseIds.length;
      await new Promise<void>((resolve) => {
        worker.events$.subscribe(({ type }) => kept.leaseIds.length > extended && type === 'extended' && resolve());
      });

      const { inFlight, unconfirmed } = worker.snapshot();
      expect(inFlight).toMatchObject([{ requestId: kept.requestId, leaseId: kept.leaseIds.at(-1) }]);
      expect(unconfirmed).toEqual([{ requestId: done.requestId, age: expect.any(Number) as number }]);
    });

    it('may be told again and again while the worker waits for its end', async () => {
      const gateway = await scene.gateway();
      const work = heldWork();
      const worker = connect({ apps: work.apps });
      const { acked, requestId } = gateway.request();
      await acked;
      const told: WorkerSnapshot[] = [];
      const twice = new Promise<void>((resolve) => {
        // As docs/gateway.md has it.
        worker.state$
          .pipe(switchMap(({ state }) => (state === 'CLOSING' ? interval(10) : EMPTY)))
          .subscribe({ next: () => told.push(worker.snapshot()) === 2 && resolve() });
      });
      const closed = worker.close();
      await twice;
      work.finish(requestId);
      await closed;

      expect(told.slice(0, 2)).toMatchObject([1, 2].map(() => ({ state: 'CLOSING', inFlight: [{ requestId }] })));
      expect(told[1]?.inFlight[0]?.age).toBeGreaterThan(told[0]?.inFlight[0]?.age ?? Infinity);
    });

    it('knows of nothing in work when the worker was stopped', async () => {
      const gateway = await scene.gateway({ ackReplies: 'never' });
      const work = heldWork();
      const worker = connect({ apps: work.apps });
      const [done, kept] = [gateway.request(), gateway.request()];
      await Promise.all([done.acked, kept.acked]);
      work.finish(done.requestId);
      await done.reply;
      expect(worker.snapshot()).toMatchObject({ inFlight: [{}], unconfirmed: [{}] });
      worker.stop();

      expect(worker.snapshot()).toMatchObject({
        state: 'CLOSED',
        connectionId: undefined,
        inFlight: [],
        unconfirmed: [],
      });
    });

    it('knows no connection where there is none, and keeps what is in work', async () => {
      const gateway = await scene.gateway();
      const work = heldWork();
      const worker = connect({ apps: work.apps, delay: constant('1h') });
      expect(worker.snapshot()).toEqual({
        state: 'CONNECTING',
        internalState: 'CONNECTING',
        connectionId: undefined,
        group: undefined,
        silence: undefined,
        inFlight: [],
        unconfirmed: [],
      });
      const { acked, requestId } = gateway.request({ appName: 'app' });
      await acked;
      gateway.drop();
      await stateOf(worker, 'RECONNECTING');

      expect(worker.snapshot()).toMatchObject({
        state: 'RECONNECTING',
        connectionId: undefined,
        group: undefined,
        inFlight: [{ requestId }],
      });
    });
  });
});
