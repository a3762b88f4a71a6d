import { finalize, interval, Observable, of, share, Subject, take, throwError, timer } from 'rxjs';
import { marbles } from '../../src/testing/marbles.js';

/** Passes a stream on, and forgets the timer that it sets for every value. */
function leaky<T>(source: Observable<T>, make: () => Observable<unknown>): Observable<T> {
  return new Observable((subscriber) =>
    source.subscribe({
      next(value) {
        make().subscribe();
        subscriber.next(value);
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    }),
  );
}

const left = (count: string, due: string, ended: number): string =>
  `marbles: ${count} left behind, due at ${due}; all observed streams had ended at ${ended} ms. ` +
  "Pass { leftTimers: 'ignore' } where that is meant";

describe('a marble test fails when a timer is left behind', () => {
  it('after unsubscription', () => {
    const run = marbles(({ cold, expectObservable }) => {
      expectObservable(
        leaky(cold('a-b---'), () => timer(10)),
        '^---!',
      ).toBe('a-b');
    });
    expect(run).toThrow(new Error(left('2 timers are', '10 ms, 12 ms', 4)));
  });

  it('after completion', () => {
    const run = marbles(({ cold, expectObservable }) => {
      expectObservable(leaky(cold('a---|'), () => timer(10))).toBe('a---|');
    });
    expect(run).toThrow(new Error(left('1 timer is', '10 ms', 4)));
  });

  it('after an error', () => {
    const run = marbles(({ cold, expectObservable }) => {
      expectObservable(leaky(cold('a---#'), () => timer(10))).toBe('a---#');
    });
    expect(run).toThrow(new Error(left('1 timer is', '10 ms', 4)));
  });

  it('when it would go on for ever', () => {
    const run = marbles(({ hot, expectObservable }) => {
      expectObservable(
        leaky(hot('a-----'), () => interval(3)),
        '^---!',
      ).toBe('a');
    });
    expect(run).toThrow(new Error(left('1 timer is', '6 ms', 4)));
  });

  it('when it goes on for ever on a scheduler that was passed', () => {
    const run = marbles(({ hot, expectObservable, scheduler }) => {
      expectObservable(
        leaky(hot('a-----'), () => interval(3, scheduler)),
        '^---!',
      ).toBe('a');
    });
    expect(run).toThrow(new Error(left('1 timer is', '6 ms', 4)));
  });

  it('when it outlives what lingers on purpose', () => {
    const run = marbles(({ cold, expectObservable }) => {
      const source = leaky(cold('a'), () => interval(4));
      expectObservable(source.pipe(finalize(() => timer(10).subscribe())), '^--!').toBe('a');
    });
    expect(run).toThrow(new Error(left('1 timer is', '16 ms', 3)));
  });

  it('when a source is still subscribed', () => {
    const run = marbles(({ cold, expectObservable }) => {
      const forgotten = cold('-----b');
      expectObservable(
        leaky(cold('a'), () => forgotten),
        '^--!',
      ).toBe('a');
    });
    expect(run).toThrow(new Error(left('1 timer is', '5 ms', 3)));
  });

  it('also when a connection is drawn, which never ends', () => {
    const run = marbles(({ cold, expectObservable, a }) => {
      expectObservable(
        leaky(cold('a-'), () => timer(10)),
        '^--!',
      ).toBe('a');
      expectObservable(a.sent$).toBe('');
    });
    expect(run).toThrow(new Error(left('1 timer is', '10 ms', 3)));
  });

  it('also when the body of the test has a timer at the same moment, or at another', () => {
    const run = marbles(({ hot, expectObservable, a }) => {
      timer(2).subscribe(() => a.send('m'));
      expectObservable(leaky(hot('--a-|'), () => timer(10))).toBe('--a-|');
    });
    expect(run).toThrow(new Error(left('1 timer is', '12 ms', 4)));

    const other = marbles(({ cold, expectObservable, a }) => {
      timer(1).subscribe(() => a.send('m'));
      expectObservable(leaky(cold('--a-|'), () => timer(10))).toBe('--a-|');
    });
    expect(other).toThrow(new Error(left('1 timer is', '12 ms', 4)));
  });

  it('unless it is told to ignore that', () => {
    const run = marbles(
      ({ cold, expectObservable }) => {
        expectObservable(
          leaky(cold('a-b---'), () => timer(10)),
          '^---!',
        ).toBe('a-b');
      },
      { leftTimers: 'ignore' },
    );
    expect(run).not.toThrow();
  });
});

describe('a timer is not left behind', () => {
  it(
    'while any stream that may own it goes on',
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('a|')).toBe('a|');
      expectObservable(timer(20)).toBe('20ms (t|)', { t: 0 });
    }),
  );

  it(
    'when it was set because the stream ended',
    marbles(({ cold, expectObservable }) => {
      const lingering = cold('a-').pipe(finalize(() => timer(50).subscribe()));
      expectObservable(lingering, '^--!').toBe('a');
    }),
  );

  it(
    'when it ends with what lingers on purpose',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('                        a---b---c---d---e', undefined);
      const shared = source.pipe(share({ resetOnRefCountZero: () => timer(6) }));
      expectObservable(shared, '                   ^----!').toBe('a---b');
      expectSubscriptions(source.subscriptions).toBe('^----------!');
    }),
  );

  it(
    'when the body of the test sets it',
    marbles(({ cold, expectObservable, a, scheduler }) => {
      cold('-----s').subscribe(() => a.send('late'));
      timer(7).subscribe(() => a.send('later'));
      interval(4, scheduler)
        .pipe(take(3))
        .subscribe(() => a.send('tick'));
      expectObservable(cold('a|')).toBe('a|');
      expectObservable(a.sent$).toBe('----ts-tt---t', { t: expect.any(String), s: 'late' });
    }),
  );

  it(
    'when the body of the test sets it after it let time pass',
    marbles(({ cold, expectObservable, flush, a }) => {
      expectObservable(cold('a|')).toBe('a|');
      flush();
      timer(5).subscribe(() => a.send('late'));
      flush();
      expect(a.sent).toEqual(['late']);
    }),
  );

  it(
    'when the body of the test sets it, for the moment at which the code has one',
    marbles(({ expectObservable, a }) => {
      interval(4)
        .pipe(take(4))
        .subscribe(() => a.send('tick'));
      expectObservable(interval(8), '^--------!').toBe('--------0', { 0: 0 });
    }),
  );

  it(
    'when the test looks at another stream after it let time pass',
    marbles(({ cold, expectObservable, flush }) => {
      expectObservable(cold('a|')).toBe('a|');
      flush();
      expectObservable(timer(20)).toBe('21ms (t|)', { t: 0 });
    }),
  );

  it('when it is due at once: an error that nobody caught is told', () => {
    const run = marbles(({ cold, expectObservable }) => {
      expectObservable(leaky(cold('(a|)'), () => throwError(() => new Error('nobody caught me')))).toBe('(a|)');
    });
    expect(run).toThrow(new Error('nobody caught me'));
  });

  it(
    'when only subjects are looked at',
    marbles(({ expectObservable, a }) => {
      const stop = new Subject<void>();
      timer(3).subscribe(() => a.send('m'));
      expectObservable(stop).toBe('');
      expectObservable(a.sent$).toBe('---m');
    }),
  );
});

describe('a marble test without an end', () => {
  it('fails after so many timers', () => {
    const run = marbles(({ expectObservable }) => expectObservable(interval(1)).toBe(''), { maxTimers: 1_000 });
    expect(run).toThrow(
      new Error(
        "marbles: no end after 1000 timers, at 999 ms: end an endless stream with expectObservable(stream, '^---!'), or raise maxTimers",
      ),
    );
  });

  it('does not disturb the next one', () => {
    expect(marbles(({ expectObservable }) => expectObservable(interval(1)).toBe(''), { maxTimers: 10 })).toThrow(
      'no end',
    );
    expect(marbles(({ expectObservable }) => expectObservable(of(1)).toBe('(a|)', { a: 1 }))).not.toThrow();
  });
});
