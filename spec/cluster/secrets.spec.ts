import { inspect } from 'node:util';
import { BehaviorSubject, concat, NEVER, of, Subject, throwError, VirtualTimeScheduler } from 'rxjs';
import { clusterProvider } from '../../src/cluster/clusterProvider.js';
import type { NodeStatus } from '../../src/cluster/nodeStatus.js';
import type { PartitionMap } from '../../src/cluster/partitionMap.js';
import { routeByPartition } from '../../src/cluster/routeByPartition.js';

const secret = 'hush';
const map: PartitionMap = {
  epoch: 'e',
  version: 1,
  nodes: new Map([['a', { id: 'a', url: `ws://user:${secret}@a.example/x?token=${secret}` }]]),
  partitions: [{ owner: 'a', replicas: [] }],
};
const config = (statuses: NodeStatus[], scheduler: VirtualTimeScheduler) => ({
  key: String,
  partitionMap$: concat(of(map), NEVER),
  connect: () => throwError(() => new Error('refused')),
  circuitBreaker: { failures: 1, resetAfter: 1_000 },
  retryAfter: 10,
  onState: (status: NodeStatus): void => void statuses.push(status),
  scheduler,
});

describe('the secrets in the address of a node', () => {
  let scheduler: VirtualTimeScheduler;
  let statuses: NodeStatus[];
  beforeEach(() => {
    scheduler = new VirtualTimeScheduler();
    scheduler.maxFrames = 3_500;
    statuses = [];
  });

  it('are not in what is told of its state, nor of its circuit', () => {
    const outgoing$ = new Subject<string>();
    const maps$ = new BehaviorSubject(map);
    const routing = routeByPartition({ ...config(statuses, scheduler), partitionMap$: maps$ });
    const hold = outgoing$.pipe(routing).subscribe();
    outgoing$.next('1');
    // Let go, and needed again while its circuit is open.
    maps$.next({ ...map, version: 2, partitions: [{ owner: undefined, replicas: [] }] });
    maps$.next({ ...map, version: 3 });
    scheduler.flush();
    expect(statuses.map(({ cause }) => String(cause))).toContain(
      'DialError: could not connect to ws://a.example/x?…: its circuit is open',
    );
    expect(statuses).toContainEqual(expect.objectContaining({ id: 'a', url: 'ws://a.example/x?…', circuit: 'open' }));
    expect(inspect(statuses, { depth: 9 })).not.toContain(secret);
    hold.unsubscribe();
  });

  it('are not in what a provider tells, nor in the reason why it gives up', async () => {
    const provider = clusterProvider(config(statuses, scheduler));
    const told: unknown[] = [];
    provider.events$.subscribe((event) => {
      if (event.type !== 'partitionMapUpdated') told.push(event);
    });
    const failures = [provider.connect(), provider.connect()].map(async (connecting) => connecting.catch(told.push));
    scheduler.flush();
    await Promise.allSettled(failures);
    expect(told.length).toBeGreaterThan(0);
    expect(inspect(told, { depth: 9 })).not.toContain(secret);
    provider.close();
  });
});
