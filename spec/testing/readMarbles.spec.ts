import { array, assert, constantFrom, property } from 'fast-check';
import { TestScheduler } from 'rxjs/testing';
import { readLifetime, readMarbles, readTime } from '../../src/testing/readMarbles.js';

describe('readMarbles', () => {
  it('gives every sign its millisecond', () => {
    expect(readMarbles('-a--b|')).toEqual([
      { frame: 1, sign: 'a' },
      { frame: 4, sign: 'b' },
      { frame: 5, sign: '|' },
    ]);
  });

  it('takes no time for spaces, wherever they stand', () => {
    expect(readMarbles('  a  -  b ')).toEqual(readMarbles('a-b'));
  });

  it('reads waits in ms, s and m, also at the beginning and the end', () => {
    expect(readMarbles('10ms a 1.5s b 2m c 3ms')).toEqual([
      { frame: 10, sign: 'a' },
      { frame: 1_511, sign: 'b' },
      { frame: 121_512, sign: 'c' },
    ]);
    expect(readTime('1s |')).toBe(1_000);
  });

  it('takes digits that are no wait for letters', () => {
    expect(readMarbles('12').map(({ sign }) => sign)).toEqual(['1', '2']);
    expect(readMarbles('a10ms b').map(({ sign }) => sign)).toEqual(['a', '1', '0', 'm', 's', 'b']);
  });

  it('lets a group happen at once, and takes time for each of its signs', () => {
    expect(readMarbles('-(ab)c')).toEqual([
      { frame: 1, sign: 'a' },
      { frame: 1, sign: 'b' },
      { frame: 5, sign: 'c' },
    ]);
  });

  it('takes a letter outside the basic plane for one', () => {
    expect(readMarbles('🚢-a').map(({ frame }) => frame)).toEqual([0, 2]);
  });

  it.each([
    ['((a))', "marbles: a group inside a group in '((a))'"],
    ['a)', "marbles: a group that ends before it begins in 'a)'"],
    ['(a', "marbles: a group without an end in '(a'"],
  ])('refuses %s', (diagram, why) => {
    expect(() => readMarbles(diagram)).toThrow(new Error(why));
  });

  it('reads what rxjs reads', () => {
    const factor = TestScheduler.frameTimeFactor;
    TestScheduler.frameTimeFactor = 1;
    try {
      const part = constantFrom(
        'a',
        'B',
        '7',
        '-',
        '--',
        ' ',
        '   ',
        ' 10ms ',
        ' 2s ',
        ' 1.5ms ',
        '(ab)',
        '(a|)',
        '#',
        '|',
      );
      assert(
        property(array(part, { maxLength: 30 }), (parts) => {
          const diagram = parts.join('');
          const theirs = TestScheduler.parseMarbles(diagram, undefined, undefined, false, true);
          const ours = readMarbles(diagram);
          expect(ours.map(({ frame }) => frame)).toEqual(theirs.map(({ frame }) => frame));
          expect(ours.map(({ sign }) => (sign === '|' ? 'C' : sign === '#' ? 'E' : 'N'))).toEqual(
            theirs.map(({ notification }) => notification.kind),
          );
        }),
        { numRuns: 500 },
      );
    } finally {
      TestScheduler.frameTimeFactor = factor;
    }
  });
});

describe('readLifetime', () => {
  it('reads when a subscription begins and ends', () => {
    expect(readLifetime('--^ 10ms !')).toEqual({ subscribedFrame: 2, unsubscribedFrame: 13 });
    expect(readLifetime('(^!)')).toEqual({ subscribedFrame: 0, unsubscribedFrame: 0 });
    expect(readLifetime('---')).toEqual({ subscribedFrame: Infinity, unsubscribedFrame: Infinity });
  });

  it.each([
    ['^-^', "marbles: a second '^' in '^-^'"],
    ['^!!', "marbles: a second '!' in '^!!'"],
    ['^-a', "marbles: 'a' in '^-a', where only '^' and '!' have a meaning"],
  ])('refuses %s', (diagram, why) => {
    expect(() => readLifetime(diagram)).toThrow(new Error(why));
  });
});

describe('readTime', () => {
  it('refuses a time without an end', () => {
    expect(() => readTime('---')).toThrow(new Error("marbles: no '|' in '---': a time ends with one"));
  });
});
