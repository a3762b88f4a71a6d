import { setImmediate } from 'node:timers/promises';
import { concat, interval, map, NEVER, Observable, of, range, Subject, take, tap, throwError } from 'rxjs';
import { eachValueFrom, toAsyncIterable } from '../../src/bindings/asyncIterable.js';
import type { IterationConfig } from '../../src/bindings/iteration.js';
import { json } from '../../src/codecs/json.js';
import type { ConnectionEvent, ConnectionEvents } from '../../src/core/event.js';
import { shareConnection } from '../../src/operators/shareConnection.js';
import { message, mockConnection, open } from '../../src/testing.js';
import { webSocket } from '../../src/transports/webSocket.js';
import { aServer, endAll } from '../transports/servers.js';
import { expectType } from '../types/expectType.js';

afterEach(endAll);

async function all<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const found: Value[] = [];
  for await (const value of values) found.push(value);
  return found;
}

/** An iteration over a connection that a test plays. */
function played(config: IterationConfig<string> = {}, node = true) {
  const events$ = new Subject<ConnectionEvent<string>>();
  const a = mockConnection<string>('a', { node });
  const dropped: string[] = [];
  const iterator = toAsyncIterable(events$, { dropped: (text) => void dropped.push(text), ...config })[
    Symbol.asyncIterator
  ]();
  const first = iterator.next();
  events$.next(open(a));
  const say = (...texts: string[]): void => texts.forEach((text) => events$.next(message(a, text)));
  /** What the next so many answers are. */
  const take = async (count: number): Promise<unknown[]> => {
    const results: unknown[] = [];
    for (let n = 0; n < count; n++) {
      results.push(
        await iterator.next().then(
          ({ done, value }) => (done ? 'done' : value),
          (error: unknown) => (error as Error).name,
        ),
      );
    }
    return results;
  };
  return { events$, a, dropped, iterator, first, say, take };
}

