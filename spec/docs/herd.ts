import type { Backoff } from '../../src/core/backoff.js';

/** What a crowd does to a server that is away for a while. */
export interface Herd {
  /** The most dials in one second. */
  readonly peak: number;
  /** Dials of all clients until the last one is back. */
  readonly dials: number;
  /** Seconds from the server's return until half of the clients are back, and until all are. */
  readonly half: number;
  readonly all: number;
}

/** Numbers between 0 and 1 that are the same in each run (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Drops 1,000 clients at once, refuses them for `away` ms, and looks at when they dial. */
export function herd(policy: Backoff, away: number): Herd {
  const random = chance(1);
  const cause = new Error('lost');
  const dials: number[] = [];
  const back: number[] = [];
  for (let client = 0; client < 1_000; client++) {
    let at = 0;
    let previousDelay: number | undefined;
    for (let attempt = 1; ; attempt++) {
      previousDelay = policy({ attempt, elapsed: at, cause, previousDelay, random }) ?? Infinity;
      at += previousDelay;
      dials.push(at);
      if (at >= away) break;
    }
    back.push(at);
  }
  const seconds = new Map<number, number>();
  for (const at of dials) seconds.set(Math.floor(at / 1_000), (seconds.get(Math.floor(at / 1_000)) ?? 0) + 1);
  back.sort((one, other) => one - other);
  const since = (at: number | undefined): number => Math.round(((at ?? NaN) - away) / 100) / 10;
  return { peak: Math.max(...seconds.values()), dials: dials.length, half: since(back[499]), all: since(back[999]) };
}
