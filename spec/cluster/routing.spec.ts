import { MapOrder } from '../../src/cluster/mapOrder.js';
import { PartitionQueues, type Waiting } from '../../src/cluster/partitionQueues.js';
import { RoutingTable } from '../../src/cluster/routingTable.js';

const waiting = (message: string, hash: number, again = false): Waiting<string> => ({ message, hash, again });

describe('the order of maps', () => {
  it('is that of versions within one life of the cluster', () => {
    const order = new MapOrder();
    const take = (epoch: string, version: number): string => order.take({ epoch, version });
    expect(order.begun).toBe(false);
    expect([take('e', 5), take('e', 5), take('e', 4), take('e', 6)]).toEqual(['first', 'old', 'old', 'newer']);
    expect(order.begun).toBe(true);
    expect([take('f', 1), take('e', 7), take('f', 2)]).toEqual(['restarted', 'old', 'newer']);
    expect([take('f', NaN), take('g', NaN), take('g', Infinity)]).toEqual(['old', 'old', 'old']);
  });

  it('is told by a map that left the present life behind: the cluster was rolled back', () => {
    const order = new MapOrder();
    const take = (epoch: string, version: number, ...formerEpochs: string[]): string =>
      order.take({ epoch, version, formerEpochs });
    expect([take('e', 5), take('f', 1, 'e'), take('e', 6)]).toEqual(['first', 'restarted', 'old']);
    expect([take('e', 3, 'f'), take('f', 9, 'd'), take('e', 4, 'f')]).toEqual(['restarted', 'old', 'newer']);
    expect([take('f', 1, 'e'), take('e', 9)]).toEqual(['restarted', 'old']);
  });

  it('is that of what the map says it left behind, also where no map of that was seen', () => {
    const order = new MapOrder();
    order.take({ epoch: 'f', version: 1, formerEpochs: ['e'] });
    expect(order.take({ epoch: 'e', version: 9 })).toBe('old');
    order.take({ epoch: 'f', version: 2 });
    expect(order.take({ epoch: 'e', version: 9 })).toBe('old');
  });

  it('remembers sixteen lives that are over', () => {
    const order = new MapOrder();
    for (let life = 0; life <= 17; life++) order.take({ epoch: `${life}`, version: 1 });
    expect(order.take({ epoch: '1', version: 9 })).toBe('old');
    expect(order.take({ epoch: '0', version: 9 })).toBe('restarted');
  });
});

describe('the queues of partitions', () => {
  let count: number;
  const queues = (
    buffer = 4,
    overflow: 'drop-oldest' | 'drop-newest' | 'error' = 'drop-oldest',
  ): PartitionQueues<string> => {
    count = 2;
    return new PartitionQueues(buffer, overflow, (hash) => hash % count);
  };
  const taken = (from: PartitionQueues<string>, partition: number): string[] => {
    const all: string[] = [];
    for (let next = from.take(partition); next; next = from.take(partition)) all.push(next.message);
    return all;
  };

  it('are one for each partition; what is sent again goes first', () => {
    const some = queues();
    for (const one of [waiting('a', 0), waiting('b', 1), waiting('c', 2), waiting('d', 0, true)]) some.push(one);
    expect([some.partitions(), some.size]).toEqual([[0, 1], 4]);
    expect(some.close(0)).toBe(false);
    expect(taken(some, 0)).toEqual(['d', 'a', 'c']);
    expect([some.has(0), some.close(0), some.has(0), some.close(0)]).toEqual([true, true, false, false]);
    expect(some.size).toBe(1);
  });

  it('are bounded together: the oldest of all gives way, wherever it is', () => {
    const some = queues(2);
    const [a, b, c] = [waiting('a', 0), waiting('b', 1), waiting('c', 1)];
    expect([some.push(a), some.push(b), some.push(c)]).toEqual([undefined, undefined, a]);
    expect([some.holds(a), some.holds(b), taken(some, 0), taken(some, 1)]).toEqual([false, true, [], ['b', 'c']]);
  });

  it('keep the order of each key when the number of partitions changes', () => {
    const some = queues(9);
    for (const hash of [0, 1, 2, 3, 4, 2, 0]) some.push(waiting(`${hash}`, hash));
    some.push(waiting('2 again', 2, true));
    count = 3;
    some.rehash();
    expect([0, 1, 2].map((partition) => taken(some, partition))).toEqual([
      ['0', '0', '3'],
      ['4', '1'],
      ['2 again', '2', '2'],
    ]);
  });

  it('take a message back where it was, and give all away', () => {
    const some = queues();
    for (const one of [waiting('a', 0), waiting('b', 0), waiting('c', 0, true)]) some.push(one);
    const first = some.take(0) as Waiting<string>;
    some.putBack(first);
    const order = [some.take(0), some.take(0)].map((one) => one?.message);
    expect(order).toEqual(['c', 'a']);
    expect([some.clear().map(({ message }) => message), some.size, some.partitions()]).toEqual([['b'], 0, []]);
  });
});

describe('a routing table', () => {
  const table = (partitions: [string | undefined, string[]][]): RoutingTable<string> =>
    new RoutingTable(
      {
        nodes: new Map(['a', 'b', 'c'].map((id) => [id, { id, url: `ws://${id}` }])),
        partitions: partitions.map(([owner, replicas]) => ({ owner, replicas })),
      },
      ({ url }) => url,
    );
  const some = table([
    ['a', ['b', 'a', 'x', 'b']],
    [undefined, []],
    ['x', ['c']],
  ]);

  it('finds the partition of every hash, by the number of partitions of its map', () => {
    const at = [0, 1, 5, -1, 2 ** 32 - 1, 0.5, NaN];
    expect(at.map((hash) => some.partitionOf(hash))).toEqual([0, 1, 2, 0, 0, 0, 0]);
    expect(at.map((hash) => table(new Array(4).fill(['a', []]) as []).partitionOf(hash))).toEqual([
      0, 1, 1, 3, 3, 0, 0,
    ]);
    expect(at.map((hash) => table([]).partitionOf(hash))).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  it('knows who may take a message, the best one first', () => {
    const names = (partition: number, reach: 'owner' | 'replica' | 'any'): string[] =>
      [...some.candidates(partition, reach)].map(({ member, as }) => `${as} ${member.slice(-1)}`);
    expect(names(0, 'owner')).toEqual(['owner a']);
    expect(names(0, 'replica')).toEqual(['owner a', 'replica b']);
    expect(names(0, 'any')).toEqual(['owner a', 'replica b', 'any c']);
    expect(names(1, 'any')).toEqual(['any a', 'any b', 'any c']);
    expect(names(2, 'any')).toEqual(['replica c', 'any a', 'any b']);
    expect([...table([]).candidates(0, 'any')]).toEqual([]);
  });

  it('knows who is needed', () => {
    expect([...some.needed('owner')]).toEqual(['ws://a']);
    expect([...some.needed('replica')]).toEqual(['ws://a', 'ws://b', 'ws://c']);
    expect(some.needed('any').size).toBe(3);
    expect(some.isLike(table([['a', []]]))).toBe(false);
  });
});
