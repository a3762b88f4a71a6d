import fc from 'fast-check';
import {
  applyUpdate,
  type Partition,
  type PartitionMap,
  type PartitionMapUpdate,
  type UpdateOutcome,
} from '../../src/cluster/partitionMap.js';

type Full = PartitionMapUpdate & { readonly kind: 'full' };
type Delta = PartitionMapUpdate & { readonly kind: 'delta' };

const node = (id: string): { id: string; url: string } => ({ id, url: `ws://${id}` });
const held = (owner: string | undefined, ...replicas: string[]): Partition => ({ owner, replicas });

const full = (version: number, more: Partial<Full> = {}): Full => ({
  kind: 'full',
  epoch: 'one',
  version,
  nodes: [node('a'), node('b')],
  partitions: [held('a', 'b'), held('b', 'a'), held('a', 'b')],
  ...more,
});
const delta = (previous: number, more: Partial<Delta> = {}): Delta => ({
  kind: 'delta',
  epoch: 'one',
  previous,
  version: previous + 1,
  changes: [],
  ...more,
});
const unchanged = (version: number, epoch = 'one'): PartitionMapUpdate => ({ kind: 'unchanged', epoch, version });

/** The map after some updates. */
const after = (...updates: PartitionMapUpdate[]): PartitionMap | undefined =>
  updates.reduce<PartitionMap | undefined>((map, update) => applyUpdate(map, update).map, undefined);

const taken = (map: PartitionMap | undefined, update: PartitionMapUpdate): PartitionMap => {
  const { map: newest, outcome } = applyUpdate(map, update);
  expect(outcome).toBe('applied');
  return newest!;
};
const refused = (map: PartitionMap | undefined, update: PartitionMapUpdate, why: UpdateOutcome): void => {
  expect(applyUpdate(map, update)).toEqual({ map, outcome: why });
  expect(applyUpdate(map, update).map).toBe(map);
};

describe('applyUpdate, with a full map', () => {
  it('takes the first one', () => {
    const map = taken(undefined, full(7));
    expect(map).toMatchObject({ epoch: 'one', version: 7, partitions: full(7).partitions });
    expect(map.nodes.get('a')).toEqual(node('a'));
    expect([...map.nodes.keys()]).toEqual(['a', 'b']);
  });

  it('keeps the partitions as they were given, unless it has to leave a node out', () => {
    const given = [held('a', 'b'), held('x', 'b'), held(undefined, 'x', 'a')];
    const { partitions } = taken(undefined, full(1, { partitions: given }));
    expect(partitions).toEqual([held('a', 'b'), held(undefined, 'b'), held(undefined, 'a')]);
    expect(partitions[0]).toBe(given[0]);
    expect(given[1]).toEqual(held('x', 'b'));
  });

  it('takes a newer one, and no other', () => {
    const map = after(full(7));
    expect(taken(map, full(9)).version).toBe(9);
    refused(map, full(7, { nodes: [] }), 'unchanged');
    refused(map, full(6), 'older');
  });

  it('P27: has as many partitions as the map says, also when that changes', () => {
    const sixteen = full(1, { partitions: Array.from({ length: 16 }, () => held('a')) });
    expect(taken(undefined, sixteen).partitions).toHaveLength(16);
    expect(taken(after(sixteen), full(2)).partitions).toHaveLength(3);
  });

  it('P29: is taken from a cluster that was started anew, with version 1 again', () => {
    const map = taken(after(full(7)), full(1, { epoch: 'two' }));
    expect(map).toMatchObject({ epoch: 'two', version: 1 });
    expect(taken(map, full(2, { epoch: 'two' })).version).toBe(2);
  });

  it('is refused when it is of an epoch that was left behind', () => {
    const map = after(full(7), full(1, { epoch: 'two' }), full(1, { epoch: 'three' }));
    refused(map, full(8), 'older');
    refused(map, full(8, { epoch: 'two' }), 'older');
    refused(map, delta(7), 'older');
    refused(map, unchanged(8), 'older');
  });

  it('makes the map remember sixteen epochs', () => {
    const epochs = Array.from({ length: 20 }, (_, at) => `epoch ${at}`);
    const map = after(...epochs.map((epoch) => full(1, { epoch })));
    expect(map?.formerEpochs).toEqual(epochs.slice(3, 19).reverse());
    expect(taken(map, full(1, { epoch: 'epoch 0' })).epoch).toBe('epoch 0');
  });

  it('P32: leaves partitions without an owner that is no node, and without such replicas', () => {
    const map = taken(undefined, full(1, { partitions: [held('a', 'x', 'b'), held('x', 'b'), held(undefined)] }));
    expect(map.partitions).toEqual([held('a', 'b'), held(undefined, 'b'), held(undefined)]);
  });

  it('does not share what it was made from', () => {
    const partitions = [held('a')];
    const map = taken(undefined, full(1, { partitions }));
    partitions.push(held('b'));
    expect(map.partitions).toHaveLength(1);
  });

  it('is no map without partitions, or with a version that is no number', () => {
    expect(() => applyUpdate(undefined, full(1, { partitions: [] }))).toThrow('partition map: it has no partitions');
    for (const version of [NaN, -1, 1.5, '3' as unknown as number]) {
      expect(() => applyUpdate(undefined, full(version))).toThrow(
        expect.objectContaining({ name: 'ProtocolError' }) as Error,
      );
    }
  });
});

