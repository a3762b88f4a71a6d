import type { PartitionMap } from '../../../src/cluster/partitionMap.js';

/** A refusal, and until when it counts unless there is a newer map. */
interface Refusal {
  readonly map: PartitionMap | undefined;
  readonly until: number;
}

/** Knows which messages may not go back yet to the node that refused them. */
export class Patience {
  private readonly refusals = new Map<string, Refusal>();
  private map: PartitionMap | undefined;
  private until = -Infinity;
  private isAsked = false;

  constructor(private readonly retryAfter: number) {}

  /**
   * A node has refused message `n` under a map. One wait is for all that is refused meanwhile; it begins anew when the first of these
   * refusals comes that is one of the owner, for then a newer map is asked for.
   */
  begin(n: number, url: string, map: PartitionMap | undefined, now: number, isOwner: boolean): void {
    // At its very end the wait may still be on.
    const isOver = map !== this.map || now > this.until;
    if (isOver) this.isAsked = false;
    if (isOver || (isOwner && !this.isAsked)) this.until = now + this.retryAfter;
    this.isAsked ||= isOwner;
    this.map = map;
    this.refusals.set(`${n} ${url}`, { map, until: this.until });
  }

  /** Whether message `n` goes back too soon. */
  isTried(n: number, url: string, map: PartitionMap | undefined, now: number): boolean {
    const refusal = this.refusals.get(`${n} ${url}`);
    return refusal !== undefined && refusal.map === map && now < refusal.until;
  }
}
