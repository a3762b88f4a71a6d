import { expectBetween, expectCount, expectDuration, expectFunction, expectOneOf } from '../../src/core/expect.js';

/** The text of the TypeError that a check throws. */
function refusal(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

describe('expectDuration', () => {
  it.each([
    [1, 1],
    [0.5, 0.5],
    ['10s', 10_000],
    ['1m30s', 90_000],
    [Infinity, Infinity],
  ])('reads %p', (value, ms) => {
    expect(expectDuration('heartbeat', 'interval', value)).toBe(ms);
  });

  it.each([
    [-1, '-1'],
    [0, '0'],
    [NaN, 'NaN'],
    ['soon', "'soon'"],
    ['0s', "'0s'"],
    [undefined, 'undefined'],
    [null, 'null'],
    [() => 1, 'function'],
    [{}, 'object'],
    [Object.create(null), 'object'],
    [Symbol('x'), 'Symbol(x)'],
  ])('refuses %p', (value, got) => {
    expect(refusal(() => expectDuration('heartbeat', 'interval', value as never))).toBe(
      `heartbeat: expected \`interval\` to be above 0 ms, or a text such as '10s', got ${got}`,
    );
  });

  it('takes 0 where that means something', () => {
    expect(expectDuration('drainHandover', 'linger', 0, true)).toBe(0);
    expect(expectDuration('drainHandover', 'linger', '0s', true)).toBe(0);
    expect(refusal(() => expectDuration('drainHandover', 'linger', -1, true))).toBe(
      "drainHandover: expected `linger` to be at least 0 ms, or a text such as '10s', got -1",
    );
  });
});

describe('expectCount', () => {
  it.each([1, 2, 1_000_000, Infinity])('takes %p', (value) => {
    expect(expectCount('sendFrom', 'buffer', value, 1)).toBe(value);
  });

  it.each([
    [0, '0'],
    [1.5, '1.5'],
    [-1, '-1'],
    [-Infinity, '-Infinity'],
    [NaN, 'NaN'],
    ['3', "'3'"],
  ])('refuses %p', (value, got) => {
    expect(refusal(() => expectCount('sendFrom', 'buffer', value as never, 1))).toBe(
      `sendFrom: expected \`buffer\` to be a whole number of at least 1, got ${got}`,
    );
  });
});

describe('expectBetween', () => {
  it.each([0, 0.5, 1])('takes %p between 0 and 1', (value) => {
    expect(expectBetween('exponential', 'jitter', value, 0, 1)).toBe(value);
  });

  it.each([
    [-0.01, '-0.01'],
    [1.01, '1.01'],
    [NaN, 'NaN'],
    ['0.5', "'0.5'"],
  ])('refuses %p', (value, got) => {
    expect(refusal(() => expectBetween('exponential', 'jitter', value as never, 0, 1))).toBe(
      `exponential: expected \`jitter\` to be a number between 0 and 1, got ${got}`,
    );
  });
});

describe('expectFunction', () => {
  it('takes a function', () => {
    expect(() => expectFunction('drainOn', 'isDraining', () => true)).not.toThrow();
  });

  it.each([
    [undefined, 'undefined'],
    ['x', "'x'"],
    [{}, 'object'],
  ])('refuses %p', (value, got) => {
    expect(refusal(() => expectFunction('drainOn', 'isDraining', value))).toBe(
      `drainOn: expected \`isDraining\` to be a function, got ${got}`,
    );
  });
});

describe('expectOneOf', () => {
  const words = ['drop-oldest', 'drop-newest', 'error'] as const;

  it.each(words)('takes %p', (word) => {
    expect(() => expectOneOf('sendFrom', 'overflow', word, words)).not.toThrow();
  });

  it.each([
    ['drop', "'drop'"],
    [undefined, 'undefined'],
  ])('refuses %p', (value, got) => {
    expect(refusal(() => expectOneOf('sendFrom', 'overflow', value as never, words))).toBe(
      `sendFrom: expected \`overflow\` to be one of 'drop-oldest', 'drop-newest', 'error', got ${got}`,
    );
  });
});
