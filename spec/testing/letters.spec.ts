import { type Letter, letters } from '../../src/testing/letters.js';
import { mockConnection } from '../../src/testing/mockConnection.js';
import { shortForm } from '../../src/testing/shortForm.js';

describe('letters', () => {
  const a = mockConnection('a');
  const b = mockConnection('b');

  it.each<[Letter, string]>([
    ['c', "connecting url 'ws://a'"],
    ['o', 'open a'],
    ['m', "message a data 'm'"],
    ['d', 'draining a'],
    ['x', "close a code 1000 reason '' wasClean true"],
    ['r', 'reconnecting attempt 1 delay 1000'],
    ['t', "retired a reason 'expired'"],
    ['p', 'pong a roundTrip 1'],
    ['q', "malformed a raw '{' error Error: malformed"],
    ['C', "connecting url 'ws://b'"],
    ['O', 'open b'],
    ['M', "message b data 'M'"],
    ['D', 'draining b'],
    ['X', "close b code 1000 reason '' wasClean true"],
    ['R', 'reconnecting attempt 2 delay 1000'],
    ['T', "retired b reason 'expired'"],
    ['P', 'pong b roundTrip 1'],
    ['Q', "malformed b raw '{' error Error: malformed"],
  ])('%s stands for: %s', (letter, event) => {
    expect(shortForm(letters(a, b)[letter])).toBe(event);
  });

  it('carry other messages where they are told so', () => {
    const { m, M } = letters(a, b, { m: { kind: 'one' }, M: { kind: 'two' } });
    expect([m, M].map((event) => shortForm(event))).toEqual([
      "message a data { kind: 'one' }",
      "message b data { kind: 'two' }",
    ]);
  });
});
