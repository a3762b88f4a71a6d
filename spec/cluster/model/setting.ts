import fc from 'fast-check';
import type { CircuitBreakerConfig } from '../../../src/cluster/circuitBreaker.js';
import type { Overflow } from '../../../src/cluster/partitionQueues.js';

/** What differs from one world to the next. */
export interface Setting {
  readonly partitions: number;
  /** How many of the addresses have a node at first. */
  readonly nodes: number;
  readonly latency: number;
  readonly buffer: number;
  readonly overflow: Overflow;
  readonly fallback: 'owner' | 'replica';
  readonly retryAfter: number;
  /** How often a node is dialled again before its stream ends. */
  readonly maxAttempts: number;
  readonly breaks: CircuitBreakerConfig | null;
  /** Whether all comes to rest before the client leaves; it may also say its last word then, and wait for the end. */
  readonly end: 'rests' | 'completes' | 'leaves';
}

export const setting: fc.Arbitrary<Setting> = fc.record({
  partitions: fc.integer({ min: 1, max: 8 }),
  nodes: fc.integer({ min: 1, max: 4 }),
  latency: fc.integer({ min: 1, max: 25 }),
  buffer: fc.oneof(fc.constant(1_000), fc.constant(0), fc.integer({ min: 1, max: 12 })),
  overflow: fc.constantFrom('drop-oldest', 'drop-oldest', 'drop-newest', 'error'),
  fallback: fc.constantFrom('owner', 'owner', 'owner', 'replica'),
  retryAfter: fc.integer({ min: 1, max: 200 }),
  maxAttempts: fc.constantFrom(0, 1, 3, 1_000_000),
  breaks: fc.option(
    fc.record({ failures: fc.integer({ min: 1, max: 3 }), resetAfter: fc.integer({ min: 1, max: 300 }) }),
  ),
  end: fc.constantFrom('rests', 'rests', 'completes', 'leaves'),
});
