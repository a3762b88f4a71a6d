import { distinctUntilChanged, map, NEVER, retry } from 'rxjs';
import { constant } from '../../src/core/backoff.js';
import { ConnectionClosedError, DialError } from '../../src/core/errors.js';
import { connectionState } from '../../src/operators/connectionState.js';
import { drainHandover } from '../../src/operators/drainHandover.js';
import { fallback, type FallbackConfig } from '../../src/operators/fallback.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { close, connecting, draining, open, reconnecting, retired } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

const blocked = new DialError('ws://a', 'blocked');
const cut = new ConnectionClosedError(1006, '');

/** Small enough to be drawn. */
const quick: FallbackConfig = { after: 1, probe: 5, stableAfter: 1, linger: 6 };

describe('fallback', () => {
  it(
    'moves to the next source when the best one fails, and comes back without a gap',
    marbles(({ cold, expectObservable, expectSubscriptions, a, events }) => {
      const values = { ...events, r: reconnecting(1, 1, blocked), d: { ...draining(a), replaced: true } };
      const best = cold('  c-#', values, blocked);
      const next = cold('     c-om------m-----', values);
      const back = cold('         c-O----M-M--', values);
      const expected = '   c-rc-om--(dO)mMtM--';

      const result = fallback([inTurn(best, back), next], quick).pipe(reconnect({ delay: constant(1) }));

      expectObservable(result, '------------------!').toBe(expected, values);
      expectSubscriptions(next.subscriptions).toBe('---^-----------!');
      expectSubscriptions(back.subscriptions).toBe('-------^----------!');
    }),
  );

  it(
    'passes everything through while the best source works, and dials no other',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const best = cold('  co-m-q-p-d-m-x|', events);
      const next = cold('  co', events);

      expectObservable(fallback([best, next], quick)).toBe('co-m-q-p-d-m-x|', events);
      expectSubscriptions(next.subscriptions).toBe([]);
    }),
  );

  it(
    'stays with the best source until it failed as often in a row as after says',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const best = cold('  c#', events, blocked);
      const next = cold('        co-m-', events);
      const expected = '   c-c-c-co-m-';

      const result = fallback([best, next], { after: 3 }).pipe(retry({ delay: 1 }));

      expectObservable(result, '----------!').toBe(expected, events);
      expectSubscriptions(best.subscriptions).toBe(['^!', '--^!', '----^!']);
    }),
  );

  it.each([401, 403, 404, 407, 426, 503])(
    'moves on from a source whose upgrade a proxy refuses with %i, by the close codes that reconnect has by itself',
    (status) =>
      marbles(({ cold, expectObservable, events }) => {
        const refused = new DialError('ws://a', 'refused', { status });
        const best = cold('  c#', events, refused);
        const next = cold('      co-m-', events);
        const expected = '   cr-co-m-';
        const values = { ...events, r: reconnecting(1, 2, refused) };

        const result = fallback([best, next], { after: 1 }).pipe(reconnect({ delay: constant(2) }));

        expectObservable(result, '--------!').toBe(expected, values);
      })(),
  );

  it(
    'counts anew after a connection that was stable, and not a millisecond earlier',
    marbles(({ cold, expectObservable, events }) => {
      const values = { ...events, x: close(mockConnection('a'), 1006) };
      const fails = cold(' c#', events, blocked);
      const early = cold(' co---#', events, cut);
      const late = cold('  co----#', events, cut);
      const next = cold('  CO', events);

      const outlived = fallback([inTurn(fails, late, fails, NEVER), next], { after: 2, stableAfter: 5 });
      const cutOff = fallback([inTurn(fails, early), next], { after: 2, stableAfter: 5 });

      expectObservable(outlived.pipe(retry({ delay: 1 })), '-------------!').toBe('c-co-----c---', values);
      expectObservable(cutOff.pipe(retry({ delay: 1 })), '  -------------!').toBe('c-co----CO---', values);
    }),
  );

  it(
    'does not count anew because a server accepts, when it then closes',
    marbles(({ cold, expectObservable, a, events }) => {
      const values = { ...events, x: close(a, 1006) };
      const best = cold('  co-(x#)       ', values, cut);
      const next = cold('           CO-M-', values);
      const expected = '   co-xco-xCO-M-';

      const result = fallback([best, next], { after: 2 }).pipe(retry({ delay: 1 }));

      expectObservable(result, '-------------!').toBe(expected, values);
    }),
  );

  it(
    'moves to the next source also when the best one is blocked after it worked',
    marbles(({ cold, expectObservable, a, events }) => {
      const values = { ...events, x: close(a, 1006) };
      const works = cold(' co----(x#)     ', values, cut);
      const fails = cold(' c#             ', values, blocked);
      const next = cold('             CO-M-', values);
      const expected = '   co----xc-c-CO-M-';

      const result = fallback([inTurn(works, fails, fails), next], { after: 2, stableAfter: 3 }).pipe(
        retry({ delay: 1 }),
      );

      expectObservable(result, '-----------------!').toBe(expected, values);
    }),
  );

  it(
    'begins again with the best source behind the last, and then gives each one dial until one is stable',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const best = cold('  c#', events, blocked);
      const next = cold('  C#', events, blocked);
      const expected = '   c-c-C-C-c-C-c-';

      const result = fallback([best, next], { after: 2 }).pipe(retry({ delay: 1 }));

      expectObservable(result, '-------------!').toBe(expected, events);
      expectSubscriptions(best.subscriptions).toBe(['^!', '--^!', '--------^!', '------------^!']);
    }),
  );

  it(
    'gives every error to the one who subscribed: the next subscription dials',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const best = cold('c#', events, blocked);
      const next = cold('C#', events, blocked);
      const source = fallback([best, next], { after: 1 });

      expectObservable(source).toBe('c#', events, blocked);
      expectObservable(source, '---^').toBe('---C#', events, blocked);
      expectSubscriptions(best.subscriptions).toBe('^!');
    }),
  );

  it(
    'goes on with the worse source while probes fail, and shows none of them',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const best = cold('  c#                ', events, blocked);
      const next = cold('    CO-M--M--M--M--M-', events);
      const expected = '   c-CO-M--M--M--M--M-';

      const result = fallback([best, next], { ...quick, stableAfter: 0 }).pipe(retry({ delay: 1 }));

      expectObservable(result, '-------------------!').toBe(expected, events);
      expectSubscriptions(best.subscriptions).toBe(['^!', '------^!', '-----------^!', '----------------^!']);
    }),
  );

  it(
    'counts a probe that ends before it is open as one that failed, also where it completes',
    marbles(({ cold, expectObservable, events }) => {
      const fails = cold(' c#       ', events, blocked);
      const ends = cold('  c|       ', events);
      const next = cold('    CO--M--', events);
      const expected = '   c-CO--M--';

      const result = fallback([inTurn(fails, ends), next], quick).pipe(retry({ delay: 1 }));

      expectObservable(result, '---------!').toBe(expected, events);
    }),
  );

  it(
    'gives up a probe that says nothing until the next one is due',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b, events }) => {
      const values = { ...events, D: { ...draining(b), replaced: true }, o: open(a), T: retired(b) };
      const fails = cold(' c#                 ', values, blocked);
      const hangs = cold('       c------------', values);
      const opens = cold('            c-o-----', values);
      const next = cold('    CO--M------------', values);
      const expected = '   c-CO--M------(DoT)-';

      const result = fallback([inTurn(fails, hangs, opens), next], { ...quick, linger: 0 }).pipe(retry({ delay: 1 }));

      expectObservable(result, '-------------------!').toBe(expected, values);
      expectSubscriptions(hangs.subscriptions).toBe('------^----!');
      expectSubscriptions(next.subscriptions).toBe('  --^----------!');
    }),
  );

  it(
    'tries the better ones in turn, and goes on trying when it came back to one that is not the best',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const c = mockConnection('c');
      const values = {
        ...events,
        1: { ...draining(c), replaced: true },
        2: { ...draining(mockConnection('b')), replaced: true },
        k: connecting('ws://c'),
        l: open(c),
        v: retired(c),
        w: retired(mockConnection('b')),
      };
      const fails = cold(' c#                        ', values, blocked);
      const best = cold('                    co------', values);
      const fails2 = cold('  C#                      ', values, blocked);
      const middle = cold('              CO----------', values);
      const last = cold('      kl---------------------', values);
      const expected = '   c-C-kl--------(1Ov)(2ow)--';

      const result = fallback([inTurn(fails, fails, best), inTurn(fails2, middle), last], { ...quick, linger: 0 }).pipe(
        retry({ delay: 1 }),
      );

      expectObservable(result, '----------------------------!').toBe(expected, values);
      expectSubscriptions(last.subscriptions).toBe('----^---------!');
    }),
  );

  it(
    'shows the probe when the worse connection ends before it is open',
    marbles(({ cold, expectObservable, expectSubscriptions, b, events }) => {
      const values = { ...events, X: close(b, 1006), T: retired(b, 'lost') };
      const fails = cold(' c#             ', values, blocked);
      const back = cold('       c-------o-m-', values);
      const next = cold('    CO-M---(X#)   ', values, cut);
      const expected = '   c-CO-M---(Tc)o-m-';

      const result = fallback([inTurn(fails, back), next], { ...quick, stableAfter: 0, probe: 4 }).pipe(
        retry({ delay: 1 }),
      );

      expectObservable(result, '----------------!').toBe(expected, values);
      expectSubscriptions(back.subscriptions).toBe('-----^----------!');
    }),
  );

  it(
    'ends with the worse connection that says it is done, also while a probe runs',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const fails = cold(' c#         ', events, blocked);
      const back = cold('        c-----', events);
      const next = cold('    CO-M---X| ', events);
      const expected = '   c-CO-M---X| ';

      const result = fallback([inTurn(fails, back), next], quick).pipe(retry({ delay: 1 }));

      expectObservable(result).toBe(expected, events);
      expectSubscriptions(back.subscriptions).toBe('------^--!');
    }),
  );

  it(
    'leaves a source at once that came back by a probe and did not stay',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const values = { ...events, D: { ...draining(b), replaced: true }, T: retired(b), x: close(a, 1006) };
      const fails = cold(' c#                     ', values, blocked);
      const back = cold('              co----(x#)', values, cut);
      const next = cold('      CO-M--------------', values);
      const again = cold('                     CO-M-', values);
      const expected = '   c-c-CO-M-----(DoT)xCO-M-';

      const result = fallback([inTurn(fails, fails, back), inTurn(next, again)], {
        after: 2,
        probe: 5,
        stableAfter: 7,
        linger: 0,
      }).pipe(retry({ delay: 1 }));

      expectObservable(result, '------------------------!').toBe(expected, values);
    }),
  );

  it(
    'probes in time also when no connection of the worse source lives that long',
    marbles(({ cold, expectObservable, expectSubscriptions, b, events }) => {
      const values = { ...events, D: { ...draining(b), replaced: true }, T: retired(b) };
      const fails = cold(' c#                ', values, blocked);
      const back = cold('             co----', values);
      const next = cold('    CO---#         ', values, cut);
      const expected = '   c-CO----CO-(DoT)--';

      const result = fallback([inTurn(fails, back), next], { ...quick, probe: 9, linger: 0 }).pipe(retry({ delay: 1 }));

      expectObservable(result, '-----------------!').toBe(expected, values);
      expectSubscriptions(back.subscriptions).toBe('----------^------!');
    }),
  );

  it(
    'tries no better source beside a connection that is draining',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const fails = cold(' c#           ', events, blocked);
      const back = cold('        c------', events);
      const next = cold('    CO-----D-M-', events);
      const expected = '   c-CO-----D-M-';

      const result = fallback([inTurn(fails, back), next], quick).pipe(retry({ delay: 1 }));

      expectObservable(result, '--------------!').toBe(expected, events);
      expectSubscriptions(back.subscriptions).toBe('------^--!');
    }),
  );

  it(
    'lets the worse connection go when the better one is asked to be left: at most two live',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b, events }) => {
      const values = { ...events, D: { ...draining(b), replaced: true }, T: retired(b), d: draining(a) };
      const fails = cold(' c#              ', values, blocked);
      const back = cold('        co---d----', values);
      const next = cold('    CO------------', values);
      const expected = '   c-CO---(Do)(Td)-';

      const result = fallback([inTurn(fails, back), next], quick).pipe(retry({ delay: 1 }));

      expectObservable(result, '-----------------!').toBe(expected, values);
      expectSubscriptions(next.subscriptions).toBe('  --^--------!');
    }),
  );

  it(
    'needs no successor from a drainHandover behind it, which makes one when a peer asks for it',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b, events }) => {
      const c = mockConnection('c');
      const values = {
        ...events,
        D: { ...draining(b), replaced: true },
        T: retired(b),
        d: draining(a),
        z: open(c),
        t: retired(a),
        r: reconnecting(1, 1, blocked),
      };
      const fails = cold(' c#                      ', values, blocked);
      const back = cold('        co-------d--------', values);
      const third = cold('                c-z----', values);
      const next = cold('    CO--------------------', values);
      const expected = '   crCO---(DoT)---d-z--t--';

      const result = fallback([inTurn(fails, back, third), next], { ...quick, linger: 0 }).pipe(
        reconnect({ delay: constant(1) }),
        drainHandover({ linger: 3 }),
      );

      expectObservable(result, '------------------------!').toBe(expected, values);
      expectSubscriptions(back.subscriptions).toBe('------^-------------!');
    }),
  );

  it(
    'does not take a probe that fails for a failure of the source that serves',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const c = mockConnection('c');
      const values = { ...events, k: connecting(c.url), l: open(c) };
      const best = cold('  c#            ', values, blocked);
      const middle = cold('  C#          ', values, blocked);
      const last = cold('      kl----#   ', values, cut);
      const expected = '   c-C-kl-----kl-';

      const result = fallback([best, middle, last], quick).pipe(retry({ delay: 1 }));

      expectObservable(result, '-------------!').toBe(expected, values);
      expectSubscriptions(best.subscriptions).toBe(['^!', '--------^!']);
      expectSubscriptions(middle.subscriptions).toBe('--^!');
    }),
  );

  it(
    'says of the worse connection once that it is to be left',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const values = { ...events, o: open(a), D: { ...draining(b), replaced: true } };
      const fails = cold(' c#            ', values, blocked);
      const back = cold('        co------', values);
      const next = cold('    CO--------DM', { ...events, D: draining(b) });
      const expected = '   c-CO---(Do)--M-';

      const result = fallback([inTurn(fails, back), next], { ...quick, linger: 8 }).pipe(retry({ delay: 1 }));

      expectObservable(result, '--------------!').toBe(expected, values);
    }),
  );

  it(
    'probes beside a source that reconnects by itself only while that is open',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const values = { ...events, R: reconnecting(1, 6, cut) };
      const fails = cold(' c#               ', values, blocked);
      const back = cold('               c--', values);
      const next = cold('    CO-R---------CO-', values);
      const expected = '   c-CO-R---------CO-';

      const result = fallback([inTurn(fails, back), next], quick).pipe(retry({ delay: 1 }));

      expectObservable(result, '------------------!').toBe(expected, values);
      expectSubscriptions(back.subscriptions).toBe('-----------------^!');
    }),
  );

  it(
    'shows states that follow from each other',
    marbles(({ cold, expectObservable, events }) => {
      const fails = cold(' c#              ', events, blocked);
      const back = cold('        co------x|', events);
      const next = cold('    CO------------', events);
      const expected = '   nrnB---(DA)----(gz|)';
      const onIllegal = (state: string, event: string): never => {
        throw new Error(`${event} in ${state}`);
      };

      const result = fallback([inTurn(fails, back), next], quick).pipe(
        reconnect({ delay: constant(1) }),
        connectionState({ onIllegal }),
        map(({ internalState, connection }) => `${internalState} ${connection?.id ?? ''}`.trim()),
        distinctUntilChanged(),
      );

      expectObservable(result).toBe(expected, {
        n: 'CONNECTING',
        r: 'RECONNECTING',
        B: 'ACTIVE b',
        D: 'DRAINING_RECONNECTING b',
        A: 'ACTIVE a',
        g: 'CLOSING',
        z: 'CLOSED',
      });
    }),
  );

  it(
    'lets go of everything when it is unsubscribed, whatever it waits for',
    marbles(({ cold, expectObservable, expectSubscriptions, b, events }) => {
      const sources = () => {
        const fails = cold('c#', events, blocked);
        const back = cold(' c-o----', events);
        const next = cold(' C-O-----', events);
        return { back, next, result$: fallback([inTurn(fails, back), next], quick).pipe(retry({ delay: 1 })) };
      };
      const [dialling, waiting, probing, lingering] = [sources(), sources(), sources(), sources()];
      const draws = { ...events, D: { ...draining(b), replaced: true } };

      expectObservable(dialling.result$, ' ---!').toBe('c-C-', draws);
      expectObservable(waiting.result$, '  -----!').toBe('c-C-O-', draws);
      expectObservable(probing.result$, '  -------!').toBe('c-C-O---', draws);
      expectObservable(lingering.result$, '----------!').toBe('c-C-O---(Do)', draws);
      expectSubscriptions(dialling.next.subscriptions).toBe(' --^!');
      expectSubscriptions(waiting.next.subscriptions).toBe('  --^--!');
      expectSubscriptions(probing.next.subscriptions).toBe('  --^----!');
      expectSubscriptions(probing.back.subscriptions).toBe('  ------^!');
      expectSubscriptions(lingering.next.subscriptions).toBe('--^-------!');
      expectSubscriptions(lingering.back.subscriptions).toBe('------^---!');
    }),
  );

  it('refuses options that are none', () => {
    expect(() => fallback([])).toThrow(
      new TypeError('fallback: expected `sources.length` to be a whole number of at least 1, got 0'),
    );
    expect(() => fallback([NEVER], { after: 0 })).toThrow(
      'fallback: expected `after` to be a whole number of at least 1, got 0',
    );
    expect(() => fallback([NEVER], { probe: 0 })).toThrow('fallback: expected `probe` to be above 0 ms');
    expect(() => fallback([NEVER], { linger: -1 })).toThrow('fallback: expected `linger` to be at least 0 ms');
    expect(() => fallback([NEVER], { stableAfter: -1 })).toThrow(
      'fallback: expected `stableAfter` to be at least 0 ms',
    );
  });
});
