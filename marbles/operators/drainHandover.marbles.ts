import { defer, EMPTY, throwError } from 'rxjs';
import { constant } from '../../src/core/backoff.js';
import { ConnectionClosedError, DialError } from '../../src/core/errors.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import { drainHandover } from '../../src/operators/drainHandover.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { close, draining, open, reconnecting, retired } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

const away = new ConnectionClosedError(1001, '');
const refused = new DialError('ws://b', 'refused');

describe('drainHandover', () => {
  it(
    'opens the new connection before it lets the old one go',
    marbles(({ cold, expectObservable, expectSubscriptions, a, events }) => {
      const old = cold('   co-m-d-m--m--------', events);
      const next = cold('       c---O---M--M--', events);
      const oldSubs = '    ^-----------!      ';
      const nextSubs = '   -----^------------!';
      const released = '   ---------r         ';
      const expected = '   co-m-d-m-Om-tM--M--';

      const result = inTurn(old, next).pipe(drainHandover({ linger: 3, release: (c) => c.send('r') }));

      expectObservable(result, '------------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(released);
      expectSubscriptions(old.subscriptions).toBe(oldSubs);
      expectSubscriptions(next.subscriptions).toBe(nextSubs);
    }),
  );

  it(
    'passes everything through while nobody drains',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const source = cold('                                     co-m-q-p-m-(x|)', events);

      expectObservable(source.pipe(drainHandover({ linger: 3 }))).toBe('co-m-q-p-m-(x|)', events);
      expectSubscriptions(source.subscriptions).toBe('           ^----------!');
    }),
  );

  it(
    'delivers what the old connection still says up to the last millisecond of its linger',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const old = cold('   co-d------mmmm----', events);
      const next = cold('     c---O----------', events);
      const oldSubs = '    ^-----------!     ';
      const expected = '   co-d---O--mm(mt)--';

      const result = inTurn(old, next).pipe(drainHandover({ linger: 5 }));

      expectObservable(result, '-----------------!').toBe(expected, events);
      expectSubscriptions(old.subscriptions).toBe(oldSubs);
    }),
  );

  it(
    'lets the old connection go as soon as until says so',
    marbles(({ cold, expectObservable, expectSubscriptions, a, events }) => {
      const old = cold('   co-d----m-m---', events);
      const next = cold('     c--O-------', events);
      const until = cold('       ---u-u-');
      const oldSubs = '    ^--------!    ';
      const expected = '   co-d--O-mt----';

      const result = inTurn(old, next).pipe(drainHandover({ linger: 50, until: () => until }));

      expectObservable(result, '-------------!').toBe(expected, { ...events, t: retired(a, 'released') });
      expectSubscriptions(old.subscriptions).toBe(oldSubs);
      expectSubscriptions(until.subscriptions).toBe('------^--!');
    }),
  );

  it(
    'lets it go after linger where until has nothing to say',
    marbles(({ cold, expectObservable, events }) => {
      const old = cold('   co-d-------', events);
      const next = cold('     c--O----', events);
      const expected = '   co-d--O--t-';

      const result = inTurn(old, next).pipe(drainHandover({ linger: 3, until: () => EMPTY }));

      expectObservable(result, '----------!').toBe(expected, events);
    }),
  );

  it(
    'lets it go at once where linger is 0',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const old = cold('   co-d-m-m-m-', events);
      const next = cold('     c--O----', events);
      const oldSubs = '    ^-----!    ';
      const expected = '   co-d-m(Ot)-';

      expectObservable(inTurn(old, next).pipe(drainHandover({ linger: 0 })), '----------!').toBe(expected, events);
      expectSubscriptions(old.subscriptions).toBe(oldSubs);
    }),
  );

  it(
    'moves after a random share of the time that the peer gave',
    marbles(({ cold, expectObservable, expectSubscriptions, a, events }) => {
      const values = { ...events, d: draining(a, 10) };
      const old = cold('   co-d-m--m-------', values);
      const next = cold('          c--O----', values);
      const nextSubs = '   --------^------!';
      const expected = '   co-d-m--m--O--t-';

      const result = inTurn(old, next).pipe(drainHandover({ linger: 3, random: () => 0.5 }));

      expectObservable(result, '---------------!').toBe(expected, values);
      expectSubscriptions(next.subscriptions).toBe(nextSubs);
    }),
  );

  it(
    'stays when the connection breaks before its share of that time is over',
    marbles(({ cold, expectObservable, expectSubscriptions, a, events }) => {
      const values = { ...events, d: draining(a, 20), x: close(a, 1001), r: reconnecting(1, 10, away) };
      const old = cold('   co-d-(x#)             ', values, away);
      const next = cold('                 CO-M---', values);
      const expected = '   co-d-(xr)------CO-M---';

      const result = inTurn(old, next).pipe(
        reconnect({ random: () => 0.5 }),
        drainHandover({ linger: 3, random: () => 0.5 }),
      );

      expectObservable(result, '---------------------!').toBe(expected, values);
      expectSubscriptions(next.subscriptions).toBe('---------------^-----!');
    }),
  );

  it(
    'hides the dials of a successor that has to try more than once',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const old = cold('   co-d-m-m-m-m-----', events);
      const fails = cold('    c#            ', events, refused);
      const next = cold('         c--O-----', events);
      const oldSubs = '    ^------------!   ';
      const expected = '   co-d-m-m-mOm-t---';

      const result = inTurn(old, fails, next).pipe(reconnect({ delay: constant(3) }), drainHandover({ linger: 3 }));

      expectObservable(result, '----------------!').toBe(expected, events);
      expectSubscriptions(old.subscriptions).toBe(oldSubs);
      expectSubscriptions(fails.subscriptions).toBe('---^!');
    }),
  );

  it(
    'retires as lost an old connection that ends by itself while it lingers',
    marbles(({ cold, expectObservable, a, events }) => {
      const values = { ...events, x: close(a, 1001), t: retired(a, 'lost') };
      const closes = cold('co-d---(x#)   ', values, away);
      const fails = cold(' co-d---#      ', values, away);
      const ends = cold('  co-d---|      ', values);
      const breaks = cold('co-d---r------', values);
      const next = cold('     c-O-----M--', values);
      const expected = '   co-d-O-t---M--';

      for (const old of [closes, fails, ends, breaks]) {
        const result = inTurn(old, next).pipe(drainHandover({ linger: 9 }));
        expectObservable(result, '-------------!').toBe(expected, values);
      }
    }),
  );

  it(
    'shows the dial of the successor when the old connection ends before it is open',
    marbles(({ cold, expectObservable, expectSubscriptions, a, events }) => {
      const values = { ...events, x: close(a, 1001), t: retired(a, 'lost'), s: reconnecting(2, 9, refused) };
      const old = cold('    co-d--(x#)         ', values, away);
      const dialing = cold('   c--------O-M---  ', values);
      const waiting = cold('   c-s----c-O-M---  ', values);
      const until = '       -----------------!';

      expectObservable(inTurn(old, dialing).pipe(drainHandover({ linger: 3 })), until).toBe(
        'co-d--(tc)--O-M--',
        values,
      );
      expectObservable(inTurn(old, waiting).pipe(drainHandover({ linger: 3 })), until).toBe(
        'co-d--(ts)c-O-M--',
        values,
      );
      expectSubscriptions(old.subscriptions).toBe(['^-----!', '^-----!']);
    }),
  );

  it(
    'goes on with the old connection when the successor fails for good, and ends with it',
    marbles(({ cold, expectObservable, a, events }) => {
      const values = { ...events, x: close(a, 1001), z: close(a, 1000) };
      const next = cold('     c#            ', values, refused);
      const closes = cold('co-d---m---(x#)  ', values, away);
      const ends = cold('  co-d---m---(z|)  ', values);

      expectObservable(inTurn(closes, next).pipe(drainHandover({ linger: 3 }))).toBe('co-d---m---(x#)', values, away);
      expectObservable(inTurn(ends, next).pipe(drainHandover({ linger: 3 }))).toBe('co-d---m---(z#)', values, refused);
    }),
  );

  it(
    'tries again when the peer asks again after the successor failed, a second after it tried last',
    marbles(({ cold, expectObservable, events }) => {
      const old = cold('  co-d---d 2s -', events);
      const fails = cold('   c#', events, refused);
      const next = cold('        c--O----', events);
      const expected = '  co-d---d 998ms O--t';

      const result = inTurn(old, fails, next).pipe(drainHandover({ linger: 3 }));

      expectObservable(result, '1010ms !').toBe(expected, events);
    }),
  );

  it(
    'forgets that a successor failed once it has an open connection again',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const values = { ...events, x: close(a, 1001), X: close(b, 1000) };
      const life = cold(' co-d---x-r-CO-(X|)', values);
      const fails = cold('   c#', values, refused);

      expectObservable(inTurn(life, fails).pipe(drainHandover({ linger: 3 }))).toBe('co-d---x-r-CO-(X|)', values);
    }),
  );

  it(
    'moves sooner when a second notice gives less time',
    marbles(({ cold, expectObservable, a, events }) => {
      const values = { ...events, d: draining(a, 100), e: draining(a, 4) };
      const old = cold('   co-d--e-------', values);
      const next = cold('          c-O---', values);
      const expected = '   co-d--e---O---';

      const result = inTurn(old, next).pipe(drainHandover({ linger: 9, random: () => 0.5 }));

      expectObservable(result, '-------------!').toBe(expected, values);
    }),
  );

  it(
    'makes one successor, however often the peer asks',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const old = cold('   co-dd-d---d----', events);
      const next = cold('     c-----O-----', events);
      const expected = '   co-dd-d--Od-t--';

      const result = inTurn(old, next).pipe(drainHandover({ linger: 3 }));

      expectObservable(result, '--------------!').toBe(expected, events);
      expectSubscriptions(next.subscriptions).toBe('---^----------!');
    }),
  );

  it(
    'lets the old connection go for the third one when the successor drains too: at most two live, and a second between dials',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const c = mockConnection<string>('c');
      const values = { ...events, P: open(c) };
      const old = cold('   co-d--- 2s -', values);
      const next = cold('     c-O-D 2s -', values);
      const third = cold('        c---P-', values);
      const oldSubs = '    ^ 1002ms !';
      const nextSubs = '   ---^ 1009ms !';
      const thirdSubs = '  1003ms ^ 9ms !';
      const expected = '   co-d-O-D 995ms t---P';

      const result = inTurn(old, next, third).pipe(drainHandover({ linger: 5_000 }));

      expectObservable(result, '1013ms !').toBe(expected, values);
      expectSubscriptions(old.subscriptions).toBe(oldSubs);
      expectSubscriptions(next.subscriptions).toBe(nextSubs);
      expectSubscriptions(third.subscriptions).toBe(thirdSubs);
    }),
  );

  it(
    'waits twice as long before each successor that follows soon, up to 16 s, and a second again when one served a while',
    marbles(({ cold, flush, scheduler, events }) => {
      const dials: number[] = [];
      const drains = cold<ConnectionEvent<string, string>>('oD', events);
      const serves = cold<ConnectionEvent<string, string>>('o 30s D', events);
      const source = defer(() => {
        dials.push(scheduler.now());
        return dials.length === 8 ? serves : drains;
      });

      const hold = source.pipe(drainHandover({ linger: 1 })).subscribe();
      scheduler.schedule(() => hold.unsubscribe(), 95_000);
      flush();
      const waits = dials.map((at, nth) => Math.round((at - (dials[nth - 1] ?? 0)) / 1_000));
      expect(waits).toEqual([0, 0, 1, 2, 4, 8, 16, 16, 30, 1, 2, 4, 8]);
    }),
  );

  it(
    'ends with the new connection, also while the old one lingers',
    marbles(({ cold, expectObservable, expectSubscriptions, b, events }) => {
      const values = { ...events, X: close(b, 1000) };
      const old = cold('   co-d------m---', values);
      const next = cold('     c-O--(X|)  ', values);
      const oldSubs = '    ^-------!     ';

      const result = inTurn(old, next).pipe(drainHandover({ linger: 9 }));

      expectObservable(result).toBe('co-d-O--(X|)', values);
      expectSubscriptions(old.subscriptions).toBe(oldSubs);
    }),
  );

  it(
    'waits for nothing when its leave ends the old connection',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, a, events }) => {
      const old = hot('    co-d------', events);
      const next = cold('     c--O---', events);
      const until = cold('       ------');
      const expected = '   co-d--(Ot)';

      const result = inTurn(old, next).pipe(
        drainHandover({ linger: 9, release: () => old.next(close(a, 1000)), until: () => until }),
      );

      expectObservable(result, '----------!').toBe(expected, { ...events, t: retired(a, 'lost') });
      expectSubscriptions(until.subscriptions).toBe('------(^!)');
    }),
  );

  it(
    'does not take leave of an old connection that is no longer open',
    marbles(({ cold, expectObservable, a, events }) => {
      const old = cold('   co-d-------', events);
      const next = cold('     c-O-----', events);
      a.closing();

      const result = inTurn(old, next).pipe(drainHandover({ linger: 3, release: (c) => c.send('bye') }));

      expectObservable(result, '----------!').toBe('co-d-O--t-', events);
      expectObservable(a.sent$).toBe('');
    }),
  );

  it(
    'errors with what release or until throws, and lets go of both connections',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const old = cold('   co-d----', events);
      const next = cold('     c-O--', events);
      const broken = new Error('broken');
      const breaks = (): never => {
        throw broken;
      };
      const expected = '   co-d-(O#)';

      expectObservable(inTurn(old, next).pipe(drainHandover({ linger: 3, release: breaks }))).toBe(
        expected,
        events,
        broken,
      );
      expectObservable(inTurn(old, next).pipe(drainHandover({ linger: 3, until: breaks }))).toBe(
        expected,
        events,
        broken,
      );
      expectObservable(
        inTurn(old, next).pipe(drainHandover({ linger: 3, until: () => throwError(() => broken) })),
      ).toBe(expected, events, broken);
      expectSubscriptions(old.subscriptions).toBe(['^----!', '^----!', '^----!']);
      expectSubscriptions(next.subscriptions).toBe(['---^-!', '---^-!', '---^-!']);
    }),
  );

  it(
    'lets go of everything when it is unsubscribed, whatever it waits for',
    marbles(({ cold, expectObservable, expectSubscriptions, a, events }) => {
      const hinted = { ...events, d: draining(a, 10) };
      const old = cold('   co-d---m', events);
      const patient = cold('co-d---m', hinted);
      const next = cold('     c-O--', events);

      expectObservable(inTurn(patient, next).pipe(drainHandover({ linger: 9, random: () => 0.5 })), '----!').toBe(
        'co-d-',
        hinted,
      );
      expectObservable(inTurn(old, next).pipe(drainHandover({ linger: 9 })), '----!').toBe('co-d-', events);
      expectObservable(inTurn(old, next).pipe(drainHandover({ linger: 9 })), '------!').toBe('co-d-O-', events);
      expectSubscriptions(patient.subscriptions).toBe(['^---!']);
      expectSubscriptions(old.subscriptions).toBe(['^---!', '^-----!']);
      expectSubscriptions(next.subscriptions).toBe(['---^!', '---^--!']);
    }),
  );

  it('refuses a linger that is none', () => {
    expect(() => drainHandover({ linger: NaN })).toThrow(
      "drainHandover: expected `linger` to be at least 0 ms, or a text such as '10s', got NaN",
    );
  });
});
