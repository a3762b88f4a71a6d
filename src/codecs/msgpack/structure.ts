/** A list of keys is met so often before a function is made for it: what a peer can make us compile is paid for by its frames. */
const OFTEN = 64;

/** Longer lists than this get none; an object of many keys gains little by it. */
const LONGEST = 64;

/** Where functions cannot be made of text, as under a strict Content-Security-Policy, one attempt is made and no more. */
let compiling = true;

/** A list of keys that a peer announced: makes objects of the values that follow its name. */
export class Structure {
  #met = 0;
  #make: ((value: () => unknown) => object) | undefined;

  constructor(readonly keys: readonly string[]) {}

  /** The object with these keys and the values that `value` gives one after another. */
  make(value: () => unknown): object {
    if (this.#make !== undefined) return this.#make(value);
    if (++this.#met === OFTEN && compiling && this.keys.length <= LONGEST) this.#make = compile(this.keys);
    const object: Record<string, unknown> = {};
    for (const key of this.keys) object[key] = value();
    return object;
  }
}

/** An object that is written down as a literal is made several times as fast as one that grows key by key. */
function compile(keys: readonly string[]): ((value: () => unknown) => object) | undefined {
  const literal = keys.map((key) => `${JSON.stringify(key)}:value()`).join();
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the keys stand in it as JSON, which no key gets out of
    return new Function('value', `return{${literal}}`) as (value: () => unknown) => object;
  } catch {
    compiling = false;
    return undefined;
  }
}
