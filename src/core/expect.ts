import { type Duration, milliseconds } from './duration.js';
import { inWords } from './inWords.js';

/** Throws a TypeError that names who was called, what was expected and what came, unless all is well. */
export function expected(holds: unknown, who: string, option: string, what: string, value: unknown): void {
  if (!holds) throw new TypeError(`${who}: expected \`${option}\` to be ${what}, got ${inWords(value)}`);
}

/** Reads a duration option in milliseconds and checks that it is above 0 (or at least 0 with `orZero`). */
export function expectDuration(who: string, option: string, value: Duration, orZero = false): number {
  const ms = milliseconds(value);
  expected(
    orZero ? ms >= 0 : ms > 0,
    who,
    option,
    `${orZero ? 'at least' : 'above'} 0 ms, or a text such as '10s'`,
    value,
  );
  return ms;
}

/** Checks a count: a whole number of at least `least`, or Infinity. */
export function expectCount(who: string, option: string, value: number, least: number): number {
  const holds = value === Infinity || (Number.isInteger(value) && value >= least);
  expected(holds, who, option, `a whole number of at least ${least}`, value);
  return value;
}

/** Checks that a number lies between two bounds. */
export function expectBetween(who: string, option: string, value: number, low: number, high: number): number {
  const holds = typeof value === 'number' && value >= low && value <= high;
  expected(holds, who, option, `a number between ${low} and ${high}`, value);
  return value;
}

/** Checks that an option is a function. */
export function expectFunction(who: string, option: string, value: unknown): void {
  expected(typeof value === 'function', who, option, 'a function', value);
}

/** Checks that an option is one of a few words. */
export function expectOneOf<Word extends string>(
  who: string,
  option: string,
  value: Word,
  words: readonly Word[],
): void {
  expected(words.includes(value), who, option, `one of '${words.join("', '")}'`, value);
}
