import type { Subscription } from 'rxjs';
import { clampDelay } from './duration.js';

/** A moment at which something is due; it can be moved and called off as often as one likes, at the price of an assignment. */
export interface Deadline {
  /** When it is due, in the clock's time; Infinity while it is not set. */
  readonly due: number;
  /** Sets it to `delay` milliseconds from `from`, by default from now. */
  in(delay: number, from?: number): void;
  cancel(): void;
}

/**
 * Deadlines fall on a grid: at most 50 ms late when they are set for a second or more, 10 ms from a tenth on, 1 ms below.
 * 10,000 heartbeats a second then cost 20 timers a second instead of 10,000.
 */
const grid = (delay: number): number => (delay >= 1_000 ? 50 : delay >= 100 ? 10 : 1);

/** Deadlines by the moments at which they are looked at, behind one timer. */
export interface Era {
  /** At one moment, in the order in which they came. None is empty. */
  readonly moments: Map<number, Set<GridDeadline>>;
  timer: Subscription | undefined;
  /** When the timer rings; Infinity without one. */
  promised: number;
}

/** What a deadline needs of its clock. */
interface Keeper {
  now(): number;
  place(deadline: GridDeadline): void;
  drop(deadline: GridDeadline): void;
}

/** A deadline of a clock that places it. */
export class GridDeadline implements Deadline {
  due = Infinity;
  step = 1;
  /** When it is looked at: when it is due or before; Infinity while it is not placed. */
  moment = Infinity;
  /** Where it is placed. */
  era: Era | undefined = undefined;

  constructor(
    private readonly clock: Keeper,
    readonly act: (late: number) => void,
  ) {}

  in(delay: number, from = this.clock.now()): void {
    this.due = from + clampDelay(delay);
    this.step = grid(delay);
    // It is looked at in time anyway, and found to have moved: what every message does must cost next to nothing.
    if (this.moment > this.due) this.clock.place(this);
  }

  cancel(): void {
    this.due = Infinity;
    this.clock.drop(this);
  }
}
