import { type Duration, parseDuration } from './duration.js';
import { inWords } from './inWords.js';

/** A TypeError that names who was called, what was expected and what came. */
function refuse(who: string, option: string, expected: string, value: unknown): never {
  throw new TypeError(`${who}: expected \`${option}\` to be ${expected}, got ${inWords(value)}`);
}

/** Reads a duration option in milliseconds and checks that it is above 0 (or at least 0 with `orZero`). */
export function expectDuration(who: string, option: string, value: Duration, orZero = false): number {
  const ms = typeof value === 'string' ? (parseDuration(value) ?? NaN) : value;
  const least = orZero ? '0 or more' : 'above 0';
  if (!(typeof ms === 'number' && (orZero ? ms >= 0 : ms > 0))) {
    refuse(who, option, `a number ${least} (milliseconds) or a text such as '10s'`, value);
  }
  return ms;
}

/** Checks a count: a whole number of at least `least`, or Infinity. */
export function expectCount(who: string, option: string, value: number, least: number): number {
  if (value !== Infinity && !(Number.isInteger(value) && value >= least)) {
    refuse(who, option, `a whole number of at least ${least}`, value);
  }
  return value;
}

/** Checks that a number lies between two bounds. */
export function expectBetween(who: string, option: string, value: number, low: number, high: number): number {
  if (!(typeof value === 'number' && value >= low && value <= high)) {
    refuse(who, option, `a number between ${low} and ${high}`, value);
  }
  return value;
}

/** Checks that an option is a function. */
export function expectFunction(who: string, option: string, value: unknown): void {
  if (typeof value !== 'function') refuse(who, option, 'a function', value);
}

/** Checks that an option is one of a few words. */
export function expectOneOf<Word extends string>(
  who: string,
  option: string,
  value: Word,
  words: readonly Word[],
): void {
  if (!words.includes(value)) refuse(who, option, `one of ${words.map((word) => `'${word}'`).join(', ')}`, value);
}
