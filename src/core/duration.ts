import { inWords } from './inWords.js';

/** Milliseconds, or a text such as `'500ms'`, `'10s'`, `'1.5h'` or Go's `'1m30s'`. */
export type Duration = number | string;

/** Timers hold no more than this: 2^31 - 1 ms, about 24.8 days; a longer delay would fire at once. */
export const LONGEST_DELAY = 2 ** 31 - 1;

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  '\u00b5s': 1e-3,
  '\u03bcs': 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|[u\u00b5\u03bc]s|ms|s|m|h|d)/gy;

/** Reads a duration text; `undefined` when it is none. */
export function parseDuration(text: string): number | undefined {
  if (text.length > 64) return undefined;
  let total = 0;
  let end = 0;
  for (const match of text.matchAll(PART)) {
    total += Number(match[1]) * (UNITS[match[2] ?? ''] ?? NaN);
    end = match.index + match[0].length;
  }
  if (end === 0 || end !== text.length) return text === '0' ? 0 : undefined;
  // To the nanosecond: 1.005 s is 1005 ms, whatever binary fractions make of it.
  return Math.round(total * 1e6) / 1e6;
}

/**
 * Milliseconds of a duration: a number is taken as milliseconds, a text is read.
 * Throws a TypeError for what is no duration: a bad text is never a silent default.
 *
 * @example
 * duration('1m30s'); // 90000
 */
export function duration(value: Duration): number {
  const ms = typeof value === 'string' ? parseDuration(value) : value;
  if (!(typeof ms === 'number' && ms >= 0)) {
    throw new TypeError(
      `duration: expected a number of milliseconds or a text such as '10s' or '1m30s', got ${inWords(value)}`,
    );
  }
  return ms;
}

/** A delay that a timer can hold. */
export function clampDelay(ms: number): number {
  return ms > LONGEST_DELAY ? LONGEST_DELAY : ms > 0 ? ms : 0;
}
