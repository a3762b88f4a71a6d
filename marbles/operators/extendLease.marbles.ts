import { catchError, finalize, NEVER, Observable, of, retry, Subject, takeUntil, tap } from 'rxjs';
import { LeaseLostError } from '../../src/core/errors.js';
import { extendLease } from '../../src/operators/extendLease.js';
import { marbles } from '../../src/testing/marbles.js';

/** The lease from now on; x: it is lost. */
const leases = { 2: '2', 3: '3', 4: '4', x: undefined };

describe('extendLease', () => {
  it(
    'keeps the lease of work extended, and cancels the work when it is lost',
    marbles(({ cold, expectObservable, expectSubscriptions, a }) => {
      const work = cold('    -a-----b------c|');
      const renewals = cold('----2-----x-----', leases);
      const extended = '     ---1--2--2------';
      const expected = '     -a-----b--#';
      const subs = '         ^---------!';

      const result = work.pipe(
        extendLease({ every: 3, lease: '1', extend: (lease) => a.send(lease), renewals$: renewals }),
      );

      expectObservable(result).toBe(expected, undefined, new LeaseLostError('2'));
      expectObservable(a.sent$).toBe(extended);
      expectSubscriptions(work.subscriptions).toBe(subs);
      expectSubscriptions(renewals.subscriptions).toBe(subs);
    }),
  );

  it(
    'passes on what the work says, and its completion, while nobody answers',
    marbles(({ cold, expectObservable, expectSubscriptions, a }) => {
      const work = cold('    a-(bc)----d|');
      const renewals = cold('------------');
      const extended = '     ----1---1---';
      const expected = '     a-(bc)----d|';
      const subs = '         ^----------!';

      const result = work.pipe(
        extendLease({ every: 4, lease: '1', extend: (lease) => a.send(lease), renewals$: renewals }),
      );

      expectObservable(result).toBe(expected);
      expectObservable(a.sent$).toBe(extended);
      expectSubscriptions(renewals.subscriptions).toBe(subs);
    }),
  );

  it(
    'extends work that ends as an extension is due, or after it, and not what ended a millisecond before',
    marbles(({ cold, expectObservable, a, b }) => {
      const early = cold('   --|');
      const punctual = cold('---|');
      const late = cold('    ----|');
      const lease = { every: 3, renewals$: NEVER };

      expectObservable(early.pipe(extendLease({ ...lease, lease: '1', extend: (id) => a.send(id) }))).toBe('--|');
      expectObservable(punctual.pipe(extendLease({ ...lease, lease: '2', extend: (id) => b.send(id) }))).toBe('---|');
      expectObservable(late.pipe(extendLease({ ...lease, lease: '3', extend: (id) => b.send(id) }))).toBe('----|');
      expectObservable(a.sent$).toBe('----');
      expectObservable(b.sent$).toBe('---(23)');
    }),
  );

  it(
    'extends the newest lease: that of a millisecond before, but not one that comes as the extension is sent, or after it',
    marbles(({ cold, flush, expectObservable, a }) => {
      const work = cold('      -------|');
      const twice = cold('     -(23)   ', leases);
      const early = cold('     --2     ', leases);
      const punctual = cold('  ---2    ', leases);
      const late = cold('      ----2   ', leases);
      const extend = (lease: string): void => a.send(lease);

      for (const renewals$ of [twice, early, punctual, late]) {
        expectObservable(work.pipe(extendLease({ every: 3, lease: '1', extend, renewals$ }))).toBe('-------|');
      }
      flush();
      expect(a.sent).toEqual(['3', '2', '1', '1', '3', '2', '2', '2']);
    }),
  );

  it(
    'does not extend a lease that was lost a millisecond before, and no lost lease again',
    marbles(({ cold, expectObservable, a, b }) => {
      const work = cold('    -------|');
      const early = cold('   --x', leases);
      const punctual = cold('---x', leases);
      const late = cold('    ----x', leases);
      const lease = { every: 3, lease: '1' };
      const lost = new LeaseLostError('1');

      const result = [
        work.pipe(extendLease({ ...lease, extend: (id) => a.send(id), renewals$: early })),
        work.pipe(extendLease({ ...lease, extend: (id) => b.send(id), renewals$: punctual })),
        work.pipe(extendLease({ ...lease, extend: (id) => b.send(id), renewals$: late })),
      ] as const;

      expectObservable(result[0]).toBe('--#', undefined, lost);
      expectObservable(result[1]).toBe('---#', undefined, lost);
      expectObservable(result[2]).toBe('----#', undefined, lost);
      expectObservable(a.sent$).toBe('-------');
      expectObservable(b.sent$).toBe('---(11)');
    }),
  );

  it(
    'lets the work finish without its lease where it may, and listens to nobody then',
    marbles(({ cold, expectObservable, expectSubscriptions, a }) => {
      const work = cold('        -a-----b------c|');
      const renewals = cold('    ----x--4-#', leases);
      const extended = '         ---1--------';
      const expected = '         -a-----b------c|';
      const renewalsSubs = '     ^---!';

      const result = work.pipe(
        extendLease({ every: 3, lease: '1', extend: (id) => a.send(id), renewals$: renewals, lost: 'finish' }),
      );

      expectObservable(result).toBe(expected);
      expectObservable(a.sent$).toBe(extended);
      expectSubscriptions(renewals.subscriptions).toBe(renewalsSubs);
    }),
  );

  it(
    'skips one extension that throws, and keeps the lease and the beat',
    marbles(({ cold, expectObservable, a }) => {
      const work = cold('    -----------|');
      const renewals = cold('----2------', leases);
      const extended = '     ------2--2-';
      const expected = '     -----------|';
      let tries = 0;
      const extend = (lease: string): void => {
        if (++tries === 1) throw new Error('no connection');
        a.send(lease);
      };

      expectObservable(work.pipe(extendLease({ every: 3, lease: '1', extend, renewals$: renewals }))).toBe(expected);
      expectObservable(a.sent$).toBe(extended);
    }),
  );

  it(
    'keeps the last lease when no more renewals can come',
    marbles(({ cold, expectObservable, a }) => {
      const work = cold('    -----------|');
      const renewals = cold('----2|', leases);
      const extended = '     ---1--2--2-';
      const expected = '     -----------|';

      const result = work.pipe(extendLease({ every: 3, lease: '1', extend: (id) => a.send(id), renewals$: renewals }));

      expectObservable(result).toBe(expected);
      expectObservable(a.sent$).toBe(extended);
    }),
  );

  it(
    'cancels the work with the error of the renewals, also where it may finish without a lease',
    marbles(({ cold, expectObservable, expectSubscriptions, a }) => {
      const work = cold('    -a---------|');
      const renewals = cold('----#', leases);
      const extended = '     ---1-------';
      const expected = '     -a--#';
      const subs = '         ^---!';

      const result = work.pipe(
        extendLease({ every: 3, lease: '1', extend: (id) => a.send(id), renewals$: renewals, lost: 'finish' }),
      );

      expectObservable(result).toBe(expected);
      expectObservable(a.sent$).toBe(extended);
      expectSubscriptions(work.subscriptions).toBe(subs);
    }),
  );

  it(
    'passes an error of the work on, and extends no more',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, a }) => {
      const work = cold('   -a---#');
      const renewals = hot('----2--x--', leases);
      const extended = '    ---1------';
      const expected = '    -a---#';
      const subs = '        ^----!';

      const result = work.pipe(extendLease({ every: 3, lease: '1', extend: (id) => a.send(id), renewals$: renewals }));

      expectObservable(result).toBe(expected);
      expectObservable(a.sent$).toBe(extended);
      expectSubscriptions(renewals.subscriptions).toBe(subs);
    }),
  );

  it(
    'ignores renewals that come after the work ended, also while its end is told',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, a }) => {
      const work = cold('   -a---|');
      const renewals = hot('--2----x--', leases);
      const extended = '    ---2------';
      const expected = '    -a---|';
      const subs = '        ^----!';

      const result = work.pipe(
        extendLease({ every: 3, lease: '1', extend: (id) => a.send(id), renewals$: renewals }),
        tap({ complete: () => renewals.next(undefined) }),
      );

      expectObservable(result).toBe(expected);
      expectObservable(a.sent$).toBe(extended);
      expectSubscriptions(renewals.subscriptions).toBe(subs);
    }),
  );

  it(
    'leaves no timer when it is unsubscribed early',
    marbles(({ cold, expectObservable, expectSubscriptions, a }) => {
      const work = cold('    -a-------b-');
      const renewals = cold('--2--------', leases);
      const unsubscribe = '  ----!      ';
      const subs = '         ^---!      ';

      const result = work.pipe(extendLease({ every: 3, lease: '1', extend: (id) => a.send(id), renewals$: renewals }));

      expectObservable(result, unsubscribe).toBe('-a');
      expectObservable(a.sent$).toBe('---2');
      expectSubscriptions(work.subscriptions).toBe(subs);
      expectSubscriptions(renewals.subscriptions).toBe(subs);
    }),
  );

  it(
    'has stopped the work when its end is told, so that whoever takes it over is alone with it',
    marbles(({ cold, expectObservable }) => {
      const work = cold('  -a-------b-');
      const lost = cold('  ----x', leases);
      const failed = cold('----#');
      const expected = '   -a--(s|)';

      for (const renewals$ of [lost, failed]) {
        let running = 'r';
        const result = work.pipe(
          finalize(() => (running = 's')),
          extendLease({ every: 5, lease: '1', extend: () => undefined, renewals$ }),
          catchError(() => of(running)),
        );

        expectObservable(result).toBe(expected);
      }
    }),
  );

  it(
    'begins with its own lease in every subscription',
    marbles(({ cold, expectObservable, a }) => {
      const work = cold('    ---------------|');
      const renewals = cold('----2--x', leases);
      const extended = '     ---1--2---1--2-';
      const expected = '     --------------#';

      const result = work.pipe(
        extendLease({ every: 3, lease: '1', extend: (id) => a.send(id), renewals$: renewals }),
        retry(1),
      );

      expectObservable(result).toBe(expected, undefined, new LeaseLostError('2'));
      expectObservable(a.sent$).toBe(extended);
    }),
  );

  it(
    'sets no timer for longer than 2^31 - 1 ms',
    marbles(({ cold, expectObservable, a }) => {
      const work = cold('  -');
      const extended = '   2147483647ms 1';
      const unsubscribe = '2147483648ms !';

      const result = work.pipe(extendLease({ every: '30d', lease: '1', extend: (id) => a.send(id), renewals$: NEVER }));

      expectObservable(result, unsubscribe).toBe('-');
      expectObservable(a.sent$).toBe(extended);
    }),
  );

  describe('told something while it does something', () => {
    it(
      'takes a renewal that comes out of extending',
      marbles(({ cold, expectObservable, a }) => {
        const work = cold('----------|');
        const extended = ' ---1--2--3-';
        const renewals = new Subject<string | undefined>();
        const extend = (lease: string): void => {
          a.send(lease);
          renewals.next(String(Number(lease) + 1));
        };

        const result = work.pipe(extendLease({ every: 3, lease: '1', extend, renewals$: renewals }));

        expectObservable(result).toBe('----------|');
        expectObservable(a.sent$).toBe(extended);
      }),
    );

    it(
      'stops extending when the loss comes out of extending',
      marbles(({ cold, expectObservable, expectSubscriptions, a, b }) => {
        const cancelled = cold('----------|');
        const finished = cold(' ----------|');
        const lose =
          (renewals: Subject<undefined>, connection: typeof a) =>
          (lease: string): void => {
            connection.send(lease);
            renewals.next(undefined);
          };
        const [one, two] = [new Subject<undefined>(), new Subject<undefined>()];
        const lease = { every: 3, lease: '1' };

        expectObservable(cancelled.pipe(extendLease({ ...lease, extend: lose(one, a), renewals$: one }))).toBe(
          '---#',
          undefined,
          new LeaseLostError('1'),
        );
        expectObservable(
          finished.pipe(extendLease({ ...lease, extend: lose(two, b), renewals$: two, lost: 'finish' })),
        ).toBe('----------|');
        expectObservable(a.sent$).toBe('---1');
        expectObservable(b.sent$).toBe('---1');
        expectSubscriptions(cancelled.subscriptions).toBe('^--!');
      }),
    );

    it(
      'stops extending when the work ends out of extending, or its consumer leaves',
      marbles(({ cold, expectObservable, a }) => {
        const work = cold('----------|');
        const done = new Subject<void>();
        const extend = (lease: string): void => {
          a.send(lease);
          done.next();
        };
        const lease = { every: 3, extend, renewals$: NEVER };

        expectObservable(work.pipe(takeUntil(done), extendLease({ ...lease, lease: '1' }))).toBe('---|');
        expectObservable(work.pipe(extendLease({ ...lease, lease: '2', every: 4 }), takeUntil(done))).toBe('---|');
        expectObservable(a.sent$).toBe('---1');
      }),
    );

    it(
      'extends work no more that ends out of a renewal',
      marbles(({ cold, hot, expectObservable, expectSubscriptions, a }) => {
        const work = cold('   -a--------|');
        const renewals = hot('--2--------', leases);
        const expected = '    -a|';
        const subs = '        ^-!';

        const result = work.pipe(
          takeUntil(renewals),
          extendLease({ every: 3, lease: '1', extend: (id) => a.send(id), renewals$: renewals }),
        );

        expectObservable(result).toBe(expected);
        expectObservable(a.sent$).toBe('-');
        expectSubscriptions(work.subscriptions).toBe(subs);
      }),
    );

    it(
      'does not extend work that is over at once',
      marbles(({ expectObservable, a }) => {
        const result = of('a', 'b').pipe(
          extendLease({ every: 1, lease: '1', extend: (id) => a.send(id), renewals$: NEVER }),
        );

        expectObservable(result).toBe('(ab|)');
        expectObservable(a.sent$).toBe('-----');
      }),
    );

    it(
      'does not begin work whose lease is lost already, and begins it with the newest lease',
      marbles(({ cold, expectObservable, expectSubscriptions, a, b }) => {
        const never = cold('  ----|');
        const finished = cold('----|');
        const renewed = cold(' ----|');
        const lease = { every: 3, lease: '1' };
        const gone = { ...lease, extend: (id: string): void => a.send(id), renewals$: of(undefined) };

        expectObservable(never.pipe(extendLease(gone))).toBe('#', undefined, new LeaseLostError('1'));
        expectObservable(finished.pipe(extendLease({ ...gone, lost: 'finish' }))).toBe('----|');
        expectObservable(
          renewed.pipe(extendLease({ ...lease, extend: (id) => b.send(id), renewals$: of('2', '3') })),
        ).toBe('----|');
        expectSubscriptions(never.subscriptions).toBe([]);
        expectObservable(a.sent$).toBe('-----');
        expectObservable(b.sent$).toBe('---3');
      }),
    );

    it(
      'lets go of work that is still being subscribed when its lease is lost',
      marbles(({ expectObservable }) => {
        const renewals = new Subject<string | undefined>();
        const work = new Observable<string>((subscriber) => {
          subscriber.next('a');
          renewals.next(undefined);
          subscriber.next(subscriber.closed ? 'never seen' : 'b');
        });

        const result = work.pipe(extendLease({ every: 1, lease: '1', extend: () => undefined, renewals$: renewals }));

        expectObservable(result).toBe('(a#)', undefined, new LeaseLostError('1'));
      }),
    );

    it(
      'cancels the work when its consumer says on a value that the lease is lost',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const work = cold('-a-b-|');
        const expected = ' -a-#';
        const subs = '     ^--!';
        const renewals = new Subject<undefined>();

        // It acts before it passes the value on.
        const result = work.pipe(
          extendLease({ every: 9, lease: '1', extend: () => undefined, renewals$: renewals }),
          tap((value) => value === 'b' && renewals.next(undefined)),
        );

        expectObservable(result).toBe(expected, undefined, new LeaseLostError('1'));
        expectSubscriptions(work.subscriptions).toBe(subs);
      }),
    );
  });

  it('refuses what makes no sense', () => {
    const lease = { every: 1, lease: '1', extend: () => undefined, renewals$: NEVER };

    expect(() => extendLease({ ...lease, every: 0 })).toThrow(
      "extendLease: expected `every` to be above 0 ms, or a text such as '10s', got 0",
    );
    expect(() => extendLease({ ...lease, extend: 'often' as never })).toThrow(
      "extendLease: expected `extend` to be a function, got 'often'",
    );
    expect(() => extendLease({ ...lease, lost: 'retry' as never })).toThrow(
      "extendLease: expected `lost` to be one of 'cancel', 'finish', got 'retry'",
    );
    expect(() => extendLease({ ...lease, renewals$: undefined as never })).toThrow(TypeError);
  });
});
