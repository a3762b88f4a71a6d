import type { SchedulerLike } from 'rxjs';
import { clampDelay } from './duration.js';
import { type Hung, type Slot, Wheel } from './wheel.js';

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
  /** Milliseconds, not running backwards when the host's clock is set back; read at most once in a turn of the event loop. */
  now(): number;
  /** A deadline that is not set yet. `act` is given how late it is called, in milliseconds. */
  deadline(act: (late: number) => void): Deadline;
}

/** A clock that reads less than this (the year 2004) is a virtual one: virtual time starts at 0 and must stay exact to the frame. */
const REAL = 2 ** 40;

/**
 * Deadlines fall on a grid: at most 50 ms late when they are set for a second or more, 10 ms from a tenth on, 1 ms below.
 * 10,000 heartbeats a second then cost 20 timers a second instead of 10,000.
 */
const grid = (delay: number): number => (delay >= 1_000 ? 50 : delay >= 100 ? 10 : 1);

/** A timer that rings this much too early, in milliseconds, proves that the host's clock was set back. */
const UNTIMELY = 1_000;

const settled = /* @__PURE__ */ Promise.resolve();

class GridDeadline implements Deadline, Hung {
  due = Infinity;
  step = 1;
  slot: Slot | undefined = undefined;
  before: Hung | undefined = undefined;
  after: Hung | undefined = undefined;

  readonly act: (late: number) => void;
  readonly #clock: GridClock;

  constructor(clock: GridClock, act: (late: number) => void) {
    this.#clock = clock;
    this.act = act;
  }

  in(delay: number, from = this.#clock.now()): void {
    const due = from + clampDelay(delay);
    this.due = due;
    this.step = grid(delay);
    // The wheel looks at it in time anyway and finds then that it has moved: what every message does must cost next to nothing.
    if (this.slot && this.slot.time <= due) return;
    this.#clock.place(this);
  }

  cancel(): void {
    this.due = Infinity;
    this.slot?.wheel.drop(this);
  }
}

class GridClock implements Clock {
  #wheel!: Wheel;
  /** What keeps the time: the host's `Date`, a test's fake one, or nobody where time is virtual. */
  #keeper: unknown = null;
  #bursts = false;
  #cached: number | undefined;
  #watched = false;
  #read = 0;
  #offset = 0;

  readonly #scheduler: SchedulerLike;

  constructor(scheduler: SchedulerLike) {
    this.#scheduler = scheduler;
  }

  now(): number {
    return this.#cached !== undefined && this.#keeper === Date ? this.#cached : this.#look();
  }

  deadline(act: (late: number) => void): Deadline {
    return new GridDeadline(this, act);
  }

  place(hung: Hung): void {
    const now = this.now();
    this.#wheel.place(hung, now);
  }

  #look(): number {
    const read = this.#scheduler.now();
    const keeper = read < REAL ? undefined : Date;
    if (keeper !== this.#keeper || (!keeper && read < this.#read)) this.#begin(keeper);
    else if (read < this.#read) this.#offset += this.#read - read;
    this.#read = read;
    const now = read + this.#offset;
    // Reading the time costs as much as three operators, so a burst of messages reads it once.
    if (this.#bursts) this.#cached = now;
    if (!this.#watched) {
      this.#watched = true;
      void settled.then(this.#turnOver);
    }
    return now;
  }

  /** Another time begins: a virtual run, or fake timers. What hangs in the wheel of the old one stays there, with its timer. */
  #begin(keeper: unknown): void {
    this.#keeper = keeper;
    this.#offset = 0;
    this.#wheel = new Wheel(this.#scheduler, !keeper, this.#rungAt);
    // A fake `Date` is moved on within a turn.
    this.#bursts = !!keeper && /^function Date\(\)\s*{\s*\[native/.test(Function.prototype.toString.call(keeper));
  }

  readonly #turnOver = (): void => {
    this.#watched = false;
    this.#cached = undefined;
    // A virtual run that lends its time to the scheduler is over with the turn; the next one starts at 0 again.
    if (!this.#keeper && this.#scheduler.now() >= REAL) this.#keeper = null;
  };

  readonly #rungAt = (wheel: Wheel, promised: number): number => {
    this.#cached = undefined;
    const now = this.#look();
    if (wheel !== this.#wheel) return promised;
    if (promised - now <= UNTIMELY) return now;
    this.#cached = undefined;
    this.#offset += promised - now;
    return promised;
  };
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
