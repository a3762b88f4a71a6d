import { EMPTY, forkJoin, mergeMap, take } from 'rxjs';
import { shareConnection } from '../../src/operators/shareConnection.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { close } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';

describe('shareConnection', () => {
  it(
    'dials once, and tells a late subscriber that the connection is open',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const source = cold(' co-m--m-x|', events);
      const first = '       co-m--m-x|';
      const late = '        ----o-m-x|';
      const subs = '        ^--------!';

      const shared = source.pipe(shareConnection());

      expectObservable(shared).toBe(first, events);
      expectObservable(shared, '----^').toBe(late, events);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }),
  );

  it(
    'tells a late subscriber of the dial, or of the wait for one, while no connection is open',
    marbles(({ cold, expectObservable, a, events }) => {
      const values = { ...events, x: close(a, 1006) };
      const source = cold('                       c--o-x-r--O-', values);
      const shared = source.pipe(shareConnection());

      expectObservable(shared, '^----------!').toBe('c--o-x-r--O-', values);
      expectObservable(shared, '-^---------!').toBe('-c-o-x-r--O-', values);
      expectObservable(shared, '------^----!').toBe('-------r--O-', values);
      expectObservable(shared, '--------^--!').toBe('--------r-O-', values);
    }),
  );

  it(
    'forgets an open connection that vanished without a close',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('                    co-r---', events);
      const shared = source.pipe(shareConnection());

      expectObservable(shared, '^-----!').toBe('co-r---', events);
      expectObservable(shared, '----^-!').toBe('----r--', events);
    }),
  );

  it(
    'tells of the successor after a handover',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('                       co-d-O-t---', events);
      const shared = source.pipe(shareConnection());

      expectObservable(shared, '^--------!').toBe('  co-d-O-t---', events);
      expectObservable(shared, '------^--!').toBe('  ------Ot---', events);
    }),
  );

  it(
    'tells a late subscriber that the open connection is draining too, so that what follows makes sense to it',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('                       co-d----O-t-D---', events);
      const shared = source.pipe(shareConnection());

      expectObservable(shared, '^--------------!').toBe('co-d----O-t-D---', events);
      expectObservable(shared, '--^------------!').toBe('--od----O-t-D---', events);
      expectObservable(shared, '----^----------!').toBe('----(od)O-t-D---', events);
      expectObservable(shared, '---------^-----!').toBe('---------Ot-D---', events);
    }),
  );

  it(
    'hangs up with the last subscriber, and dials anew for the next one',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const one = cold('            co-m-m-     ', events);
      const two = cold('                   CO-M-', events);
      const shared = inTurn(one, two).pipe(shareConnection());

      expectObservable(shared, '^---!       ').toBe('co-m-       ', events);
      expectObservable(shared, '--^---!     ').toBe('--om-m-     ', events);
      expectObservable(shared, '-------^---!').toBe('-------CO-M-', events);
      expectSubscriptions(one.subscriptions).toBe('^-----!');
      expectSubscriptions(two.subscriptions).toBe('-------^---!');
    }),
  );

  it(
    'keeps the connection for resetAfter, and no longer',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const one = cold('              co---------      ', events);
      const two = cold('                          CO---', events);
      const shared = inTurn(one, two).pipe(shareConnection({ resetAfter: 3 }));

      expectObservable(shared, '^-!              ').toBe('co               ', events);
      expectObservable(shared, '----^-!          ').toBe('----o            ', events);
      expectObservable(shared, '------------^--! ').toBe('------------CO---', events);
      expectSubscriptions(one.subscriptions).toBe('^--------!');
      expectSubscriptions(two.subscriptions).toBe('------------^-----!');
    }),
  );

  it(
    'gives everybody the end, and dials anew after it',
    marbles(({ cold, expectObservable, expectSubscriptions, a, events }) => {
      const values = { ...events, x: close(a, 1006) };
      const one = cold('                     co-x#     ', values);
      const two = cold('                           CO-|', values);
      const shared = inTurn(one, two).pipe(shareConnection({ resetAfter: 9 }));

      expectObservable(shared, '^     ').toBe('   co-x#     ', values);
      expectObservable(shared, '--^   ').toBe('   --ox#     ', values);
      expectObservable(shared, '------^').toBe('  ------CO-|', values);
      expectSubscriptions(one.subscriptions).toBe('^---!');
      expectSubscriptions(two.subscriptions).toBe('------^--!');
    }),
  );

  it(
    'tells a subscriber that comes in the middle of open only once',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('co-m-', events);
      const shared = source.pipe(shareConnection());
      const joiner = shared.pipe(mergeMap((event) => (event.type === 'open' ? shared.pipe(take(2)) : EMPTY)));

      expectObservable(joiner, '----!').toBe('-o-m-', events);
    }),
  );

  it(
    'shares nothing between two sources',
    marbles(({ cold, expectObservable, events }) => {
      const operator = shareConnection();
      const one = cold('co-m-x|', events);
      const two = cold('CO-M-| ', events);

      expectObservable(operator(one)).toBe('co-m-x|', events);
      expectObservable(operator(two)).toBe('CO-M-| ', events);
    }),
  );

  it(
    'dials for nobody, when it is subscribed by who is gone already',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const source = cold('co-', events);
      const shared = source.pipe(shareConnection());

      expectObservable(forkJoin([EMPTY, shared])).toBe('|');
      expectSubscriptions(source.subscriptions).toBe('');
    }),
  );

  it(
    'forgets an open connection when a new dial is all that is said',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('                    co-c---', events);
      const shared = source.pipe(shareConnection());

      expectObservable(shared, '^-----!').toBe('co-c---', events);
      expectObservable(shared, '----^-!').toBe('----c--', events);
    }),
  );

  it('refuses a bad resetAfter', () => {
    expect(() => shareConnection({ resetAfter: 'later' })).toThrow('shareConnection: expected `resetAfter`');
  });
});
