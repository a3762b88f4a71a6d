import fc from 'fast-check';
import {
  type Backoff,
  type BackoffContext,
  constant,
  decorrelated,
  exponential,
  fullJitter,
  steps,
} from '../../src/core/backoff.js';

/** The waits before the first retries, each policy seeing its own wait before as `reconnect` shows it. */
function waits(policy: Backoff, random: () => number, count = 6): (number | undefined)[] {
  const list: (number | undefined)[] = [];
  for (let attempt = 1; attempt <= count; attempt++) {
    list.push(policy({ attempt, elapsed: 0, cause: undefined, previousDelay: list.at(-1), random }));
  }
  return list;
}
const low = (): number => 0;
const middle = (): number => 0.5;
const high = (): number => 0.999;
const never = (): number => {
  throw new Error('asked for chance');
};

describe('constant', () => {
  it('waits the same time before every retry', () => {
    expect(waits(constant(500), high, 4)).toEqual([500, 500, 500, 500]);
    expect(waits(constant('2s'), low, 2)).toEqual([2_000, 2_000]);
    expect(waits(constant(0), high, 2)).toEqual([0, 0]);
  });

  it('adds up to its jitter', () => {
    const policy = constant(1_000, { jitter: 0.3 });
    expect(waits(policy, low, 1)).toEqual([1_000]);
    expect(waits(policy, middle, 1)).toEqual([1_150]);
    expect(waits(policy, high, 1)[0]).toBeCloseTo(1_299.7);
  });

  it.each([
    [-1, "constant: expected `delay` to be at least 0 ms, or a text such as '10s', got -1"],
    [NaN, "constant: expected `delay` to be at least 0 ms, or a text such as '10s', got NaN"],
    ['soon', "constant: expected `delay` to be at least 0 ms, or a text such as '10s', got 'soon'"],
  ])('refuses a delay of %p', (delay, text) => {
    expect(() => constant(delay)).toThrow(new TypeError(text));
  });

  it.each([-0.1, 1.1, NaN])('refuses a jitter of %p', (jitter) => {
    expect(() => constant(1_000, { jitter })).toThrow(
      new TypeError(`constant: expected \`jitter\` to be a number between 0 and 1, got ${jitter}`),
    );
  });
});

describe('exponential', () => {
  it('doubles up to the cap', () => {
    expect(waits(exponential({ first: 1_000, max: 10_000 }), high, 6)).toEqual([
      1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
    ]);
  });

  it('grows by another factor', () => {
    expect(waits(exponential({ first: 100, factor: 3 }), low, 4)).toEqual([100, 300, 900, 2_700]);
    expect(waits(exponential({ first: 100, factor: 1 }), low, 3)).toEqual([100, 100, 100]);
  });

  it('adds its jitter after the cap, so that capped waits spread too', () => {
    const policy = exponential({ first: 1_000, max: 4_000, jitter: 0.3 });
    expect(waits(policy, low, 4)).toEqual([1_000, 2_000, 4_000, 4_000]);
    expect(waits(policy, middle, 4)).toEqual([1_150, 2_300, 4_600, 4_600]);
    expect(waits(policy, high, 4)[3]).toBeCloseTo(5_198.8);
  });

  it('stays a number a timer can be given after a thousand attempts', () => {
    const policy = exponential({ first: 1_000 });
    expect(policy({ ...context(2_000), random: low })).toBe(Infinity);
    expect(exponential({ first: 1_000, max: '1m' })({ ...context(2_000), random: low })).toBe(60_000);
  });

  it.each([
    [{ first: 0 }, "exponential: expected `first` to be above 0 ms, or a text such as '10s', got 0"],
    [{ first: 'abc' }, "exponential: expected `first` to be above 0 ms, or a text such as '10s', got 'abc'"],
    [{ first: 1, max: -5 }, "exponential: expected `max` to be above 0 ms, or a text such as '10s', got -5"],
    [{ first: 1, factor: 0.5 }, 'exponential: expected `factor` to be a number between 1 and Infinity, got 0.5'],
    [{ first: 1, jitter: 2 }, 'exponential: expected `jitter` to be a number between 0 and 1, got 2'],
  ])('refuses %p', (config, text) => {
    expect(() => exponential(config)).toThrow(new TypeError(text));
  });
});

describe('fullJitter', () => {
  it('waits a share of the exponential wait', () => {
    const policy = fullJitter({ first: 1_000, max: 4_000 });
    expect(waits(policy, low, 4)).toEqual([0, 0, 0, 0]);
    expect(waits(policy, middle, 4)).toEqual([500, 1_000, 2_000, 2_000]);
    expect(waits(policy, high, 4)).toEqual([999, 1_998, 3_996, 3_996]);
  });

  it('refuses bad options under its own name', () => {
    expect(() => fullJitter({ first: -1 })).toThrow(
      new TypeError("fullJitter: expected `first` to be above 0 ms, or a text such as '10s', got -1"),
    );
  });
});

