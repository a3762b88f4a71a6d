import type { Duration } from '../core/duration.js';
import { expectCount, expectDuration } from '../core/expect.js';

export type CircuitState = 'closed' | 'open' | 'half-open';

export interface CircuitBreakerConfig {
  /** How many failures in a row open the circuit; 5 by default. */
  readonly failures?: number;
  /** How long an open circuit lets nothing through, and how long a trial may take before another one is let through; 30 s by default. */
  readonly resetAfter?: Duration;
}

/** Says whether it is worth trying. It knows no clock: `now` is in milliseconds, from whatever beginning. */
export interface CircuitBreaker {
  /** An open circuit stays `open` until somebody asks to go through after its time. */
  readonly state: CircuitState;
  /** When it lets the next attempt through; -Infinity while it is closed. */
  readonly until: number;
  /** Whether an attempt may be made now. Where it says so while the circuit is not closed, this attempt is the one trial. */
  allows(now: number): boolean;
  /** Closes the circuit, or forgets the failures so far. What was begun before the circuit opened does not close it. */
  succeeded(): void;
  /** Counts a failure; that of a trial opens the circuit again. */
  failed(now: number): void;
  /** Closes the circuit, and forgets all that it was told. */
  reset(): void;
}

/** Stops attempts after failures in a row, and lets a single one through after a while to see whether they are over. */
export function circuitBreaker({ failures = 5, resetAfter = 30_000 }: CircuitBreakerConfig = {}): CircuitBreaker {
  const most = expectCount('circuitBreaker', 'failures', failures, 1);
  const pause = expectDuration('circuitBreaker', 'resetAfter', resetAfter);
  let state: CircuitState = 'closed';
  let inRow = 0;
  /** When the circuit was opened, or the trial began. */
  let since = 0;
  const enter = (next: CircuitState, now: number): void => {
    state = next;
    since = now;
    inRow = 0;
  };

  return {
    get state() {
      return state;
    },
    get until() {
      return state === 'closed' ? -Infinity : since + pause;
    },
    allows(now) {
      if (state === 'closed') return true;
      // Also where a trial was let through and never told how it went: a circuit must not stay half open for ever.
      if (now - since < pause) return false;
      enter('half-open', now);
      return true;
    },
    succeeded() {
      if (state === 'half-open') enter('closed', since);
      inRow = 0;
    },
    failed(now) {
      if (state === 'half-open' || (state === 'closed' && ++inRow === most)) enter('open', now);
    },
    reset() {
      enter('closed', since);
    },
  };
}
