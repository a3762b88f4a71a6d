import type { Clock, Deadline } from '../core/clock.js';

/** A lease that is given out. */
interface Lease {
  id: string;
  previous: string | undefined;
  readonly holder: string;
  readonly length: number;
  readonly deadline: Deadline;
}

/** What a lease is made of. */
export interface LeaseGrant {
  readonly requestId: string;
  /** The id of the lease itself. */
  readonly id: string;
  /** The worker's instance that holds it: nobody else may extend it. */
  readonly holder: string;
  /** Milliseconds. */
  readonly length: number;
  readonly expired: () => void;
}

/** Who may work on what, and until when. */
export class LeaseStore {
  readonly #leases = new Map<string, Lease>();

  constructor(
    private readonly clock: Clock,
    private readonly newId: () => string,
  ) {}

  /** The requests whose leases are held. */
  get held(): readonly string[] {
    return [...this.#leases.keys()];
  }

  /** Gives out a lease, in the place of the one before, should there be one. */
  grant({ requestId, id, holder, length, expired }: LeaseGrant): void {
    this.revoke(requestId);
    const deadline = this.clock.deadline(() => {
      this.#leases.delete(requestId);
      expired();
    });
    deadline.in(length);
    this.#leases.set(requestId, { id, previous: undefined, holder, length, deadline });
  }

  /**
   * Extends a lease and gives its new id; undefined when there is none, another instance holds it, or the id is too old.
   * The id before the current one is answered with the current one again: its answer may have been lost.
   */
  extend(
    requestId: string,
    id: string,
    holder: string,
  ): { readonly id: string; readonly renewed: boolean } | undefined {
    const lease = this.#leases.get(requestId);
    if (lease?.holder !== holder) return undefined;
    if (id === lease.previous) return { id: lease.id, renewed: false };
    if (id !== lease.id) return undefined;
    lease.previous = id;
    lease.id = this.newId();
    lease.deadline.in(lease.length);
    return { id: lease.id, renewed: true };
  }

  /** Takes a lease away: its holder finds out when it extends it. */
  revoke(requestId: string): void {
    this.#leases.get(requestId)?.deadline.cancel();
    this.#leases.delete(requestId);
  }

  /** Takes all leases away. */
  end(): void {
    for (const requestId of this.held) this.revoke(requestId);
  }
}
