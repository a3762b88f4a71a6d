import { deriveConnection } from '../../src/core/connection.js';
import { ConnectionClosedError } from '../../src/core/errors.js';
import { difference, isSame } from '../../src/testing/difference.js';
import { message, open, reconnecting } from '../../src/testing/letters.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

describe('difference', () => {
  it('finds none between equal data', () => {
    const data = () => ({
      list: [1, 'two', null, NaN],
      date: new Date(5),
      map: new Map([['key', { deep: 1n }]]),
      set: new Set([1, 2]),
      bytes: new Uint8Array([1, 2]),
      buffer: new Uint8Array([3]).buffer,
      pattern: /a/g,
    });
    expect(difference(data(), data())).toBeUndefined();
  });

  it('names the place of the first difference', () => {
    expect(difference({ data: { kinds: ['a', 'b'] } }, { data: { kinds: ['a', 'c'] } })).toBe('.data.kinds[1]');
    expect(difference(1, 2)).toBe('');
    expect(difference([1], [1, undefined])).toBe('.length');
    expect(difference([1], { 0: 1 })).toBe('');
    expect(difference({}, { more: 1 })).toBe('.more');
    expect(difference({ more: 1 }, {})).toBe('.more');
  });

  it.each([
    [new Date(1), new Date(2)],
    [/a/, /a/i],
    [new Map([[1, 1]]), new Map([[1, 2]])],
    [new Set([1]), new Set([2])],
    [new Uint8Array([1]), new Uint8Array([2])],
    [new Uint8Array([1]).buffer, new Uint8Array([2]).buffer],
    [null, {}],
    [new Map(), {}],
    ['1', 1],
  ])('tells %p from %p', (one, other) => {
    expect(isSame(one, other)).toBe(false);
  });

  it('takes bytes for bytes, in a Buffer or not', () => {
    expect(isSame(Buffer.from([1, 2]), new Uint8Array([1, 2]))).toBe(true);
  });

  it('takes an undefined field for an absent one, and an object without a prototype for an object', () => {
    expect(isSame({ within: undefined }, {})).toBe(true);
    expect(isSame(Object.assign(Object.create(null), { a: 1 }), { a: 1 })).toBe(true);
  });

  it('compares connections by their ids alone', () => {
    const a = mockConnection('a');
    a.send('m');
    expect(isSame(open(a), open(mockConnection('a')))).toBe(true);
    expect(isSame(open(a), open(deriveConnection(a, { session: 1 })))).toBe(true);
    expect(difference(open(a), open(mockConnection('b')))).toBe('.connection');
    expect(difference(message(a, a), message(a, { id: 'a' }))).toBe('.data');
  });

  it('compares errors by name, message and own fields, not by where they were thrown', () => {
    expect(isSame(new ConnectionClosedError(1006, ''), new ConnectionClosedError(1006, ''))).toBe(true);
    expect(difference(new ConnectionClosedError(1006, ''), new ConnectionClosedError(1001, ''))).toBe('.message');
    expect(difference(Object.assign(new Error('e'), { code: 1 }), Object.assign(new Error('e'), { code: 2 }))).toBe(
      '.code',
    );
    expect(difference(new TypeError('e'), new Error('e'))).toBe('.name');
    expect(difference(new Error('e', { cause: 1 }), new Error('e', { cause: 2 }))).toBe('.cause');
    expect(difference(new Error('e', { cause: 1 }), new Error('e'))).toBe('.cause');
  });

  it('asks matchers', () => {
    expect(isSame(reconnecting(1, 1_234), reconnecting(1, expect.any(Number)))).toBe(true);
    expect(difference(reconnecting(1, 1_234), reconnecting(1, expect.any(String)))).toBe('.delay');
  });

  it('comes to an end with data that holds itself', () => {
    const ring = (): Record<string, unknown> => {
      const self: Record<string, unknown> = {};
      self['self'] = self;
      return self;
    };
    expect(isSame(ring(), ring())).toBe(true);
  });
});
