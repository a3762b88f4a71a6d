import { readFileSync } from 'node:fs';
import { Observable, of, Subject, Subscriber, take, type TeardownLogic, throwError } from 'rxjs';
import { guarded, type Handlers, operate, receiver } from '../../src/core/operate.js';

type Extra<In, Out> = Partial<Omit<Handlers<In, Out>, 'subscriber'>>;

/** An operator that passes everything on, but for what the test says. */
const passing =
  (extra: (subscriber: Subscriber<number>) => Extra<number, number> = () => ({})) =>
  (source: Observable<number>): Observable<number> =>
    new Observable((subscriber) => {
      operate({ source, subscriber, next: (value: number) => subscriber.next(value), ...extra(subscriber) });
    });

/** Records what an Observable says. */
function record(source: Observable<unknown>): { log: unknown[]; stop: () => void } {
  const log: unknown[] = [];
  const subscription = source.subscribe({
    next: (value) => log.push(value),
    error: (error: unknown) => log.push(`error ${(error as Error).message}`),
    complete: () => log.push('complete'),
  });
  return { log, stop: () => subscription.unsubscribe() };
}

/** A source of 0, 1, 2 … that emits all of them while it is subscribed, for as long as somebody listens. */
function synchronous(emitted: number[], limit = 100): Observable<number> {
  return new Observable((subscriber) => {
    for (let i = 0; i < limit && !subscriber.closed; i++) {
      emitted.push(i);
      subscriber.next(i);
    }
    subscriber.complete();
  });
}

