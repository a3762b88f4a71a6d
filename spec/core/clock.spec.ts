import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import type { Subscription } from 'rxjs';
import { type Clock, clockOf } from '../../src/core/clock.js';
import { LONGEST_DELAY } from '../../src/core/duration.js';
import { HandScheduler } from './handScheduler.js';

const START = 1_700_000_000_000;

describe('clock', () => {
  let scheduler: HandScheduler;
  let clock: Clock;
  let rung: string[];
  const ring = (name: string) => (late: number) => rung.push(`${name} at ${scheduler.now() - START}, late ${late}`);

  beforeEach(() => {
    scheduler = new HandScheduler(START);
    clock = clockOf(scheduler);
    rung = [];
  });

  it('is one and the same for all who ask for that of a scheduler', () => {
    expect(clockOf(scheduler)).toBe(clock);
    expect(clockOf(new HandScheduler())).not.toBe(clock);
  });

  describe('now', () => {
    it('is the time of the scheduler', async () => {
      expect(clock.now()).toBe(START);
      await scheduler.advance(1_234);
      expect(clock.now()).toBe(START + 1_234);
    });

    it('reads the time once in a turn of the event loop, however often it is asked', async () => {
      for (let i = 0; i < 1_000; i++) clock.now();
      expect(scheduler.reads).toBe(1);
      await scheduler.turn();
      clock.now();
      clock.now();
      expect(scheduler.reads).toBe(2);
    });
  });

  describe('a deadline', () => {
    it('is not due before it is set', async () => {
      const deadline = clock.deadline(ring('it'));
      expect(deadline.due).toBe(Infinity);
      await scheduler.advance(100_000);
      expect(rung).toEqual([]);
      expect(scheduler.delays).toEqual([]);
    });

    it('rings once, when its time has come', async () => {
      const deadline = clock.deadline(ring('it'));
      deadline.in(5_000);
      expect(deadline.due).toBe(START + 5_000);
      await scheduler.advance(4_999);
      expect(rung).toEqual([]);
      await scheduler.advance(1);
      expect(rung).toEqual(['it at 5000, late 0']);
      expect(deadline.due).toBe(Infinity);
      await scheduler.advance(100_000);
      expect(rung).toHaveLength(1);
    });

    it('can be set from another moment than now', async () => {
      const sent = clock.now();
      await scheduler.advance(300);
      clock.deadline(ring('it')).in(1_000, sent);
      await scheduler.advance(700);
      expect(rung).toEqual(['it at 1000, late 0']);
    });

    it('rings as soon as it can when it is set for the past, and says how late', async () => {
      clock.deadline(ring('it')).in(100, START - 500);
      await scheduler.advance(0);
      expect(rung).toEqual(['it at 0, late 400']);
    });

    it.each([0, -1, NaN])('rings in the next turn when it is set for %p ms', async (delay) => {
      clock.deadline(ring('it')).in(delay);
      expect(rung).toEqual([]);
      await scheduler.advance(0);
      expect(rung).toEqual(['it at 0, late 0']);
    });

    it.each([LONGEST_DELAY + 1, 1e12, Infinity])('rings after 2^31 - 1 ms when it is set for %p ms', async (delay) => {
      clock.deadline(ring('it')).in(delay);
      await scheduler.advance(LONGEST_DELAY - 1);
      expect(rung).toEqual([]);
      await scheduler.advance(51);
      expect(rung).toHaveLength(1);
      expect(Math.max(...scheduler.delays)).toBeLessThanOrEqual(LONGEST_DELAY);
    });

    it('is called off, and leaves no timer', async () => {
      const deadline = clock.deadline(ring('it'));
      deadline.in(5_000);
      expect(scheduler.pending).toBe(1);
      deadline.cancel();
      expect(scheduler.pending).toBe(0);
      expect(deadline.due).toBe(Infinity);
      await scheduler.advance(10_000);
      expect(rung).toEqual([]);
    });

    it('is called off as often as one likes, also before it is set and after it rang', async () => {
      const deadline = clock.deadline(ring('it'));
      deadline.cancel();
      deadline.in(10);
      await scheduler.advance(10);
      deadline.cancel();
      deadline.cancel();
      deadline.in(10);
      await scheduler.advance(10);
      expect(rung).toEqual(['it at 10, late 0', 'it at 20, late 0']);
      expect(scheduler.pending).toBe(0);
    });

    it('is moved away without a timer', async () => {
      const deadline = clock.deadline(ring('it'));
      deadline.in(10_000);
      for (let message = 0; message < 90; message++) {
        await scheduler.advance(100);
        deadline.in(10_000);
      }
      expect(scheduler.delays).toHaveLength(1);
      await scheduler.advance(9_999);
      expect(rung).toEqual([]);
      await scheduler.advance(1);
      expect(rung).toEqual(['it at 19000, late 0']);
      expect(scheduler.delays).toHaveLength(2);
    });

    it('is moved within a step of the grid without a timer', async () => {
      const deadline = clock.deadline(ring('it'));
      for (let message = 0; message < 40; message++) {
        await scheduler.advance(1);
        deadline.in(5_000);
      }
      expect(scheduler.delays).toHaveLength(1);
      await scheduler.advance(5_010);
      expect(rung).toEqual(['it at 5050, late 10']);
    });

    it('is set for the moment that it was called off for', async () => {
      const deadline = clock.deadline(ring('it'));
      deadline.in(1_000);
      deadline.cancel();
      deadline.in(1_000);
      await scheduler.advance(1_000);
      expect(rung).toEqual(['it at 1000, late 0']);
    });

    it('is moved nearer', async () => {
      const deadline = clock.deadline(ring('it'));
      deadline.in(10_000);
      deadline.in(50);
      await scheduler.advance(50);
      expect(rung).toEqual(['it at 50, late 0']);
      await scheduler.advance(20_000);
      expect(rung).toHaveLength(1);
      expect(scheduler.pending).toBe(0);
    });

    it('leaves nothing where it was when it is moved nearer', async () => {
      const other = clock.deadline(ring('other'));
      other.in(30_000);
      const deadline = clock.deadline(ring('it'));
      deadline.in(10_000);
      deadline.in(50);
      await scheduler.advance(50);
      other.cancel();
      expect(scheduler.pending).toBe(0);
    });

    it('is moved away and back again', async () => {
      const deadline = clock.deadline(ring('it'));
      deadline.in(1_000);
      deadline.in(5_000);
      deadline.in(2_000);
      await scheduler.advance(1_999);
      expect(rung).toEqual([]);
      await scheduler.advance(1);
      expect(rung).toEqual(['it at 2000, late 0']);
    });
  });

  describe('the grid', () => {
    it.each([
      [1, 1],
      [99, 1],
      [100, 10],
      [999, 10],
      [1_000, 50],
      [3_600_000, 50],
    ])('never rings a deadline of %i ms early, and rings it less than %i ms late', async (delay, step) => {
      const lates = new Set<number>();
      for (let start = 0; start < step; start++) {
        clock.deadline((late) => lates.add(late)).in(delay);
        await scheduler.advance(1);
      }
      await scheduler.advance(delay + step);
      expect([...lates].sort((a, b) => a - b)).toEqual(Array.from({ length: step }, (_, late) => late));
    });

    it('stays as coarse as the delay that was asked for when a deadline that has moved away is looked at again', async () => {
      const deadlines = Array.from({ length: 100 }, () => clock.deadline(ring('it')));
      for (const deadline of deadlines) deadline.in(1_000);
      for (const deadline of deadlines) {
        await scheduler.advance(1);
        deadline.in(1_000);
      }
      await scheduler.advance(2_000);
      expect(rung).toHaveLength(100);
      expect(scheduler.delays.length).toBeLessThanOrEqual(4);
    });

    it('takes the coarseness of the newest delay', async () => {
      const deadlines = Array.from({ length: 100 }, () => clock.deadline(ring('it')));
      for (const deadline of deadlines) {
        deadline.in(50);
        await scheduler.advance(1);
        deadline.in(10_000);
      }
      const before = scheduler.delays.length;
      await scheduler.advance(10_200);
      expect(rung).toHaveLength(100);
      expect(scheduler.delays.length - before).toBeLessThanOrEqual(60);
    });
  });

  describe('the timer', () => {
    it('is one for ten thousand deadlines', async () => {
      for (let i = 0; i < 10_000; i++) clock.deadline(ring('it')).in(1 + ((i * 7_919) % 60_000));
      expect(scheduler.pending).toBe(1);
      for (let second = 0; second < 61; second++) {
        await scheduler.advance(1_000);
        expect(scheduler.pending).toBeLessThanOrEqual(1);
      }
      expect(rung).toHaveLength(10_000);
      expect(scheduler.pending).toBe(0);
    });

    it('rings twenty times a second for ten thousand heartbeats a second', async () => {
      let beats = 0;
      for (let i = 0; i < 10_000; i++) {
        const deadline = clock.deadline(() => {
          beats++;
          deadline.in(1_000);
        });
        deadline.in(1_000);
        if (i % 10 === 0) await scheduler.advance(1);
      }
      const [timers, counted] = [scheduler.delays.length, beats];
      await scheduler.advance(10_000);
      expect(beats - counted).toBeGreaterThan(95_000);
      expect(scheduler.delays.length - timers).toBeLessThanOrEqual(201);
    });

    it('rings ten thousand deadlines that are spread over two hours, each at its time, and more in the meantime', async () => {
      const lates: number[] = [];
      let beats = 0;
      const beat = clock.deadline(() => {
        beats++;
        beat.in(50_000);
      });
      beat.in(50_000);
      for (let i = 0; i < 10_000; i++) clock.deadline((late) => lates.push(late)).in(1_000 + ((i * 7_919) % 7_200_000));
      await scheduler.advance(7_201_100);
      expect(beats).toBe(144);
      expect(lates).toHaveLength(10_000);
      expect(Math.min(...lates)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...lates)).toBeLessThan(50);
      // Each has its own moment at last, and no more than one look on the way for all of half a minute.
      expect(scheduler.delays.length).toBeLessThan(10_000 + 144 + 240);
      beat.cancel();
      expect(scheduler.pending).toBe(0);
    }, 30_000);

    it('is made anew when a nearer deadline is set, and not when a farther one is', () => {
      clock.deadline(ring('far')).in(10_000);
      clock.deadline(ring('farther')).in(20_000);
      expect(scheduler.delays).toEqual([10_000]);
      clock.deadline(ring('near')).in(100);
      expect(scheduler.delays).toEqual([10_000, 100]);
      expect(scheduler.pending).toBe(1);
    });

    it('is made anew when somebody else closed it', async () => {
      const schedule = jest.spyOn(scheduler, 'schedule');
      clock.deadline(ring('first')).in(100);
      (schedule.mock.results[0]?.value as Subscription).unsubscribe();
      clock.deadline(ring('second')).in(200);
      await scheduler.advance(300);
      expect(rung).toEqual(['first at 100, late 0', 'second at 200, late 0']);
    });
  });

  describe('callbacks', () => {
    it('ring in the order of their moments, and at the same moment in the order in which they were set', async () => {
      clock.deadline(ring('c')).in(30);
      clock.deadline(ring('a')).in(10);
      clock.deadline(ring('b')).in(20);
      clock.deadline(ring('a2')).in(10);
      await scheduler.oversleep(100);
      expect(rung).toEqual(['a at 100, late 90', 'a2 at 100, late 90', 'b at 100, late 80', 'c at 100, late 70']);
    });

    it('may set themselves anew', async () => {
      const deadline = clock.deadline((late) => {
        ring('it')(late);
        if (rung.length < 3) deadline.in(1_000);
      });
      deadline.in(1_000);
      await scheduler.advance(10_000);
      expect(rung).toEqual(['it at 1000, late 0', 'it at 2000, late 0', 'it at 3000, late 0']);
      expect(scheduler.pending).toBe(0);
    });

    it('may set deadlines for the same moment, which ring after those that were set before', async () => {
      clock
        .deadline(() => {
          ring('first')(0);
          clock.deadline(ring('third')).in(0);
        })
        .in(10);
      clock.deadline(ring('second')).in(10);
      await scheduler.advance(10);
      expect(rung).toEqual(['first at 10, late 0', 'second at 10, late 0', 'third at 10, late 0']);
    });

    it('do not hold up the event loop when they set themselves for the same moment again and again', async () => {
      let rings = 0;
      const deadline = clock.deadline(() => {
        rings++;
        if (rings < 1_000) deadline.in(0);
      });
      deadline.in(0);
      await scheduler.oversleep(0);
      expect(rings).toBe(1);
      await scheduler.oversleep(0);
      expect(rings).toBe(2);
    });

    it('ring when the one that was set last for their moment was called off before they were set', async () => {
      clock.deadline(ring('first')).in(10);
      const last = clock.deadline(ring('last'));
      last.in(10);
      last.cancel();
      clock.deadline(ring('second')).in(10);
      await scheduler.advance(10);
      expect(rung).toEqual(['first at 10, late 0', 'second at 10, late 0']);
    });

    it('may call off one that is due at the same moment', async () => {
      const second = clock.deadline(ring('second'));
      clock.deadline(() => second.cancel()).in(10);
      second.in(10);
      clock.deadline(ring('third')).in(10);
      await scheduler.advance(1_000);
      expect(rung).toEqual(['third at 10, late 0']);
      expect(scheduler.pending).toBe(0);
    });

    it('may call off all others, set one, and need one timer for it', async () => {
      const others = [20, 30].map((delay) => {
        const other = clock.deadline(ring('other'));
        other.in(delay);
        return other;
      });
      clock
        .deadline(() => {
          for (const other of others) other.cancel();
          clock.deadline(ring('new')).in(50);
        })
        .in(10);
      await scheduler.advance(10);
      expect(scheduler.pending).toBe(1);
      await scheduler.advance(50);
      expect(rung).toEqual(['new at 60, late 0']);
      expect(scheduler.pending).toBe(0);
    });

    it('may move one that is due at the same moment', async () => {
      const second = clock.deadline(ring('second'));
      clock.deadline(() => second.in(500)).in(10);
      second.in(10);
      await scheduler.advance(1_000);
      expect(rung).toEqual(['second at 510, late 0']);
    });

    it('lose no other one when they throw, and no error either', async () => {
      const failing = (message: string) => () => {
        throw new Error(message);
      };
      clock.deadline(failing('mine')).in(10);
      clock.deadline(ring('same moment')).in(10);
      clock.deadline(failing('yours')).in(15);
      clock.deadline(ring('same ring')).in(15);
      clock.deadline(ring('later')).in(500);
      await expect(scheduler.oversleep(20)).rejects.toThrow('mine');
      expect(scheduler.pending).toBe(1);
      await expect(scheduler.oversleep(0)).rejects.toThrow('yours');
      await scheduler.advance(1_000);
      expect(rung).toEqual(['same moment at 20, late 10', 'same ring at 20, late 5', 'later at 500, late 0']);
      expect(scheduler.pending).toBe(0);
    });
  });

  describe('a timer that rings late', () => {
    it('tells every callback how late it is', async () => {
      clock.deadline(ring('heartbeat')).in(10_000);
      clock.deadline(ring('timeout')).in(15_000);
      clock.deadline(ring('later')).in(90_000);
      await scheduler.oversleep(60_000);
      expect(rung).toEqual(['heartbeat at 60000, late 50000', 'timeout at 60000, late 45000']);
    });

    it('reads the time anew, also when it rings in a turn that has read it', () => {
      clock.deadline(ring('it')).in(500);
      scheduler.jump(500);
      expect(rung).toEqual(['it at 500, late 0']);
    });

    it('does not ring what was moved away meanwhile', async () => {
      const deadline = clock.deadline(ring('it'));
      deadline.in(10_000);
      await scheduler.advance(9_000);
      deadline.in(10_000);
      await scheduler.oversleep(5_000);
      expect(rung).toEqual([]);
      await scheduler.advance(5_000);
      expect(rung).toEqual(['it at 19000, late 0']);
    });
  });

  describe('a clock that is set back', () => {
    it('does not run backwards', async () => {
      clock.now();
      await scheduler.advance(1_000);
      const before = clock.now();
      scheduler.setBack(3_600_000);
      await scheduler.turn();
      expect(clock.now()).toBe(before);
      await scheduler.advance(1_000);
      expect(clock.now()).toBe(before + 1_000);
    });

    it('rings its deadlines when their timer rings', async () => {
      const began = clock.now();
      const at: number[] = [];
      clock.deadline((late) => at.push(clock.now() - began, late)).in(10_000);
      await scheduler.advance(4_000);
      scheduler.setBack(3_600_000);
      await scheduler.advance(6_000);
      expect(at).toEqual([10_000, 0]);
      expect(scheduler.delays).toHaveLength(1);
    });

    it('makes up for it at the next timer when it was read in between', async () => {
      const began = clock.now();
      const at: number[] = [];
      const deadline = clock.deadline((late) => at.push(clock.now() - began, late));
      deadline.in(10_000);
      await scheduler.advance(4_000);
      scheduler.setBack(3_600_000);
      expect(clock.now() - began).toBe(0);
      await scheduler.advance(6_000);
      expect(at).toEqual([10_000, 0]);
      deadline.in(2_000);
      await scheduler.advance(2_000);
      expect(at).toEqual([10_000, 0, 12_000, 0]);
    });

    it('does not run ahead of its scheduler when timers ring a little early', async () => {
      for (let i = 0; i < 100; i++) {
        clock.deadline(() => undefined).in(1_000);
        scheduler.setBack(1);
        await scheduler.advance(1_050);
      }
      expect(clock.now()).toBe(scheduler.now());
    });
  });

  it('keeps nothing of a million deadlines that were called off', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const keep = clock.deadline(ring('kept'));
    keep.in(3_600_000);
    const churn = (times: number): void => {
      for (let i = 0; i < times; i++) {
        const deadline = clock.deadline(ring('never'));
        deadline.in(60_000 + ((i * 7_919_017) % 1_000_000_000));
        deadline.cancel();
      }
    };
    churn(1_000);
    collect();
    const before = process.memoryUsage().heapUsed;
    churn(1_000_000);
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(500_000);
    const timers = scheduler.delays.length;
    await scheduler.advance(3_600_000);
    expect(rung).toEqual(['kept at 3600000, late 0']);
    expect(scheduler.delays.length - timers).toBeLessThanOrEqual(1);
    expect(scheduler.pending).toBe(0);
  }, 60_000);

  it('forgets no deadline while it forgets the many that were called off', async () => {
    for (let i = 0; i < 1_000; i++) {
      clock.deadline(ring('it')).in(60_000 + i * 50);
      for (let k = 0; k < 3; k++) {
        const deadline = clock.deadline(ring('never'));
        deadline.in(300_000 + (3 * i + k) * 50);
        deadline.cancel();
      }
    }
    await scheduler.advance(1_000_000);
    expect(rung).toHaveLength(1_000);
  });

  it('rings every deadline once, never early and never a step late, whatever is set, moved and called off', async () => {
    const action = fc.record({
      who: fc.nat(5),
      what: fc.constantFrom('in', 'in', 'in', 'cancel'),
      delay: fc.oneof(fc.constantFrom(0, 1, 2, 100, 1_000), fc.nat(200), fc.nat(5_000)),
      pause: fc.oneof(fc.constant(0), fc.constant(0), fc.nat(3), fc.nat(300)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (script) => {
        const host = new HandScheduler(START);
        const time = clockOf(host);
        const expected = new Map<number, { due: number; step: number }>();
        const deadlines = Array.from({ length: 6 }, (_, who) =>
          time.deadline((late) => {
            const one = expected.get(who);
            expect(one).toBeDefined();
            expected.delete(who);
            expect(host.now() - (one?.due ?? 0)).toBe(late);
            expect(late).toBeGreaterThanOrEqual(0);
            expect(late).toBeLessThan(one?.step ?? 0);
          }),
        );
        for (const { who, what, delay, pause } of script) {
          if (what === 'cancel') {
            deadlines[who]?.cancel();
            expected.delete(who);
          } else {
            deadlines[who]?.in(delay);
            expected.set(who, { due: host.now() + delay, step: delay >= 1_000 ? 50 : delay >= 100 ? 10 : 1 });
          }
          expect(host.pending).toBeLessThanOrEqual(1);
          await host.advance(pause);
        }
        await host.advance(5_100);
        expect(expected.size).toBe(0);
        expect(host.pending).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
