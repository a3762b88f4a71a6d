import { EventEmitter, once } from 'node:events';
import { concat, firstValueFrom, fromEvent, NEVER, type Observable, Subject, take } from 'rxjs';
import { constant } from '../../src/core/backoff.js';
import type { PartitionMap, PartitionMapUpdate } from '../../src/cluster/partitionMap.js';
import { partitionMaps, type PartitionMapsConfig } from '../../src/cluster/partitionMaps.js';

const full = (version: number): PartitionMapUpdate => ({
  kind: 'full',
  epoch: 'one',
  version,
  nodes: [{ id: 'a', url: 'ws://a' }],
  partitions: [{ owner: 'a', replicas: [] }],
});
const gap: PartitionMapUpdate = { kind: 'delta', epoch: 'one', previous: 6, version: 8, changes: [] };

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('partitionMaps, in real time', () => {
  it('P11: asks again after refreshes that were rejected, and none of them is left unhandled', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): number => unhandled.push(reason);
    process.on('unhandledRejection', note);
    let asked = 0;
    const refresh = async (): Promise<PartitionMapUpdate> => {
      if (++asked < 4) throw new Error('no map');
      return full(8);
    };
    const maps$ = partitionMaps(NEVER, { refresh, retry: constant(1) });
    expect((await firstValueFrom(maps$)).version).toBe(8);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    expect(asked).toBe(4);
  });

  it('P10, P31: leaves no listener behind when nobody answers, and no timer when nobody listens', async () => {
    const before = timers();
    const server = new EventEmitter();
    let asked = 0;
    const refresh = (): Observable<PartitionMapUpdate> => {
      server.emit('asked', ++asked);
      return fromEvent(server, 'map') as Observable<PartitionMapUpdate>;
    };
    const most: number[] = [];
    server.on('asked', () => most.push(server.listenerCount('map')));
    const subscription = partitionMaps(concat([full(7)], NEVER), {
      refresh,
      staleAfter: 1,
      within: 1,
    }).subscribe();
    while (asked < 5) await once(server, 'asked');
    expect(most).toEqual([0, 0, 0, 0, 0]);
    subscription.unsubscribe();
    expect(server.listenerCount('map')).toBe(0);
    // One of the test runner's own may have rung meanwhile.
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it('asks over a connection that answers with the updates', async () => {
    const updates$ = new Subject<PartitionMapUpdate>();
    const asked: (number | undefined)[] = [];
    const refresh = async (map: PartitionMap | undefined): Promise<undefined> => {
      asked.push(map?.version);
      setImmediate(() => updates$.next(full(map ? 8 : 7)));
      return undefined;
    };
    const versions: number[] = [];
    await new Promise<void>((resolve) => {
      partitionMaps(updates$, { refresh })
        .pipe(take(2))
        .subscribe({
          next(map) {
            versions.push(map.version);
            updates$.next(gap);
          },
          complete: resolve,
        });
    });
    expect(versions).toEqual([7, 8]);
    expect(asked).toEqual([undefined, 7]);
  });
});

describe('partitionMaps', () => {
  it.each<[PartitionMapsConfig, string]>([
    [{ refresh: 'yes' as never }, "expected `refresh` to be a function, got 'yes'"],
    [{ staleAfter: 0 }, "expected `staleAfter` to be above 0 ms, or a text such as '10s', got 0"],
    [{ within: 'soon' }, "expected `within` to be above 0 ms, or a text such as '10s', got 'soon'"],
    [{ retry: 5 as never }, 'expected `retry` to be a function, got 5'],
  ])('refuses options that make no sense: %p', (config, why) => {
    expect(() => partitionMaps(NEVER, config)).toThrow(new TypeError(`partitionMaps: ${why}`));
  });
});
