import { clampDelay } from './duration.js';
import type { Placed, Slot, Slots } from './slots.js';

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

/** What a deadline needs of its clock. */
interface Keeper {
  now(): number;
  place(deadline: GridDeadline): void;
  drop(deadline: GridDeadline): void;
}

/** A deadline of a clock that places it. */
export class GridDeadline implements Deadline, Placed {
  slot: Slot | undefined = undefined;
  due = Infinity;
  step = 1;
  /** The slots of the time in which it was set. */
  era: Slots<GridDeadline> | undefined = undefined;

  constructor(
    private readonly clock: Keeper,
    readonly act: (late: number) => void,
  ) {}

  in(delay: number, from = this.clock.now()): void {
    this.due = from + clampDelay(delay);
    this.step = grid(delay);
    // It is looked at in time anyway, and found to have moved: what every message does must cost next to nothing.
    if (!(this.slot && this.slot.time <= this.due)) this.clock.place(this);
  }

  cancel(): void {
    this.due = Infinity;
    this.clock.drop(this);
  }
}
