import type { SchedulerLike } from 'rxjs';
import { type Deadline, Era, GridDeadline } from './deadline.js';
import { clampDelay } from './duration.js';

export type { Deadline } from './deadline.js';

/** Time and deadlines of one scheduler. All deadlines share one timer. */
export interface Clock {
  /** Milliseconds, not running backwards when the host's clock is set back; read at most once in a turn of the event loop. */
  now(): number;
  /** A deadline that is not set yet. `act` is given how late it is called, in milliseconds. */
  deadline(act: (late: number) => void): Deadline;
}

/** A clock that reads less than this (the year 2004) is a virtual one: virtual time starts at 0 and must stay exact to the frame. */
const REAL = 2 ** 40;

/** A timer that rings this much too early, in milliseconds, proves that the host's clock was set back. */
const UNTIMELY = 1_000;

const HostDate = Date;

const settled = /* @__PURE__ */ Promise.resolve();

class GridClock implements Clock {
  #era!: Era;
  /** What tells the time: the host's `Date`, a test's fake one, or nothing where time is virtual; null before it was asked. */
  #teller: unknown = null;
  #cached: number | undefined;
  #awaited = false;
  #read = 0;
  #offset = 0;

  constructor(private readonly scheduler: SchedulerLike) {}

  now(): number {
    if (this.#cached !== undefined && this.#teller === Date) return this.#cached;
    const read = this.scheduler.now();
    const teller = read < REAL ? undefined : Date;
    if (teller !== this.#teller || (!teller && read < this.#read)) {
      // What was set before belongs to another time, and lives on by the timer of that.
      this.#era = new Era();
      this.#teller = teller;
      this.#offset = 0;
    } else if (read < this.#read) {
      this.#offset += this.#read - read;
    }
    this.#read = read;
    const now = read + this.#offset;
    // Reading the time costs as much as three operators, so a burst of messages reads it once. A fake `Date` moves within a turn.
    if (teller === HostDate) this.#cached = now;
    if (!this.#awaited) {
      this.#awaited = true;
      void settled.then(this.#turnOver);
    }
    return now;
  }

  deadline(act: (late: number) => void): Deadline {
    return new GridDeadline(this, act);
  }

  /** Puts a deadline where it belongs; one that has only moved away stays where it is and is looked at again then. */
  place(deadline: GridDeadline): void {
    const now = this.now();
    const due = Math.max(deadline.due, now);
    const time = this.#teller ? Math.ceil(due / deadline.step) * deadline.step : due;
    if (deadline.slot && deadline.slot.time <= time) return;
    this.drop(deadline);
    const era = this.#era;
    deadline.era = era;
    era.add(deadline, time);
    // A virtual run that failed closes timers that it does not own.
    if (time < era.promised || era.timer?.closed) this.#arm(era, now);
  }

  drop(deadline: GridDeadline): void {
    const { era } = deadline;
    if (!era || !deadline.slot) return;
    era.remove(deadline);
    if (era.size === 0) this.#arm(era, 0);
  }

  /** Sets the timer for the next deadline, if there is one. */
  #arm(era: Era, now: number): void {
    era.timer?.unsubscribe();
    const next = era.next() ?? Infinity;
    const delay = clampDelay(next - now);
    era.promised = next < Infinity ? now + delay : next;
    era.timer = next < Infinity ? this.scheduler.schedule(() => this.#ring(era), delay) : undefined;
  }

  #ring(era: Era): void {
    this.#cached = undefined;
    const now = this.#rungAt(era);
    era.timer = undefined;
    try {
      era.take(now, (deadline) => {
        if (deadline.due > now) {
          this.place(deadline);
          return;
        }
        const late = now - deadline.due;
        deadline.due = Infinity;
        deadline.act(late);
      });
    } finally {
      this.#arm(era, now);
    }
  }

  #rungAt(era: Era): number {
    const now = this.now();
    const { promised } = era;
    if (era !== this.#era) return promised;
    if (promised - now <= UNTIMELY) return now;
    this.#cached = undefined;
    this.#offset += promised - now;
    return promised;
  }

  readonly #turnOver = (): void => {
    this.#awaited = false;
    this.#cached = undefined;
    // A virtual run that lends its time to the scheduler is over with the turn; the next one starts at 0 again.
    if (!this.#teller && this.scheduler.now() >= REAL) this.#teller = null;
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
