import type { SchedulerLike } from 'rxjs';
import { type Deadline, type Era, GridDeadline } from './deadline.js';
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
      this.#era = { slots: new Map(), timer: undefined, promised: Infinity };
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
    const era = this.#era;
    const due = Math.max(deadline.due, now);
    const time = this.#teller ? Math.ceil(due / deadline.step) * deadline.step : due;
    if (deadline.era) {
      if (deadline.era === era && deadline.time <= time) return;
      this.drop(deadline);
    }
    let slot = era.slots.get(time);
    if (!slot) era.slots.set(time, (slot = new Set()));
    slot.add(deadline);
    deadline.era = era;
    deadline.time = time;
    // A virtual run that failed closes timers that it does not own.
    if (time < era.promised || era.timer?.closed) this.#arm(era, now);
  }

  drop(deadline: GridDeadline): void {
    const { era, time } = deadline;
    const slot = era?.slots.get(time);
    deadline.era = undefined;
    if (!era || !slot?.delete(deadline)) return;
    if (slot.size === 0) era.slots.delete(time);
    if (era.slots.size === 0 && era.timer) this.#arm(era, 0);
  }

  /** Sets the timer for the next deadline, if there is one. */
  #arm(era: Era, now: number): void {
    era.timer?.unsubscribe();
    era.timer = undefined;
    let next = Infinity;
    for (const time of era.slots.keys()) if (time < next) next = time;
    era.promised = next;
    if (next === Infinity) return;
    const delay = clampDelay(next - now);
    era.promised = now + delay;
    era.timer = this.scheduler.schedule(() => this.#ring(era), delay);
  }

  #ring(era: Era): void {
    this.#cached = undefined;
    const now = this.#rungAt(era);
    era.timer = undefined;
    era.promised = -Infinity;
    const due = [...era.slots].filter(([time]) => time <= now).sort(([a], [b]) => a - b);
    // What is set for this very moment meanwhile waits for the next timer, or a callback that sets itself anew would ring for ever.
    for (const [time] of due) era.slots.delete(time);
    let failure: { readonly error: unknown } | undefined;
    for (const [, slot] of due) {
      for (const deadline of slot) {
        deadline.era = undefined;
        if (deadline.due > now) {
          if (deadline.due < Infinity) this.place(deadline);
          continue;
        }
        const late = now - deadline.due;
        deadline.due = Infinity;
        try {
          deadline.act(late);
        } catch (error) {
          failure ??= { error };
        }
      }
    }
    this.#arm(era, now);
    if (failure) throw failure.error;
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
