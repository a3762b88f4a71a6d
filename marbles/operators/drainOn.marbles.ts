import { drainOn } from '../../src/operators/drainOn.js';
import { draining, message } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';

const isNotice = (data: string): boolean => data.startsWith('drain');

describe('drainOn', () => {
  it(
    'turns a notice into draining and does not deliver it',
    marbles(({ cold, expectObservable, a, events }) => {
      const source = cold('co-m-n-m--', { ...events, n: message(a, 'drain') });
      const expected = '   co-m-d-m--';

      expectObservable(source.pipe(drainOn(isNotice))).toBe(expected, events);
    }),
  );

  it(
    'passes the hint of the notice on',
    marbles(({ cold, expectObservable, a, events }) => {
      const source = cold('co-n-', { ...events, n: message(a, 'drain 5s') });
      const expected = '   co-d-';
      const within = (notice: string): string | undefined => notice.split(' ')[1];

      const result = source.pipe(drainOn(isNotice, { within }));

      expectObservable(result).toBe(expected, { ...events, d: draining(a, 5_000) });
    }),
  );

  it(
    'leaves the hint out where the notice gives none',
    marbles(({ cold, expectObservable, a, events }) => {
      const source = cold('co-n-', { ...events, n: message(a, 'drain') });

      expectObservable(source.pipe(drainOn(isNotice, { within: () => undefined }))).toBe('co-d-', events);
    }),
  );

  it(
    'takes a hint that is no duration for none: the peer gave it',
    marbles(({ cold, expectObservable, a, events }) => {
      const source = cold('co-n-', { ...events, n: message(a, 'drain') });

      for (const hint of ['soon', -1, NaN, null as never]) {
        expectObservable(source.pipe(drainOn(isNotice, { within: () => hint }))).toBe('co-d-', events);
      }
    }),
  );

  it(
    'errors with what isDraining throws',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('co-m-', events);
      const broken = (): boolean => {
        throw new Error('broken');
      };

      expectObservable(source.pipe(drainOn(broken))).toBe('co-#', events, new Error('broken'));
    }),
  );

  it(
    'passes completion and errors on, and lets go when it is unsubscribed',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const ends = cold(' co-x|', events);
      const fails = cold('co-m#', events);
      const lives = cold('co-m-m', events);

      expectObservable(ends.pipe(drainOn(isNotice))).toBe('co-x|', events);
      expectObservable(fails.pipe(drainOn(isNotice))).toBe('co-m#', events);
      expectObservable(lives.pipe(drainOn(isNotice)), '----!').toBe('co-m-', events);
      expectSubscriptions(lives.subscriptions).toBe('^---!');
    }),
  );

  it('refuses what is no function', () => {
    expect(() => drainOn('draining' as never)).toThrow(
      new TypeError("drainOn: expected `isDraining` to be a function, got 'draining'"),
    );
  });
});
