import type { PartitionMap } from './partitionMap.js';

/** How many lives of a cluster are remembered that are over. */
const REMEMBERED = 100;

/** Tells newer maps from older ones: by version within a life of the cluster; a life that has ended does not come back. */
export class MapOrder {
  private newest: Pick<PartitionMap, 'epoch' | 'version'> | undefined;
  private readonly past = new Set<string>();

  /** Whether there has been a map. */
  get begun(): boolean {
    return this.newest !== undefined;
  }

  /** What a map is to those before it: older or the same is `'old'`. */
  take({ epoch, version }: Pick<PartitionMap, 'epoch' | 'version'>): 'first' | 'newer' | 'restarted' | 'old' {
    const before = this.newest;
    const sameLife = before?.epoch === epoch;
    if (!Number.isFinite(version) || this.past.has(epoch) || (sameLife && !(version > before.version))) return 'old';
    this.newest = { epoch, version };
    if (!before) return 'first';
    if (sameLife) return 'newer';
    this.past.add(before.epoch);
    const [oldest] = this.past;
    if (oldest !== undefined && this.past.size > REMEMBERED) this.past.delete(oldest);
    return 'restarted';
  }
}