describe('applyUpdate, with a delta', () => {
  it('takes one from the version that it changes, and leaves the map before as it was', () => {
    const map = after(full(7));
    const next = taken(map, delta(7, { changes: [{ partition: 1, ...held('a') }] }));
    expect(next).toEqual({ ...map, version: 8, partitions: [held('a', 'b'), held('a'), held('a', 'b')] });
    expect(map).toEqual(after(full(7)));
  });

  it('may pass over versions', () => {
    expect(taken(after(full(7)), delta(7, { version: 12 })).version).toBe(12);
  });

  it.each<[string, PartitionMapUpdate]>([
    ['from a later version', delta(8)],
    ['from an earlier version to a later one', delta(5, { version: 9 })],
    ['of another epoch', delta(7, { epoch: 'two' })],
    ['that gives a partition to an unknown node', delta(7, { changes: [{ partition: 0, ...held('x') }] })],
    ['with an unknown replica', delta(7, { changes: [{ partition: 0, ...held('a', 'x') }] })],
    [
      'that gives a partition to a node that leaves',
      delta(7, { left: ['b'], changes: [{ partition: 0, ...held('b') }] }),
    ],
  ])('P32: is a gap %s', (_, update) => {
    refused(after(full(7)), update, 'gap');
  });

  it('is a gap before there is a map', () => {
    refused(undefined, delta(0), 'gap');
  });

  it('is known or older when its version is', () => {
    refused(after(full(7)), delta(6), 'unchanged');
    refused(after(full(7)), delta(5), 'older');
  });

  it('P32: brings nodes, replicas and ownership at once', () => {
    const update = delta(7, { nodes: [node('c')], changes: [{ partition: 0, ...held('c', 'b', 'a') }] });
    const map = taken(after(full(7)), update);
    expect(map.nodes.get('c')).toEqual(node('c'));
    expect(map.partitions[0]).toEqual(held('c', 'b', 'a'));
  });

  it('moves a node', () => {
    const map = taken(after(full(7)), delta(7, { nodes: [{ id: 'a', url: 'ws://elsewhere' }] }));
    expect(map.nodes.get('a')?.url).toBe('ws://elsewhere');
    expect(map.partitions[0]?.owner).toBe('a');
  });

  it('takes what a node that left held from it', () => {
    const map = taken(after(full(7)), delta(7, { left: ['a'], changes: [{ partition: 2, ...held('b') }] }));
    expect([...map.nodes.keys()]).toEqual(['b']);
    expect(map.partitions).toEqual([held(undefined, 'b'), held('b'), held('b')]);
  });

  it('keeps what a node held that left and came back', () => {
    const map = taken(after(full(7)), delta(7, { left: ['a'], nodes: [{ id: 'a', url: 'ws://new' }] }));
    expect(map.partitions).toEqual(full(7).partitions);
  });

  it.each([-1, 3, 0.5, NaN, 'length' as unknown as number])('changes no partition %s', (partition) => {
    const update = delta(7, { changes: [{ partition, ...held('a') }] });
    expect(() => applyUpdate(after(full(7)), update)).toThrow(`partition map: there is no partition ${partition}`);
  });
});

