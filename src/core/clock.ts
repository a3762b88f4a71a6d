import type { SchedulerLike } from 'rxjs';
import { type Deadline, GridDeadline } from './deadline.js';
import { clampDelay } from './duration.js';
import { Slots } from './slots.js';

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

function gridClock(scheduler: SchedulerLike): Clock {
  let era: Slots<GridDeadline>;
  /** What tells the time: the host's `Date`, a test's fake one, or nothing where time is virtual; null before it was asked. */
  let teller: unknown = null;
  let cached: number | undefined;
  let awaited = false;
  let read = 0;
  let offset = 0;

  const turnOver = (): void => {
    awaited = false;
    cached = undefined;
    // A virtual run that lends its time to the scheduler is over with the turn; the next one starts at 0 again.
    if (!teller && scheduler.now() >= REAL) teller = null;
  };
  const now = (): number => {
    if (cached !== undefined && teller === Date) return cached;
    const before = read;
    read = scheduler.now();
    const tells = read < REAL ? undefined : Date;
    if (tells !== teller || (!tells && read < before)) {
      // What was set before belongs to another time, and lives on by the timer of that.
      era = new Slots();
      teller = tells;
      offset = 0;
    } else if (read < before) offset += before - read;
    const time = read + offset;
    // Reading the time costs as much as three operators, so a burst of messages reads it once. A fake `Date` moves within a turn.
    if (teller === HostDate) cached = time;
    if (!awaited) {
      awaited = true;
      void settled.then(turnOver);
    }
    return time;
  };
  /** Sets the timer of an era for its next deadline, if there is one. */
  const arm = (of: Slots<GridDeadline>, from: number): void => {
    of.timer?.unsubscribe();
    of.timer = undefined;
    of.promised = of.next();
    if (of.promised === Infinity) return;
    const delay = clampDelay(of.promised - from);
    of.promised = from + delay;
    of.timer = scheduler.schedule(() => ring(of), delay);
  };
  const ring = (of: Slots<GridDeadline>): void => {
    cached = undefined;
    let time = now();
    const untimely = of.promised - time;
    if (of !== era) time = of.promised;
    else if (untimely > UNTIMELY) {
      cached = undefined;
      offset += untimely;
      time = of.promised;
    }
    of.timer = undefined;
    try {
      of.take(time, (deadline) => {
        const late = time - deadline.due;
        if (late < 0) {
          place(deadline);
          return;
        }
        deadline.due = Infinity;
        deadline.act(late);
      });
    } finally {
      arm(of, time);
    }
  };
  const place = (deadline: GridDeadline): void => {
    const from = now();
    const due = Math.max(deadline.due, from);
    const time = teller ? Math.ceil(due / deadline.step) * deadline.step : due;
    if (deadline.slot && deadline.slot.time <= time) return;
    drop(deadline);
    deadline.era = era;
    era.add(deadline, time);
    // A virtual run that failed closes timers that it does not own.
    if (time < era.promised || era.timer?.closed) arm(era, from);
  };
  const drop = (deadline: GridDeadline): void => {
    const { era: of } = deadline;
    if (!of || !deadline.slot) return;
    of.remove(deadline);
    if (of.size === 0) arm(of, 0);
  };

  const keeper = { now, place, drop };
  return { now, deadline: (act) => new GridDeadline(keeper, act) };
}

let clocks = /* @__PURE__ */ new WeakMap<SchedulerLike, Clock>();

/** The clock of a scheduler: one for all who ask. */
export function clockOf(scheduler: SchedulerLike): Clock {
  let clock = clocks.get(scheduler);
  if (!clock) clocks.set(scheduler, (clock = gridClock(scheduler)));
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
