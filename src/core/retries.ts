import { type Backoff, decorrelatedBetween } from './backoff.js';
import { checkCloseCodes, closeAction, type CloseAction, type CloseCodes } from './closeCodes.js';
import { clampDelay, type Duration, LONGEST_HINT } from './duration.js';
import { expectCount, expectDuration, expected } from './expect.js';

/** When to retry and when to give up: the options of `reconnect` that say it. */
interface RetryConfig {
  readonly delay?: Backoff;
  readonly stableAfter?: Duration;
  readonly maxAttempts?: number;
  readonly maxElapsed?: Duration;
  readonly closeCodes?: CloseCodes;
  readonly random?: () => number;
}

/** The decision to try again. */
export interface Retry {
  /** Counts from 1. */
  readonly attempt: number;
  readonly delay: number;
  readonly action: Exclude<CloseAction, 'stop'>;
}

/** The least wait for the action `slow`, in milliseconds; up to as much again is added by chance. */
const SLOW = 10_000;

/** Decides what follows a failure, and remembers what the next decision depends on. Knows neither clock nor connection. */
export interface Retries {
  readonly opened: (now: number) => void;
  readonly draining: (within: number | undefined) => void;
  /** What to do after a failure; `undefined` gives up. */
  readonly failed: (cause: unknown, now: number) => Retry | undefined;
}

/** What a failure may tell of itself. */
interface Failure {
  readonly code?: unknown;
  readonly status?: unknown;
  readonly retryAfter?: unknown;
}

/** Checks the rules, and gives what begins to decide by them. */
export function retries({
  delay = decorrelatedBetween(1_000, 10_000),
  stableAfter = 5_000,
  maxAttempts = Infinity,
  maxElapsed = Infinity,
  closeCodes = {},
  random = Math.random,
}: RetryConfig): () => Retries {
  expected(typeof delay === 'function', 'reconnect', 'delay', "a function such as constant('1s')", delay);
  const stable = expectDuration('reconnect', 'stableAfter', stableAfter, true);
  expectCount('reconnect', 'maxAttempts', maxAttempts, 0);
  const longest = expectDuration('reconnect', 'maxElapsed', maxElapsed);
  checkCloseCodes(closeCodes);

  return () => {
    let attempt = 0;
    let troubleSince = 0;
    let previousDelay: number | undefined;
    let openedAt = Infinity;
    /** The window, in milliseconds, in which the peer would have its clients come back. */
    let window: number | undefined;

    return {
      opened(now) {
        openedAt = now;
        window = undefined;
      },
      draining(within) {
        window = within;
      },
      failed(cause, now) {
        const { code, status, retryAfter } = Object(cause) as Failure;
        if (now - openedAt >= stable) attempt = 0;
        openedAt = Infinity;
        if (++attempt === 1) {
          troubleSince = now;
          previousDelay = undefined;
        }

        const action = closeAction(([code, status].find(Number.isInteger) ?? NaN) as number, closeCodes);
        if (action === 'stop' || attempt > maxAttempts) return undefined;

        const elapsed = now - troubleSince;
        const within = typeof retryAfter === 'number' && retryAfter > 0 ? retryAfter : window;
        window = undefined;
        let wait = delay({ attempt, elapsed, cause, previousDelay, random });
        if (wait === undefined) return undefined;
        expected(wait >= 0, 'reconnect', 'delay()', 'at least 0 or undefined', wait);
        if (within) {
          const spread = Math.min(within, LONGEST_HINT) * random();
          // Once a hint may hurry us; a peer that hints again and again must not undo the backoff.
          wait = attempt === 1 ? spread : Math.max(spread, wait);
        } else if (action === 'slow') wait = Math.max(wait, SLOW * (1 + random()));
        if (elapsed + wait > longest) return undefined;
        previousDelay = clampDelay(wait);
        return { attempt, delay: previousDelay, action };
      },
    };
  };
}
