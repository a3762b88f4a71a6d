import { Subject } from 'rxjs';
import type { ConnectionEvent } from '../../src/core/event.js';
import { heartbeat } from '../../src/operators/heartbeat.js';
import { message, open } from '../../src/testing/letters.js';
import { mockConnection } from '../../src/testing/mockConnection.js';
import { HandScheduler } from '../core/handScheduler.js';

/** A heartbeat over a connection that is open, on a host whose timers may ring late. */
function watch(config: { interval: number; timeout: number; always?: boolean }) {
  const scheduler = new HandScheduler();
  const source = new Subject<ConnectionEvent<string, string>>();
  const connection = mockConnection<string>('a');
  const errors: unknown[] = [];
  const pings: number[] = [];
  const start = scheduler.now();
  const ping = (): number => pings.push(scheduler.now() - start);
  const subscription = source
    .pipe(heartbeat({ ...config, ping, scheduler }))
    .subscribe({ error: (error: unknown) => errors.push((error as Error).name) });
  source.next(open(connection));
  return { scheduler, errors, pings, subscription, say: () => source.next(message(connection, 'm')) };
}

describe('heartbeat on a host whose timers ring late', () => {
  it('asks once more after a sleep, and gives up when there is no answer again, however late the timer', async () => {
    const { scheduler, errors, pings } = watch({ interval: 10_000, timeout: 5_000 });
    await scheduler.oversleep(60_000);
    expect([pings.length, errors]).toEqual([1, []]);
    await scheduler.oversleep(60_000);
    expect([pings.length, errors]).toEqual([2, []]);
    await scheduler.oversleep(60_000);
    expect([pings.length, errors]).toEqual([2, ['HeartbeatTimeoutError']]);
  });

  it('asks again after every sleep that an answer came after', async () => {
    const { scheduler, errors, say, subscription } = watch({ interval: 10_000, timeout: 5_000 });
    for (let night = 0; night < 3; night++) {
      await scheduler.oversleep(60_000);
      await scheduler.oversleep(60_000);
      say();
    }
    expect(errors).toEqual([]);
    subscription.unsubscribe();
    expect(scheduler.pending).toBe(0);
  });

  it('reads what arrived while the process was busy before it gives up', async () => {
    const { scheduler, errors, say, subscription } = watch({ interval: 200, timeout: 500 });
    await scheduler.advance(200);
    await scheduler.oversleep(800);
    expect(errors).toEqual([]);
    say();
    await scheduler.advance(100);
    expect(errors).toEqual([]);
    subscription.unsubscribe();
  });

  it('gives up when nothing had arrived', async () => {
    const { scheduler, errors } = watch({ interval: 200, timeout: 500 });
    await scheduler.advance(200);
    await scheduler.oversleep(800);
    await scheduler.advance(10);
    expect(errors).toEqual(['HeartbeatTimeoutError']);
  });

  it('keeps its beat with always, although timers fall on a grid', async () => {
    const { scheduler, pings, subscription, say } = watch({ interval: 155, timeout: 10_000, always: true });
    for (let second = 0; second < 10; second++) {
      await scheduler.advance(155);
      say();
    }
    await scheduler.advance(10);
    expect(pings).toHaveLength(10);
    expect(pings.at(-1)).toBeLessThan(1_550 + 10);
    subscription.unsubscribe();
  });
});
