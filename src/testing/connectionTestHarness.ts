import { asyncScheduler, firstValueFrom, timer } from 'rxjs';
import { constant } from '../core/backoff.js';
import { clampDelay, type Duration, duration } from '../core/duration.js';
import { expectCount } from '../core/expect.js';
import type { InternalState, State, StateChange } from '../core/state.js';
import { connectWorker, type ConnectedWorker } from '../gateway/connectWorker.js';
import type { WorkReply } from '../gateway/messages.js';
import type { GatewayWorkerConfig } from '../gateway/workerConfig.js';
import type { WorkerState } from '../gateway/workerState.js';
import type { ConnectionTestHarnessOptions } from './connectionTestHarnessOptions.js';
import { GatewayStage } from './gatewayStage.js';
import { heapInUse } from './heapInUse.js';
import type { MockApi } from './mockApi.js';
import type { MockGateway } from './mockGateway.js';
import { StateWatch } from './stateWatch.js';
import type { WaitOptions } from './waiting.js';
import { workLoad, type WorkLoadOptions } from './workLoad.js';

/** A worker behind gateways that fail as told, and what to ask of it meanwhile. */
export interface ConnectionTestHarness {
  readonly worker: ConnectedWorker;
  readonly api: MockApi;
  readonly gateways: readonly MockGateway[];
  /** All changes of the worker's internal state, the latest last. */
  readonly changes: readonly StateChange[];

  /** The gateway that the worker is connected to drains; resolves when the worker has left it for another one. Then it is welcome there again. */
  simulateGatewayDraining(): Promise<void>;
  /**
   * Nothing passes between the worker and its gateways, and nobody is told; the API stays in reach. Heals after `lasting`, or
   * without it as soon as the worker has noticed; resolves when the worker is ACTIVE again, or still.
   */
  simulateNetworkPartition(lasting?: Duration): Promise<void>;
  /** Gives the worker that much work. Resolves with all replies; rejects when none comes for 4 s, or for `within`. */
  simulateHighLoad(options?: WorkLoadOptions): Promise<readonly WorkReply[]>;

  /** Throws unless the worker's internal state is this one. */
  assertConnectionState(expected: InternalState): void;
  /** Does the act, and rejects when the state that users are shown was another one before, after or meanwhile. */
  assertExternalStateRemains<Value>(state: State, act: () => Promise<Value>): Promise<Value>;
  /** Resolves with the next change to this internal state: the first since the one that was waited for before, or since the beginning. */
  waitForStateTransition(to: InternalState, options?: WaitOptions): Promise<StateChange>;

  /** How many milliseconds it takes one more worker of the same kind until it is ACTIVE; it ends again. */
  measureConnectionTime(): Promise<number>;
  /** How many requests are answered in a second under this load. */
  measureThroughput(options?: WorkLoadOptions): Promise<number>;
  /** Bytes of the heap in use after a garbage collection, those of the gateways and their records included. */
  measureMemoryUsage(): number;

  /** Stops the worker and closes everything. Safe to call twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const isActive = ({ internalState }: WorkerState): boolean => internalState === 'ACTIVE';

/**
 * Starts a worker behind mock gateways, with a network between them that can be parted.
 *
 * @example
 * const harness = await connectionTestHarness();
 * await harness.waitForStateTransition('ACTIVE');
 * await harness.assertExternalStateRemains('ACTIVE', () => harness.simulateGatewayDraining());
 * await harness.close();
 */
export async function connectionTestHarness({
  gateways = 2,
  gateway = {},
  worker: own = {},
}: ConnectionTestHarnessOptions = {}): Promise<ConnectionTestHarness> {
  expectCount('connectionTestHarness', 'gateways', gateways, 1);
  const { scheduler = asyncScheduler } = own;
  const stage = await GatewayStage.open(gateways, gateway, own.wire);
  const config: GatewayWorkerConfig = {
    apps: [{ name: 'app', handle: ({ input }) => ({ body: input }) }],
    delay: constant(20),
    rewriteEndpoint: stage.endpoint,
    ...own,
    apiUrl: stage.api.url,
  };
  const worker = connectWorker(config);
  const watch = new StateWatch(worker.state$, scheduler);
  /** The worker takes work, and its gateway knows. */
  const ready = async (): Promise<void> => {
    const { connection } = await watch.until('it to be ACTIVE', isActive);
    await stage.gateway(connection?.session.group)?.waitForReady();
  };

  const load = async (options?: WorkLoadOptions): Promise<readonly WorkReply[]> => {
    await ready();
    return workLoad((payload) => stage.request(payload), options);
  };
  let closed: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    worker.stop();
    watch.end();
    await stage.close();
  };
  const close = async (): Promise<void> => (closed ??= end());

  return {
    worker,
    api: stage.api,
    gateways: stage.gateways,
    changes: watch.changes,

    async simulateGatewayDraining() {
      await ready();
      const { group, connectionId } = worker.snapshot();
      const old = stage.gateway(group);
      const left = old?.connections.find(({ worker }) => worker?.connectionId === connectionId);
      old?.drain();
      await watch.until(`it to leave ${group}`, (state) => {
        return isActive(state) && state.connection?.session.group !== group;
      });
      await left?.closed;
      old?.accept();
    },
    async simulateNetworkPartition(lasting) {
      await ready();
      stage.part();
      try {
        if (lasting === undefined) await watch.until('it to notice the partition', ({ state }) => state !== 'ACTIVE');
        else await firstValueFrom(timer(clampDelay(duration(lasting))), { defaultValue: 0 });
      } finally {
        await stage.heal();
      }
      await ready();
    },
    simulateHighLoad: load,

    assertConnectionState: (expected) => watch.is(expected),
    assertExternalStateRemains: async (state, act) => watch.remains(state, act),
    waitForStateTransition: async (to, options) => watch.next(to, options),

    async measureConnectionTime() {
      const begun = scheduler.now();
      const another = connectWorker({ ...config, instanceId: 'one-more' });
      const itsStates = new StateWatch(another.state$, scheduler);
      await itsStates.until('one more worker to be ACTIVE', isActive);
      const taken = scheduler.now() - begun;
      itsStates.end();
      await another.close();
      return taken;
    },
    async measureThroughput(options) {
      await ready();
      const begun = scheduler.now();
      const replies = await load(options);
      return (replies.length * 1_000) / Math.max(1, scheduler.now() - begun);
    },
    measureMemoryUsage: heapInUse,

    close,
    [Symbol.asyncDispose]: close,
  };
}
