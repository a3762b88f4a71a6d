import type { ClusterNode } from './partitionMap.js';
import { type PoolHost, PoolMember } from './poolMember.js';

export interface PoolConfig<In, Out, Session> extends Omit<PoolHost<In, Out, Session>, 'over'> {
  /** Told when the stream of a node has ended, with what it failed with, or was let go. */
  readonly over?: (end?: { readonly error: unknown }) => void;
}

/** The nodes of a cluster by their addresses, with at most one connection stream each. */
export class Pool<In, Out, Session> {
  private readonly members = new Map<string, PoolMember<In, Out, Session>>();
  private present: ReadonlySet<PoolMember<In, Out, Session>> = new Set();

  constructor(private readonly config: PoolConfig<In, Out, Session>) {}

  /** Whether a stream of any node goes on. */
  get live(): boolean {
    return [...this.members.values()].some(({ live }) => live);
  }

  /** The member at a node's address: a node that changed its name only is the same. */
  member(node: ClusterNode): PoolMember<In, Out, Session> {
    let member = this.members.get(node.url);
    if (member) member.rename(node);
    else {
      member = new PoolMember(node, {
        ...this.config,
        over: (ended, end) => {
          if (!this.present.has(ended) && !ended.live && this.members.get(ended.url) === ended)
            this.members.delete(ended.url);
          this.config.over?.(end);
        },
      });
      this.members.set(node.url, member);
    }
    return member;
  }

  /**
   * Follows a new map: `present` are its nodes, `needed` those it has a use for. After a restart of the cluster what had failed is tried
   * again at once.
   */
  follow(
    present: ReadonlySet<PoolMember<In, Out, Session>>,
    needed: ReadonlySet<PoolMember<In, Out, Session>>,
    restarted: boolean,
  ): void {
    this.present = present;
    // First of all: what one of them does may lead to others being dialled.
    for (const member of needed) member.keep();
    for (const member of [...this.members.values()]) {
      if (!needed.has(member)) member.letGo();
      else if (restarted) member.restart();
    }
  }

  /** Hangs up everywhere. */
  close(): void {
    for (const member of this.members.values()) member.close();
    this.members.clear();
  }
}
