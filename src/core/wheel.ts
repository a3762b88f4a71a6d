import type { SchedulerLike, Subscription } from 'rxjs';
import { clampDelay } from './duration.js';

/** What hangs in a wheel: a link in the list of its slot. */
export interface Hung {
  due: number;
  /** How coarse its moment may be, in milliseconds. */
  step: number;
  slot: Slot | undefined;
  before: Hung | undefined;
  after: Hung | undefined;
  readonly act: (late: number) => void;
}

/** Deadlines that share a moment, in the order in which they came. A list of links, for a hash set costs four times as much. */
export interface Slot {
  readonly wheel: Wheel;
  readonly time: number;
  first: Hung | undefined;
  last: Hung | undefined;
}

/** All deadlines of one time, behind a single timer. */
export class Wheel {
  /** The next slot is the last one, so that taking it is cheap. Slots that became empty stay for those who come after. */
  #slots: Slot[] = [];
  #size = 0;
  #timer: Subscription | undefined;
  #promised = Infinity;
  readonly #scheduler: SchedulerLike;
  readonly #exact: boolean;
  readonly #rungAt: (wheel: Wheel, promised: number) => number;

  /** `exact` is for virtual time; `rungAt` tells the time at which the wheel is rung, given the time that it was promised for. */
  constructor(scheduler: SchedulerLike, exact: boolean, rungAt: (wheel: Wheel, promised: number) => number) {
    this.#scheduler = scheduler;
    this.#exact = exact;
    this.#rungAt = rungAt;
  }

  /** Puts a deadline where it belongs; one that has only moved away stays where it is and is looked at again then. */
  place(hung: Hung, now: number): void {
    const due = Math.max(hung.due, now);
    const time = this.#exact ? due : Math.ceil(due / hung.step) * hung.step;
    if (hung.slot) {
      if (hung.slot.time <= time) return;
      hung.slot.wheel.drop(hung);
    }
    const slot = this.#slotAt(time);
    hung.slot = slot;
    hung.before = slot.last;
    if (slot.last) slot.last.after = hung;
    else slot.first = hung;
    slot.last = hung;
    this.#size++;
    // A virtual run that failed, or a test that was torn down, closes timers that it does not own.
    if (time < this.#promised || this.#timer?.closed) this.#arm(now);
  }

  drop(hung: Hung): void {
    if (!hung.slot) return;
    this.#unlink(hung, hung.slot);
    if (this.#size === 0) this.#disarm();
  }

  #unlink(hung: Hung, slot: Slot): void {
    const { before, after } = hung;
    if (before) before.after = after;
    else slot.first = after;
    if (after) after.before = before;
    else slot.last = before;
    hung.slot = hung.before = hung.after = undefined;
    this.#size--;
  }

  /** Where the first slot stands that is due at a time. */
  #find(time: number): number {
    let low = 0;
    let high = this.#slots.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const slot = this.#slots[middle];
      if (slot && slot.time > time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #slotAt(time: number): Slot {
    const at = this.#find(time);
    const found = this.#slots[at];
    if (found?.time === time) return found;
    const slot: Slot = { wheel: this, time, first: undefined, last: undefined };
    this.#slots.splice(at, 0, slot);
    // Most deadlines are called off, and the moments that they were set for must not pile up.
    if (this.#slots.length > 64 + 2 * this.#size) this.#slots = this.#slots.filter((one) => one.first ?? one === slot);
    return slot;
  }

  /** Makes the timer for the next deadline, if there is one. */
  #arm(now: number): void {
    this.#disarm();
    let next = this.#slots.at(-1);
    for (; next && !next.first; next = this.#slots.at(-1)) this.#slots.pop();
    if (!next) return;
    const delay = clampDelay(next.time - now);
    this.#promised = now + delay;
    this.#timer = this.#scheduler.schedule(() => this.#ring(), delay);
  }

  #disarm(): void {
    this.#timer?.unsubscribe();
    this.#timer = undefined;
    this.#promised = Infinity;
  }

  #ring(): void {
    const now = this.#rungAt(this, this.#promised);
    this.#timer = undefined;
    // No timer is made before it is known which deadline comes next.
    this.#promised = -Infinity;
    // What is set for this very moment meanwhile waits for the next timer, or a callback that sets itself anew would ring for ever.
    const slots = this.#slots.splice(this.#find(now));
    try {
      for (let slot = slots.at(-1); slot; slot = slots.at(-1)) {
        for (let hung = slot.first; hung; hung = slot.first) {
          this.#unlink(hung, slot);
          if (hung.due > now) this.place(hung, now);
          else this.#call(hung, now);
        }
        slots.pop();
      }
    } finally {
      this.#slots.push(...slots);
      this.#arm(now);
    }
  }

  #call(hung: Hung, now: number): void {
    const late = now - hung.due;
    hung.due = Infinity;
    hung.act(late);
  }
}
