import fc from 'fast-check';
import { Observable, type SchedulerLike, VirtualTimeScheduler } from 'rxjs';
import { constant } from '../../src/core/backoff.js';
import { ConnectionClosedError, DialError } from '../../src/core/errors.js';
import type { ConnectionEvent, ConnectionEvents } from '../../src/core/event.js';
import { connectionState } from '../../src/operators/connectionState.js';
import { drainHandover } from '../../src/operators/drainHandover.js';
import { fallback } from '../../src/operators/fallback.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { close, connecting, draining, message, open } from '../../src/testing/letters.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

/** One dial: how long it takes, and what becomes of it. Times are in milliseconds. */
const dial = fc.record({
  takes: fc.integer({ min: 0, max: 40 }),
  opens: fc.boolean(),
  lives: fc.integer({ min: 0, max: 200 }),
  drainsAt: fc.option(fc.integer({ min: 0, max: 200 })),
});

const script = fc.record({
  sources: fc.array(fc.array(dial, { maxLength: 8 }), { minLength: 1, maxLength: 3 }),
  after: fc.integer({ min: 1, max: 3 }),
  probe: fc.integer({ min: 1, max: 120 }),
  stableAfter: fc.integer({ min: 0, max: 50 }),
  linger: fc.integer({ min: 0, max: 50 }),
  wait: fc.integer({ min: 0, max: 20 }),
  drains: fc.boolean(),
  leaves: fc.option(fc.integer({ min: 1, max: 1_500 })),
});
type Script = typeof script extends fc.Arbitrary<infer T> ? T : never;

/** Says a number this often while it is open. */
const EVERY = 7;

/** Long enough for every dial that is written down to be over, and for a way back after it. */
const REST = 20_000;

/** What is beyond the sources: counts what lives, and remembers what was said to whom. */
class World {
  live = 0;
  mostLive = 0;
  dials = 0;
  readonly said = new Map<string, number[]>();

  source(rank: number, dials: Script['sources'][number], scheduler: SchedulerLike): ConnectionEvents<number> {
    let next = 0;
    return new Observable((subscriber) => {
      const { takes, opens, lives, drainsAt } = dials[next++] ?? {
        takes: 1,
        opens: true,
        lives: Infinity,
        drainsAt: null,
      };
      const connection = mockConnection(`${rank}-${++this.dials}`);
      const said: number[] = [];
      this.mostLive = Math.max(this.mostLive, ++this.live);
      subscriber.add(() => (this.live -= 1));
      const at = (delay: number, act: () => void): void => {
        if (delay !== Infinity) subscriber.add(scheduler.schedule(act, delay));
      };
      const say = (): void => {
        said.push(said.length);
        subscriber.next(message(connection, said.length));
        at(EVERY, say);
      };
      subscriber.next(connecting(connection.url));
      at(takes, () => {
        if (!opens) return subscriber.error(new DialError(connection.url, 'blocked'));
        this.said.set(connection.id, said);
        subscriber.next(open(connection));
        at(0, say);
        if (drainsAt !== null) at(drainsAt, () => subscriber.next(draining(connection)));
        at(lives, () => {
          subscriber.next(close(connection, 1006));
          subscriber.error(new ConnectionClosedError(1006, ''));
        });
      });
    });
  }
}

/** Plays a script, and tells what was done against the laws. */
function faultsOf({ sources, after, probe, stableAfter, linger, wait, drains, leaves }: Script): string[] {
  const faults: string[] = [];
  const scheduler = new VirtualTimeScheduler(undefined, leaves ?? REST);
  const world = new World();
  const written = sources.map((dials) => dials.map((one) => (drains ? one : { ...one, drainsAt: null })));
  const events: ConnectionEvent<number>[] = [];
  const result$ = fallback(
    written.map((dials, rank) => world.source(rank, dials, scheduler)),
    { after, probe, stableAfter, linger, scheduler },
  ).pipe(
    reconnect({ delay: constant(wait), scheduler }),
    drains ? drainHandover({ linger, scheduler }) : (same) => same,
  );
  const told = new Observable<ConnectionEvent<number>>((subscriber) =>
    result$.subscribe({
      next(event) {
        events.push(event);
        subscriber.next(event);
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    }),
  );
  let shown = 'CONNECTING';
  const subscription = told
    .pipe(connectionState({ scheduler, onIllegal: (state, event) => faults.push(`${event} in ${state}`) }))
    .subscribe(({ state, connection }) => (shown = `${state} ${connection?.id ?? ''}`));
  scheduler.flush();
  subscription.unsubscribe();

  if (world.mostLive > 2) faults.push(`${world.mostLive} live`);
  if (world.live > 0) faults.push(`${world.live} left`);
  if (leaves === null && !shown.startsWith('ACTIVE 0-')) faults.push(`rests in ${shown}`);
  const heard = new Map<string, number[]>();
  for (const event of events) {
    if (event.type === 'open') {
      if (heard.has(event.connection.id)) faults.push(`${event.connection.id} opened twice`);
      heard.set(event.connection.id, []);
    } else if (event.type === 'message') heard.get(event.connection.id)?.push(event.data - 1);
  }
  for (const [id, said] of world.said) {
    if (heard.get(id)?.join() !== said.join())
      faults.push(`${id} said ${said.join()}, heard was ${heard.get(id)?.join()}`);
  }
  return faults;
}

describe('fallback, as chance would have it', () => {
  it('has at most two live, loses and doubles nothing, shows no illegal state, and comes back to the best', () => {
    fc.assert(
      fc.property(script, (one) => {
        expect(faultsOf(one)).toEqual([]);
      }),
      { numRuns: Number(process.env['FC_RUNS'] ?? 1_000) },
    );
  });
});
