import { asyncScheduler, NEVER } from 'rxjs';
import { inngestWire } from '../../src/gateway/inngestWire.js';
import { type ConnectionTestHarness, connectionTestHarness } from '../../src/testing/connectionTestHarness.js';
import type { ConnectionTestHarnessOptions } from '../../src/testing/connectionTestHarnessOptions.js';
import { leftOver } from '../gateway/worker/leftOver.js';

describe('a connection test harness', () => {
  let harness: ConnectionTestHarness;
  let left: ReturnType<typeof leftOver>;

  const start = async (options?: ConnectionTestHarnessOptions): Promise<void> => {
    harness = await connectionTestHarness(options);
  };
  const states = (): string[] => harness.changes.map(({ to }) => to);

  beforeEach(() => (left = leftOver()));
  afterEach(async () => {
    await harness.close();
    expect(await left()).toEqual([]);
  });

  describe('scenes', () => {
    it('drain the gateway that the worker is connected to, which users are not shown', async () => {
      await start();
      await harness.waitForStateTransition('ACTIVE');
      const { group } = harness.worker.snapshot();

      await harness.assertExternalStateRemains('ACTIVE', () => harness.simulateGatewayDraining());

      expect(states()).toEqual(['ACTIVE', 'DRAINING_RECONNECTING', 'ACTIVE']);
      expect(harness.worker.snapshot().group).not.toBe(group);
      expect(harness.gateways.map(({ connections }) => connections.length)).toEqual([0, 1]);
    });

    it('drain one gateway after the other, and back', async () => {
      await start();
      await harness.simulateGatewayDraining();
      // Successors are dialled a second apart: a worker that is drained again at once moves after that.
      await harness.simulateGatewayDraining();

      expect(harness.worker.snapshot().group).toBe('group-1');
      expect(states()).toEqual(['ACTIVE', 'DRAINING_RECONNECTING', 'ACTIVE', 'DRAINING_RECONNECTING', 'ACTIVE']);
    });

    it('part the worker from its gateways until it notices', async () => {
      await start({ gateway: { heartbeatInterval: 20 } });
      await harness.simulateNetworkPartition();

      await harness.waitForStateTransition('RECONNECTING');
      await harness.waitForStateTransition('ACTIVE');
      harness.assertConnectionState('ACTIVE');
    });

    it('part them for a while that is too short to be noticed', async () => {
      await start();
      await harness.waitForStateTransition('ACTIVE');
      await harness.assertExternalStateRemains('ACTIVE', () => harness.simulateNetworkPartition('20ms'));

      expect(states()).toEqual(['ACTIVE']);
    });

    it('give the worker much to do', async () => {
      let running = 0;
      let most = 0;
      const handle = async (): Promise<object> => {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running--;
        return {};
      };
      await start({ worker: { apps: [{ name: 'app', handle }] } });
      const replies = await harness.simulateHighLoad({ requests: 200, concurrency: 20 });

      expect(replies).toHaveLength(200);
      expect(most).toBeGreaterThan(1);
      expect(most).toBeLessThanOrEqual(20);
      expect(harness.api.workBook.summary()).toMatchObject({ sent: 200, replied: 200, lost: 0, doubled: 0 });
    });

    it('play at the same time: all replies come over a handover and a partition', async () => {
      await start();
      const load = harness.simulateHighLoad({ requests: 300, concurrency: 10 });
      await harness.simulateGatewayDraining();
      await harness.simulateNetworkPartition('100ms');

      expect(await load).toHaveLength(300);
      expect(harness.api.workBook.summary()).toMatchObject({ replied: 300, lost: 0, doubled: 0 });
    });

    it('tell that no reply comes', async () => {
      await start({ worker: { apps: [{ name: 'app', handle: () => NEVER }] } });
      await expect(harness.simulateHighLoad({ requests: 1, within: 50 })).rejects.toThrow(/Timeout/);
    });
  });

  describe('assertions', () => {
    it('tell the history of a state that is not the expected one', async () => {
      await start();
      expect(() => harness.assertConnectionState('ACTIVE')).toThrow(
        'connectionTestHarness: expected the connection to be ACTIVE, it is CONNECTING; its states: CONNECTING',
      );
      await harness.waitForStateTransition('ACTIVE');
      expect(() => harness.assertConnectionState('CLOSED')).toThrow(
        'expected the connection to be CLOSED, it is ACTIVE; its states: CONNECTING → ACTIVE (GATEWAY_READY)',
      );
    });

    it('tell no more than the last changes', async () => {
      await start({ gateways: 1 });
      await harness.waitForStateTransition('ACTIVE');
      for (let drop = 0; drop < 7; drop++) {
        harness.gateways[0]?.drop();
        await harness.waitForStateTransition('ACTIVE');
      }
      const round = '→ RECONNECTING (CONNECTION_LOST) → CONNECTING (CONNECT_REQUESTED) → ACTIVE (GATEWAY_READY) ';

      expect(harness.changes).toHaveLength(22);
      expect(() => harness.assertConnectionState('CLOSED')).toThrow(
        `its states: … → CONNECTING (CONNECT_REQUESTED) → ACTIVE (GATEWAY_READY) ${round.repeat(6).trim()}`,
      );
    });

    it('notice a state that was shown for a moment only', async () => {
      await start();
      await harness.waitForStateTransition('ACTIVE');
      const act = async (): Promise<void> => {
        harness.gateways[0]?.drop();
        await harness.waitForStateTransition('RECONNECTING');
        await harness.waitForStateTransition('ACTIVE');
      };

      await expect(harness.assertExternalStateRemains('ACTIVE', act)).rejects.toThrow(
        'expected the connection to be shown as ACTIVE all the time, it was RECONNECTING; its states: ' +
          'CONNECTING → ACTIVE (GATEWAY_READY) → RECONNECTING (CONNECTION_LOST) → CONNECTING (CONNECT_REQUESTED) → ACTIVE (GATEWAY_READY)',
      );
    });

    it('give what the act gave, or the error of its own', async () => {
      await start();
      const failed = new Error('it failed');

      expect(await harness.assertExternalStateRemains('CONNECTING', () => Promise.resolve(7))).toBe(7);
      await expect(harness.assertExternalStateRemains('CLOSED', () => Promise.reject(failed))).rejects.toBe(failed);
    });
  });

  describe('waits', () => {
    it('see each change once, in order', async () => {
      await start();
      const first = await harness.waitForStateTransition('ACTIVE');
      harness.gateways[0]?.drop();
      const second = await harness.waitForStateTransition('ACTIVE');

      expect([first.event, second.event]).toEqual(['GATEWAY_READY', 'GATEWAY_READY']);
      expect(second).not.toBe(first);
    });

    it('that are in vain tell the history', async () => {
      await start();
      await harness.waitForStateTransition('ACTIVE');
      await expect(harness.waitForStateTransition('CLOSED', { within: 20 })).rejects.toThrow(
        'waited 20 ms for a change to CLOSED; its states: CONNECTING → ACTIVE (GATEWAY_READY)',
      );
    });

    it('end with the harness', async () => {
      await start();
      const closed = harness.waitForStateTransition('CLOSED');
      const parted = harness.waitForStateTransition('RECONNECTING');
      await Promise.all([expect(parted).rejects.toThrow('closed while a test waited'), closed, harness.close()]);
      await harness.close();
    });
  });

  describe('measurements', () => {
    it('are plain numbers', async () => {
      await start();
      expect(await harness.measureConnectionTime()).toBeLessThan(2_000);
      expect(await harness.measureThroughput({ requests: 100 })).toBeGreaterThan(0);
      expect(harness.measureMemoryUsage()).toBeGreaterThan(1_000_000);
      expect(harness.api.workBook.summary().replied).toBe(100);
    });

    it('see what is kept in memory', async () => {
      await start({ gateways: 1 });
      const before = harness.measureMemoryUsage();
      const kept = Array.from({ length: 50_000 }, (_, at) => ({ at }));

      expect(harness.measureMemoryUsage() - before).toBeGreaterThan(kept.length * 16);
    });
  });

  it('speaks the wire of its worker, in the time of its gateways', async () => {
    await start({ gateways: 1, gateway: { scheduler: asyncScheduler }, worker: { wire: inngestWire } });
    await harness.simulateHighLoad({ requests: 3, concurrency: 1 });

    expect(harness.api.wire).toBe(inngestWire);
    expect(harness.api.workBook.summary()).toMatchObject({ sent: 3, replied: 3 });
  });

  it('refuses options that make no sense', async () => {
    await start({ gateways: 1 });
    await expect(connectionTestHarness({ gateways: 0 })).rejects.toThrow(/expected `gateways`/);
    await expect(harness.simulateHighLoad({ requests: 0 })).rejects.toThrow(/expected `requests`/);
  });
});
