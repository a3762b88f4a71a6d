import { defer, type Subscription } from 'rxjs';
import type { Clock, Deadline } from '../core/clock.js';
import { receiver } from '../core/operate.js';
import type { PollExchange, PollAnswer, PollRequest } from './pollExchange.js';

/** A request before it is under way; a repeat has the newest id. */
export type PlannedRequest = Omit<PollRequest, 'id' | 'signal'>;

/** Whose requests they are. */
export interface LaneOwner {
  /** What the server gave last. */
  readonly id: unknown;
  /** What to ask now. */
  plan(lane: RequestLane): PlannedRequest;
  answered(lane: RequestLane, request: PlannedRequest, answer: PollAnswer, took: number): void;
  /** How long to wait before the request is repeated; undefined when it is not. */
  failed(error: unknown, failures: number): number | undefined;
}

/** Requests in a row: never two at a time, and one that failed is repeated as it was before there is another. */
export class RequestLane {
  /** The one that is under way or to be repeated. */
  request: PlannedRequest | undefined;
  #failures = 0;
  #startedAt = 0;
  #attempt: Subscription | undefined;
  readonly #next: Deadline;
  readonly #limit: Deadline;

  constructor(
    private readonly owner: LaneOwner,
    private readonly clock: Clock,
    private readonly exchange: PollExchange,
    private readonly timeout: number,
  ) {
    this.#next = clock.deadline(() => this.begin());
    this.#limit = clock.deadline(() => this.#failed(new Error(`no answer within ${timeout} ms`)));
  }

  /** Plans the next request for so many milliseconds from now, unless there is one already. */
  in(delay: number): void {
    if (!this.request) this.#next.in(delay);
  }

  /** Makes the next request, or repeats the last. */
  begin(): void {
    const request = (this.request ??= this.owner.plan(this));
    const abort = new AbortController();
    this.#startedAt = this.clock.now();
    this.#limit.in(this.timeout);
    const attempt = receiver<PollAnswer, never>({
      next: (answer) => this.#answered(request, answer),
      error: (error) => this.#failed(error),
      complete: () => this.#failed(new Error('the exchange ended without an answer')),
      finalize: () => abort.abort(),
    });
    this.#attempt = attempt;
    defer(() => this.exchange({ ...request, id: this.owner.id, signal: abort.signal })).subscribe(attempt);
  }

  /** Aborts what is under way, and plans nothing. */
  stop(): void {
    this.request = undefined;
    this.#next.cancel();
    this.#settle();
  }

  #settle(): void {
    this.#limit.cancel();
    this.#attempt?.unsubscribe();
  }

  #answered(request: PlannedRequest, answer: PollAnswer): void {
    this.#settle();
    this.request = undefined;
    this.#failures = 0;
    this.owner.answered(this, request, answer, this.clock.now() - this.#startedAt);
  }

  #failed(error: unknown): void {
    this.#settle();
    const wait = this.owner.failed(error, ++this.#failures);
    if (wait !== undefined) this.#next.in(wait);
  }
}
