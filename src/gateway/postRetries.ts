import { type Backoff, steps } from '../core/backoff.js';
import { clampDelay, LONGEST_HINT } from '../core/duration.js';
import { expected, expectFunction } from '../core/expect.js';

interface PostRetriesConfig {
  readonly retry?: Backoff;
  readonly random?: () => number;
}

/** Decides when one reply is posted again. Knows neither clock nor post. */
export interface PostRetries {
  /** How long to wait after a post that failed; `undefined` gives up. */
  failed(error: unknown, now: number): number | undefined;
  /**
   * How much of the wait nothing may cut short: what the API asked for. Without a hurry it is all of it where the API answered and asked for
   * nothing: a connection that opens is no news of an API that can be reached.
   */
  owed(now: number, hurry: boolean): number;
}

/** What the API asked for, in milliseconds; undefined where it answered and asked for nothing. */
function hintOf(error: unknown): number | undefined {
  const { retryAfter, status } = (error ?? {}) as { readonly retryAfter?: unknown; readonly status?: unknown };
  if (typeof retryAfter === 'number' && retryAfter > 0) return Math.min(retryAfter, LONGEST_HINT);
  return typeof status === 'number' && retryAfter === undefined ? undefined : 0;
}

/** Checks the policy, and gives what decides for one reply that could not be sent at `since`. */
export function postRetries({
  retry = steps([1_000, 2_000, 5_000, 10_000, 20_000]),
  random = Math.random,
}: PostRetriesConfig): (since: number) => PostRetries {
  expectFunction('deliverReplies', 'retry', retry);

  return (since) => {
    let attempt = 0;
    let previousDelay: number | undefined;
    let notBefore = -Infinity;
    let patientUntil = -Infinity;

    return {
      failed(cause, now) {
        attempt += 1;
        const wait = retry({ attempt, elapsed: now - since, cause, previousDelay, random });
        if (wait === undefined) return undefined;
        expected(wait >= 0, 'deliverReplies', 'retry()', 'a number of at least 0 or undefined', wait);
        previousDelay = clampDelay(wait);
        const hint = hintOf(cause);
        notBefore = now + (hint ?? 0);
        patientUntil = now + (hint ?? previousDelay);
        return Math.max(previousDelay, hint ?? 0);
      },
      owed: (now, hurry) => Math.max(0, (hurry ? notBefore : patientUntil) - now),
    };
  };
}
