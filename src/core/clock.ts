import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import { type Deadline, grid } from './deadline.js';
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

const HostDate = Date;

const settled = /* @__PURE__ */ Promise.resolve();

/** Deadlines by the moments at which they are looked at, behind one timer. */
interface Era {
  /** At one moment, in the order in which they came. None is empty. */
  readonly moments: Map<number, Set<Placed>>;
  timer: Subscription | undefined;
  /** When the timer rings; Infinity without one. */
  promised: number;
}

/** A deadline as its clock sees it. */
interface Placed extends Deadline {
  due: number;
  readonly step: number;
  /** When it is looked at: when it is due or before; Infinity while it is not placed. */
  moment: number;
  /** Where it is placed. */
  era: Era | undefined;
  readonly act: (late: number) => void;
}

function gridClock(scheduler: SchedulerLike): Clock {
  let era: Era;
  /** What tells the time: the host's `Date`, a test's fake one, or nothing where time is virtual; null before it was asked. */
  let teller: unknown = null;
  let cached: number | undefined;
  let last = 0;
  let offset = 0;

  const turnOver = (): void => {
    cached = undefined;
    // A virtual run that lends its time to the scheduler is over with the turn; the next one starts at 0 again.
    if (!teller && scheduler.now() >= REAL) teller = null;
  };
  const read = (): number => {
    const before = last;
    last = scheduler.now();
    const tells = last < REAL ? undefined : Date;
    if (tells !== teller || (!tells && last < before)) {
      // What was set before belongs to another time, and lives on by the timer of that.
      era = { moments: new Map(), timer: undefined, promised: Infinity };
      teller = tells;
      offset = 0;
    } else if (last < before) offset += before - last;
    if (cached === undefined) void settled.then(turnOver);
    return (cached = last + offset);
  };
  // Reading the time costs as much as three operators, so a burst of messages reads it once. A fake `Date` moves within a turn.
  const now = (): number => (cached !== undefined && teller === Date && teller === HostDate ? cached : read());
  /** Sets the timer of an era for its next deadline, if there is one. */
  const arm = (of: Era, from: number): void => {
    of.timer?.unsubscribe();
    of.promised = Infinity;
    // Moments are few: looking at all of them is cheaper than keeping them in order.
    for (const moment of of.moments.keys()) of.promised = Math.min(of.promised, moment);
    if (of.promised === Infinity) return;
    const delay = clampDelay(of.promised - from);
    of.promised = from + delay;
    of.timer = scheduler.schedule(() => ring(of), delay);
  };
  const ring = (of: Era): void => {
    let time = read();
    const untimely = of.promised - time;
    if (of !== era) time = of.promised;
    else if (untimely > 1_000) {
      // A timer that rings that much too early proves that the host's clock was set back.
      offset += untimely;
      time = cached = of.promised;
    }
    const due: number[] = [];
    for (const moment of of.moments.keys()) if (moment <= time) due.push(moment);
    try {
      for (const moment of due.sort((one, other) => one - other)) {
        for (const deadline of new Set(of.moments.get(moment))) {
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
  const remove = (deadline: Placed): void => {
    const { era: of, moment } = deadline;
    const deadlines = of?.moments.get(moment);
    if (deadlines?.delete(deadline) && deadlines.size === 0) of?.moments.delete(moment);
    deadline.moment = Infinity;
  };
  const place = (deadline: Placed): void => {
    const from = now();
    let due = Math.max(deadline.due, from);
    let { step } = deadline;
    // All moments are looked at at every ring. Where they are many, what is more than a minute off shares one on the way there.
    if (era.moments.size > 1_000 && due - from > 60_000) due -= step = 30_000;
    const moment = teller ? Math.ceil(due / step) * step : due;
    if (deadline.moment <= moment) return;
    drop(deadline);
    deadline.era = era;
    deadline.moment = moment;
    era.moments.set(moment, (era.moments.get(moment) ?? new Set()).add(deadline));
    // A virtual run that failed closes timers that it does not own.
    if (moment < era.promised || era.timer?.closed) arm(era, from);
  };
  const drop = (deadline: Placed): void => {
    const { era: of, moment } = deadline;
    remove(deadline);
    if (moment < Infinity && of?.moments.size === 0) arm(of, 0);
  };

  class GridDeadline implements Placed {
    due = Infinity;
    step = 1;
    moment = Infinity;
    era: Era | undefined = undefined;

    constructor(readonly act: (late: number) => void) {}

    in(delay: number, from = now()): void {
      this.due = from + clampDelay(delay);
      this.step = grid(delay);
      // It is looked at in time anyway, and found to have moved: what every message does must cost next to nothing.
      if (this.moment > this.due) place(this);
    }

    cancel(): void {
      this.due = Infinity;
      drop(this);
    }
  }

  return { now, deadline: (act) => new GridDeadline(act) };
}

let clocks = /* @__PURE__ */ new WeakMap<SchedulerLike, Clock>();

/** The clock of a scheduler, by default of `asyncScheduler`: one for all who ask. */
export function clockOf(scheduler: SchedulerLike = asyncScheduler): Clock {
  const clock = clocks.get(scheduler) ?? gridClock(scheduler);
  clocks.set(scheduler, clock);
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
