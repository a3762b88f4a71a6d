import { isNamed, ProtocolError } from '../core/errors.js';

/** A server that holds partitions. */
export interface ClusterNode {
  /** What the map calls it. */
  readonly id: string;
  /** Where it is reached. */
  readonly url: string;
}

/** Who holds a partition: the node that takes its writes, and those that have copies. Ids of nodes. */
export interface Partition {
  /** Undefined while nobody owns it. */
  readonly owner: string | undefined;
  /** The best one first. */
  readonly replicas: readonly string[];
}

/** Which node holds which partition, at one moment of a cluster's life. */
export interface PartitionMap {
  /** Which life of the cluster it belongs to: a cluster that is started anew counts its versions from the beginning. */
  readonly epoch: string;
  /** Grows with every change within an epoch. */
  readonly version: number;
  readonly nodes: ReadonlyMap<string, ClusterNode>;
  /** As many as keys are spread over. */
  readonly partitions: readonly Partition[];
  /** Epochs that it has left behind, the newest first: what is still said of them comes too late. */
  readonly formerEpochs?: readonly string[];
}

/** What a cluster says about its map. */
export type PartitionMapUpdate =
  | {
      readonly kind: 'full';
      readonly epoch: string;
      readonly version: number;
      readonly nodes: readonly ClusterNode[];
      readonly partitions: readonly Partition[];
    }
  | {
      readonly kind: 'delta';
      readonly epoch: string;
      /** The version that it changes. */
      readonly previous: number;
      readonly version: number;
      /** Nodes that are new or have moved. */
      readonly nodes?: readonly ClusterNode[];
      /** Ids of nodes that are gone. */
      readonly left?: readonly string[];
      readonly changes: readonly (Partition & { readonly partition: number })[];
    }
  /** The answer to a question: there is nothing newer than this. */
  | { readonly kind: 'unchanged'; readonly epoch: string; readonly version: number };

/**
 * What became of an update: it was taken; it says what is known; it is out of date; or something is missing between the map and it, and
 * a full map has to be asked for.
 */
export type UpdateOutcome = 'applied' | 'unchanged' | 'older' | 'gap';

/** How many epochs are remembered. */
const FORMER_EPOCHS = 16;

/**
 * The map after an update: a new one where the outcome is `applied`, else the one that was given. It keeps the nodes and partitions of the
 * update as they are, so these must not be changed afterwards.
 * A full map is taken when it is newer, or of an epoch that was not seen before: a cluster that was started anew begins at version 1.
 * A delta is taken only onto the version that it changes, and only if it names no owner or replica that the map does not know.
 * An owner that is not among the nodes of a full map, or that a delta says is gone, leaves its partitions without one.
 * Throws a `ProtocolError` for what no cluster in its right mind says: a map without partitions, a change to a partition that is not there,
 * anything that is not of the form of an update.
 */
export function applyUpdate(
  map: PartitionMap | undefined,
  update: PartitionMapUpdate,
): { readonly map: PartitionMap | undefined; readonly outcome: UpdateOutcome } {
  try {
    return applied(map, update);
  } catch (cause) {
    throw isNamed(cause, 'ProtocolError')
      ? cause
      : new ProtocolError('partition map: it has not the form of one', cause);
  }
}

function applied(map: PartitionMap | undefined, update: PartitionMapUpdate): ReturnType<typeof applyUpdate> {
  const { kind, epoch, version } = update;
  check(typeof epoch === 'string', 'its epoch is no text');
  check(Number.isSafeInteger(version) && version >= 0, `version ${version} is not a whole number`);
  if (map?.formerEpochs?.includes(epoch)) return { map, outcome: 'older' };
  if (map?.epoch === epoch && version <= map.version) {
    return { map, outcome: version < map.version ? 'older' : 'unchanged' };
  }
  if (kind === 'full') return { map: fullMap(map, update), outcome: 'applied' };
  const changed =
    kind === 'delta' && map?.epoch === epoch && update.previous === map.version && changedMap(map, update);
  return changed ? { map: changed, outcome: 'applied' } : { map, outcome: 'gap' };
}

function fullMap(map: PartitionMap | undefined, update: PartitionMapUpdate & { readonly kind: 'full' }): PartitionMap {
  const { epoch, version } = update;
  check(update.partitions.length > 0, 'it has no partitions');
  const nodes = new Map(update.nodes.map((node) => [node.id, reachable(node)]));
  return {
    epoch,
    version,
    nodes,
    partitions: update.partitions.map((partition) => among(nodes, partition)),
    formerEpochs: map ? epochsBehind(epoch, [map.epoch, ...(map.formerEpochs ?? [])]) : [],
  };
}

/** What `formerEpochs` says in a map of `epoch`, where so many were known before it, the newest first. */
export function epochsBehind(epoch: string, before: readonly string[]): readonly string[] {
  return [...new Set(before)].filter((one) => one !== epoch).slice(0, FORMER_EPOCHS);
}

/** Undefined where the delta speaks of a node that neither it nor the map has. */
function changedMap(
  map: PartitionMap,
  { version, nodes: joined = [], left = [], changes }: PartitionMapUpdate & { readonly kind: 'delta' },
): PartitionMap | undefined {
  const nodes = new Map(map.nodes);
  for (const id of left) nodes.delete(id);
  for (const node of joined) nodes.set(node.id, reachable(node));
  const gone = left.some((id) => !nodes.has(id));
  const partitions = gone ? map.partitions.map((partition) => among(nodes, partition)) : [...map.partitions];
  for (const { partition, owner, replicas } of changes) {
    check(Number.isInteger(partition) && partition in map.partitions, `there is no partition ${partition}`);
    const isKnown = (id: string): boolean => nodes.has(id);
    if (!(owner === undefined || isKnown(owner)) || !replicas.every(isKnown)) return undefined;
    partitions[partition] = { owner, replicas };
  }
  return { ...map, version, nodes, partitions };
}

function reachable(node: ClusterNode): ClusterNode {
  check(typeof node.url === 'string', `node ${node.id} has no address`);
  return node;
}

/** A partition without the nodes that are not there: itself where all are, for new objects for each one of a large map cost more than looking. */
function among(nodes: ReadonlyMap<string, ClusterNode>, partition: Partition): Partition {
  const { owner, replicas } = partition;
  const isThere = (id: string): boolean => nodes.has(id);
  const isOwned = owner === undefined || isThere(owner);
  if (isOwned && replicas.every(isThere)) return partition;
  return { owner: isOwned ? owner : undefined, replicas: replicas.filter(isThere) };
}

function check(holds: boolean, why: string): void {
  if (!holds) throw new ProtocolError(`partition map: ${why}`);
}
