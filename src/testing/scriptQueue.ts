/** How often a script is followed. */
export interface ScriptOptions {
  /** How many times; 1 by default, `Infinity` until it is called off. */
  readonly times?: number;
}

/** What is done the next times, in turn. */
export class ScriptQueue<Script> {
  #queue: { readonly script: Script; times: number }[] = [];

  constructor(private readonly who: string) {}

  add(script: Script, { times = 1 }: ScriptOptions = {}): void {
    if (!(times > 0)) throw new TypeError(`${this.who}: expected \`times\` to be a number above 0, got ${times}`);
    this.#queue.push({ script, times });
  }

  clear(): void {
    this.#queue = [];
  }

  /** The next script; undefined when none is left. */
  next(): Script | undefined {
    const entry = this.#queue[0];
    if (entry && --entry.times <= 0) this.#queue.shift();
    return entry?.script;
  }
}
