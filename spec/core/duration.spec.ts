import fc from 'fast-check';
import { clampDelay, duration, LONGEST_DELAY, milliseconds } from '../../src/core/duration.js';

describe('duration', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['1m', 60_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['250us', 0.25],
    ['250\u00b5s', 0.25],
    ['250\u03bcs', 0.25],
    ['5ns', 0.000_005],
    ['1m30s', 90_000],
    ['1h15m30.918s', 4_530_918],
    ['2h0.5m', 7_230_000],
    ['.5s', 500],
    ['1.s', 1_000],
    ['1.5h', 5_400_000],
    ['0s', 0],
    ['0', 0],
    ['007s', 7_000],
  ])('reads %p', (text, ms) => {
    expect(duration(text)).toBe(ms);
  });

  it.each([
    ['1.005s', 1_005],
    ['4.35s', 4_350],
    ['0.1s0.2s', 300],
    ['8.2h', 29_520_000],
  ])('reads %p without the crumbs of binary fractions', (text, ms) => {
    expect(duration(text)).toBe(ms);
  });

  it.each([0, 1, 0.5, 10_000, Infinity])('takes %p as milliseconds', (ms) => {
    expect(duration(ms)).toBe(ms);
  });

  it.each([
    '',
    ' ',
    '10',
    's',
    '.s',
    '10 s',
    ' 10s',
    '10s ',
    '-10s',
    '+10s',
    '1e3ms',
    '10S',
    '10sec',
    '1m30',
    '1,5s',
    '1:30',
    '1..5s',
    '١s',
    'soon',
    'Infinity',
    '00',
    `${'9'.repeat(64)}s`,
  ])('refuses the text %p', (text) => {
    expect(() => duration(text)).toThrow(
      new TypeError(`duration: expected a number of milliseconds or a text such as '10s' or '1m30s', got '${text}'`),
    );
    expect(milliseconds(text)).toBeNaN();
  });

  it.each([-1, NaN, -Infinity])('refuses the number %p', (value) => {
    expect(() => duration(value)).toThrow(TypeError);
  });

  it.each([undefined, null, true, {}, [], Symbol('10s'), 10n])('refuses %p, with its own words', (value) => {
    expect(() => duration(value as never)).toThrow(/^duration: expected a number of milliseconds/);
  });

  it('reads what Go writes', () => {
    const part = fc.nat({ max: 10_000 });
    fc.assert(
      fc.property(part, part, part, part, (h, m, s, ms) => {
        const expected = h * 3_600_000 + m * 60_000 + s * 1_000 + ms;
        expect(duration(`${h}h${m}m${s}s${ms}ms`)).toBe(expected);
      }),
    );
  });

  it('takes no time over long or strange texts', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{0,100}[a-z]?$/)), (text) => {
        const ms = milliseconds(text);
        expect(Number.isNaN(ms) || ms >= 0).toBe(true);
      }),
    );
    expect(milliseconds('1s'.repeat(1_000_000))).toBeNaN();
  });
});

describe('clampDelay', () => {
  it.each([
    [0, 0],
    [1.5, 1.5],
    [LONGEST_DELAY, LONGEST_DELAY],
    [LONGEST_DELAY + 1, LONGEST_DELAY],
    [Infinity, LONGEST_DELAY],
    [-1, 0],
    [-Infinity, 0],
    [NaN, 0],
  ])('makes %p a delay that a timer can hold: %p', (ms, delay) => {
    expect(clampDelay(ms)).toBe(delay);
  });

  it('holds 2^31 - 1 milliseconds', () => {
    expect(LONGEST_DELAY).toBe(2_147_483_647);
  });
});
