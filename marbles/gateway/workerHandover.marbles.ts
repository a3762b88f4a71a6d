import { marbles } from '../../src/testing/marbles.js';
import { answers, inTurnOf, lost, said, socketOf, worker } from './workerDiagrams.js';

const SLOW = 60_000;

describe('the handover of a worker', () => {
  it(
    'makes the new connection, is ready there, and lets the old one go, without a gap',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b }) => {
      const start = cold('     (s|)                ', answers);
      const again = cold('           --(s|)        ', answers);
      const old = cold('       cohr--d-------------', socketOf(a, SLOW));
      const next = cold('              cohr--------', socketOf(b, SLOW));
      const oldSubs = '        ^----------!        ';
      const nextSubs = '       --------^-----------!';
      const toldOld = '        --wy                ';
      const toldNext = '       ----------wy        ';
      const expected = '       c--o--d----(ot)     ';

      const result = worker({ post: inTurnOf(start, again), connect: inTurnOf(old, next) });
      expectObservable(result, '--------------------!').toBe(expected);
      expectObservable(said(a)).toBe(toldOld);
      expectObservable(said(b)).toBe(toldNext);
      expectSubscriptions(old.subscriptions).toBe(oldSubs);
      expectSubscriptions(next.subscriptions).toBe(nextSubs);
    }),
  );

  it(
    'keeps the old connection, when the new one is at work, until its last reply is confirmed',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b }) => {
      const start = cold('     (s|)                    ', answers);
      const again = cold('               -(s|)         ', answers);
      const old = cold('       cohr-q----d------a------', socketOf(a, SLOW));
      const next = cold('                 cohr---------', socketOf(b, SLOW));
      const oldSubs = '        ^----------------!      ';
      const toldOld = '        --wy-(kr)               ';
      const toldNext = '       -------------wy         ';
      const expected = '       c--o-(mwk)d---o--(mat)--';

      const result = worker({ post: inTurnOf(start, again), connect: inTurnOf(old, next) });
      expectObservable(result, '------------------------!').toBe(expected);
      expectObservable(said(a)).toBe(toldOld);
      expectObservable(said(b)).toBe(toldNext);
      expectSubscriptions(old.subscriptions).toBe(oldSubs);
    }),
  );

  it(
    'keeps it no longer than `linger`, and posts what is not confirmed then',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b }) => {
      const start = cold('     (s|)                    ', answers);
      const again = cold('               -(s|)         ', answers);
      const flush = cold('                         (y|)', answers);
      const old = cold('       cohr-q----d-------------', socketOf(a, SLOW));
      const next = cold('                 cohr---------', socketOf(b, SLOW));
      const oldSubs = '        ^-------------------!   ';
      const expected = '       c--o-(mwk)d---o-----(tba)';

      const post = inTurnOf(start, again, flush);
      const result = worker({ post, connect: inTurnOf(old, next), linger: 6 });
      expectObservable(result, '------------------------!').toBe(expected);
      expectSubscriptions(old.subscriptions).toBe(oldSubs);
    }),
  );

  it.each([
    [0, '  c--o--d--(ot)         '],
    [0.5, 'c--o--d------(ot)     '],
    [0.875, 'c--o--d---------(ot)'],
  ])('begins within the time that the gateway gives, by chance (%d)', (chance, expected) => {
    marbles(({ cold, expectObservable, a, b }) => {
      const post = cold('(s|)', answers);
      const old = cold('cohr--D---------------', socketOf(a, SLOW));
      const next = cold('cohr', socketOf(b, SLOW));

      const result = worker({ post: () => post, connect: inTurnOf(old, next), random: () => chance });
      expectObservable(result, '----------------------!').toBe(expected);
    })();
  });

  it.each([
    [0, '    c--o--d-----(mwk)(ma)  493ms (ot)'],
    [0.5, '  c--o--d-----(mwk)(ma)  993ms (ot)'],
    [0.999, 'c--o--d-----(mwk)(ma) 1492ms (ot)'],
  ])('tries another gateway soon when the new one is about to close too (chance %d)', (chance, expected) => {
    marbles(({ cold, expectObservable, a, b }) => {
      const post = cold('(s|)', answers);
      const old = cold(' cohr--d-----q----a', socketOf(a, SLOW));
      const closing = cold('coh--d', socketOf(b, SLOW));
      const next = cold('   cohr  ', socketOf(b, SLOW));

      const connect = inTurnOf(old, closing, next);
      const result = worker({ post: () => post, connect, random: () => chance });
      expectObservable(result, '^ 2s !').toBe(expected);
    })();
  });

  it(
    'becomes a reconnect, with the wait that it was in, when the old connection ends first',
    marbles(({ cold, expectObservable, a, b }) => {
      const start = cold(' (s|)                         ', answers);
      const fails = cold('       (f|)                    ', answers);
      const again = cold('                       (s|)    ', answers);
      const old = cold('   cohr--d----(x#)              ', socketOf(a, SLOW), lost);
      const next = cold('                        cohr   ', socketOf(b, SLOW));
      const expected = '   c--o--d----(tr) 991ms c--o   ';

      const result = worker({ post: inTurnOf(start, fails, again), connect: inTurnOf(old, next) });
      expectObservable(result, '^ 2s !').toBe(expected);
    }),
  );

  it(
    'of a worker that is about to end says pause on the new connection, and the last reply goes over that',
    marbles(({ cold, hot, expectObservable, flush, a, b }) => {
      const post = cold('      (s|)                             ', answers);
      const work = cold('           --------------------(r|)     ', { r: {} });
      const old = cold('       cohr-q------d                    ', socketOf(a, SLOW));
      const next = cold('                  cohr-----------a---x', socketOf(b, SLOW));
      const shutdown$ = hot('  ----------s                      ');
      const toldOld = '        --wy-k----p                      ';
      const toldNext = '       --------------wp---------r       ';
      const expected = '       c--o-(mw)-l-d--(ot)------k-(ma)(x|)';

      const apps = [{ name: 'app', handle: () => work }];
      const result = worker({ post: () => post, connect: inTurnOf(old, next), apps, shutdown$ });
      expectObservable(result).toBe(expected);
      expectObservable(said(a)).toBe(toldOld);
      expectObservable(said(b)).toBe(toldNext);
      flush();
      expect(b.closed).toEqual([{ code: 1000, reason: 'WORKER_SHUTDOWN' }]);
    }),
  );

  it(
    'hands the heartbeat over too',
    marbles(({ cold, expectObservable, a, b }) => {
      const post = cold('(s|)               ', answers);
      const old = cold(' cohr----bd         ', socketOf(a));
      const next = cold('         cohr----b-', socketOf(b));
      const toldOld = '  --wy---b---b       ';
      const toldNext = ' -----------wy---b--';
      const expected = ' c--o----pd--(ot)-p-';

      const result = worker({ post: () => post, connect: inTurnOf(old, next) });
      expectObservable(result, '-------------------!').toBe(expected);
      expectObservable(said(a)).toBe(toldOld);
      expectObservable(said(b)).toBe(toldNext);
    }),
  );
});
