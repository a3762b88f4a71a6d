import type { SchedulerLike, Subscriber } from 'rxjs';
import { clockOf } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import { expected } from '../core/expect.js';
import { guarded } from '../core/operate.js';

/** A request that is not settled. */
export interface PendingRequest<In, Out, Session, Id> {
  readonly id: Id;
  readonly message: Out;
  readonly subscriber: Subscriber<In>;
  /** Whether it may be asked again. */
  readonly isIdempotent: boolean;
  /** Where it was sent; none while it waits. */
  connection: Connection<Out, Session> | undefined;
  /** Whether the peer may have got it. */
  sent: boolean;
}

export interface PendingRequestsConfig<Request> {
  /** How long each may take, in milliseconds. */
  readonly patience: number;
  readonly scheduler: SchedulerLike | undefined;
  /** The time of one is up. */
  readonly expired: (one: Request) => void;
  /** One is settled; who asked is told next. */
  readonly settled: (one: Request) => void;
  /** None is left. */
  readonly rest: () => void;
}

/** Requests by their ids, each settled once. */
export class PendingRequests<In, Out, Session, Id> {
  /** Oldest first: as all have the same time, one deadline, that of the first, is enough. */
  readonly #pending = new Map<Id, { readonly one: PendingRequest<In, Out, Session, Id>; readonly since: number }>();
  readonly #clock;
  readonly #limit;

  constructor(private readonly config: PendingRequestsConfig<PendingRequest<In, Out, Session, Id>>) {
    this.#clock = clockOf(config.scheduler);
    this.#limit = this.#clock.deadline(() => this.#expire());
  }

  get all(): PendingRequest<In, Out, Session, Id>[] {
    return [...this.#pending.values()].map(({ one }) => one);
  }

  get(id: Id): PendingRequest<In, Out, Session, Id> | undefined {
    return this.#pending.get(id)?.one;
  }

  /** Throws when the id is none, or that of another one. */
  add(one: PendingRequest<In, Out, Session, Id>): void {
    const isNew = one.id !== undefined && !this.#pending.has(one.id);
    expected(isNew, 'requests', 'id', 'one that no pending request has', one.id);
    const since = this.#clock.now();
    this.#pending.set(one.id, { one, since });
    if (this.#pending.size === 1) this.#limit.in(this.config.patience, since);
  }

  /** Settles a request by what `tell` tells the one who asked, unless it is settled. */
  settle(one: PendingRequest<In, Out, Session, Id>, tell: () => void): void {
    if (this.get(one.id) !== one) return;
    this.#pending.delete(one.id);
    this.config.settled(one);
    try {
      tell();
    } finally {
      if (this.#pending.size === 0) {
        this.#limit.cancel();
        this.config.rest();
      }
    }
  }

  fail(one: PendingRequest<In, Out, Session, Id>, error: unknown): void {
    this.settle(one, () => one.subscriber.error(error));
  }

  #expire(): void {
    const { patience, expired } = this.config;
    const now = this.#clock.now();
    for (const { one, since } of this.#pending.values()) {
      if (since + patience > now) break;
      this.settle(
        one,
        guarded(one.subscriber, () => expired(one)),
      );
    }
    const [oldest] = this.#pending.values();
    if (oldest) this.#limit.in(patience, oldest.since);
  }
}
