/** Remembers the last ids that were added, so many and no more. What it remembers is not to be added again. */
export class RecentIds {
  readonly #ids = new Set<string>();
  readonly #ring: (string | undefined)[] = [];
  #at = 0;

  constructor(private readonly limit: number) {}

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Makes an id one that was never added. */
  forget(id: string): void {
    // Its old place must not take it away when it was added again meanwhile.
    if (this.#ids.delete(id)) this.#ring[this.#ring.indexOf(id)] = undefined;
  }

  add(id: string): void {
    const oldest = this.#ring[this.#at];
    if (oldest !== undefined) this.#ids.delete(oldest);
    this.#ring[this.#at] = id;
    this.#ids.add(id);
    this.#at = (this.#at + 1) % this.limit;
  }
}
