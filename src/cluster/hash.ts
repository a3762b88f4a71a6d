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
  const place = hash(key) >>> 0;
  return (count & (count - 1)) === 0 ? place & (count - 1) : place % count;
}

/** How many keys are remembered. */
const RECENT = 1_024;

/** Longer keys are not remembered: they would take more memory than they save time. */
const LONGEST = 1_024;

/** Of so many unknown keys one is remembered: keys that never come again should not pay for those that do. */
const EVERY = 8;

/**
 * A hash that remembers about a thousand recent keys; each call makes one with a memory of its own. It knows nothing of partitions, so that
 * a change of the map leaves it as it is.
 */
export function cachedHash(hash: Hash = fnv1a): Hash {
  // Signed, for those fit into the engine's small integers.
  const recent = new Map<string, number>();
  let unknown = 0;
  return (key) => {
    const known = recent.get(key);
    if (known !== undefined) return known >>> 0;
    const place = hash(key);
    if (++unknown >= EVERY && key.length <= LONGEST) {
      unknown = 0;
      if (recent.size === RECENT) recent.clear();
      recent.set(key, place | 0);
    }
    return place >>> 0;
  };
}
