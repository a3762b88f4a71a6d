import { EMPTY, map, type Observable, of, retry, throwError, timer } from 'rxjs';
import { constant } from '../../src/core/backoff.js';
import { DialError } from '../../src/core/errors.js';
import { dial } from '../../src/operators/dial.js';
import { drainHandover } from '../../src/operators/drainHandover.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { reconnecting } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';

/** Gives `targets` in turn and remembers what it was asked with. */
function starts<Target>(...targets: Target[]): {
  asked: (readonly Target[])[];
  start: (failed: readonly Target[]) => Target[];
} {
  const asked: (readonly Target[])[] = [];
  return {
    asked,
    start(failed) {
      asked.push(failed);
      const target = targets[Math.min(asked.length, targets.length) - 1];
      return target === undefined ? [] : [target];
    },
  };
}

describe('dial', () => {
  it(
    'asks for a target, and tells which ones failed',
    marbles(({ cold, expectObservable, flush, events }) => {
      const one = cold('   c-#', events, 'refused');
      const two = cold('      c-o-m', events);
      const expected = '   c-rc-o-m';
      const { asked, start } = starts('one', 'two');

      const result = dial(start, (target) => (target === 'one' ? one : two)).pipe(reconnect({ delay: constant(1) }));

      expectObservable(result, '--------!').toBe(expected, { ...events, r: reconnecting(1, 1, 'refused') });
      flush();
      expect(asked).toEqual([[], ['one']]);
    }),
  );

  it(
    'dials when the target is found, and not before',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const source = cold('    co-m-x|', events);
      const subs = '        ---^-----!';
      const expected = '    ---co-m-x|';

      const result = dial(
        () => timer(3),
        () => source,
      );

      expectObservable(result).toBe(expected, events);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }),
  );

  it(
    'takes the first target only, and asks no further',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const targets = cold('-12--');
      const source = cold('  co-m', events);

      const result = dial(
        () => targets,
        (target) => source.pipe(map((event) => (event.type === 'connecting' ? { ...event, url: target } : event))),
      );

      expectObservable(result, '-----!').toBe('-co-m', { ...events, c: { type: 'connecting', url: '1' } });
      expectSubscriptions(targets.subscriptions).toBe('^!');
    }),
  );

  it(
    'counts a target as failed that asked to be left, already when its successor is asked for',
    marbles(({ cold, expectObservable, flush, events }) => {
      const one = cold('co-d------', events);
      const two = cold('   c-O----', events);
      const expected = 'co-d-O--t-';
      const { asked, start } = starts('one', 'two');

      const result = dial(start, (target) => (target === 'one' ? one : two)).pipe(drainHandover({ linger: 3 }));

      expectObservable(result, '---------!').toBe(expected, events);
      flush();
      expect(asked).toEqual([[], ['one']]);
    }),
  );

  it(
    'no longer counts a target as failed that opened again, and tells the latest failure last',
    marbles(({ cold, expectObservable, flush, events }) => {
      const lives = ['c#', 'c#', 'co#', 'c#', 'c#', 'co'].map((life) => cold(life, events));
      const expected = '          c-c-co-c-c-co-';
      const { asked, start } = starts('one', 'two', 'one', 'three', 'two', 'four');

      const result = dial(start, () => inTurn(...lives.splice(0, 1))).pipe(retry({ delay: 1 }));

      expectObservable(result, '  -------------!').toBe(expected, events);
      flush();
      expect(asked).toEqual([
        [],
        ['one'],
        ['one', 'two'],
        ['two', 'one'],
        ['two', 'one', 'three'],
        ['one', 'three', 'two'],
      ]);
    }),
  );

  it(
    'tells targets apart by their key, where one is given',
    marbles(({ cold, expectObservable, flush, events }) => {
      const lives = ['c#', 'co#', 'c'].map((life) => cold(life, events));
      const { asked, start } = starts({ group: 'x', url: '1' }, { group: 'x', url: '2' }, { group: 'y', url: '3' });

      const result = dial(start, () => inTurn(...lives.splice(0, 1)), { key: ({ group }) => group }).pipe(
        retry({ delay: 1 }),
      );

      expectObservable(result, '------!').toBe('c-co-c', events);
      flush();
      expect(asked).toEqual([[], [{ group: 'x', url: '1' }], [{ group: 'x', url: '2' }]]);
    }),
  );

  it('remembers the last 100 targets that failed', () => {
    let asked: readonly number[] = [];
    let next = 0;
    const connection$ = dial(
      (failed: readonly number[]) => {
        asked = failed;
        return [next++];
      },
      () => throwError(() => new Error('refused')),
    );

    for (let at = 0; at <= 150; at++) connection$.subscribe({ error: () => undefined });

    expect(asked).toEqual(Array.from({ length: 100 }, (_, at) => at + 50));
  });

  it('knows of a failure already when it makes someone dial again at once', () => {
    const { asked, start } = starts('one', 'two');
    const connection$ = dial(start, () => throwError(() => new Error('refused')));
    connection$.subscribe({ error: () => connection$.subscribe({ error: () => undefined }) });

    expect(asked).toEqual([[], ['one']]);
  });

  it('learns from the failures of all who subscribe to the same value, and from no others', () => {
    const { asked, start } = starts('one', 'two', 'one');
    const failing = (): Observable<never> => throwError(() => new Error('refused'));
    const shared$ = dial(start, failing);

    shared$.subscribe({ error: () => undefined });
    shared$.subscribe({ error: () => undefined });
    dial(start, failing).subscribe({ error: () => undefined });

    expect(asked).toEqual([[], ['one'], []]);
  });

  it(
    'does not count a connection that ended well, or was given up by the consumer, as failed',
    marbles(({ cold, expectObservable, flush, events }) => {
      const { asked, start } = starts('one');
      const connection$ = dial(start, () => cold('co-x|', events));

      expectObservable(connection$).toBe('co-x|', events);
      expectObservable(connection$, '-----^-!').toBe('-----co-', events);
      expectObservable(connection$, '---------^---!').toBe('---------co-x', events);
      flush();
      expect(asked).toEqual([[], [], []]);
    }),
  );

  it(
    'passes the error of `start` on, and errors when it gives no target',
    marbles(({ expectObservable, events }) => {
      const unauthorized = Object.assign(new Error('unauthorized'), { status: 401 });
      const connect = (): Observable<never> => EMPTY;
      const thrown = dial((): string[] => {
        throw unauthorized;
      }, connect);
      const rejected = dial(() => throwError(() => unauthorized), connect);
      const empty = dial(() => EMPTY, connect);

      expectObservable(thrown).toBe('#', events, unauthorized);
      expectObservable(rejected).toBe('#', events, unauthorized);
      expectObservable(empty).toBe(
        '#',
        events,
        new DialError('an address still to be found', '`start` gave no target'),
      );
    }),
  );

  it('counts a target that `connect` refuses as failed', () => {
    const { asked, start } = starts('not an address', 'two');
    const errors: unknown[] = [];
    const refusal = new TypeError('not an address');
    const connection$ = dial(start, () => {
      throw refusal;
    });

    connection$.subscribe({ error: (error: unknown) => errors.push(error) });
    connection$.subscribe({ error: (error: unknown) => errors.push(error) });

    expect(errors).toEqual([refusal, refusal]);
    expect(asked).toEqual([[], ['not an address']]);
  });

  it(
    'lets go of whom it asks, and of the connection, when it is unsubscribed',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const targets = cold('    ----t');
      const source = cold('     co---', events);
      const connect = (): typeof source => source;

      expectObservable(
        dial(() => targets, connect),
        '   --!',
      ).toBe('', events);
      expectObservable(
        dial(() => of('target'), connect),
        '---^---!',
      ).toBe('---co', events);
      expectSubscriptions(targets.subscriptions).toBe('  ^-!');
      expectSubscriptions(source.subscriptions).toBe('   ---^---!');
    }),
  );

  it('refuses what is no function', () => {
    expect(() => dial('wss://a' as never, () => EMPTY)).toThrow(
      "dial: expected `start` to be a function, got 'wss://a'",
    );
    expect(() => dial(() => [1], undefined as never)).toThrow(
      'dial: expected `connect` to be a function, got undefined',
    );
    expect(() =>
      dial(
        () => [1],
        () => EMPTY,
        { key: 1 as never },
      ),
    ).toThrow('`key` to be a function, got 1');
  });
});
