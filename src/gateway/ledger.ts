import type { WorkerEvent } from './events.js';
import type { WorkRequest } from './messages.js';

/** A request in work. */
export interface OpenRequest {
  readonly request: WorkRequest;
  /** The newest id of its lease. */
  readonly leaseId: string;
  /** When it was acknowledged, in the time of the scheduler. */
  readonly since: number;
}

/** What a worker has to do yet, folded from its events: requests in work, and replies that nobody confirmed. */
export class Ledger {
  readonly #requests = new Map<string, { -readonly [Key in keyof OpenRequest]: OpenRequest[Key] }>();
  readonly #replies = new Map<string, number>();

  /** Takes note of an event that happened at `now`. */
  note(event: WorkerEvent, now: number): void {
    switch (event.type) {
      case 'received':
        this.#requests.set(event.request.requestId, {
          request: event.request,
          leaseId: event.request.leaseId,
          since: now,
        });
        break;
      case 'extended': {
        const open = this.#requests.get(event.request.requestId);
        // Leases are extended by the thousand, so this is no place for copies.
        if (open) open.leaseId = event.leaseId;
        break;
      }
      case 'leaseLost':
        if (event.work === 'cancelled') this.#requests.delete(event.request.requestId);
        break;
      case 'completed':
        this.#requests.delete(event.request.requestId);
        this.#replies.set(event.request.requestId, now);
        break;
      case 'accepted':
        this.#replies.delete(event.requestId);
        break;
      case 'undelivered':
        this.#replies.delete(event.reply.requestId);
        break;
    }
  }

  /** Requests in work, the oldest first. */
  get requests(): IterableIterator<OpenRequest> {
    return this.#requests.values();
  }

  /** The ids of requests in work. */
  get inFlight(): string[] {
    return [...this.#requests.keys()];
  }

  /** The ids of requests that are answered, but whose replies nobody confirmed, each with the time of the reply. */
  get unconfirmed(): ReadonlyMap<string, number> {
    return this.#replies;
  }

  /** Whether there is nothing left to do. */
  get isIdle(): boolean {
    return this.#requests.size + this.#replies.size === 0;
  }
}
