import { closeCodeRules } from '../../src/core/closeCodeRules.js';
import { checkClose, closeAction, type CloseCodes } from '../../src/core/closeCodes.js';

describe('closeAction', () => {
  // prettier-ignore
  it.each([
    [1000, 'stop'],   [1001, 'retry'],  [1002, 'stop'],   [1003, 'stop'],
    [1004, 'stop'],   [1005, 'retry'],  [1006, 'retry'],  [1007, 'stop'],
    [1008, 'stop'],   [1009, 'stop'],   [1010, 'stop'],   [1011, 'slow'],
    [1012, 'retry'],  [1013, 'slow'],   [1014, 'retry'],  [1015, 'stop'],
    [3000, 'refreshAuth'], [3003, 'stop'], [3008, 'retry'],
    [4400, 'stop'],   [4401, 'refreshAuth'], [4403, 'stop'], [4429, 'slow'],
  ] as const)('answers code %i with %s', (code, action) => {
    expect(closeAction(code)).toBe(action);
  });

  it.each([1016, 2000, 2999, 3001, 3002, 3999, 4000, 4404, 4408, 4500, 4999])(
    'retries after code %i, which has no meaning of its own',
    (code) => {
      expect(closeAction(code)).toBe('retry');
    },
  );

  it.each([
    [401, 'refreshAuth'],
    [403, 'retry'],
    [404, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
  ] as const)('answers a refused upgrade of status %i with %s', (status, action) => {
    expect(closeAction(status)).toBe(action);
  });

  it('gives a reason for every code that it does not just retry', () => {
    const listed = new Map(closeCodeRules.map((rule) => [rule.code, rule]));
    for (let code = 0; code < 5_000; code++) {
      const action = closeAction(code);
      expect(listed.get(code)?.action ?? 'retry').toBe(action);
    }
    for (const { why } of closeCodeRules) expect(why).toMatch(/^\S.{5,}[^.]$/);
  });

  describe('with a table', () => {
    it('takes its word before the rules, even for 1000', () => {
      const table: CloseCodes = { 1000: 'retry', 1006: 'stop' };
      expect(closeAction(1000, table)).toBe('retry');
      expect(closeAction(1006, table)).toBe('stop');
      expect(closeAction(1001, table)).toBe('retry');
      expect(closeAction(1002, table)).toBe('stop');
    });

    it('reads ranges, both ends included', () => {
      const table: CloseCodes = { '4500-4599': 'slow' };
      expect([4499, 4500, 4550, 4599, 4600].map((code) => closeAction(code, table))).toEqual([
        'retry',
        'slow',
        'slow',
        'slow',
        'retry',
      ]);
    });

    it('takes a single code before the range it lies in', () => {
      const table: CloseCodes = { '4000-4999': 'stop', 4401: 'refreshAuth' };
      expect(closeAction(4401, table)).toBe('refreshAuth');
      expect(closeAction(4402, table)).toBe('stop');
    });

    it('takes the first of two ranges that overlap', () => {
      const table: CloseCodes = { '4000-4999': 'stop', '4500-4599': 'slow' };
      expect(closeAction(4550, table)).toBe('stop');
    });

    it('reads no range where there is none', () => {
      const table = { '4000-': 'stop', '4002-4001': 'stop', abc: 'stop' } as unknown as CloseCodes;
      expect([4000, 4001, 4002].map((code) => closeAction(code, table))).toEqual(['retry', 'retry', 'retry']);
    });

    it('leaves the other codes to the rules', () => {
      expect(closeAction(3000, { '4000-4999': 'stop' })).toBe('refreshAuth');
    });
  });
});

describe('checkClose', () => {
  it.each([1000, 3000, 3001, 4000, 4999])('takes code %i', (code) => {
    expect(() => checkClose(code, '')).not.toThrow();
  });

  it.each([0, -1, 999, 1001, 1005, 1006, 1011, 1015, 2999, 5000, 3000.5, NaN, Infinity])('refuses code %p', (code) => {
    expect(() => checkClose(code, '')).toThrow(
      new TypeError(`close: expected \`code\` to be 1000 or 3000-4999, got ${code}`),
    );
  });

  it.each([
    ['ASCII', 'a'.repeat(123)],
    ['two-byte letters', 'é'.repeat(61) + 'e'],
    ['emoji', '🚢'.repeat(30) + 'abc'],
  ])('takes a reason of 123 bytes: %s', (_, reason) => {
    expect(Buffer.byteLength(reason)).toBe(123);
    expect(() => checkClose(1000, reason)).not.toThrow();
  });

  it.each([
    ['ASCII', 'a'.repeat(124)],
    ['two-byte letters', 'é'.repeat(62)],
    ['emoji', '🚢'.repeat(31)],
  ])('refuses a reason of 124 bytes, however few letters it has: %s', (_, reason) => {
    expect(() => checkClose(1000, reason)).toThrow(
      new TypeError('close: expected `reason` to be at most 123 bytes, got 124'),
    );
  });
});
