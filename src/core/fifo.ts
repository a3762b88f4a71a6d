/** A queue whose head costs the same to take however many wait: `shift()` moves all of a long array. */
export class Fifo<T> {
  /** Newest last. */
  #back: T[] = [];
  /** Oldest last, and all before those at the back. */
  #front: T[] = [];

  get length(): number {
    return this.#back.length + this.#front.length;
  }

  push(item: T): void {
    this.#back.push(item);
  }

  shift(): T | undefined {
    if (this.#front.length === 0) [this.#front, this.#back] = [this.#back.reverse(), []];
    return this.#front.pop();
  }

  clear(): void {
    this.#back = [];
    this.#front = [];
  }
}
