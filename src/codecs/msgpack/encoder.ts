import { Packr } from 'msgpackr';
import { ANNOUNCEMENT, DEEPEST, MOST_ANNOUNCED, MOST_KEYS, MOST_STRUCTURES } from './format.js';

/** How many lists of keys that were met once are remembered before they are forgotten. */
const MOST_CANDIDATES = 1_024;

/** After how many bytes msgpackr begins anew to remember every list of keys it meets, as it never forgets any itself. */
const MOST_REMEMBERED = 262_144;

const writing = {
  // The shortest header, and no limit of 65,535 keys.
  variableMapSize: true,
  // Without these, nil would be written.
  writeFunction: () => refuse('a function'),
  onInvalidDate: () => refuse('an invalid Date'),
};

/** The types of msgpackr do not know `skipValues`. */
const plainly = {
  ...writing,
  useRecords: false,
  encodeUndefinedAsNil: true,
  skipValues: [undefined],
};
const plain = /* @__PURE__ */ new Packr(plainly);

/** The frame of a message in plain msgpack. Throws a TypeError when there is none. */
export function encodePlain(message: unknown): Uint8Array {
  return pack(plain, message);
}

/** Makes frames of the messages of one connection; objects whose keys come again go without them. */
export class SharedEncoder {
  /** msgpackr keeps the tree of the lists of keys that it met beside the structures. */
  readonly #structures: string[][] & { transitions?: unknown } = [];
  readonly #met = new Set<string>();
  #announced = 0;
  /** How many structures the last frame announced. */
  #justAnnounced = 0;
  #fresh: readonly string[][] = [];
  #remembered = 0;
  /** How many letters of keys may still be announced; each takes three bytes at most, and so does what stands before a key. */
  #room = MOST_ANNOUNCED / 3 - 1_024;
  readonly #packr = new Packr({
    ...writing,
    structures: this.#structures,
    maxSharedStructures: MOST_STRUCTURES,
    // No definitions within messages: objects without a structure are maps.
    maxOwnStructures: 0,
    // In its tree, msgpackr takes this key for its own.
    useRecords: (object: object) => !('__keys__' in object),
    shouldShareStructure: (keys) => this.#isWorthIt(keys),
    saveStructures: () => {
      this.#fresh = this.#structures.slice(this.#announced);
    },
  });

  /** Throws a TypeError when msgpack cannot hold the message. */
  encode(message: unknown): Uint8Array {
    let body: Uint8Array | undefined;
    try {
      body = pack(this.#packr, message);
    } finally {
      this.#remembered += body === undefined ? MOST_REMEMBERED : body.length;
      if (this.#remembered >= MOST_REMEMBERED) {
        this.#remembered = 0;
        this.#structures.transitions = undefined;
      }
    }
    this.#justAnnounced = this.#fresh.length;
    return this.#justAnnounced === 0 ? body : this.#announce(body);
  }

  /** The next frame announces what the last one did, which did not reach the other end. */
  refused(): void {
    this.#announced -= this.#justAnnounced;
    this.#justAnnounced = 0;
    this.#fresh = this.#structures.slice(this.#announced);
  }

  #announce(body: Uint8Array): Uint8Array {
    const structures = plain.pack(this.#fresh);
    this.#announced += this.#fresh.length;
    this.#fresh = [];
    const frame = new Uint8Array(1 + structures.length + body.length);
    frame[0] = ANNOUNCEMENT;
    frame.set(structures, 1);
    frame.set(body, 1 + structures.length);
    return frame;
  }

  /** Whether these keys were met before, so that objects which serve as dictionaries do not use the structures up. */
  #isWorthIt(keys: readonly string[]): boolean {
    if (keys.length === 0 || keys.length > MOST_KEYS || keys.includes('__proto__')) return false;
    // Two lists may be joined to the same text: one of them is then met earlier than it would be.
    const text = keys.join();
    if (text.length >= this.#room) return false;
    if (!this.#met.delete(text)) {
      if (this.#met.size === MOST_CANDIDATES) this.#met.clear();
      this.#met.add(text);
      return false;
    }
    this.#room -= text.length + 2;
    return true;
  }
}

let packing = false;

function pack(packr: Packr, message: unknown): Uint8Array {
  if (packing) throw new TypeError('msgpack: a message cannot be encoded while another one is');
  if (message === undefined) refuse('undefined');
  expectForm(message, 0);
  packing = true;
  try {
    return packr.pack(message);
  } catch (cause) {
    if (cause instanceof TypeError) throw cause;
    throw new TypeError(`msgpack: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  } finally {
    packing = false;
  }
}

/** Refuses what msgpackr would write wrongly, or for ever. */
function expectForm(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth === DEEPEST) refuse(`one that is nested more than ${DEEPEST} levels deep, or in itself`);
  if (Array.isArray(value)) {
    for (const part of value) expectForm(part, depth + 1);
  } else if (ArrayBuffer.isView(value)) {
    if (!(value instanceof Uint8Array)) refuse('a view that is no Uint8Array');
  } else if (value instanceof Map || value instanceof Set) {
    for (const part of (value as Set<unknown>).values()) expectForm(part, depth + 1);
  } else if (typeof (value as { toJSON?: unknown }).toJSON !== 'function') {
    for (const key in value) expectForm((value as Record<string, unknown>)[key], depth + 1);
  }
}

function refuse(what: string): never {
  throw new TypeError(`msgpack: expected a message that msgpack can hold, got ${what}`);
}
