/** A queue whose head costs the same to take however many wait: `shift()` moves all of a long array. */
export class Fifo<T> {
  /** Newest last. */
  #back: T[] = [];
  /** Oldest last, and all before those at the back. */
  #front: T[] = [];

  get length(): number {
    return this.#back.length + this.#front.length;
  }

  /** The oldest, which `shift` would take. */
  get head(): T | undefined {
    return this.#front.at(-1) ?? this.#back[0];
  }

  push(item: T): void {
    this.#back.push(item);
  }

  shift(): T | undefined {
    if (this.#front.length === 0) [this.#front, this.#back] = [this.#back.reverse(), []];
    return this.#front.pop();
  }

  /** Puts something before all that waits. */
  unshift(item: T): void {
    this.#front.push(item);
  }

  clear(): void {
    this.#back = [];
    this.#front = [];
  }
}
