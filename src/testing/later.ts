import { type SchedulerLike, Subscription, tap, timer } from 'rxjs';

/** What is done later, unless all is over by then. */
export class Later {
  readonly #timers = new Subscription();

  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Acts after so many milliseconds; at once for 0. */
  after(delay: number, act: () => void): void {
    if (delay === 0) act();
    else this.#timers.add(timer(delay, this.scheduler).pipe(tap(act)).subscribe({ error: this.failed }));
  }

  end(): void {
    this.#timers.unsubscribe();
  }
}
