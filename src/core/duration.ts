import { inWords } from './inWords.js';

/** Milliseconds, or a text such as `'500ms'`, `'10s'`, `'1.5h'` or Go's `'1m30s'`. */
export type Duration = number | string;

/** Timers hold no more than this: 2^31 - 1 ms, about 24.8 days; a longer delay would fire at once. */
export const LONGEST_DELAY = 2 ** 31 - 1;

/** A peer's hint counts up to this, in milliseconds: one answer of a confused proxy must not lock a client out for weeks. */
export const LONGEST_HINT = 3_600_000;

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 36e5,
  d: 864e5,
};
const PART = /(\d+\.?\d*|\.\d+)([num]s|[smhd])/gy;

/** Milliseconds of a number or a text; NaN where it is no duration. */
export function milliseconds(value: unknown): number {
  if (typeof value === 'number' || value === '0') return Number(value);
  if (typeof value !== 'string' || value.length > 64) return NaN;
  let total = value ? 0 : NaN;
  const rest = value.replace(/[\u00b5\u03bc]/g, 'u').replace(PART, (_, count: string, unit: string) => {
    total += Number(count) * (UNITS[unit] as number);
    return '';
  });
  // To the nanosecond: 1.005 s is 1005 ms, whatever binary fractions make of it.
  return rest ? NaN : Math.round(total * 1e6) / 1e6;
}

/**
 * Milliseconds of a duration: a number is taken as milliseconds, a text is read.
 * Throws a TypeError for what is no duration: a bad text is never a silent default.
 *
 * @example
 * duration('1m30s'); // 90000
 */
export function duration(value: Duration): number {
  const ms = milliseconds(value);
  if (ms >= 0) return ms;
  throw new TypeError(
    `duration: expected a number of milliseconds or a text such as '10s' or '1m30s', got ${inWords(value)}`,
  );
}

/** A delay that a timer can hold. */
export function clampDelay(ms: number): number {
  return ms > LONGEST_DELAY ? LONGEST_DELAY : ms > 0 ? ms : 0;
}