describe('operate', () => {
  it('passes values, completion and errors on', () => {
    expect(record(of(1, 2).pipe(passing())).log).toEqual([1, 2, 'complete']);
    expect(record(throwError(() => new Error('x')).pipe(passing())).log).toEqual(['error x']);
  });

  it('lets go of a synchronous source the moment it is unsubscribed', () => {
    const emitted: number[] = [];
    expect(record(synchronous(emitted).pipe(passing(), passing(), take(3))).log).toEqual([0, 1, 2, 'complete']);
    expect(emitted).toEqual([0, 1, 2]);
  });

  it('lets go of a synchronous source the moment a handler ends the output', () => {
    const emitted: number[] = [];
    const untilTwo = passing((subscriber) => ({
      next: (value) => (value === 2 ? subscriber.complete() : subscriber.next(value)),
    }));
    expect(record(synchronous(emitted).pipe(untilTwo)).log).toEqual([0, 1, 'complete']);
    expect(emitted).toEqual([0, 1, 2]);
  });

  it('turns what a handler of values throws into an error, and unsubscribes from the source', () => {
    const source = new Subject<number>();
    const failing = passing((subscriber) => ({
      next(value) {
        if (value === 2) throw new Error('two');
        subscriber.next(value);
      },
    }));
    const { log } = record(source.pipe(failing));
    source.next(1);
    source.next(2);
    source.next(3);
    expect(log).toEqual([1, 'error two']);
    expect(source.observed).toBe(false);
  });

  it('turns what a handler of errors or of the end throws into an error', () => {
    const thrower = (message: string) => () => {
      throw new Error(message);
    };
    const failing = passing(() => ({ error: thrower('in error'), complete: thrower('in complete') }));
    expect(record(throwError(() => new Error('x')).pipe(failing)).log).toEqual(['error in error']);
    expect(record(of(1).pipe(failing)).log).toEqual([1, 'error in complete']);
  });

  it('lets the output go on after the source has ended, where the handlers say so', () => {
    const source = new Subject<number>();
    let output: Subscriber<number> | undefined;
    const lasting = passing((subscriber) => ({ error: () => (output = subscriber), complete: () => undefined }));
    const { log } = record(source.pipe(lasting));
    source.error(new Error('x'));
    output?.next(7);
    expect(log).toEqual([7]);
    expect(source.observed).toBe(false);
  });

  it('says nothing after the end', () => {
    const rude = new Observable<number>((subscriber) => {
      const acts = [
        () => subscriber.next(1),
        () => subscriber.complete(),
        () => subscriber.next(2),
        () => subscriber.error(new Error('late')),
      ];
      for (const act of acts) act();
    });
    expect(record(rude.pipe(passing())).log).toEqual([1, 'complete']);
  });

  it('unsubscribes from the source when it is unsubscribed', () => {
    const source = new Subject<number>();
    const { log, stop } = record(source.pipe(passing()));
    source.next(1);
    stop();
    source.next(2);
    expect(log).toEqual([1]);
    expect(source.observed).toBe(false);
  });

  it('keeps nothing of a source that has ended while the output goes on', () => {
    const torn: string[] = [];
    new Observable<number>((subscriber) => {
      for (const name of ['first', 'second']) {
        const source = new Observable<number>((inner) => {
          inner.complete();
          return () => torn.push(name);
        });
        operate({ source, subscriber, next: () => undefined, complete: () => undefined });
      }
      expect(torn).toEqual(['first', 'second']);
    }).subscribe();
  });

  describe('finalize', () => {
    let finalized: number;
    const counting = (): ReturnType<typeof passing> => passing(() => ({ finalize: () => finalized++ }));
    beforeEach(() => (finalized = 0));

    it.each<[string, () => unknown]>([
      ['completes', () => record(of(1).pipe(counting()))],
      ['errors', () => record(throwError(() => new Error('x')).pipe(counting()))],
      ['is unsubscribed', () => record(new Subject<number>().pipe(counting())).stop()],
      [
        'is unsubscribed twice',
        () => {
          const { stop } = record(new Subject<number>().pipe(counting()));
          stop();
          stop();
        },
      ],
      ['is let go in the middle of a synchronous source', () => record(synchronous([]).pipe(counting(), take(1)))],
      [
        'fails in a handler of values',
        () =>
          record(
            of(1).pipe(
              passing(() => ({
                finalize: () => finalized++,
                next: () => {
                  throw new Error('x');
                },
              })),
            ),
          ),
      ],
      [
        'fails in a handler of the end',
        () =>
          record(
            of(1).pipe(
              passing(() => ({
                finalize: () => finalized++,
                complete: () => {
                  throw new Error('x');
                },
              })),
            ),
          ),
      ],
      [
        'goes on after its source',
        () => record(of(1).pipe(passing(() => ({ finalize: () => finalized++, complete: () => undefined })))),
      ],
      [
        'is made for a subscriber that is closed',
        () => {
          const subscriber = new Subscriber<number>();
          subscriber.unsubscribe();
          operate({ source: of(1), subscriber, next: () => undefined, finalize: () => finalized++ });
        },
      ],
    ])('runs once when the operation %s', (_, act) => {
      act();
      expect(finalized).toBe(1);
    });

    it('runs also when the source fails to let go', () => {
      const source = new Observable<number>((): TeardownLogic => () => {
        throw new Error('stuck');
      });
      expect(() => record(source.pipe(counting())).stop()).toThrow('stuck');
      expect(finalized).toBe(1);
    });

    it('runs after the source was let go, and after the output has heard of the end', () => {
      const log: string[] = [];
      const source = new Observable<number>((subscriber) => {
        subscriber.add(() => log.push('source let go'));
        subscriber.complete();
      });
      source
        .pipe(passing(() => ({ finalize: () => log.push('finalized') })))
        .subscribe({ complete: () => log.push('complete') });
      expect(log).toEqual(['complete', 'source let go', 'finalized']);
    });
  });

  it('does not subscribe for a subscriber that is closed', () => {
    const subscriber = new Subscriber<number>();
    subscriber.unsubscribe();
    let subscribed = false;
    const source = new Observable<number>(() => {
      subscribed = true;
    });
    expect(operate({ source, subscriber, next: () => undefined }).closed).toBe(true);
    expect(subscribed).toBe(false);
  });

  it('gives each of two subscribers an operation of its own', () => {
    const operator = passing();
    const [first, second] = [new Subject<number>(), new Subject<number>()];
    const [one, two] = [record(first.pipe(operator)), record(second.pipe(operator))];
    first.next(1);
    second.next(2);
    first.complete();
    second.next(3);
    expect([one.log, two.log]).toEqual([
      [1, 'complete'],
      [2, 3],
    ]);
  });

  it('uses what rxjs exports, and nothing of its inside', () => {
    const code = readFileSync(`${__dirname}/../../src/core/operate.ts`, 'utf8');
    expect(code.match(/from '[^']*'/g)).toEqual(["from 'rxjs'"]);
    expect(code).not.toMatch(/\b(lift|destination|isStopped|_parentage|_finalizers|_trySubscribe)\b/);
  });
});

describe('receiver', () => {
  it('can be let go of while its source is still subscribing', () => {
    const emitted: number[] = [];
    const subscriber = new Subscriber<number>();
    const operation = receiver<number, number>({
      subscriber,
      next(value) {
        if (value === 1) operation.unsubscribe();
      },
    });
    synchronous(emitted).subscribe(operation);
    expect(emitted).toEqual([0, 1]);
    expect(subscriber.closed).toBe(false);
  });

  it('is let go of together with its subscriber', () => {
    const subscriber = new Subscriber<number>();
    const operation = receiver<number, number>({ subscriber, next: () => undefined });
    subscriber.unsubscribe();
    expect(operation.closed).toBe(true);
  });
});

describe('an operation without a subscriber', () => {
  it('hears all of its source, until it is unsubscribed', () => {
    const source = new Subject<number>();
    const log: unknown[] = [];
    const operation = operate<number, never>({
      source,
      next: (value) => log.push(value),
      finalize: () => log.push('finalized'),
    });
    source.next(1);
    operation.unsubscribe();
    source.next(2);
    expect(log).toEqual([1, 'finalized']);
    expect(source.observed).toBe(false);
  });

  it('needs no handler for the end', () => {
    let finalized = 0;
    const next = (): void => undefined;
    operate<number, never>({ source: of(1), next, finalize: () => finalized++ });
    operate<number, never>({ source: throwError(() => new Error('x')), next, finalize: () => finalized++ });
    expect(finalized).toBe(2);
  });

  it('lets what a handler throws through, for there is nobody to tell', () => {
    const operation = receiver<number, never>({
      next() {
        throw new Error('mine');
      },
    });
    expect(() => operation.next(1)).toThrow('mine');
  });
});

describe('guarded', () => {
  it('passes on what it is given', () => {
    const given: unknown[] = [];
    const act = guarded(new Subscriber<never>(), (...all: [number, string]) => given.push(...all));
    act(7, 'late');
    expect(given).toEqual([7, 'late']);
  });

  it('turns what the act throws into the error of the subscriber', () => {
    const { log } = record(
      new Observable<never>((subscriber) => {
        guarded(subscriber, () => {
          throw new Error('in a timer');
        })();
      }),
    );
    expect(log).toEqual(['error in a timer']);
  });
});
