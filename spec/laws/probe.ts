import { Observable, type Subscriber, VirtualTimeScheduler } from 'rxjs';
import type { ConnectionEvent } from '../../src/core/event.js';

export type Event = ConnectionEvent<unknown, unknown>;

/** A source that does what a law tells it, and counts who comes and goes. */
export class Probe {
  readonly subscribers: Subscriber<Event>[] = [];
  left = 0;
  readonly events$ = new Observable<Event>((subscriber) => {
    this.subscribers.push(subscriber);
    return () => {
      this.left += 1;
    };
  });

  /** Tells every subscriber, or only the one with this number. */
  next(event: Event, at?: number): void {
    for (const subscriber of at === undefined ? [...this.subscribers] : [this.subscribers[at]]) subscriber?.next(event);
  }

  error(error: unknown): void {
    for (const subscriber of [...this.subscribers]) subscriber.error(error);
  }

  complete(): void {
    for (const subscriber of [...this.subscribers]) subscriber.complete();
  }
}

/** What came out of an operator. */
export class Output {
  readonly values: unknown[] = [];
  readonly errors: unknown[] = [];
  completed = 0;
  readonly #subscription;

  constructor(result$: Observable<unknown>, act?: (value: unknown) => void) {
    this.#subscription = result$.subscribe({
      next: (value) => {
        this.values.push(value);
        act?.(value);
      },
      error: (error: unknown) => this.errors.push(error),
      complete: () => {
        this.completed += 1;
      },
    });
  }

  unsubscribe(): void {
    this.#subscription.unsubscribe();
  }
}

/** Virtual time that passes bit by bit, and shows which timers are set. */
export class Time {
  readonly scheduler = new VirtualTimeScheduler();

  /** How many timers are set. */
  get timers(): number {
    return this.scheduler.actions.length;
  }

  pass(ms: number): void {
    const { scheduler } = this;
    scheduler.maxFrames = scheduler.frame + ms;
    scheduler.flush();
    scheduler.frame = scheduler.maxFrames;
  }
}