describe('decorrelated', () => {
  it('draws from `first` to three times the wait before, at most `max`', () => {
    const policy = decorrelated({ first: 1_000, max: 10_000 });
    expect(waits(policy, low)).toEqual([1_000, 1_000, 1_000, 1_000, 1_000, 1_000]);
    expect(waits(policy, middle)).toEqual([2_000, 3_500, 5_500, 5_500, 5_500, 5_500]);
    const most = waits(policy, high, 4);
    [2_998, 8_986.006, 9_991, 9_991].forEach((wait, at) => expect(most[at]).toBeCloseTo(wait, 2));
  });

  it('waits 1 s at first and 10 s at most by default', () => {
    expect(waits(decorrelated(), middle)).toEqual(waits(decorrelated({ first: '1s', max: '10s' }), middle));
  });

  it('spreads capped waits, of which no two are alike', () => {
    let seed = 0;
    const random = (): number => (seed = (seed + 0.381_966) % 1);
    const list = waits(decorrelated(), random, 1_000).slice(10);
    expect(new Set(list).size).toBeGreaterThan(900);
    expect(list.filter((wait) => wait === 10_000)).toEqual([]);
  });

  it('forgives a wait before that was shorter than `first`, as a server may have asked for', () => {
    expect(decorrelated()({ ...context(2), previousDelay: 10, random: high })).toBeCloseTo(2_998);
  });

  it.each([
    [{ first: 5_000, max: 1_000 }, 'decorrelated: expected `max` to be at least `first` (5000), got 1000'],
    [{ first: 0 }, "decorrelated: expected `first` to be above 0 ms, or a text such as '10s', got 0"],
    [{ max: 'x' }, "decorrelated: expected `max` to be above 0 ms, or a text such as '10s', got 'x'"],
  ])('refuses %p', (config, text) => {
    expect(() => decorrelated(config)).toThrow(new TypeError(text));
  });
});

describe('steps', () => {
  it('waits the listed times, the last one for ever after', () => {
    expect(waits(steps([1_000, '2s', '5s']), low, 5)).toEqual([1_000, 2_000, 5_000, 5_000, 5_000]);
    expect(waits(steps([0]), low, 2)).toEqual([0, 0]);
  });

  it('adds up to its jitter', () => {
    expect(waits(steps([1_000, 2_000], { jitter: 0.5 }), middle, 3)).toEqual([1_250, 2_500, 2_500]);
  });

  it('is not changed by what happens to the list later', () => {
    const list = [1_000];
    const policy = steps(list);
    list[0] = 5;
    expect(waits(policy, low, 1)).toEqual([1_000]);
  });

  it.each([
    [[], 'steps: expected `delays.length` to be a number between 1 and Infinity, got 0'],
    [[1, -1], "steps: expected `delays[1]` to be at least 0 ms, or a text such as '10s', got -1"],
    [['1s', 'later'], "steps: expected `delays[1]` to be at least 0 ms, or a text such as '10s', got 'later'"],
  ])('refuses %p', (delays, text) => {
    expect(() => steps(delays)).toThrow(new TypeError(text));
  });

  it('refuses a bad jitter', () => {
    expect(() => steps([1], { jitter: 3 })).toThrow(
      new TypeError('steps: expected `jitter` to be a number between 0 and 1, got 3'),
    );
  });
});

describe('every policy', () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const first = fc.integer({ min: 1, max: 60_000 });
  const more = fc.integer({ min: 0, max: 600_000 });
  const jitters = fc.double({ min: 0, max: 1, noNaN: true });
  const attempts = fc.integer({ min: 1, max: 5_000 });

  it('stays within its bounds, whatever chance brings', () => {
    fc.assert(
      fc.property(
        first,
        more,
        jitters,
        attempts,
        fc.array(chance, { minLength: 1, maxLength: 20 }),
        (least, extra, jitter, attempt, draws) => {
          const max = least + extra;
          const at = { ...context(attempt), random: () => draws[0] ?? 0 };
          const within = (wait: number | undefined, low: number, high: number): void => {
            expect(wait).toBeGreaterThanOrEqual(low);
            expect(wait).toBeLessThanOrEqual(high);
          };
          within(constant(least, { jitter })(at), least, least * (1 + jitter));
          within(exponential({ first: least, max, jitter })(at), least, max * (1 + jitter));
          within(fullJitter({ first: least, max })(at), 0, max);
          within(steps([least, max], { jitter })(at), least, max * (1 + jitter));
          let drawn = 0;
          const policy = decorrelated({ first: least, max });
          for (const wait of waits(policy, () => draws[drawn++ % draws.length] ?? 0, 20)) within(wait, least, max);
        },
      ),
    );
  });
});

/** A context of no interest but for the attempt. */
function context(attempt: number): BackoffContext {
  return { attempt, elapsed: 0, cause: undefined, previousDelay: undefined, random: never };
}
