import { OpenTimeoutError } from '../../src/core/errors.js';
import { handshake } from '../../src/operators/handshake.js';
import { openTimeout } from '../../src/operators/openTimeout.js';
import { marbles } from '../../src/testing/marbles.js';

describe('openTimeout', () => {
  it(
    'errors when a connection is not open in time',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const source = cold(' c-----o', events);
      const subs = '        ^--!   ';
      const expected = '    c--#   ';

      expectObservable(source.pipe(openTimeout({ within: 3 }))).toBe(expected, events, new OpenTimeoutError(3));
      expectSubscriptions(source.subscriptions).toBe(subs);
    }),
  );

  it(
    'leaves an open connection alone, however silent it is',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const source = cold(' co-m-p-q-d---t-----------x|', events);
      const subs = '        ^-------------------------!';
      const expected = '    co-m-p-q-d---t-----------x|';

      expectObservable(source.pipe(openTimeout({ within: 3 }))).toBe(expected, events);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }),
  );

  it(
    'takes an `open` one millisecond before the limit, but none at it or after it',
    marbles(({ cold, expectObservable, events }) => {
      const early = cold('  c-o-', events);
      const punctual = cold('c--o', events);
      const late = cold('   c---o', events);
      const timedOut = new OpenTimeoutError(3);

      expectObservable(early.pipe(openTimeout({ within: 3 })), '   ----!').toBe('c-o-', events);
      expectObservable(punctual.pipe(openTimeout({ within: 3 })), '----!').toBe('c--#', events, timedOut);
      expectObservable(late.pipe(openTimeout({ within: 3 })), '    ----!').toBe('c--#', events, timedOut);
    }),
  );

  it(
    'counts the time from the subscription, so that the finding of the address is included',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('--c-o', events);

      expectObservable(source.pipe(openTimeout({ within: 3 }))).toBe('--c#', events, new OpenTimeoutError(3));
    }),
  );

  it(
    'gives each further dial its own time, and the wait before it none',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('  c-r------c-o--x-r-----C---', events);
      const expected = '     c-r------c-o--x-r-----C--#';

      expectObservable(source.pipe(openTimeout({ within: 3 }))).toBe(expected, events, new OpenTimeoutError(3));
    }),
  );

  it(
    'gives the first dial its own time where a wait comes before it',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('-r------c---', events);
      const expected = '   -r------c--#';

      expectObservable(source.pipe(openTimeout({ within: 3 }))).toBe(expected, events, new OpenTimeoutError(3));
    }),
  );

  it(
    'gives a dial that follows without a wait its own time',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('  c-C-O-', events);

      expectObservable(source.pipe(openTimeout({ within: 3 })), '-----!').toBe('c-C-O-', events);
    }),
  );

  it(
    'covers a handshake that stands before it',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('  co-----', events);
      const exchange = cold('      ------s');
      const shaken = source.pipe(handshake({ within: 10, exchange: () => exchange }));

      expectObservable(shaken.pipe(openTimeout({ within: 3 }))).toBe('c--#', events, new OpenTimeoutError(3));
    }),
  );

  it(
    'stops the time when the connection ends before it was open',
    marbles(({ cold, expectObservable, events }) => {
      const closed = cold('   c-x---|', events);
      const failed = cold('   c-#', events);
      const completed = cold('c-|', events);

      expectObservable(closed.pipe(openTimeout({ within: 3 }))).toBe('   c-x---|', events);
      expectObservable(failed.pipe(openTimeout({ within: 3 }))).toBe('   c-#', events);
      expectObservable(completed.pipe(openTimeout({ within: 3 }))).toBe('c-|', events);
    }),
  );

  it(
    'leaves no timer when it is unsubscribed early',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const source = cold(' c-----', events);
      const unsubscribe = ' --!   ';

      expectObservable(source.pipe(openTimeout({ within: 30 })), unsubscribe).toBe('c--', events);
      expectSubscriptions(source.subscriptions).toBe(unsubscribe.replace('-', '^'));
    }),
  );

  it('refuses a time that is none', () => {
    expect(() => openTimeout({ within: 0 })).toThrow(
      "openTimeout: expected `within` to be above 0 ms, or a text such as '10s', got 0",
    );
    expect(() => openTimeout({ within: 'soon' })).toThrow("got 'soon'");
  });
});
