import { from, NEVER, Observable, Subject, type Subscription } from 'rxjs';
import { receiver } from '../../src/core/operate.js';
import { extendLease, type ExtendLeaseConfig } from '../../src/operators/extendLease.js';
import { HandScheduler } from '../core/handScheduler.js';

/** Leases on a host whose timers may ring late. */
function hold(...all: readonly Partial<ExtendLeaseConfig<string>>[]) {
  const scheduler = new HandScheduler();
  const start = scheduler.now();
  const extended: (readonly [lease: string, at: number])[] = [];
  const extend = (lease: string): unknown => extended.push([lease, scheduler.now() - start]);
  const held = all.map((config): Subscription => {
    const lease = { every: 1_000, lease: 'a', extend, renewals$: NEVER, scheduler, ...config };
    return NEVER.pipe(extendLease(lease)).subscribe();
  });
  return { scheduler, extended, held };
}

describe('extendLease on a host with timers', () => {
  it('needs one timer for ten thousand leases, and none when their work is over', async () => {
    const leases = Array.from({ length: 10_000 }, (_, at) => ({ every: 5_000 + at }));
    const { scheduler, extended, held } = hold(...leases);
    expect(scheduler.pending).toBe(1);
    await scheduler.advance(15_050);
    expect(extended.length).toBeGreaterThan(10_000);
    expect(scheduler.pending).toBe(1);

    for (const subscription of held) subscription.unsubscribe();
    expect(scheduler.pending).toBe(0);
  });

  it('sets no timer for somebody who is gone before it begins', () => {
    const scheduler = new HandScheduler();
    const gone = receiver<never, never>({ next: () => undefined });
    gone.unsubscribe();
    NEVER.pipe(extendLease({ every: 1, lease: 'a', extend: () => undefined, renewals$: NEVER, scheduler })).subscribe(
      gone,
    );

    expect(scheduler.pending).toBe(0);
  });

  it('does not drift: what the grid or a busy host adds is not added up', async () => {
    const { scheduler, extended } = hold({ every: 1_010 });
    const late: number[] = [];
    for (let second = 1; second <= 100; second++) {
      await scheduler.advance(980);
      await scheduler.oversleep(30);
      late.push((extended.at(-1)?.[1] ?? 0) - extended.length * 1_010);
    }

    expect(extended.length).toBeGreaterThanOrEqual(99);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...late)).toBeLessThan(80);
  });

  it('extends once after a sleep, however long it was, and keeps the beat', async () => {
    const { scheduler, extended } = hold({});
    await scheduler.oversleep(10_400);
    expect(extended).toEqual([['a', 10_400]]);
    await scheduler.advance(1_600);
    expect(extended.map(([, at]) => at)).toEqual([10_400, 11_000, 12_000]);
  });

  it('lets work end in the very moment in which other work is extended', async () => {
    const ended: Subscription[] = [];
    const extended: string[] = [];
    const { scheduler, held } = hold(
      {
        extend: (lease) => {
          extended.push(lease);
          ended.forEach((subscription) => subscription.unsubscribe());
        },
      },
      { lease: 'b', extend: (lease) => extended.push(lease) },
    );
    ended.push(...held.slice(1));
    await scheduler.advance(2_100);

    expect(extended).toEqual(['a', 'a']);
  });
});

describe('work that is a promise', () => {
  /** The operator has nothing to do with signals: unsubscribing is what aborts. */
  const cancellable = <T>(work: (signal: AbortSignal) => Promise<T>): Observable<T> =>
    new Observable((subscriber) => {
      const controller = new AbortController();
      from(work(controller.signal)).subscribe(subscriber);
      return () => controller.abort();
    });
  const lease = { every: '1s', lease: 'a', extend: () => undefined };

  it('is aborted by its signal when the lease is lost, and what it rejects with is nobody else’s', async () => {
    const renewals = new Subject<string | undefined>();
    const told: unknown[] = [];
    const rejected = new Promise<void>((resolve) => {
      const work = async (signal: AbortSignal): Promise<never> =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            told.push('aborted');
            reject(signal.reason as Error);
            resolve();
          });
        });
      cancellable(work)
        .pipe(extendLease({ ...lease, renewals$: renewals }))
        .subscribe({ error: (error: unknown) => told.push((error as Error).name) });
    });
    renewals.next(undefined);
    await rejected;

    expect(told).toEqual(['aborted', 'LeaseLostError']);
  });

  it('gives its value when the lease is kept, and takes renewals from a promise', async () => {
    const told: unknown[] = [];
    await new Promise<void>((complete) => {
      cancellable(async () => Promise.resolve('done'))
        .pipe(extendLease({ ...lease, renewals$: Promise.resolve('b') }))
        .subscribe({ next: (value) => told.push(value), complete });
    });

    expect(told).toEqual(['done']);
  });
});
