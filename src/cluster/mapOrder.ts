import { epochsBehind, type PartitionMap } from './partitionMap.js';

/**
 * Tells newer maps from older ones: by version within a life of the cluster. A life that has ended does not come back, unless a map of it
 * says that it has left the present one behind.
 */
export class MapOrder {
  private newest: Pick<PartitionMap, 'epoch' | 'version'> | undefined;
  private behind: readonly string[] = [];

  /** Whether there has been a map. */
  get begun(): boolean {
    return this.newest !== undefined;
  }

  /** What a map is to those before it: older or the same is `'old'`. */
  take({
    epoch,
    version,
    formerEpochs = [],
  }: Pick<PartitionMap, 'epoch' | 'version' | 'formerEpochs'>): 'first' | 'newer' | 'restarted' | 'old' {
    const before = this.newest;
    const sameLife = before?.epoch === epoch;
    const isOver = this.behind.includes(epoch) && !(before && formerEpochs.includes(before.epoch));
    if (!Number.isFinite(version) || isOver || (sameLife && !(version > before.version))) return 'old';
    this.newest = { epoch, version };
    this.behind = epochsBehind(epoch, [...(before ? [before.epoch] : []), ...formerEpochs, ...this.behind]);
    if (!before) return 'first';
    return sameLife ? 'newer' : 'restarted';
  }
}
