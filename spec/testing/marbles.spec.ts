import {
  asapScheduler,
  asyncScheduler,
  delay,
  map,
  merge,
  mergeMap,
  NEVER,
  observeOn,
  of,
  Subject,
  throwError,
  timer,
} from 'rxjs';
import { clockOf } from '../../src/core/clock.js';
import type { Connection } from '../../src/core/connection.js';
import { ConnectionClosedError, HeartbeatTimeoutError } from '../../src/core/errors.js';
import type { ConnectionEvents, ConnectionOperator } from '../../src/core/event.js';
import { close, letters, message, reconnecting } from '../../src/testing/letters.js';
import { type MarbleContext, marbles } from '../../src/testing/marbles.js';

/** What a failing marble test says. */
function complaint(test: (context: MarbleContext) => void): string {
  try {
    marbles(test)();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the marble test passed');
}

describe('marbles', () => {
  it(
    'compares a stream and the lives of its sockets with diagrams',
    marbles((context) => {
      const { cold, expectObservable, expectSubscriptions, events } = context;
      const source = cold('                       co-m--x|', events);
      expectObservable(source).toBe('             co-m--x|', events);
      expectObservable(source, '                  --^-!').toBe('--co', events);
      expectSubscriptions(source.subscriptions).toBe(['^------!', '--^-!']);
    }),
  );

  it(
    'runs asyncScheduler and asapScheduler in virtual time',
    marbles(({ cold, expectObservable }) => {
      expectObservable(timer(5_000).pipe(map(() => 't'))).toBe('5s (t|)');
      expectObservable(cold('a|').pipe(delay(60_000), observeOn(asapScheduler))).toBe('60s (a|)');
    }),
  );

  it('begins at 0 in every run', () => {
    const times: number[] = [];
    const run = marbles(({ expectObservable }) => {
      times.push(asyncScheduler.now());
      expectObservable(timer(100)).toBe('100ms (t|)', { t: 0 });
    });
    run();
    run();
    expect(times).toEqual([0, 0]);
  });

  it('gives real time back', () => {
    const before = asyncScheduler.now();
    marbles(({ expectObservable }) => expectObservable(NEVER).toBe(''))();
    expect(asyncScheduler.now()).toBeGreaterThanOrEqual(before);
  });

  it('has fresh connections in every run', () => {
    const run = marbles(({ a, b }) => {
      expect([...a.sent, ...b.sent]).toEqual([]);
      a.send('from a');
      b.send('from b');
      a.lost();
    });
    run();
    run();
  });

  it('lets no deadline of one run come in the next', () => {
    const rung: string[] = [];
    const failing = marbles(() => {
      clockOf(asyncScheduler)
        .deadline(() => rung.push('first'))
        .in(50);
      timer(10).subscribe(() => {
        throw new Error('over at 10 ms');
      });
    });
    expect(failing).toThrow('over at 10 ms');
    marbles(({ expectObservable, flush }) => {
      clockOf(asyncScheduler)
        .deadline(() => rung.push('second'))
        .in(60);
      expectObservable(timer(100)).toBe('100ms (t|)', { t: 0 });
      flush();
      expect(rung).toEqual(['second']);
    })();
  });

  it('leaves deadlines of real time alone', async () => {
    const rung = new Promise<string>((resolve) => {
      clockOf(asyncScheduler)
        .deadline(() => resolve('real'))
        .in(5);
    });
    marbles(({ expectObservable }) => expectObservable(timer(1_000)).toBe('1s (t|)', { t: 0 }))();
    await expect(rung).resolves.toBe('real');
  });

  it('unsubscribes what a run left subscribed', () => {
    let torn = 0;
    const stream = new Subject<string>();
    marbles(({ expectObservable }) => {
      expectObservable(merge(stream, NEVER).pipe(map((letter) => letter))).toBe('');
    })();
    torn += stream.observed ? 0 : 1;
    expect(torn).toBe(1);
  });

  it(
    'lets time pass when it is told to',
    marbles(({ cold, expectObservable, flush, a }) => {
      cold('--s').subscribe((letter) => a.send(letter));
      expectObservable(a.sent$).toBe('--s');
      expect(a.sent).toEqual([]);
      flush();
      expect(a.sent).toEqual(['s']);
    }),
  );

  it(
    'takes an empty diagram for no subscription',
    marbles(({ cold, expectSubscriptions }) => {
      expectSubscriptions(cold('a').subscriptions).toBe('');
      expectSubscriptions(cold('a').subscriptions).toBe([]);
    }),
  );

  it(
    'begins a hot stream at its ^',
    marbles(({ hot, expectObservable, expectSubscriptions, events }) => {
      const source = hot('   c o ^ m - x', events);
      expectObservable(source, '  ^----').toBe('-m-x', events);
      expectSubscriptions(source.subscriptions).toBe('^');
    }),
  );

  it(
    'reads times',
    marbles(({ time }) => {
      expect([time('---|'), time('10s |'), time(' -- 5ms -|')]).toEqual([3, 10_000, 8]);
    }),
  );

  it(
    'lets its scheduler be passed on',
    marbles(({ cold, scheduler, expectObservable }) => {
      expectObservable(cold('a|').pipe(delay(7, scheduler))).toBe('-------(a|)');
    }),
  );

  it(
    'compares errors by name and message',
    marbles(({ cold, expectObservable, events }) => {
      const lost = cold('co#', events, new ConnectionClosedError(1006, ''));
      expectObservable(lost).toBe('co#', events, new ConnectionClosedError(1006, ''));
      expectObservable(cold('#')).toBe('#');
    }),
  );

  it(
    'takes matchers for values',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('             r', { r: reconnecting(1, 1_234) });
      expectObservable(source).toBe('   r', { ...events, r: reconnecting(1, expect.any(Number) as number) });
    }),
  );
});

