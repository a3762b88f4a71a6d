import fc from 'fast-check';
import { cachedHash, fnv1a, partitionOf, partitionOfHash } from '../../src/cluster/hash.js';

const golden: [key: string, hash: number, partition: number][] = [
  ['', 2166136261, 199],
  ['a', 3826002220, 101],
  ['hello', 1335831723, 95],
  ['key1', 927623783, 268],
  ['users:abc123', 3636285003, 228],
  ['posts:xyz789', 1967046881, 156],
  ['test-key-1', 113643389, 81],
  ['another/key/path', 2359481718, 164],
  ['é', 1812687940, 105],
  ['😀', 3409036472, 102],
  ['日本語', 1409693518, 27],
  ['k'.repeat(1_000), 3317922333, 228],
];

describe('fnv1a', () => {
  it.each(golden)('gives what other implementations give: %s', (key, hash) => {
    expect(fnv1a(key)).toBe(hash);
  });
});

describe('partitionOf', () => {
  it.each(golden)('gives what other implementations give, of 271 partitions: %s', (key, _, partition) => {
    expect(partitionOf(key, 271)).toBe(partition);
  });

  it('P27: spreads keys over as many partitions as there are', () => {
    const keys = Array.from({ length: 5_000 }, (_, at) => `users:${at}`);
    for (const count of [1, 2, 16, 271]) {
      expect(new Set(keys.map((key) => partitionOf(key, count))).size).toBe(count);
    }
  });

  it('gives the remainder of the hash, whatever the number of partitions', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 2 ** 31 - 1 }), (hash, count) => {
        expect(partitionOfHash(hash, count)).toBe((hash >>> 0) % count);
      }),
      {
        examples: [
          [2 ** 32 - 1, 2 ** 31 - 1],
          [2 ** 32 - 1, 3],
          [-1, 271],
          [0, 271],
          [2 ** 31, 2 ** 30],
        ],
      },
    );
  });

  it('spreads 100,000 keys evenly', () => {
    const keysOf = new Array<number>(271).fill(0);
    for (let at = 0; at < 100_000; at++) keysOf[partitionOf(`user:${at}`, 271)]!++;
    expect([Math.min(...keysOf), Math.max(...keysOf)]).toEqual([328, 430]);
  });

  it('takes another hash, and 32 bits of what it gives', () => {
    expect(partitionOf('abc', 10, (key) => key.length)).toBe(3);
    expect(partitionOf('abc', 10, () => -1)).toBe((2 ** 32 - 1) % 10);
    expect(partitionOf('abc', 16, () => -1)).toBe(15);
  });
});

describe('cachedHash', () => {
  it('gives what the hash gives', () => {
    const hash = cachedHash();
    const keys = Array.from({ length: 5_000 }, (_, at) => `key ${at % 1_700}`);
    const places = (): number[] => keys.map((key) => hash(key) >>> 0);
    expect(places()).toEqual(keys.map(fnv1a));
    expect(places()).toEqual(keys.map(fnv1a));
  });

  it('asks for a key that comes often a few times only', () => {
    const asked = jest.fn(fnv1a);
    const hash = cachedHash(asked);
    for (let at = 0; at < 1_000; at++) hash('users:1');
    expect(asked.mock.calls.length).toBeLessThan(10);
  });

  it('forgets keys when there are too many', () => {
    const asked = jest.fn(fnv1a);
    const hash = cachedHash(asked);
    for (let at = 0; at < 10; at++) hash('users:1');
    for (let at = 0; at < 20_000; at++) hash(`other:${at}`);
    asked.mockClear();
    hash('users:1');
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('remembers no endless keys', () => {
    const asked = jest.fn(fnv1a);
    const hash = cachedHash(asked);
    const key = 'k'.repeat(2_000);
    for (let at = 0; at < 100; at++) hash(key);
    expect(asked).toHaveBeenCalledTimes(100);
  });

  it('gives the 32 bits that count as a signed number, also from memory', () => {
    for (const place of [-2, 2 ** 32 - 2, 2 ** 40 - 2]) {
      const hash = cachedHash(() => place);
      for (let at = 0; at < 10; at++) expect(hash('users:1')).toBe(-2);
    }
  });

  it('leads to the same partitions', () => {
    const hash = cachedHash();
    for (const [key, , partition] of [...golden, ...golden]) expect(partitionOf(key, 271, hash)).toBe(partition);
  });
});
