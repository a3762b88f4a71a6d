import { asyncScheduler, type SchedulerLike } from 'rxjs';
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

function gridClock(scheduler: SchedulerLike): Clock {
  let era: Era;
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
      era = { moments: new Map(), timer: undefined, promised: Infinity };
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
  const arm = (of: Era, from: number): void => {
    of.timer?.unsubscribe();
    of.promised = Infinity;
    // Moments are few, for they fall on a grid: looking at all of them is cheaper than keeping them in order.
    for (const moment of of.moments.keys()) of.promised = Math.min(of.promised, moment);
    if (of.promised === Infinity) return;
    const delay = clampDelay(of.promised - from);
    of.promised = from + delay;
    of.timer = scheduler.schedule(() => ring(of), delay);
  };
  const ring = (of: Era): void => {
    cached = undefined;
    let time = now();
    const untimely = of.promised - time;
    if (of !== era) time = of.promised;
    else if (untimely > UNTIMELY) {
      cached = undefined;
      offset += untimely;
      time = of.promised;
    }
    const due = [...of.moments].filter(([moment]) => moment <= time).sort(([one], [other]) => one - other);
    try {
      for (const [moment, deadlines] of due) {
        for (const deadline of [...deadlines]) {
          // One that rang before it may have called it off.
          if (deadline.moment !== moment) continue;
          remove(deadline);
          const late = time - deadline.due;
          if (late < 0) place(deadline);
          else {
            deadline.due = Infinity;
            deadline.act(late);
          }
        }
      }
    } finally {
      arm(of, time);
    }
  };
  const remove = (deadline: GridDeadline): void => {
    const { era: of, moment } = deadline;
    const deadlines = of?.moments.get(moment);
    deadlines?.delete(deadline);
    if (deadlines?.size === 0) of?.moments.delete(moment);
    deadline.moment = Infinity;
  };
  const place = (deadline: GridDeadline): void => {
    const from = now();
    const due = Math.max(deadline.due, from);
    const moment = teller ? Math.ceil(due / deadline.step) * deadline.step : due;
    if (deadline.moment <= moment) return;
    drop(deadline);
    deadline.era = era;
    deadline.moment = moment;
    const deadlines = era.moments.get(moment) ?? new Set();
    era.moments.set(moment, deadlines.add(deadline));
    // A virtual run that failed closes timers that it does not own.
    if (moment < era.promised || era.timer?.closed) arm(era, from);
  };
  const drop = (deadline: GridDeadline): void => {
    const { era: of, moment } = deadline;
    remove(deadline);
    if (moment < Infinity && of?.moments.size === 0) arm(of, 0);
  };

  const keeper = { now, place, drop };
  return { now, deadline: (act) => new GridDeadline(keeper, act) };
}

let clocks = /* @__PURE__ */ new WeakMap<SchedulerLike, Clock>();

/** The clock of a scheduler, by default of `asyncScheduler`: one for all who ask. */
export function clockOf(scheduler: SchedulerLike = asyncScheduler): Clock {
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
