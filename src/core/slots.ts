/** A member of a ring of links: a slot, and behind it its deadlines in the order in which they came. */
export interface Link {
  before: Link;
  after: Link;
}

/** What can be put into a slot. */
export interface Placed extends Link {
  slot: Slot | undefined;
}

/** Things that share a moment. Rings of links cost a quarter of what hash sets do. */
export interface Slot extends Link {
  readonly time: number;
}

/** Things by their moments: adding and removing one costs next to nothing, and so does finding the next. */
export class Slots<Item extends Placed> {
  size = 0;
  /** The next slot is the last one, so that taking it is cheap. Slots that became empty stay for those who come after. */
  #slots: Slot[] = [];

  add(item: Item, time: number): void {
    const slot = this.#at(time);
    item.slot = slot;
    item.after = slot;
    item.before = slot.before;
    slot.before = slot.before.after = item;
    this.size++;
  }

  remove(item: Item): void {
    item.before.after = item.after;
    item.after.before = item.before;
    // A removed one must not keep its neighbours alive.
    item.before = item.after = item;
    item.slot = undefined;
    this.size--;
  }

  /** The first moment that something is placed at; undefined when nothing is. */
  next(): number | undefined {
    while (this.#slots.at(-1)?.after === this.#slots.at(-1) && this.#slots.pop());
    return this.#slots.at(-1)?.time;
  }

  /** Takes out all that is placed at `time` or before, and hands over each in turn; what an `act` that throws leaves over stays. */
  take(time: number, act: (item: Item) => void): void {
    const slots = this.#slots.splice(this.#find(time));
    try {
      for (let slot = slots.at(-1); slot; slot = slots.at(-1)) {
        while (slot.after !== slot) {
          const item = slot.after as Item;
          this.remove(item);
          act(item);
        }
        slots.pop();
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
      if ((this.#slots[middle]?.time ?? 0) > time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #at(time: number): Slot {
    const at = this.#find(time);
    const found = this.#slots[at];
    if (found?.time === time) return found;
    const slot = { time } as Slot;
    slot.before = slot.after = slot;
    this.#slots.splice(at, 0, slot);
    // Most deadlines are called off, and the moments that they were set for must not pile up.
    if (this.#slots.length > 64 + 2 * this.size) {
      this.#slots = this.#slots.filter((one) => one === slot || one.after !== one);
    }
    return slot;
  }
}
