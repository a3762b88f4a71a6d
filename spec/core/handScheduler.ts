import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs';

interface Timer {
  readonly rings: number;
  readonly work: () => void;
}

/** A scheduler on the host's kind of time, moved by hand: it counts its timers, can oversleep and can be set back. */
export class HandScheduler implements SchedulerLike {
  /** The delay of every timer ever made. */
  readonly delays: number[] = [];
  /** How often the time was read. */
  reads = 0;
  readonly #timers = new Set<Timer>();
  #elapsed = 0;
  #wall: number;

  constructor(start = 1_700_000_000_000) {
    this.#wall = start;
  }

  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    this.reads++;
    return this.#wall;
  }

  schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0, state?: T): Subscription {
    this.delays.push(delay);
    const subscription = new Subscription();
    const timer: Timer = {
      rings: this.#elapsed + delay,
      work: () => work.call(subscription as SchedulerAction<T>, state),
    };
    this.#timers.add(timer);
    subscription.add(() => this.#timers.delete(timer));
    return subscription;
  }

  /** Lets time pass, and every timer ring in its own turn of the event loop at its own time. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await this.turn();
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.#pass(Math.max(0, timer.rings - this.#elapsed));
      this.#ring(timer);
      await this.turn();
    }
    this.#pass(end - this.#elapsed);
    await this.turn();
  }

  /** Lets time pass without a timer, as in a throttled tab or a process that was busy, and rings those due one time. */
  async oversleep(ms: number): Promise<void> {
    await this.turn();
    this.jump(ms);
    await this.turn();
  }

  /** The same within a turn. */
  jump(ms: number): void {
    this.#pass(ms);
    const due = [...this.#timers].filter(({ rings }) => rings <= this.#elapsed);
    for (const timer of due) if (this.#timers.has(timer)) this.#ring(timer);
  }

  /** Sets the clock of the host back; timers do not mind. */
  setBack(ms: number): void {
    this.#wall -= ms;
  }

  /** The rest of this turn of the event loop. */
  async turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  #pass(ms: number): void {
    this.#elapsed += ms;
    this.#wall += ms;
  }

  #next(end: number): Timer | undefined {
    return [...this.#timers].filter(({ rings }) => rings <= end).sort((a, b) => a.rings - b.rings)[0];
  }

  #ring(timer: Timer): void {
    this.#timers.delete(timer);
    timer.work();
  }
}
