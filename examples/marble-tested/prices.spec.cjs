const { inTurn, letters, marbles } = require('hawser/testing');
const { latestPrices } = require('./prices.cjs');

/** The letters of connection events, with prices for messages: `m` from the first connection, `M` from the second. */
const priced = (a, b) => letters(a, b, { m: { symbol: 'ACME', price: 1 }, M: { symbol: 'ACME', price: 2 } });
const seen = { 1: { ACME: 1 }, 2: { ACME: 2 } };

describe('latestPrices', () => {
  it(
    'dials again 2 s after a silence of 15 s',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b }) => {
      const first = cold('  com                    ', priced(a, b));
      const second = cold('              COM       ', priced(a, b));
      const firstSubs = '   ^  15001ms !           ';
      const secondSubs = '  17002ms ^ 9ms !        ';
      const expected = '    --1 17001ms 2          ';

      expectObservable(latestPrices(inTurn(first, second)), '17012ms !').toBe(expected, seen);
      expectSubscriptions(first.subscriptions).toBe(firstSubs);
      expectSubscriptions(second.subscriptions).toBe(secondSubs);
    }),
  );

  it(
    'misses no price when the server drains',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b }) => {
      const old = cold('      co-m-d-m--m          ', priced(a, b));
      const next = cold('          c---O---M      ', priced(a, b));
      const oldSubs = '       ^ 1008ms !           ';
      const expected = '      ---1---1--1--2       ';

      expectObservable(latestPrices(inTurn(old, next)), '1020ms !').toBe(expected, seen);
      expectSubscriptions(old.subscriptions).toBe(oldSubs);
    }),
  );
});