describe('toAsyncIterable', () => {
  it('gives the messages in order, typed, and ends with the connection', async () => {
    const server = await aServer({
      greet(connection) {
        for (let n = 1; n <= 100; n++) connection.send({ n });
        connection.close(1000);
      },
    });
    const values = toAsyncIterable(webSocket(server.url).pipe(json<{ readonly n: number }>()));
    expectType<AsyncIterable<{ readonly n: number }>>()(values);
    expect(server.dials).toBe(0);
    expect((await all(values)).map(({ n }) => n)).toEqual(Array.from({ length: 100 }, (_, at) => at + 1));
    expect(server.dials).toBe(1);
  });

  it('never holds more of 200,000 messages than its high-water mark and one read from the network', async () => {
    const COUNT = 200_000;
    const FRAME = 32;
    const server = await aServer({
      greet(connection) {
        for (let n = 1; n <= COUNT; n++) connection.send(String(n).padStart(FRAME - 2));
        connection.close(1000);
      },
    });
    let arrived = 0;
    let read = 0;
    let most = 0;
    const events$ = webSocket(server.url).pipe(
      tap(({ type }) => {
        if (type === 'message') most = Math.max(most, ++arrived - read);
      }),
    );
    for await (const text of toAsyncIterable(events$, { highWaterMark: 256 })) {
      if (Number(text) !== ++read) throw new Error(`${String(text)} came as number ${read}`);
      if (read % 100 === 0) await setImmediate();
    }
    const oneRead = 65_536 / FRAME;
    process.stdout.write(`      200,000 messages: at most ${most} waited (mark 256, one read holds ${oneRead})\n`);
    expect(read).toBe(COUNT);
    expect(most).toBeLessThanOrEqual(256 + oneRead + 1);
  }, 60_000);

  it('hangs up when the loop is left', async () => {
    const server = await aServer({ greet: () => 'ahoy' });
    const connection = server.waitForConnection();
    for await (const text of toAsyncIterable(webSocket(server.url))) {
      expect(text).toBe('ahoy');
      break;
    }
    expect((await (await connection).closed).code).toBe(1000);
  });

  it('throws an error after what came before it, once', async () => {
    const { events$, first, say, take } = played();
    say('1', '2', '3');
    events$.error(new RangeError('cut'));
    expect((await first).value).toBe('1');
    expect(await take(5)).toEqual(['2', '3', 'RangeError', 'done', 'done']);
  });

  it('pauses the connection when it is full, and resumes it with a quarter left', async () => {
    const { a, first, say, take } = played({ highWaterMark: 4 });
    say('0', '1', '2', '3');
    expect(a.paused).toBe(false);
    say('4', '5');
    expect(a.paused).toBe(true);
    await first;
    expect(await take(3)).toEqual(['1', '2', '3']);
    expect(a.paused).toBe(true);
    expect([await take(1), a.paused]).toEqual([['4'], false]);
    expect(await take(1)).toEqual(['5']);
  });

  it.each([
    ['pause', ['1', '2', 'BufferOverflowError', 'done'], []],
    ['error', ['1', '2', 'BufferOverflowError', 'done'], []],
    ['drop-oldest', ['3', '4', 'done', 'done'], ['1', '2']],
    ['drop-newest', ['1', '2', 'done', 'done'], ['3', '4']],
  ] as const)('where the platform cannot pause, a full queue obeys the policy: %s', async (overflow, given, lost) => {
    const { events$, dropped, first, say, take } = played({ highWaterMark: 2, overflow }, false);
    say('0', '1', '2', '3', '4');
    await first;
    expect(events$.observed).toBe(overflow.startsWith('drop'));
    events$.complete();
    expect([await take(4), dropped]).toEqual([given, lost]);
  });

  it('does not pause when it is told to drop', async () => {
    const { a, iterator, say, dropped } = played({ highWaterMark: 1, overflow: 'drop-oldest' });
    say('0', '1', '2');
    expect([a.paused, dropped]).toEqual([false, ['1']]);
    await iterator.return?.();
  });

  it('throws what the callback for dropped messages throws', async () => {
    const oops = (): never => {
      throw new RangeError('oops');
    };
    const { events$, say, take } = played({ highWaterMark: 1, overflow: 'drop-newest', dropped: oops });
    say('0', '1', '2');
    expect([await take(3), events$.observed]).toEqual([['1', 'RangeError', 'done'], false]);
  });

  it('answers calls of next that do not wait for each other, in order', async () => {
    const { events$, first, iterator, say } = played();
    const calls = [first, iterator.next(), iterator.next(), iterator.next()];
    say('1', '2');
    events$.complete();
    expect((await Promise.all(calls)).map(({ value }) => value)).toEqual(['1', '2', undefined, undefined]);
  });

  it('unsubscribes on return, forgets what waits, and answers a next that waits', async () => {
    const { events$, first, iterator } = played();
    const returned = iterator.return?.();
    expect(await first).toEqual({ done: true, value: undefined });
    expect([await returned, await iterator.next(), events$.observed]).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
      false,
    ]);

    const full = played();
    full.say('1', '2');
    await full.iterator.return?.();
    expect(await full.take(1)).toEqual(['done']);
  });

  it('unsubscribes on throw, which rejects', async () => {
    const { events$, first, iterator, take } = played();
    await expect(iterator.throw?.(new RangeError('enough'))).rejects.toThrow('enough');
    expect([await first, events$.observed, await take(1)]).toEqual([{ done: true, value: undefined }, false, ['done']]);
  });

  it('does not dial when it is left before the first next', async () => {
    let dials = 0;
    const events$ = new Observable<ConnectionEvent<string>>(() => {
      dials += 1;
    });
    const iterator = toAsyncIterable(events$)[Symbol.asyncIterator]();
    await iterator.return?.();
    expect([(await iterator.next()).done, dials]).toEqual([true, 0]);
  });

  it('dials for every loop, and lets a shared connection go on that it had paused', async () => {
    const events$ = new Subject<ConnectionEvent<string>>();
    const a = mockConnection<string>('a');
    const shared$ = events$.pipe(shareConnection());
    const others = shared$.subscribe();
    const iterator = toAsyncIterable(shared$, { highWaterMark: 1 })[Symbol.asyncIterator]();
    const first = iterator.next();
    events$.next(open(a));
    for (const text of ['0', '1']) events$.next(message(a, text));
    expect([(await first).value, a.paused]).toEqual(['0', true]);
    await iterator.return?.();
    expect(a.paused).toBe(false);
    others.unsubscribe();
  });

  it('takes a source that says all at once', async () => {
    const a = mockConnection<string>('a');
    const events$ = concat(
      of(open(a), message(a, '1')),
      throwError(() => new RangeError('cut')),
    );
    const found: string[] = [];
    await expect(
      (async () => {
        for await (const text of toAsyncIterable(events$ as ConnectionEvents<string>)) found.push(text);
      })(),
    ).rejects.toThrow('cut');
    expect(found).toEqual(['1']);
  });

  it('refuses bad options at once', () => {
    const make = (config: object) => () => toAsyncIterable(NEVER as ConnectionEvents<string>, config);
    expect(make({ highWaterMark: 0 })).toThrow(
      'toAsyncIterable: expected `highWaterMark` to be a whole number of at least 1, got 0',
    );
    expect(make({ overflow: 'block' })).toThrow('toAsyncIterable: expected `overflow` to be one of');
    expect(make({ dropped: 1 })).toThrow('toAsyncIterable: expected `dropped` to be a function, got 1');
  });
});

describe('eachValueFrom', () => {
  it('gives the values of any observable', async () => {
    const values = eachValueFrom(interval(1).pipe(take(3)));
    expectType<AsyncIterable<number>>()(values);
    expect(await all(values)).toEqual([0, 1, 2]);
  });

  it('is as quick with many values waiting as with few', async () => {
    const values$ = range(1, 200_000).pipe(map((n) => ({ n })));
    let expected = 0;
    for await (const { n } of eachValueFrom(values$, { highWaterMark: 200_000 })) {
      if (n !== ++expected) throw new Error(`got ${n}`);
      // If each of them moved all the others, this would take half a minute: here the time limit of the test gets its turn.
      if (n % 10_000 === 0) await setImmediate();
    }
    expect(expected).toBe(200_000);
  });

  it('fails with more values waiting than it may hold, unless it is told to drop some', async () => {
    await expect(all(eachValueFrom(range(0, 10), { highWaterMark: 4 }))).rejects.toMatchObject({
      name: 'BufferOverflowError',
      buffer: 4,
    });
    expect(await all(eachValueFrom(range(0, 10), { highWaterMark: 4, overflow: 'drop-oldest' }))).toEqual([
      0, 6, 7, 8, 9,
    ]);
    expect(await all(eachValueFrom(range(0, 10), { highWaterMark: 4, overflow: 'drop-newest' }))).toEqual([
      0, 1, 2, 3, 4,
    ]);
  });
});
