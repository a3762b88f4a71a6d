import type { Backoff } from '../../src/core/backoff.js';

export interface StormConfig {
  readonly policy: Backoff;
  readonly seed: number;
  /** How long the server is away, in milliseconds. */
  readonly down: number;
  /** Says, given the clients still missing, over how many milliseconds a refused one should spread its next try. */
  readonly hint?: (missing: number) => number;
  /** Whether the server announced that it goes, so that the first tries are spread too. */
  readonly announced?: boolean;
  readonly clients?: number;
  /** Connections that the server takes in a millisecond. */
  readonly capacity?: number;
}

export interface Storm {
  /** When the last client was back, as a multiple of the soonest that the server's capacity allows. */
  readonly back: number;
  /** The most tries that fell into a tenth of a second, as a share of all clients. */
  readonly peak: number;
  /** Tries per client. */
  readonly tries: number;
}

/** The server takes up what it missed in this many milliseconds: the length of its accept queue. */
const QUEUE = 100;
const HORIZON = 120_000;

// A global costs jest's sandbox more than all else here.
const { ceil, floor, imul, min } = Math;

/** Chance that can be repeated (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A server drops all its clients at 0 and is away for a while. It refuses at once: everybody while it is away, and then who comes beyond its capacity.
 * Tries lie in buckets of a millisecond, each a linked list in typed arrays.
 */
export function storm(config: StormConfig): Storm {
  const { policy, seed, down, hint, announced = false, clients = 100_000, capacity = 5 } = config;
  const random = seeded(seed);
  const buckets = new Int32Array(HORIZON).fill(-1);
  const after = new Int32Array(clients);
  const attempts = new Uint16Array(clients);
  const waits = new Float64Array(clients);
  const tenths = new Uint32Array(HORIZON / 100);
  const context = { attempt: 1, elapsed: 0, cause: undefined, previousDelay: undefined as number | undefined, random };

  const retry = (client: number, now: number, spread: number | undefined): void => {
    context.previousDelay = attempts[client] ? waits[client] : undefined;
    context.attempt = (attempts[client] ?? 0) + 1;
    context.elapsed = now;
    const wait = spread === undefined ? (policy(context) ?? Infinity) : spread * random();
    attempts[client] = context.attempt;
    waits[client] = wait;
    const at = ceil(now + wait);
    if (at >= HORIZON) return;
    after[client] = buckets[at] ?? -1;
    buckets[at] = client;
  };

  for (let client = 0; client < clients; client++) retry(client, 0, announced ? hint?.(clients) : undefined);
  let missing = clients;
  let free = 0;
  let tries = 0;
  let now = 0;
  for (; missing > 0 && now < HORIZON; now++) {
    const up = now >= down;
    if (up) free = min(capacity * QUEUE, free + capacity);
    for (let client = buckets[now] ?? -1; client >= 0;) {
      const next = after[client] ?? -1;
      const tenth = floor(now / 100);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
      tries++;
      if (up && free >= 1) {
        free--;
        missing--;
      } else {
        retry(client, now, up ? hint?.(missing) : undefined);
      }
      client = next;
    }
  }
  const back = missing > 0 ? Infinity : (now - 1) / (down + clients / capacity);
  return { back, peak: tenths.reduce((most, count) => Math.max(most, count)) / clients, tries: tries / clients };
}
