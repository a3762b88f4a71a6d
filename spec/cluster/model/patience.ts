import type { PartitionMap } from '../../../src/cluster/partitionMap.js';

/** A refusal, and until when it counts unless there is a newer map. */
interface Refusal {
  readonly map: PartitionMap | undefined;
  readonly until: number;
}

/** A wait for a newer map. */
interface Wait {
  readonly until: number;
  /** Whether a newer map was asked for. */
  readonly isAsked: boolean;
}

const NONE: Wait = { until: -Infinity, isAsked: false };

/** Knows which messages may not go back yet to the node that refused them. */
export class Patience {
  private readonly refusals = new Map<string, Refusal>();
  private map: PartitionMap | undefined;
  /** More than one where a refusal came in the very millisecond in which a wait ended: who was first, only the router knows. */
  private waits: readonly Wait[] = [NONE];

  constructor(private readonly retryAfter: number) {}

  /**
   * A node has refused message `n` under a map. One wait is for all that is refused meanwhile; it begins anew when the first of these
   * refusals comes that is one of the owner, for then a newer map is asked for.
   */
  begin(n: number, url: string, map: PartitionMap | undefined, now: number, isOwner: boolean): void {
    const fresh = { until: now + this.retryAfter, isAsked: isOwner };
    const before = map === this.map ? this.waits : [NONE];
    const waits = before.flatMap((wait) => [
      ...(wait.until >= now ? [isOwner && !wait.isAsked ? fresh : wait] : []),
      ...(wait.until <= now ? [fresh] : []),
    ]);
    this.waits = [...new Set(waits)];
    this.map = map;
    this.refusals.set(`${n} ${url}`, { map, until: Math.min(...waits.map(({ until }) => until)) });
  }

  /** Whether message `n` goes back too soon. */
  isTried(n: number, url: string, map: PartitionMap | undefined, now: number): boolean {
    const refusal = this.refusals.get(`${n} ${url}`);
    return refusal !== undefined && refusal.map === map && now < refusal.until;
  }
}
