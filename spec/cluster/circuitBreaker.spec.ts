import { type CircuitBreaker, circuitBreaker } from '../../src/cluster/circuitBreaker.js';

const fail = (breaker: CircuitBreaker, times: number, now = 0): void => {
  for (let at = 0; at < times; at++) breaker.failed(now);
};

/** A circuit that opened at 0, for a second. */
const opened = (): CircuitBreaker => {
  const breaker = circuitBreaker({ failures: 1, resetAfter: '1s' });
  breaker.failed(0);
  return breaker;
};

describe('circuitBreaker', () => {
  it('is closed, and lets everything through', () => {
    const breaker = circuitBreaker();
    expect(breaker.state).toBe('closed');
    expect(breaker.allows(0)).toBe(true);
  });

  it('opens after five failures in a row, for 30 s', () => {
    const breaker = circuitBreaker();
    fail(breaker, 4);
    expect(breaker.allows(0)).toBe(true);
    breaker.failed(100);
    expect(breaker.state).toBe('open');
    expect([100, 30_099, 30_100].map((now) => breaker.allows(now))).toEqual([false, false, true]);
  });

  it('forgets failures when an attempt succeeds', () => {
    const breaker = circuitBreaker({ failures: 3 });
    fail(breaker, 2);
    breaker.succeeded();
    fail(breaker, 2);
    expect(breaker.state).toBe('closed');
    breaker.failed(0);
    expect(breaker.state).toBe('open');
  });

  it('P29: lets exactly one trial through when half open', () => {
    const breaker = opened();
    const allowed = Array.from({ length: 50 }, () => breaker.allows(1_000));
    expect(allowed.filter(Boolean)).toHaveLength(1);
    expect(breaker.state).toBe('half-open');
  });

  it('closes when the trial succeeds, and counts failures anew', () => {
    const breaker = circuitBreaker({ failures: 2, resetAfter: 1_000 });
    fail(breaker, 2);
    breaker.allows(1_000);
    breaker.succeeded();
    expect(breaker.state).toBe('closed');
    breaker.failed(1_001);
    expect(breaker.allows(1_001)).toBe(true);
  });

  it('opens for the whole time again when the trial fails', () => {
    const breaker = opened();
    breaker.allows(1_500);
    breaker.failed(1_700);
    expect(breaker.state).toBe('open');
    expect([1_700, 2_699, 2_700].map((now) => breaker.allows(now))).toEqual([false, false, true]);
  });

  it('lets another trial through when the last one is never heard of again', () => {
    const breaker = opened();
    breaker.allows(1_000);
    expect([1_999, 2_000, 2_000].map((now) => breaker.allows(now))).toEqual([false, true, false]);
  });

  it('says until when it lets nothing through', () => {
    const breaker = circuitBreaker({ failures: 1, resetAfter: 1_000 });
    expect(breaker.until).toBe(-Infinity);
    breaker.failed(500);
    expect(breaker.until).toBe(1_500);
    breaker.allows(1_600);
    expect(breaker.until).toBe(2_600);
    breaker.succeeded();
    expect(breaker.until).toBe(-Infinity);
  });

  it('forgets everything where it is told so', () => {
    const breaker = circuitBreaker({ failures: 2 });
    fail(breaker, 2);
    breaker.reset();
    expect([breaker.state, breaker.until, breaker.allows(0)]).toEqual(['closed', -Infinity, true]);
    fail(breaker, 1);
    breaker.reset();
    fail(breaker, 1);
    expect(breaker.state).toBe('closed');
  });

  it('takes what was begun before it opened for no proof of anything', () => {
    const breaker = opened();
    breaker.succeeded();
    expect(breaker.state).toBe('open');
    breaker.failed(999);
    expect(breaker.allows(1_000)).toBe(true);
  });

  it('refuses options that make no sense', () => {
    expect(() => circuitBreaker({ failures: 0 })).toThrow(
      new TypeError('circuitBreaker: expected `failures` to be a whole number of at least 1, got 0'),
    );
    expect(() => circuitBreaker({ resetAfter: 'soon' })).toThrow(/^circuitBreaker: expected `resetAfter`/);
  });
});
