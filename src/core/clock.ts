import type { SchedulerLike, Subscription } from 'rxjs';
import { clampDelay } from './duration.js';

/** A moment at which something is due; it can be moved and called off as often as one likes, at the price of an assignment. */
export interface Deadline {
  /** When it is due, in the clock's time; Infinity while it is not set. */
  readonly due: number;
  /** Sets it to `delay` milliseconds from `from`, by default from now. */
  in(delay: number, from?: number): void;
  cancel(): void;
}

/** Time and deadlines of one scheduler. All deadlines share a single timer. */
export interface Clock {
  /** Milliseconds, never running backwards; read at most once in a turn of the event loop. */
  now(): number;
  /** A deadline that is not set yet. `act` is given how late it is called, in milliseconds. */
  deadline(act: (late: number) => void): Deadline;
}

/** Deadlines that share a moment, in the order in which they were set. */
interface Slot {
  readonly time: number;
  readonly deadlines: Set<GridDeadline>;
}

/** A clock that reads less than this (the year 2004) is a virtual one: virtual time starts at 0 and must stay exact to the frame. */
const REAL = 2 ** 40;

/**
 * Deadlines fall on a grid: at most 50 ms late when they are a second or more away, 10 ms when a tenth, 1 ms when nearer.
 * 10,000 heartbeats a second then cost 20 timers a second instead of 10,000.
 */
const grid = (delay: number): number => (delay >= 1_000 ? 50 : delay >= 100 ? 10 : 1);

class GridDeadline implements Deadline {
  due = Infinity;
  slot: Slot | undefined;

  constructor(
    private readonly clock: GridClock,
    readonly act: (late: number) => void,
  ) {}

  in(delay: number, from = this.clock.now()): void {
    this.due = from + clampDelay(delay);
    this.clock.set(this);
  }

  cancel(): void {
    this.due = Infinity;
    this.clock.drop(this);
  }
}

class GridClock implements Clock {
  /** The next slot is the last one, so that taking it is cheap. */
  readonly #slots: Slot[] = [];
  #timer: Subscription | undefined;
  #armedFor = Infinity;
  #cached: number | undefined;
  #read = -Infinity;
  #offset = 0;
  readonly #forget = (): void => {
    this.#cached = undefined;
  };

  constructor(private readonly scheduler: SchedulerLike) {}

  now(): number {
    if (this.#cached !== undefined) return this.#cached;
    const read = this.scheduler.now();
    if (read < this.#read) {
      // The host's clock was set back, or virtual time began anew: go on from where we were, and trust no timer of before.
      this.#offset += this.#read - read;
      this.#armedFor = Infinity;
    }
    this.#read = read;
    const now = read + this.#offset;
    if (read >= REAL) {
      // Reading the time costs as much as three operators, so a burst of messages reads it once. (A native promise: fake timers leave it alone.)
      this.#cached = now;
      void Promise.resolve().then(this.#forget);
    }
    return now;
  }

  deadline(act: (late: number) => void): Deadline {
    return new GridDeadline(this, act);
  }

  /** Puts a deadline where it belongs; one that has only moved away stays where it is and is looked at again then. */
  set(deadline: GridDeadline): void {
    const now = this.now();
    const step = this.#read >= REAL ? grid(deadline.due - now) : 1;
    const time = Math.ceil(Math.max(deadline.due, now) / step) * step;
    if (deadline.slot && deadline.slot.time > time) this.drop(deadline);
    if (!deadline.slot) {
      deadline.slot = this.#slotAt(time);
      deadline.slot.deadlines.add(deadline);
    }
    this.#arm(now);
  }

  drop(deadline: GridDeadline): void {
    const { slot } = deadline;
    if (!slot) return;
    deadline.slot = undefined;
    slot.deadlines.delete(deadline);
    if (slot.deadlines.size > 0) return;
    const at = this.#find(slot.time);
    if (this.#slots[at] === slot) this.#slots.splice(at, 1);
    if (this.#slots.length === 0) this.#disarm();
  }

  /** Where the slot of a time is, or should be inserted: slots are sorted from the latest to the next. */
  #find(time: number): number {
    let low = 0;
    let high = this.#slots.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#slots[middle]?.time ?? 0) > time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #slotAt(time: number): Slot {
    const at = this.#find(time);
    const found = this.#slots[at];
    if (found?.time === time) return found;
    const slot: Slot = { time, deadlines: new Set() };
    this.#slots.splice(at, 0, slot);
    return slot;
  }

  #arm(now: number): void {
    const next = this.#slots[this.#slots.length - 1];
    if (!next || next.time >= this.#armedFor) return;
    this.#disarm();
    this.#armedFor = next.time;
    this.#timer = this.scheduler.schedule(() => this.#ring(), clampDelay(next.time - now));
  }

  #disarm(): void {
    this.#timer?.unsubscribe();
    this.#timer = undefined;
    this.#armedFor = Infinity;
  }

  #ring(): void {
    this.#cached = undefined;
    this.#disarm();
    const now = this.now();
    try {
      for (let slot = this.#slots.at(-1); slot && slot.time <= now; slot = this.#slots.at(-1)) this.#empty(slot, now);
    } finally {
      this.#arm(now);
    }
  }

  #empty(slot: Slot, now: number): void {
    for (const deadline of slot.deadlines) {
      slot.deadlines.delete(deadline);
      deadline.slot = undefined;
      if (deadline.due > now) {
        this.set(deadline);
        continue;
      }
      const late = now - deadline.due;
      deadline.due = Infinity;
      deadline.act(late);
    }
    // What was set for this very moment meanwhile is in it too, and was rung by the loop above.
    const at = this.#find(slot.time);
    if (this.#slots[at] === slot) this.#slots.splice(at, 1);
  }
}

let clocks = /* @__PURE__ */ new WeakMap<SchedulerLike, Clock>();

/** The clock of a scheduler: one for all who ask. */
export function clockOf(scheduler: SchedulerLike): Clock {
  let clock = clocks.get(scheduler);
  if (!clock) clocks.set(scheduler, (clock = new GridClock(scheduler)));
  return clock;
}

/** Runs `work` with a clock of its own for every scheduler: virtual time neither finds deadlines of before nor leaves any behind. */
export function withNewClocks<T>(work: () => T): T {
  const before = clocks;
  clocks = new WeakMap();
  try {
    return work();
  } finally {
    clocks = before;
  }
}
