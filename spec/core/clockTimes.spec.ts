import fc from 'fast-check';
import { asyncScheduler, Observable, type SchedulerLike, timer, VirtualTimeScheduler } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { clockOf } from '../../src/core/clock.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const equal = (actual: unknown, expected: unknown): void => {
  expect(actual).toEqual(expected);
};

/** What a deadline looks like as an Observable: emits how late it rang, and completes. */
const ringing = (delay: number, scheduler: SchedulerLike = asyncScheduler): Observable<string> =>
  new Observable((subscriber) => {
    const deadline = clockOf(scheduler).deadline((late) => {
      subscriber.next(String(late));
      subscriber.complete();
    });
    deadline.in(delay);
    return () => deadline.cancel();
  });

describe('the clock in virtual time', () => {
  it('is exact to the frame in a run that lends its time to the asyncScheduler', () => {
    new TestScheduler(equal).run(({ expectObservable }) => {
      expectObservable(ringing(3)).toBe('          ---(0|)');
      expectObservable(ringing(333)).toBe('       333ms (0|)');
      expectObservable(ringing(1_001)).toBe('     1001ms (0|)');
      expectObservable(ringing(3_600_001)).toBe(' 3600001ms (0|)');
      expectObservable(ringing(5), '--!').toBe('   --');
    });
  });

  it('is exact to the frame on a scheduler that is passed in', () => {
    const scheduler = new TestScheduler(equal);
    scheduler.run(({ expectObservable }) => {
      expectObservable(ringing(3, scheduler)).toBe('     ---(0|)');
      expectObservable(ringing(1_001, scheduler)).toBe('1001ms (0|)');
    });
  });

  it('rings with rxjs timers, frame for frame, also at fractions of one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(3_000), fc.double({ min: 0, max: 3_000, noNaN: true })), { maxLength: 20 }),
        (delays) => {
          const scheduler = new VirtualTimeScheduler();
          // Sums of binary fractions differ in their last digit.
          const frame = (): number => Math.round(scheduler.frame * 1e6) / 1e6;
          const expected: number[] = [];
          const actual: number[] = [];
          for (const delay of delays) {
            timer(delay, scheduler).subscribe(() => expected.push(frame()));
            clockOf(scheduler)
              .deadline(() => actual.push(frame()))
              .in(delay);
          }
          scheduler.flush();
          expect(actual).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('shares one timer among all deadlines', () => {
    const scheduler = new VirtualTimeScheduler();
    const schedule = jest.spyOn(scheduler, 'schedule');
    const deadlines = Array.from({ length: 100 }, () => clockOf(scheduler).deadline(() => undefined));
    for (const deadline of deadlines) deadline.in(100);
    for (const deadline of deadlines) deadline.in(200);
    expect(schedule).toHaveBeenCalledTimes(1);
    scheduler.flush();
    expect(schedule).toHaveBeenCalledTimes(2);
    expect(scheduler.actions).toEqual([]);
  });

  it('leaves no action behind when the last deadline is called off', () => {
    const scheduler = new VirtualTimeScheduler();
    const deadline = clockOf(scheduler).deadline(() => undefined);
    deadline.in(100);
    expect(scheduler.actions).toHaveLength(1);
    deadline.cancel();
    expect(scheduler.actions).toEqual([]);
  });

  it('rings what a callback sets for the same frame in that frame', () => {
    const scheduler = new VirtualTimeScheduler();
    const frames: number[] = [];
    let rings = 0;
    const deadline = clockOf(scheduler).deadline(() => {
      frames.push(scheduler.frame);
      if (++rings < 3) deadline.in(0);
    });
    deadline.in(7);
    scheduler.flush();
    expect(frames).toEqual([7, 7, 7]);
  });

  it('tells the frame as the time, whatever the time was outside', async () => {
    clockOf(asyncScheduler).now();
    await turn();
    new TestScheduler(equal).run(({ flush }) => {
      const times = [clockOf(asyncScheduler).now()];
      asyncScheduler.schedule(() => times.push(clockOf(asyncScheduler).now()), 12);
      flush();
      expect(times).toEqual([0, 12]);
    });
    await turn();
    expect(Math.abs(clockOf(asyncScheduler).now() - asyncScheduler.now())).toBeLessThan(1_000);
  });

  it('begins anew in every run', async () => {
    const run = (): void =>
      new TestScheduler(equal).run(({ expectObservable }) => {
        expect(clockOf(asyncScheduler).now()).toBe(0);
        expectObservable(ringing(100)).toBe('100ms (0|)');
        expectObservable(ringing(250)).toBe('250ms (0|)');
      });
    run();
    run();
    await turn();
    run();
  });

  it('is not disturbed by a run that failed before', async () => {
    const failed = (): void =>
      new TestScheduler(equal).run(() => {
        clockOf(asyncScheduler)
          .deadline(() => {
            throw new Error('rang in the wrong run');
          })
          .in(10);
        throw new Error('a failed assertion');
      });
    expect(failed).toThrow('a failed assertion');
    await turn();
    new TestScheduler(equal).run(({ expectObservable }) => {
      expectObservable(ringing(50)).toBe('50ms (0|)');
    });
  });

  it('keeps apart from deadlines of the real time', async () => {
    const rung: string[] = [];
    const real = new Promise<void>((resolve) => {
      clockOf(asyncScheduler)
        .deadline(() => {
          rung.push('real');
          resolve();
        })
        .in(20);
    });
    await turn();
    new TestScheduler(equal).run(({ expectObservable }) => {
      expectObservable(ringing(1_000)).toBe('1s (0|)');
    });
    expect(rung).toEqual([]);
    await real;
    expect(rung).toEqual(['real']);
  });
});

describe('the clock under fake timers', () => {
  const clock = clockOf(asyncScheduler);
  const rung: string[] = [];
  const ring = (name: string) => (late: number) => rung.push(`${name}, late ${late}`);

  beforeEach(() => {
    rung.length = 0;
    jest.useFakeTimers({ now: 1_700_000_000_000 });
  });
  afterEach(() => jest.useRealTimers());

  it('rings when the fake time has come', () => {
    clock.deadline(ring('soon')).in(70);
    clock.deadline(ring('later')).in(10_000);
    jest.advanceTimersByTime(69);
    expect(rung).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(rung).toEqual(['soon, late 0']);
    jest.advanceTimersByTime(9_929);
    expect(rung).toHaveLength(1);
    jest.advanceTimersByTime(1);
    expect(rung).toEqual(['soon, late 0', 'later, late 0']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('reads the fake time anew each time, for it moves on within a turn', () => {
    const began = clock.now();
    jest.advanceTimersByTime(5_000);
    expect(clock.now() - began).toBe(5_000);
    const deadline = clock.deadline(ring('it'));
    deadline.in(1_000);
    jest.advanceTimersByTime(900);
    deadline.in(1_000);
    jest.advanceTimersByTime(999);
    expect(rung).toEqual([]);
    jest.advanceTimersByTime(51);
    expect(rung).toHaveLength(1);
  });

  it('begins in the turn in which the real time ends', () => {
    jest.useRealTimers();
    clock.now();
    jest.useFakeTimers({ now: 1_700_000_000_000 });
    expect(clock.now()).toBe(1_700_000_000_000);
  });

  it('does not pass on to a virtual run that it was set back', () => {
    clock.now();
    jest.setSystemTime(1_600_000_000_000);
    expect(clock.now()).toBe(1_700_000_000_000);
    new TestScheduler(equal).run(() => expect(clock.now()).toBe(0));
  });

  it('is left alone by a timer of the real time that rings meanwhile', async () => {
    jest.useRealTimers();
    const rings = new Promise<number>((resolve) => clock.deadline(resolve).in(20));
    jest.useFakeTimers({ now: 1_200_000_000_000 });
    await rings;
    expect(clock.now()).toBe(1_200_000_000_000);
  });

  it('leaves no timer when all deadlines are called off', () => {
    const deadline = clock.deadline(ring('it'));
    deadline.in(1_000);
    expect(jest.getTimerCount()).toBe(1);
    deadline.cancel();
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each(['a', 'second'])('is not disturbed by what %s test before left behind', () => {
    clock.deadline(ring('left behind')).in(100);
    jest.useRealTimers();
    jest.useFakeTimers({ now: 1_700_000_000_000 });
    clock.deadline(ring('mine')).in(5_000);
    jest.advanceTimersByTime(5_000);
    expect(rung).toEqual(['mine, late 0']);
  });

  it('gives way to the real time again', async () => {
    clock.deadline(ring('fake')).in(1_000);
    jest.useRealTimers();
    await new Promise<number>((resolve) => clock.deadline(resolve).in(5));
    expect(rung).toEqual([]);
  });
});