describe('a marble test fails', () => {
  it('when streams differ in time: both are drawn', () => {
    expect(
      complaint(({ cold, expectObservable, events }) => {
        expectObservable(cold('co-m-d-m-Om--M--M', events)).toBe('co-m-d-mO--m--M--M', events);
      }),
    ).toBe(
      [
        'the streams differ', //
        '  expected  co-m-d-mO--m--M--M',
        '  actual    co-m-d-m-Om--M--M-',
      ].join('\n'),
    );
  });

  it('when values differ: they are listed', () => {
    expect(
      complaint(({ cold, expectObservable, events, a }) => {
        const actual = { ...events, m: message(a, { kind: 'bye' }), x: close(a, 4000, 'go') };
        expectObservable(cold('co-m--x|', actual)).toBe('co-m---|', { ...events, m: message(a, { kind: 'hello' }) });
      }),
    ).toBe(
      [
        'the streams differ',
        '  expected  co-m---|',
        '  actual    co-?--?|',
        "  at 3 ms: expected m = message a data { kind: 'hello' }, got message a data { kind: 'bye' }",
        "  at 6 ms: expected nothing, got close a code 4000 reason 'go' wasClean true",
      ].join('\n'),
    );
  });

  it('when values that look alike differ: their place is named', () => {
    const deep = (end: number): unknown => ({ one: { two: { three: { four: end } } } });
    expect(
      complaint(({ cold, expectObservable }) => {
        expectObservable(cold('m', { m: deep(5) })).toBe('m', { m: deep(6) });
      }),
    ).toBe(
      [
        'the streams differ',
        '  expected  m',
        '  actual    ?',
        '  at 0 ms: expected m = { one: { two: { three: {…} } } }, got { one: { two: { three: {…} } } } ' +
          '(they differ at .one.two.three.four)',
      ].join('\n'),
    );
  });

  it('when errors differ: they are told by name and message', () => {
    expect(
      complaint(({ cold, expectObservable, events }) => {
        const source = cold('-#', events, new HeartbeatTimeoutError(5));
        expectObservable(source).toBe('-#', events, new ConnectionClosedError(1006, ''));
      }),
    ).toBe(
      [
        'the streams differ',
        '  expected  -#',
        '  actual    -#',
        '  at 1 ms: expected # ConnectionClosedError: the connection was closed with code 1006, ' +
          'got # HeartbeatTimeoutError: no answer to a ping within 5 ms',
      ].join('\n'),
    );
  });

  it('when a stream errors instead of ending', () => {
    expect(
      complaint(({ expectObservable }) => {
        expectObservable(throwError(() => new TypeError('no'))).toBe('|');
      }),
    ).toBe(
      [
        'the streams differ', //
        '  expected  |',
        '  actual    #',
        '  at 0 ms: expected the end, got # TypeError: no',
      ].join('\n'),
    );
  });

  it('when values of one moment differ: each is held against what was expected in its place', () => {
    expect(
      complaint(({ cold, expectObservable }) => {
        expectObservable(cold('(ab)', { a: 3, b: 4 })).toBe('(ab)', { a: 1, b: 2 });
      }),
    ).toBe(
      [
        'the streams differ',
        '  expected  (ab)',
        '  actual    (??)',
        '  at 0 ms: expected a = 1, got 3',
        '  at 0 ms: expected b = 2, got 4',
      ].join('\n'),
    );
  });

  it('and writes the expected letter where several fit', () => {
    const values = { a: 1, b: 1, c: 2 };
    expect(
      complaint(({ cold, expectObservable }) => expectObservable(cold('a-bc-|', values)).toBe('a-b--|', values)),
    ).toBe('the streams differ\n  expected  a-b--|\n  actual    a-bc-|');
  });

  it('when errors that look alike differ', () => {
    const coded = (code: number): Error => Object.assign(new Error('e'), { code });
    expect(
      complaint(({ cold, expectObservable }) => {
        expectObservable(cold('#', {}, coded(1))).toBe('#', {}, coded(2));
      }),
    ).toContain('expected # Error: e, got # Error: e (they differ at .code)');
  });

  it('when there is more or less than expected', () => {
    expect(complaint(({ cold, expectObservable }) => expectObservable(cold('ab')).toBe('a'))).toBe(
      'the streams differ\n  expected  a-\n  actual    ab',
    );
    expect(complaint(({ expectObservable, a }) => expectObservable(a.sent$).toBe('-r', { r: 'r' }))).toBe(
      'the streams differ\n  expected  -r\n  actual    --',
    );
  });

  it('when long streams differ: the waits are written as times', () => {
    expect(
      complaint(({ cold, expectObservable }) => {
        expectObservable(cold('a 9999ms b 60s c')).toBe('a 9999ms b 60s d');
      }),
    ).toBe(
      [
        'the streams differ', //
        '  expected  a 9999ms b 1m d',
        '  actual    a 9999ms b 1m c',
      ].join('\n'),
    );
  });

  it('when subscriptions differ: all are drawn', () => {
    expect(
      complaint(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('a---|');
        expectObservable(merge(source, source)).toBe('(aa)|');
        expectSubscriptions(source.subscriptions).toBe(['^---!', '-^---!']);
      }),
    ).toBe(
      [
        'the subscriptions differ', //
        '  expected  ^---!',
        '            -^---!',
        '  actual    ^---!',
        '            ^---!',
      ].join('\n'),
    );
    expect(complaint(({ cold, expectSubscriptions }) => expectSubscriptions(cold('a').subscriptions).toBe('^--'))).toBe(
      'the subscriptions differ\n  expected  ^\n  actual    none',
    );
  });

  it('on everything that is wrong at once, pointing at the first line', () => {
    let error: unknown;
    try {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('a|');
        expectObservable(source).toBe('b|');
        expectSubscriptions(source.subscriptions).toBe(['^!', '^!']);
        expectObservable(source).toBe('a-|');
      })();
    } catch (thrown) {
      error = thrown;
    }
    const { message: text, stack } = error as Error;
    expect(text).toBe(
      'the streams differ\n  expected  b|\n  actual    a|\n\nthe streams differ\n  expected  a-|\n  actual    a|',
    );
    expect(stack).toMatch(/^Error: the streams differ\n/);
    expect(stack?.split('\n').find((line) => /^\s+at /.test(line))).toMatch(/marbles\.spec\.ts:\d+/);
    expect(stack?.match(/the streams differ/g)).toHaveLength(2);
  });

  it.each<[string, (context: MarbleContext) => void]>([
    ['cold', ({ cold, events }) => void cold('co-z', events)],
    ['hot', ({ hot, events }) => void hot('co-z', events)],
    ['toBe', ({ expectObservable, events }) => expectObservable(NEVER).toBe('co-z', events)],
  ])('on a letter without a value, in %s', (_, test) => {
    expect(complaint(test)).toBe(
      "marbles: the letter 'z' in 'co-z' has no value (there are c o m d x r t p q C O M D X R T P Q)",
    );
  });

  it('on a time that is glued to its neighbours, and says why', () => {
    expect(complaint(({ cold }) => void cold('a10ms b', { a: 1 }))).toBe(
      "marbles: the letter '1' in 'a10ms b' has no value (there are a; a time such as 10ms has a space on both sides)",
    );
  });

  it.each<[string, (context: MarbleContext) => void]>([
    ["marbles: '^' in '-^-': a cold stream begins when it is subscribed", ({ cold }) => void cold('-^-')],
    ["marbles: '!' in '--!': it has a meaning for subscriptions only", ({ hot }) => void hot('--!')],
    [
      "marbles: '|' in '^-|', where only '^' and '!' have a meaning",
      ({ expectObservable }) => void expectObservable(NEVER, '^-|'),
    ],
    ['marbles: an expectation without toBe', ({ expectObservable }) => void expectObservable(of(1))],
    ['marbles: the test gave a promise: virtual time does not wait for one', async () => undefined],
    [
      'thrown inside',
      () =>
        void timer(3).subscribe(() => {
          throw new Error('thrown inside');
        }),
    ],
  ])('with: %s', (why, test) => {
    expect(complaint(test)).toBe(why);
  });
});

