import { FIRST_STRUCTURE, MOST_ANNOUNCED, MOST_KEYS, MOST_STRUCTURES } from './format.js';

/** How many steps to shapes that may never come again are remembered before they are forgotten. */
const MOST_CANDIDATES = 1_024;

/** Where one gets from another shape by one more key. Nearly always there is one way on, which is kept at hand. */
class Shape {
  /** The byte that names its structure; 0 while it has none. */
  name = 0;
  seen = false;
  key: string | undefined = undefined;
  next: Shape | undefined = undefined;
  others: Map<string, Shape> | undefined = undefined;
}

interface Structure {
  readonly keys: readonly string[];
  shape: Shape;
}

/**
 * The structures that the sender of one connection knows: the lists of keys that objects had.
 * One is made when a list is met for the second time, so that objects which serve as dictionaries do not use them up.
 */
export class Shapes {
  #root = new Shape();
  #candidates = 0;
  #announced = 0;
  #cost = 0;
  readonly #structures: Structure[] = [];

  /** The byte that names the structure with these keys; 0 when there is none. */
  find(keys: readonly string[]): number {
    if (keys.length === 0 || keys.length > MOST_KEYS) return 0;
    let shape: Shape | undefined = this.#root;
    for (const key of keys) {
      shape = shape.key === key ? shape.next : this.#step(shape, key);
      if (shape === undefined) return 0;
    }
    return shape.name === 0 ? this.#consider(shape, keys) : shape.name;
  }

  /** The structures that were made since the last call, in order; those of a message that failed go with the next one. */
  unannounced(): (readonly string[])[] {
    if (this.#announced === this.#structures.length) return none;
    const fresh = this.#structures.slice(this.#announced).map(({ keys }) => keys);
    this.#announced = this.#structures.length;
    return fresh;
  }

  #step(shape: Shape, key: string): Shape | undefined {
    const known = shape.others?.get(key);
    if (known !== undefined || this.#structures.length === MOST_STRUCTURES) return known;
    this.#candidates++;
    return grow(shape, key);
  }

  #consider(shape: Shape, keys: readonly string[]): number {
    if (this.#structures.length === MOST_STRUCTURES || keys.includes('__proto__')) return 0;
    if (!shape.seen) {
      shape.seen = true;
      if (this.#candidates > MOST_CANDIDATES) this.#prune();
      return 0;
    }
    const cost = keys.reduce((sum, key) => sum + 5 + 3 * key.length, 16);
    if (this.#cost + cost > MOST_ANNOUNCED) return 0;
    this.#cost += cost;
    shape.name = FIRST_STRUCTURE + this.#structures.length;
    this.#structures.push({ keys, shape });
    return shape.name;
  }

  /** Forgets all shapes but those that have a structure. */
  #prune(): void {
    this.#root = new Shape();
    this.#candidates = 0;
    for (const structure of this.#structures) {
      let shape = this.#root;
      for (const key of structure.keys) {
        shape = shape.key === key ? (shape.next as Shape) : (shape.others?.get(key) ?? grow(shape, key));
      }
      shape.name = structure.shape.name;
      structure.shape = shape;
    }
  }
}

const none: (readonly string[])[] = [];

function grow(shape: Shape, key: string): Shape {
  const next = new Shape();
  if (shape.key === undefined) {
    shape.key = key;
    shape.next = next;
  } else {
    (shape.others ??= new Map()).set(key, next);
  }
  return next;
}
