import type { Subscription } from 'rxjs';

/** What can be put into a slot. */
export interface Placed {
  slot: Slot | undefined;
}

/** Things that share a moment, in the order in which they came. */
export interface Slot {
  readonly time: number;
  readonly items: Set<Placed>;
}

/** Things by their moments, behind one timer: adding and removing one costs next to nothing, and so does finding the next. */
export class Slots<Item extends Placed> {
  size = 0;
  timer: Subscription | undefined;
  /** When the timer rings; Infinity without one. */
  promised = Infinity;
  /** The next slot is the last one, so that taking it is cheap. Slots that became empty stay for those who come after. */
  #slots: Slot[] = [];

  add(item: Item, time: number): void {
    const at = this.#find(time);
    let slot = this.#slots[at];
    if (slot?.time !== time) {
      slot = { time, items: new Set() };
      this.#slots.splice(at, 0, slot);
      // Most deadlines are called off, and the moments that they were set for must not pile up.
      if (this.#slots.length > 64 + 2 * this.size) {
        this.#slots = this.#slots.filter((one) => one === slot || one.items.size > 0);
      }
    }
    slot.items.add(item);
    item.slot = slot;
    this.size++;
  }

  remove(item: Item): void {
    item.slot?.items.delete(item);
    item.slot = undefined;
    this.size--;
  }

  /** The first moment that something is placed at; Infinity when nothing is. */
  next(): number {
    while (this.#slots.at(-1)?.items.size === 0) this.#slots.pop();
    return this.#slots.at(-1)?.time ?? Infinity;
  }

  /** Takes out all that is placed at `time` or before, and hands over each in turn; what an `act` that throws leaves over stays. */
  take(time: number, act: (item: Item) => void): void {
    const slots = this.#slots.splice(this.#find(time));
    try {
      for (let slot = slots.at(-1); slot; slots.pop(), slot = slots.at(-1)) {
        for (const item of slot.items as Set<Item>) {
          this.remove(item);
          act(item);
        }
      }
    } finally {
      this.#slots.push(...slots);
    }
  }

  /** Where the first slot stands that is due at a time. */
  #find(time: number): number {
    let low = 0;
    let high = this.#slots.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#slots[middle] as Slot).time > time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
