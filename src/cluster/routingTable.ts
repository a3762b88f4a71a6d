import { partitionOfHash } from './hash.js';
import type { ClusterNode, PartitionMap } from './partitionMap.js';

/** How far a message may go: to the owner of its key only, to those with a copy too, or to any node of the map. */
export type Reach = 'owner' | 'replica' | 'any';

/** A node that may take a message, and what it is to the message's key. */
export interface Candidate<Member> {
  readonly member: Member;
  readonly as: Reach;
}

/** Where keys go under one map. Looking up an owner takes the same time whatever the number of partitions. */
export class RoutingTable<Member> {
  /** Undefined where a partition has no owner, or one that the map does not describe. */
  readonly owners: readonly (Member | undefined)[];
  /** All nodes of the map. */
  readonly members: ReadonlySet<Member>;
  private readonly byId: ReadonlyMap<string, Member>;
  private readonly count: number;

  constructor(
    private readonly map: Pick<PartitionMap, 'nodes' | 'partitions'>,
    memberOf: (node: ClusterNode) => Member,
  ) {
    const { nodes, partitions } = map;
    this.byId = new Map([...nodes].map(([id, node]) => [id, memberOf(node)]));
    this.members = new Set(this.byId.values());
    const owners: (Member | undefined)[] = [];
    // A loop, for `Array.from` takes half as long again, and a large map has to be followed quickly.
    for (const { owner } of partitions) owners.push(this.member(owner));
    this.owners = owners;
    this.count = owners.length;
  }

  /** The partition of a hash, a whole number from 0 to 2^32 - 1; always 0 while there are no partitions. */
  partitionOf(hash: number): number {
    return this.count > 0 ? partitionOfHash(hash, this.count) : 0;
  }

  /** Whether another table has the same number of partitions, so that its partitions hold the same keys. */
  isLike(other: RoutingTable<Member>): boolean {
    return this.count === other.count;
  }

  /** Who may take a message of a partition, the best one first. */
  *candidates(partition: number, reach: Reach): Generator<Candidate<Member>, undefined> {
    const owner = this.owners[partition];
    if (owner) yield { member: owner, as: 'owner' };
    // Without partitions there is nothing that could go astray, nor anywhere to go.
    if (reach === 'owner' || this.count === 0) return;
    const replicas = new Set(this.map.partitions[partition]?.replicas.map((id) => this.member(id)));
    for (const member of replicas) if (member && member !== owner) yield { member, as: 'replica' };
    if (reach === 'replica') return;
    for (const member of this.members) if (member !== owner && !replicas.has(member)) yield { member, as: 'any' };
  }

  /** The nodes that a partition may need. */
  needed(reach: Reach): ReadonlySet<Member> {
    if (reach === 'any') return this.members;
    const needed = new Set<Member>();
    const add = (member: Member | undefined): void => {
      if (member) needed.add(member);
    };
    this.owners.forEach(add);
    if (reach === 'replica')
      for (const { replicas } of this.map.partitions) for (const id of replicas) add(this.member(id));
    return needed;
  }

  private member(id: string | undefined): Member | undefined {
    return id === undefined ? undefined : this.byId.get(id);
  }
}
