import type { Duration } from './duration.js';
import { expectBetween, expectDuration, expected } from './expect.js';

/** What a policy may look at. */
export interface BackoffContext {
  /** The number of the retry, from 1. */
  readonly attempt: number;
  /** Milliseconds since the trouble began. */
  readonly elapsed: number;
  /** What ended the connection, or the dial. */
  readonly cause: unknown;
  /** The wait before the last retry in milliseconds; undefined before the first. */
  readonly previousDelay: number | undefined;
  /** Chance: a number from 0 up to, not including, 1. */
  readonly random: () => number;
}

/** How long to wait before the next retry, in milliseconds; `undefined` gives up, and the cause becomes the error. */
export type Backoff = (context: BackoffContext) => number | undefined;

/** Waits the same time before every retry: a fleet that uses it comes back in one wave, so jitter it when there is one. */
export function constant(delay: Duration, { jitter = 0 }: { readonly jitter?: number } = {}): Backoff {
  const ms = expectDuration('constant', 'delay', delay, true);
  expectBetween('constant', 'jitter', jitter, 0, 1);
  return ({ random }) => ms * (1 + jitter * random());
}

export interface ExponentialConfig {
  /** The wait before the first retry. */
  readonly first: Duration;
  /** What each wait is multiplied by for the next one; 2 by default. */
  readonly factor?: number;
  /** The longest wait, before jitter is added; none by default. */
  readonly max?: Duration;
  /** The largest share of the wait that chance adds to it, from 0 (the default) to 1; added after the cap, so that capped waits spread too. */
  readonly jitter?: number;
}

/** Checks the shape of a growing wait and gives its formula. */
function growth(who: string, { first, factor = 2, max = Infinity }: ExponentialConfig): (attempt: number) => number {
  const start = expectDuration(who, 'first', first);
  const cap = expectDuration(who, 'max', max);
  expectBetween(who, 'factor', factor, 1, Infinity);
  return (attempt) => Math.min(cap, start * factor ** (attempt - 1));
}

/** Waits longer each time: `first × factor ^ (attempt - 1)`, at most `max`, plus up to `jitter` of it. */
export function exponential(config: ExponentialConfig): Backoff {
  const { jitter = 0 } = config;
  const wait = growth('exponential', config);
  expectBetween('exponential', 'jitter', jitter, 0, 1);
  return ({ attempt, random }) => wait(attempt) * (1 + jitter * random());
}

/** Waits any time between nothing and the exponential wait: the widest spread, and now and then no wait at all. */
export function fullJitter(config: Omit<ExponentialConfig, 'jitter'>): Backoff {
  const wait = growth('fullJitter', config);
  return ({ attempt, random }) => wait(attempt) * random();
}

/** The wait of {@link decorrelated}, by itself: what `reconnect` does by default needs no checks. */
export function decorrelatedBetween(least: number, cap: number): Backoff {
  // The cap bounds the range that is drawn from, not the draw: capped draws would all be equal.
  return ({ previousDelay = least, random }) =>
    least + random() * (Math.min(cap, Math.max(least, previousDelay) * 3) - least);
}

/**
 * Waits any time between `first` and three times the wait before, at most `max`: disperses a fleet from the first retry on and never retries at once.
 * The default of `reconnect`, with 1 s and 10 s.
 */
export function decorrelated({
  first = 1_000,
  max = 10_000,
}: { readonly first?: Duration; readonly max?: Duration } = {}): Backoff {
  const least = expectDuration('decorrelated', 'first', first);
  const cap = expectDuration('decorrelated', 'max', max);
  expected(cap >= least, 'decorrelated', 'max', `at least \`first\` (${least})`, cap);
  return decorrelatedBetween(least, cap);
}

/** Waits the listed times, the last one for ever after. */
export function steps(delays: readonly Duration[], { jitter = 0 }: { readonly jitter?: number } = {}): Backoff {
  const list = delays.map((delay, at) => expectDuration('steps', `delays[${at}]`, delay, true));
  expectBetween('steps', 'delays.length', list.length, 1, Infinity);
  expectBetween('steps', 'jitter', jitter, 0, 1);
  return ({ attempt, random }) => (list[Math.min(attempt, list.length) - 1] ?? 0) * (1 + jitter * random());
}
