import type { PartitionMap } from '../../../src/cluster/partitionMap.js';

/** A refusal, and until when it counts unless there is a newer map. */
interface Refusal {
  readonly url: string;
  readonly map: PartitionMap | undefined;
  readonly until: number;
}

/** Knows which messages may not go back yet to the node that refused them. */
export class Patience {
  private readonly refusals = new Map<number, Refusal>();
  private map: PartitionMap | undefined;
  private until = -Infinity;

  constructor(private readonly retryAfter: number) {}

  /** The owner under a map has refused message `n`. One wait is for all that is refused meanwhile. */
  begin(n: number, url: string, map: PartitionMap | undefined, now: number): void {
    // At its very end the wait may still be on.
    if (map !== this.map || now > this.until) this.until = now + this.retryAfter;
    this.map = map;
    this.refusals.set(n, { url, map, until: this.until });
  }

  /** Whether message `n` goes back too soon. */
  isTried(n: number, url: string, map: PartitionMap | undefined, now: number): boolean {
    const refusal = this.refusals.get(n);
    return refusal?.url === url && refusal.map === map && now < refusal.until;
  }
}
