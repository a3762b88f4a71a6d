/** Gives a key its place; of what it gives, the lower 32 bits count. */
export type Hash = (key: string) => number;

/** FNV-1a with 32 bits, over the UTF-16 code units of a key and not over its bytes: what TopGun's clients and servers agree on. */
export function fnv1a(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** The partition of a key, from 0. `count` is how many partitions the cluster's map has: at least 1. */
export function partitionOf(key: string, count: number, hash: Hash = fnv1a): number {
  return partitionOfHash(hash(key), count);
}

/** The partition of a hash: what is left of its 32 bits, taken as a whole number of at least 0, when it is divided by `count`. */
export function partitionOfHash(hash: number, count: number): number {
  if ((count & (count - 1)) === 0) return hash & (count - 1);
  // The same as `(hash >>> 0) % count`, which engines compute with floating point for 32 bits (10 ns), and not for 31 (3 ns).
  const twice = ((hash >>> 1) % count) * 2 + (hash & 1);
  return twice < count ? twice : twice - count;
}

/** How many keys are remembered. */
const RECENT = 1_024;

/** Longer keys are not remembered: they would take more memory than they save time. */
const LONGEST = 1_024;

/** Of so many unknown keys one is remembered: keys that never come again should not pay for those that do. */
const EVERY = 8;

/**
 * A hash that remembers about a thousand recent keys; each call makes one with a memory of its own. It knows nothing of partitions, so that
 * a change of the map leaves it as it is. Gives the 32 bits that count as a signed number, for engines hand those on without making an object.
 */
export function cachedHash(hash: Hash = fnv1a): Hash {
  const recent = new Map<string, number>();
  let unknown = 0;
  return (key) => {
    const known = recent.get(key);
    if (known !== undefined) return known;
    const place = hash(key) | 0;
    if (++unknown >= EVERY && key.length <= LONGEST) {
      unknown = 0;
      if (recent.size === RECENT) recent.clear();
      recent.set(key, place);
    }
    return place;
  };
}
