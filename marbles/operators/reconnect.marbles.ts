import { EMPTY, finalize, of, queueScheduler, startWith, tap, throwError } from 'rxjs';
import { constant, steps } from '../../src/core/backoff.js';
import { ConnectionClosedError, DialError, HeartbeatTimeoutError } from '../../src/core/errors.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { close, draining, reconnecting } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';

const lost = new ConnectionClosedError(1006, '');
const refused = new DialError('ws://a', 'refused');

describe('reconnect', () => {
  it(
    'dials again after a wait when the connection is lost',
    marbles(({ cold, expectObservable, expectSubscriptions, a, events }) => {
      const values = { ...events, x: close(a, 1006), r: reconnecting(1, 5, lost) };
      const one = cold('   co-m-(x#)       ', values, lost);
      const two = cold('             CO-M- ', values);
      const expected = '   co-m-(xr)-CO-M- ';
      const oneSubs = '    ^----!          ';
      const twoSubs = '    ----------^----!';

      const result = inTurn(one, two).pipe(reconnect({ delay: constant(5) }));

      expectObservable(result, '---------------!').toBe(expected, values);
      expectSubscriptions(one.subscriptions).toBe(oneSubs);
      expectSubscriptions(two.subscriptions).toBe(twoSubs);
    }),
  );

  it(
    'retries the first dial too, counting attempts and passing each cause on',
    marbles(({ cold, expectObservable, events }) => {
      const fails = cold('c#         ', events, refused);
      const opens = cold('       CO--', events);
      const expected = '  cr--cs-CO--';
      const values = { ...events, r: reconnecting(1, 3, refused), s: reconnecting(2, 2, refused) };

      const result = inTurn(fails, fails, opens).pipe(reconnect({ delay: steps([3, 2]) }));

      expectObservable(result, '----------!').toBe(expected, values);
    }),
  );

  it(
    'ends with a close of code 1000',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const source = cold('co-m-(x|)', events);

      expectObservable(source.pipe(reconnect())).toBe('co-m-(x|)', events);
      expectSubscriptions(source.subscriptions).toBe('^----!');
    }),
  );

  it(
    'retries even 1000 where the table says so',
    marbles(({ cold, expectObservable, events }) => {
      const cause = new ConnectionClosedError(1000, '');
      const values = { ...events, r: reconnecting(1, 5, cause) };
      const one = cold('co-(x|)     ', values);
      const two = cold('        CO--', values);

      const result = inTurn(one, two).pipe(reconnect({ delay: constant(5), closeCodes: { 1000: 'retry' } }));

      expectObservable(result, '-----------!').toBe('co-(xr)-CO--', values);
    }),
  );

  it(
    'errors with the cause of a code that forbids another try',
    marbles(({ cold, expectObservable, a, events }) => {
      const cause = new ConnectionClosedError(1008, 'policy');
      const values = { ...events, x: close(a, 1008, 'policy') };
      const source = cold('co-(x#)', values, cause);

      expectObservable(source.pipe(reconnect())).toBe('co-(x#)', values, cause);
    }),
  );

  it(
    'waits at least 10 s after a code that asks for patience',
    marbles(({ cold, expectObservable, a, events }) => {
      const cause = new ConnectionClosedError(1013, '');
      const values = { ...events, x: close(a, 1013), r: reconnecting(1, 15_000, cause) };
      const one = cold('co-(x#)', values, cause);
      const two = cold('c------', values);

      const result = inTurn(one, two).pipe(reconnect({ delay: constant(5), random: () => 0.5 }));

      expectObservable(result, '15004ms !').toBe('co-(xr) 14996ms c', values);
    }),
  );

  it(
    'lets the hint of a refused dial win over the policy, as a window',
    marbles(({ cold, expectObservable, events }) => {
      const cause = new DialError('ws://a', 'the server answered 503', { status: 503, retryAfter: 8 });
      const values = { ...events, r: reconnecting(1, 2, cause) };
      const one = cold('c#       ', values, cause);
      const two = cold('   CO----', values);

      const result = inTurn(one, two).pipe(reconnect({ delay: constant(100), random: () => 0.25 }));

      expectObservable(result, '--------!').toBe('cr-CO----', values);
    }),
  );

  it(
    'lets the hint of a drain notice win over the policy, for one retry',
    marbles(({ cold, expectObservable, a, events }) => {
      const first = reconnecting(1, 5, lost);
      const second = reconnecting(2, 4, refused);
      const values = { ...events, d: draining(a, 10), x: close(a, 1006), r: first, s: second };
      const one = cold('  co-d-(x#)         ', values, lost);
      const two = cold('            c#      ', values, refused);
      const three = cold('               CO-', values);
      const expected = '  co-d-(xr)-cs---CO-';

      const result = inTurn(one, two, three).pipe(reconnect({ delay: constant(4), random: () => 0.5 }));

      expectObservable(result, '-----------------!').toBe(expected, values);
    }),
  );

  it(
    'lets hints hurry it once only, and no hint of nothing at all: a peer must not undo the backoff',
    marbles(({ cold, expectObservable, events }) => {
      const hinting = (retryAfter: number) => new DialError('ws://a', 'refused', { status: 503, retryAfter });
      const values = { ...events, 1: reconnecting(1, 2, hinting(4)), 2: reconnecting(2, 6, hinting(4)) };
      const fails = cold('c#', values, hinting(4));
      const none = cold(' c#', values, hinting(0));
      const last = cold(' c ', values);
      const config = { delay: constant(6), random: () => 0.5 };

      expectObservable(inTurn(fails, fails, last).pipe(reconnect(config)), '-----------!').toBe('c1-c2-----c', values);
      expectObservable(inTurn(none, last).pipe(reconnect(config)), '--------!').toBe('cr-----c', {
        ...values,
        r: reconnecting(1, 6, hinting(0)),
      });
    }),
  );

  it(
    'takes no hint for longer than an hour',
    marbles(({ cold, expectObservable, events }) => {
      const cause = new DialError('ws://a', 'refused', { status: 503, retryAfter: Infinity });
      const values = { ...events, r: reconnecting(1, 1_800_000, cause) };

      const result = inTurn(cold('c#', values, cause), cold('c', values)).pipe(reconnect({ random: () => 0.5 }));

      expectObservable(result, '1s !').toBe('cr', values);
    }),
  );

  it(
    'lets go of the old connection before it says that it is gone',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const silent = new HeartbeatTimeoutError(5);
      const values = { ...events, r: reconnecting(1, 5, silent) };
      const source = cold('co-#', values, silent);
      const seen: boolean[] = [];

      const result = source.pipe(
        finalize(() => seen.push(true)),
        reconnect({ delay: constant(5) }),
        tap(({ type }) => {
          if (type === 'reconnecting') seen.push(false);
        }),
        tap({ unsubscribe: () => expect(seen).toEqual([true, false]) }),
      );

      expectObservable(result, '----!').toBe('co-r', values);
      expectSubscriptions(source.subscriptions).toBe('^--!');
    }),
  );

  it(
    'does not count the time during which it may not dial as trouble',
    marbles(({ cold, hot, expectObservable, events }) => {
      const values = { ...events, 1: reconnecting(1, 3, refused), 2: reconnecting(2, 3, refused) };
      const while$ = hot('-f 50ms t', { f: false, t: true });
      const fails = cold('c#', values, refused);
      const opens = cold('co', values);

      const result = inTurn(fails, fails, opens).pipe(reconnect({ delay: constant(3), maxElapsed: 9, while$ }));

      expectObservable(result, '60ms !').toBe('c1 50ms c2--co', values);
    }),
  );

  it(
    'fetches no credentials while it may not dial',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, events }) => {
      const unauthorized = new DialError('ws://a', 'the server answered 401', { status: 401 });
      const values = { ...events, 1: reconnecting(1, 2, unauthorized) };
      const while$ = hot(' -f------t----', { f: false, t: true });
      const refresh = cold('        --|  ');
      const one = cold('   c#           ', values, unauthorized);
      const two = cold('             co-', values);
      const expected = '   c1--------co-';

      const result = inTurn(one, two).pipe(reconnect({ delay: constant(2), while$, refreshAuth: () => refresh }));

      expectObservable(result, '------------!').toBe(expected, values);
      expectSubscriptions(refresh.subscriptions).toBe('--------^-!');
    }),
  );

  it(
    'works on a scheduler that waits for nothing',
    marbles(({ cold, expectObservable, events }) => {
      const values = { ...events, r: reconnecting(1, 0, refused) };
      const result = inTurn(cold('c#', values, refused), cold('-o', values)).pipe(
        reconnect({ delay: constant(0), scheduler: queueScheduler }),
      );

      expectObservable(result, '---!').toBe('cro', values);
    }),
  );

  it(
    'counts anew after a connection that stayed open for stableAfter, and not a millisecond before',
    marbles(({ cold, expectObservable, events }) => {
      const values = { ...events, 1: reconnecting(1, 2, refused), 2: reconnecting(2, 2, refused) };
      const hasty = cold(' co---#         ', values, refused);
      const stable = cold('       co----# ', values, refused);
      const last = cold('                c', values);
      const shaky = cold('        co---# ', values, refused);
      const config = { delay: constant(2), stableAfter: 5 };

      expectObservable(inTurn(hasty, stable, last).pipe(reconnect(config)), '---------------!').toBe(
        'co---1-co----1-',
        values,
      );
      expectObservable(inTurn(hasty, shaky, last).pipe(reconnect(config)), '--------------!').toBe(
        'co---1-co---2-',
        values,
      );
    }),
  );

  it(
    'gives up after maxAttempts with the last cause',
    marbles(({ cold, expectObservable, events }) => {
      const last = new DialError('ws://a', 'the last');
      const values = { ...events, 1: reconnecting(1, 2, refused), 2: reconnecting(2, 2, refused) };
      const fails = cold('c#       ', values, refused);
      const ends = cold('       c# ', values, last);

      const result = inTurn(fails, fails, ends).pipe(reconnect({ delay: constant(2), maxAttempts: 2 }));

      expectObservable(result).toBe('c1-c2-c#', values, last);
    }),
  );

  it(
    'does not retry at all where maxAttempts is 0',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('c#', events, refused);

      expectObservable(source.pipe(reconnect({ maxAttempts: 0 }))).toBe('c#', events, refused);
    }),
  );

  it(
    'gives up rather than dial later than maxElapsed',
    marbles(({ cold, expectObservable, events }) => {
      const values = { ...events, 1: reconnecting(1, 3, refused), 2: reconnecting(2, 3, refused) };
      const fails = cold('c#', values, refused);

      const result = inTurn(fails, fails, fails).pipe(reconnect({ delay: constant(3), maxElapsed: 7 }));

      expectObservable(result).toBe('c1--c2--c#', values, refused);
    }),
  );

  it(
    'gives up when the policy does',
    marbles(({ cold, expectObservable, events }) => {
      const values = { ...events, 1: reconnecting(1, 2, refused) };
      const fails = cold('c#', values, refused);

      const result = inTurn(fails, fails).pipe(reconnect({ delay: ({ attempt }) => (attempt > 1 ? undefined : 2) }));

      expectObservable(result).toBe('c1-c#', values, refused);
    }),
  );

  it(
    'tells the policy what it needs to know',
    marbles(({ cold, expectObservable, flush, events }) => {
      const silent = new HeartbeatTimeoutError(5);
      const one = cold('c#', events, refused);
      const two = cold('co#', events, silent);
      const seen: unknown[] = [];

      const result = inTurn(one, two, cold('c', events)).pipe(
        reconnect({
          delay: ({ random, ...context }) => {
            seen.push({ ...context, random: random() });
            return 2;
          },
          random: () => 0.1,
        }),
      );

      expectObservable(result, '------!').toBe('c1-co2', {
        ...events,
        1: reconnecting(1, 2, refused),
        2: reconnecting(2, 2, silent),
      });
      flush();
      expect(seen).toEqual([
        { attempt: 1, elapsed: 0, cause: refused, previousDelay: undefined, random: 0.1 },
        { attempt: 2, elapsed: 4, cause: silent, previousDelay: 2, random: 0.1 },
      ]);
    }),
  );

  it(
    'gets new credentials before the retry that a code asks for',
    marbles(({ cold, expectObservable, expectSubscriptions, a, events }) => {
      const cause = new ConnectionClosedError(4401, '');
      const values = { ...events, x: close(a, 4401), r: reconnecting(1, 5, cause) };
      const one = cold('    co-(x#)          ', values, cause);
      const refresh = cold('        ----t-   ');
      const two = cold('                 CO--', values);
      const expected = '    co-(xr)-----CO--';

      const result = inTurn(one, two).pipe(reconnect({ delay: constant(5), refreshAuth: () => refresh }));

      expectObservable(result, '---------------!').toBe(expected, values);
      expectSubscriptions(refresh.subscriptions).toBe('--------^---!');
    }),
  );

  it(
    'takes credentials that cannot be had as another failure, and dials no more without them',
    marbles(({ cold, expectObservable, events }) => {
      const unauthorized = new DialError('ws://a', 'the server answered 401', { status: 401 });
      const broken = new Error('no token');
      const values = { ...events, 1: reconnecting(1, 2, unauthorized), 2: reconnecting(2, 2, broken) };
      const one = cold('c#', values, unauthorized);
      const two = cold('co-', values);
      const answers = [throwError(() => broken), of('token')];
      const refreshAuth = () => answers.shift() ?? EMPTY;

      const result = inTurn(one, two).pipe(reconnect({ delay: constant(2), refreshAuth }));

      expectObservable(result, '-------!').toBe('c1-2-co', values);
    }),
  );

  it(
    'holds dials back while it may not dial, without counting them',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, events }) => {
      const values = { ...events, 1: reconnecting(1, 2, refused), 2: reconnecting(2, 2, refused) };
      const while$ = hot('-f------t------', { f: false, t: true });
      const one = cold('  c#             ', values, refused);
      const two = cold('          c#     ', values, refused);
      const three = cold('           co--', values);
      const expected = '  c1------c2-co--';

      const result = inTurn(one, two, three).pipe(reconnect({ delay: constant(2), while$ }));

      expectObservable(result, '--------------!').toBe(expected, values);
      expectSubscriptions(while$.subscriptions).toBe('^-------------!');
    }),
  );

  it(
    'holds the first dial back too, and waits the policy out when it may dial again',
    marbles(({ cold, expectObservable, events }) => {
      const values = { ...events, 1: reconnecting(1, 5, refused) };
      const while$ = cold('--t-f-t----', { f: false, t: true }).pipe(startWith(false));
      const one = cold('     c#       ', values, refused);
      const two = cold('          co- ', values);
      const expected = '   --c1----co-';

      const result = inTurn(one, two).pipe(reconnect({ delay: constant(5), while$ }));

      expectObservable(result, '----------!').toBe(expected, values);
    }),
  );

  it(
    'keeps the last word of a while$ that completes, and passes its error on',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('co-', events);

      expectObservable(source.pipe(reconnect({ while$: of(true) })), '--!').toBe('co-', events);
      expectObservable(source.pipe(reconnect({ while$: of(false) })), '--!').toBe('---', events);
      expectObservable(source.pipe(reconnect({ while$: EMPTY })), '--!').toBe('co-', events);
      expectObservable(source.pipe(reconnect({ while$: throwError(() => refused) }))).toBe('#', events, refused);
    }),
  );

  it(
    'dials no more when it is unsubscribed while it waits',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const values = { ...events, r: reconnecting(1, 9, refused) };
      const one = cold('c#', values, refused);
      const two = cold('co', values);

      expectObservable(inTurn(one, two).pipe(reconnect({ delay: constant(9) })), '----!').toBe('cr---', values);
      expectSubscriptions(two.subscriptions).toBe('');
    }),
  );

  it(
    'dials no more when it is unsubscribed while credentials are fetched, or by the sight of reconnecting',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const unauthorized = new DialError('ws://a', 'the server answered 401', { status: 401 });
      const values = { ...events, r: reconnecting(1, 1, unauthorized) };
      const one = cold('c#', values, unauthorized);
      const two = cold('co', values);
      const refresh = cold('---|');

      const result = inTurn(one, two).pipe(reconnect({ delay: constant(1), refreshAuth: () => refresh }));

      expectObservable(result, '----!').toBe('cr--', values);
      expectSubscriptions(two.subscriptions).toBe('');
      expectSubscriptions(refresh.subscriptions).toBe('--^-!');
    }),
  );

  it(
    'errors with what the policy throws, and with what it should not have given',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('c#', events, refused);
      const broken = new Error('broken');
      const throws = (): number => {
        throw broken;
      };
      const nonsense = new TypeError('reconnect: expected `delay()` to be at least 0 or undefined, got NaN');

      expectObservable(source.pipe(reconnect({ delay: throws }))).toBe('c#', events, broken);
      expectObservable(source.pipe(reconnect({ delay: () => NaN }))).toBe('c#', events, nonsense);
    }),
  );

  it('refuses bad options', () => {
    expect(() => reconnect({ delay: 5 as never })).toThrow(
      "reconnect: expected `delay` to be a function such as constant('1s'), got 5",
    );
    expect(() => reconnect({ stableAfter: -1 })).toThrow('reconnect: expected `stableAfter`');
    expect(() => reconnect({ maxAttempts: 1.5 })).toThrow(
      'reconnect: expected `maxAttempts` to be a whole number of at least 0, got 1.5',
    );
    expect(() => reconnect({ closeCodes: { 4403: 'never' as never } })).toThrow(
      "reconnect: expected `closeCodes` to be codes such as '4500-4599: slow' (stop|retry|slow|refreshAuth), got '4403: never'",
    );
    expect(() => reconnect({ closeCodes: { foo: 'stop' } as never })).toThrow(
      "reconnect: expected `closeCodes` to be codes such as '4500-4599: slow' (stop|retry|slow|refreshAuth), got 'foo: stop'",
    );
    expect(() => reconnect({ maxElapsed: 'never' })).toThrow('reconnect: expected `maxElapsed`');
  });
});