describe('the types of a marble test', () => {
  const anyOperator =
    <In, Out, Session>(): ConnectionOperator<In, Out, Session> =>
    (source) =>
      source;
  const sendsText: ConnectionOperator<string, string> = (source) => source;

  it(
    'fit operators, with events as they are',
    marbles(({ cold, hot, expectObservable, events }) => {
      const source: ConnectionEvents<string, unknown> = cold('co', events).pipe(anyOperator());
      const text: ConnectionEvents<string, string> = hot('co', events).pipe(sendsText, anyOperator());
      expectObservable(source).toBe('co', events);
      expectObservable(text).toBe('co', events);
    }),
  );

  it(
    'fit events that were changed',
    marbles(({ cold, expectObservable, a, events }) => {
      const changed = {
        ...events,
        r: reconnecting(3, 5, new Error('lost')),
        x: close(a, 1006),
        m: message(a, 'other'),
      };
      const source: ConnectionEvents<string, unknown> = cold('cor', changed).pipe(anyOperator());
      expectObservable(source).toBe('cor', changed);
    }),
  );

  it(
    'know messages of other kinds',
    marbles(({ cold, expectObservable, a, b }) => {
      const events = letters(a, b, { m: { kind: 'a' }, M: { kind: 'b' } });
      const source: ConnectionEvents<{ kind: string }, unknown> = cold('com', events).pipe(anyOperator());
      const kinds = source.pipe(mergeMap((event) => (event.type === 'message' ? of(event.data.kind) : [])));
      expectObservable(kinds).toBe('--a');
    }),
  );

  it(
    'know what connections send',
    marbles(({ a }) => {
      const send = (connection: Connection<string>): void => connection.send('m');
      send(a);
      expect(a.sent).toEqual(['m']);
    }),
  );
});