describe('applyUpdate, with what is no update', () => {
  it.each<[string, object | null]>([
    ['null', null],
    ['an epoch that is no text', full(8, { epoch: {} as string })],
    ['partitions that are no list', full(8, { partitions: 'abc' as never })],
    ['a partition that is none', full(8, { partitions: [null as never] })],
    ['a partition without replicas', full(8, { partitions: [{ owner: 'a' } as Partition] })],
    ['a node that is none', full(8, { nodes: [null as never] })],
    ['a node without an address', full(8, { nodes: [{ id: 'a' } as never] })],
    ['a delta without changes', delta(7, { changes: undefined as never })],
    ['a new node without an address', delta(7, { nodes: [{ id: 'c', url: 7 } as never] })],
  ])('says so: %s', (_, update) => {
    expect(() => applyUpdate(after(full(7)), update as PartitionMapUpdate)).toThrow(
      expect.objectContaining({ name: 'ProtocolError' }) as Error,
    );
  });
});

describe('applyUpdate, with the answer that nothing is newer', () => {
  it('P10: says that the map is right', () => {
    refused(after(full(7)), unchanged(7), 'unchanged');
  });

  it('says so of an older map', () => {
    refused(after(full(7)), unchanged(6), 'older');
  });

  it('is a gap where it speaks of a map that is not known', () => {
    refused(after(full(7)), unchanged(8), 'gap');
    refused(after(full(7)), unchanged(7, 'two'), 'gap');
    refused(undefined, unchanged(1), 'gap');
  });
});

describe('applyUpdate, with anything', () => {
  const version = fc.integer({ min: 0, max: 6 });
  const epoch = fc.constantFrom('one', 'two', 'three');
  const owner = fc.constantFrom('a', 'b', 'x', undefined);
  const update = fc.oneof(
    fc.tuple(version, epoch, owner).map(([v, e, o]) => full(v, { epoch: e, partitions: [held(o), held('a', 'b')] })),
    fc
      .tuple(version, epoch, owner, fc.subarray(['a', 'b']))
      .map(([v, e, o, left]) => delta(v, { epoch: e, left, changes: [{ partition: 0, ...held(o) }] })),
    fc.tuple(version, epoch).map(([v, e]) => unchanged(v, e)),
  );

  it('never goes back, never names a node that is not there, and changes only what it says that it applied', () => {
    fc.assert(
      fc.property(fc.array(update, { maxLength: 30 }), (updates) => {
        const left = new Set<string>();
        let map: PartitionMap | undefined;
        for (const one of updates) {
          const { map: next, outcome } = applyUpdate(map, one);
          if (outcome !== 'applied') expect(next).toBe(map);
          else {
            if (map && next!.epoch !== map.epoch) left.add(map.epoch);
            else if (map) expect(next!.version).toBeGreaterThan(map.version);
            expect(left).not.toContain(next!.epoch);
            expect([next!.epoch, next!.version]).toEqual([one.epoch, one.version]);
            for (const { owner: id, replicas } of next!.partitions) {
              for (const name of [id ?? [], replicas].flat()) expect(next!.nodes.has(name)).toBe(true);
            }
          }
          map = next;
        }
      }),
      { numRuns: 500 },
    );
  });
});
