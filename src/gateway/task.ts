import { BehaviorSubject, noop, type Observable, type Subscriber } from 'rxjs';
import { receiver } from '../core/operate.js';
import { extendLease, type ExtendLeaseConfig } from '../operators/extendLease.js';
import type { RequestIds, WorkReply, WorkRequest } from './messages.js';
import { newerLease } from './newerLease.js';
import { requestIds } from './requestIds.js';

/** What becomes of a task. */
export interface TaskOutcome {
  /** The work is done: this is the reply. */
  readonly done: (reply: WorkReply) => void;
  readonly failed: (error: unknown) => void;
}

/** A request in work, and its lease. */
export class Task {
  /** What messages about it repeat. */
  readonly ids: RequestIds;
  /** Unsubscribing it cancels the work, or keeps it from being begun. */
  readonly work: Subscriber<WorkReply>;
  readonly #lease$: BehaviorSubject<string | undefined>;

  constructor(
    readonly request: WorkRequest,
    /** When it was acknowledged. */
    readonly since: number,
    { done, failed }: TaskOutcome,
  ) {
    this.ids = requestIds(request);
    this.work = receiver({ next: done, error: failed, complete: noop });
    this.#lease$ = new BehaviorSubject<string | undefined>(request.leaseId);
  }

  /** Begins the work, and extends the lease as long as it takes. */
  begin(
    work$: Observable<WorkReply>,
    config: Pick<ExtendLeaseConfig<string>, 'every' | 'extend' | 'lost' | 'scheduler'>,
  ): void {
    const lease = { lease: this.request.leaseId, renewals$: this.#lease$ };
    work$.pipe(extendLease({ ...config, ...lease })).subscribe(this.work);
  }

  /** The newest id of the lease; undefined when it is lost. */
  get leaseId(): string | undefined {
    return this.#lease$.value;
  }

  /** Takes note of an id of the lease, unless a newer one is known or the lease is lost. */
  renew(leaseId: string): void {
    if (this.leaseId !== undefined) this.#lease$.next(newerLease(this.leaseId, leaseId));
  }

  /** The lease is lost, for good. */
  lose(): void {
    this.#lease$.next(undefined);
  }
}
