import { fnv1a, partitionOf } from '../../../src/cluster/hash.js';
import type { ClusterNode, Partition, PartitionMap, PartitionMapUpdate } from '../../../src/cluster/partitionMap.js';

/** Where a node may be. */
export const ADDRESSES = ['ws://a', 'ws://b', 'ws://c', 'ws://d', 'ws://e'];

export type FullMap = PartitionMapUpdate & { readonly kind: 'full' };

/** What the cluster itself holds to be so. */
export class Cluster {
  /** Everything that was ever so, the newest last. */
  readonly past: FullMap[] = [];
  private readonly ids = new Map<string, string>();
  private owners: (string | undefined)[];
  private epoch = 0;
  private epochs = 0;
  private version = 0;
  private names = 0;

  constructor(addresses: readonly string[], partitions: number) {
    this.owners = new Array<undefined>(partitions).fill(undefined);
    for (const url of addresses) this.enter(url);
    this.spread();
    this.change();
  }

  get now(): FullMap {
    return this.past.at(-1)!;
  }

  /** The addresses of its nodes. */
  get addresses(): string[] {
    return [...this.ids.keys()];
  }

  get partitions(): number {
    return this.owners.length;
  }

  /** Whether a node owns a key, or has a copy of it. */
  holds(url: string, key: string, orCopy: boolean): boolean {
    const partition = partitionOf(key, this.partitions);
    const { owner, replicas } = this.now.partitions[partition]!;
    const id = this.ids.get(url);
    return id !== undefined && (owner === id || (orCopy && replicas.includes(id)));
  }

  join(url: string, takes: readonly number[]): void {
    this.enter(url);
    for (const at of takes) this.owners[at % this.partitions] = url;
    this.change();
  }

  /** A node goes; others may take what it owned. */
  leave(url: string, spreads: boolean): void {
    this.ids.delete(url);
    this.owners = this.owners.map((owner) => (owner === url ? undefined : owner));
    if (spreads) this.spread();
    this.change();
  }

  move(partition: number, url: string | undefined): void {
    this.owners[partition % this.partitions] = url;
    this.change();
  }

  /** A node gets another name at the same address, or another address under the same name. */
  rename(url: string, to = url): void {
    const id = this.ids.get(url)!;
    this.ids.delete(url);
    if (to === url) this.enter(url);
    else this.ids.set(to, id);
    this.owners = this.owners.map((owner) => (owner === url ? to : owner));
    this.change();
  }

  restart(partitions: number): void {
    this.epoch = ++this.epochs;
    this.version = 0;
    this.owners = Array.from({ length: partitions }, (_, at) => this.owners[at]);
    this.spread();
    this.change();
  }

  /** Goes on where an epoch of before ended. */
  rollBack(): boolean {
    const back = this.past.filter(({ epoch }) => epoch !== `${this.epoch}`).at(-1);
    if (!back) return false;
    this.epoch = Number(back.epoch);
    this.version = back.version;
    this.change();
    return true;
  }

  /** Gives what nobody owns to its nodes. */
  spread(): void {
    const all = this.addresses;
    this.owners = this.owners.map((owner, at) => owner ?? all[at % all.length]);
  }

  /** Makes what is so now a map. */
  change(): void {
    this.version += 1;
    const nodes = [...this.ids].map(([url, id]): ClusterNode => ({ id, url }));
    const partitions = this.owners.map((url, at): Partition => {
      const owner = url === undefined ? undefined : this.ids.get(url);
      const copy = nodes[at % Math.max(nodes.length, 1)]?.id;
      return { owner, replicas: copy === undefined || copy === owner ? [] : [copy] };
    });
    this.past.push({ kind: 'full', epoch: `${this.epoch}`, version: this.version, nodes, partitions });
  }

  /** What makes the present map of the one before it; a full map where nothing else can. */
  delta(): PartitionMapUpdate {
    const { now } = this;
    const before = this.past.at(-2);
    if (before?.epoch !== now.epoch || before.partitions.length !== now.partitions.length) return now;
    const isSame = (one: object | undefined, other: object): boolean => JSON.stringify(one) === JSON.stringify(other);
    return {
      kind: 'delta',
      epoch: now.epoch,
      previous: before.version,
      version: now.version,
      nodes: now.nodes.filter((node) => !before.nodes.some((one) => isSame(one, node))),
      left: before.nodes.map(({ id }) => id).filter((id) => !now.nodes.some((node) => node.id === id)),
      changes: now.partitions.flatMap((held, partition) =>
        isSame(before.partitions[partition], held) ? [] : [{ partition, ...held }],
      ),
    };
  }

  private enter(url: string): void {
    this.ids.set(url, `n${++this.names}`);
  }
}

/** The addresses that may be sent a key under a map. */
export function mayTake(map: PartitionMap | undefined, key: string, orCopy: boolean): (string | undefined)[] {
  if (!map) return [];
  const { owner, replicas } = map.partitions[partitionOf(key, map.partitions.length, fnv1a)]!;
  const ids = orCopy ? [owner, ...replicas] : [owner];
  return ids.map((id) => (id === undefined ? undefined : map.nodes.get(id)?.url));
}
