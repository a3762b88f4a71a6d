import { EMPTY, of, Subject, tap, throwError, timer } from 'rxjs';
import { BufferOverflowError } from '../../src/core/errors.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import { sendFrom } from '../../src/operators/sendFrom.js';
import { close, dropped, reconnecting } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';

describe('sendFrom', () => {
  it(
    'sends over the open connection, and keeps in order what comes before it is open',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('1-2------3-');
      const source = cold(' c---o----m-', events);
      const sent = '        ----(12)-3-';
      const until = '       ----------!';

      expectObservable(source.pipe(sendFrom(outgoing)), until).toBe('c---o----m-', events);
      expectObservable(a.sent$).toBe(sent);
    }),
  );

  it(
    'forwards open before it sends anything',
    marbles(({ cold, flush, expectObservable, a, events }) => {
      const source = cold('co-', events);
      const seen: string[] = [];
      a.sent$.subscribe((message) => seen.push(`sent ${String(message)}`));

      const result = source.pipe(sendFrom(of('1')));
      result.subscribe(({ type }) => seen.push(type));
      expectObservable(result, '--!').toBe('co', events);
      flush();
      expect(seen.slice(0, 3)).toEqual(['connecting', 'open', 'sent 1']);
    }),
  );

  it(
    'drops the oldest beyond the buffer, and says so',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('123-4-----');
      const source = cold(' c-----o---', events);
      const expected = '    c-1-2-o---';
      const values = { ...events, 1: dropped('1', 'overflow'), 2: dropped('2', 'overflow') };

      expectObservable(source.pipe(sendFrom(outgoing, { buffer: 2 })), '---------!').toBe(expected, values);
      expectObservable(a.sent$).toBe('------(34)');
    }),
  );

  it(
    'keeps the order, and to its buffer, when the consumer sends because of a drop',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('12-----');
      const source = cold(' c----o-', events);
      const expected = '    c(yx)o-';
      const toA = '         -----3-';
      const values = { ...events, x: dropped('1', 'overflow'), y: dropped('2', 'overflow') };
      // It sends before it passes on what it was told.
      const again = tap<ConnectionEvent<string>>((event) => {
        if (event.type === 'dropped' && event.message === '1') outgoing.next('3');
      });

      expectObservable(source.pipe(sendFrom(outgoing, { buffer: 1 }), again), '-------!').toBe(expected, values);
      expectObservable(a.sent$).toBe(toA);
    }),
  );

  it(
    'drops the newest beyond the buffer where the policy says so',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('123-4-----');
      const source = cold(' c-----o---', events);
      const expected = '    c-3-4-o---';
      const values = { ...events, 3: dropped('3', 'overflow'), 4: dropped('4', 'overflow') };

      const result = source.pipe(sendFrom(outgoing, { buffer: 2, overflow: 'drop-newest' }));

      expectObservable(result, '---------!').toBe(expected, values);
      expectObservable(a.sent$).toBe('------(12)');
    }),
  );

  it(
    'errors beyond the buffer where the policy says so, after it has said what is lost',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, events }) => {
      const outgoing = hot('123-4-----');
      const source = cold(' c-----o---', events);
      const values = { ...events, x: dropped('1', 'ended'), y: dropped('2', 'ended'), z: dropped('3', 'ended') };
      const subs = '        ^-!       ';

      const result = source.pipe(sendFrom(outgoing, { buffer: 2, overflow: 'error' }));

      expectObservable(result).toBe('c-(xyz#)', values, new BufferOverflowError(2));
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(outgoing.subscriptions).toBe(subs);
    }),
  );

  it(
    'drops everything that would wait where the buffer is 0',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('-1--2');
      const source = cold(' c--o-', events);
      const expected = '    c1-o-';
      const values = { ...events, 1: dropped('1', 'overflow') };

      expectObservable(source.pipe(sendFrom(outgoing, { buffer: 0 })), '-----!').toBe(expected, values);
      expectObservable(a.sent$).toBe('----2');
    }),
  );

  it(
    'drops what waited longer than its ttl, one by one and to the millisecond',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('1-2-3-----');
      const source = cold(' c------o--', events);
      const expected = '    c---1-2o--';
      const values = { ...events, 1: dropped('1', 'expired'), 2: dropped('2', 'expired') };

      expectObservable(source.pipe(sendFrom(outgoing, { ttl: 4 })), '---------!').toBe(expected, values);
      expectObservable(a.sent$).toBe('-------3');
    }),
  );

  it(
    'drops what waited for 2^31 - 1 ms where the ttl is longer',
    marbles(({ cold, hot, expectObservable, events }) => {
      const outgoing = hot('1');
      const source = cold(' c', events);
      const expected = '    c 2147483646ms 1';
      const unsubscribe = ' - 2147483646ms -!';

      expectObservable(source.pipe(sendFrom(outgoing, { ttl: '30d' })), unsubscribe).toBe(expected, {
        ...events,
        1: dropped('1', 'expired'),
      });
    }),
  );

  it(
    'keeps messages between connections and sends them to the one that opened last',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const values = { ...events, x: close(a, 1006), r: reconnecting(1, 1, undefined) };
      const outgoing = hot('--1--2-3-----4-');
      const source = cold(' co--x-r-CO-----', values);
      const toA = '         --1------------';
      const toB = '         ---------(23)4-';
      const until = '       --------------!';

      expectObservable(source.pipe(sendFrom(outgoing)), until).toBe('co--x-r-CO-----', values);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'sends what a send brings about behind what waits',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('12---');
      const source = cold(' c--o-', events);
      const sent = '       ---(123)';
      a.sent$.subscribe((message) => {
        if (message === '1') outgoing.next('3');
      });

      expectObservable(source.pipe(sendFrom(outgoing)), '-----!').toBe('c--o', events);
      expectObservable(a.sent$).toBe(sent);
    }),
  );

  it(
    'goes on over the successor in a handover, while the old connection lingers',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('--1--2--3---4-');
      const source = cold(' co-d--O---t---', events);
      const toA = '         --1--2--------';
      const toB = '         --------3---4-';

      expectObservable(source.pipe(sendFrom(outgoing)), '-------------!').toBe('co-d--O---t---', events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'puts a message back when the connection turns out not to be open',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('--1-2----');
      const source = cold(' co----CO-', events);
      const toB = '         -------(12)';
      a.lost();

      expectObservable(source.pipe(sendFrom(outgoing)), '--------!').toBe('co----CO-', events);
      expectObservable(a.sent$).toBe('');
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'errors with what an open connection refuses to send',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, a, events }) => {
      const outgoing = hot('--1-');
      const source = cold(' co--', events);
      a.failSends(new TypeError('not encodable'));

      expectObservable(source.pipe(sendFrom(outgoing))).toBe('co#', events, new TypeError('not encodable'));
      expectSubscriptions(source.subscriptions).toBe('^-!');
    }),
  );

  it(
    'goes on receiving when there is nothing more to send',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('co-m-x|', events);

      expectObservable(source.pipe(sendFrom(EMPTY))).toBe('co-m-x|', events);
    }),
  );

  it(
    'says what still waited when the connection ended for good',
    marbles(({ cold, hot, expectObservable, events }) => {
      const outgoing = hot('1-2---');
      const fails = cold('  c---# ', events);
      const ends = cold('   c---| ', events);
      const values = { ...events, 1: dropped('1', 'ended'), 2: dropped('2', 'ended') };

      expectObservable(fails.pipe(sendFrom(outgoing))).toBe('c---(12#)', values);
      expectObservable(ends.pipe(sendFrom(outgoing))).toBe('c---(12|)', values);
    }),
  );

  it(
    'says what still waited when the messages failed, or the connection refused one',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const wrong = new Error('wrong');
      const failing = cold('1-2#', undefined, wrong);
      const outgoing = hot(' 1-2---');
      const opens = cold('   c---o-', events);
      const values = { ...events, 1: dropped('1', 'ended'), 2: dropped('2', 'ended') };
      a.failSends(wrong);

      expectObservable(opens.pipe(sendFrom(failing))).toBe('c--(12#)', values, wrong);
      expectObservable(opens.pipe(sendFrom(outgoing))).toBe('c---(o2#)', values, wrong);
    }),
  );

  it(
    'takes no more once it says what still waited',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, events }) => {
      const outgoing = hot('1--');
      const source = cold(' c-#', events);
      const values = { ...events, 1: dropped('1', 'ended') };
      const again = tap<ConnectionEvent<string>>(({ type }) => {
        if (type === 'dropped') expect(outgoing.observed).toBe(false);
      });

      expectObservable(source.pipe(sendFrom(outgoing), again)).toBe('c-(1#)', values);
      expectSubscriptions(outgoing.subscriptions).toBe('^-!');
    }),
  );

  it(
    'passes the errors of both sides on',
    marbles(({ cold, expectObservable, events }) => {
      const fails = cold('co-#', events);
      const lives = cold('co--', events);
      const broken = throwError(() => new Error('broken'));

      expectObservable(fails.pipe(sendFrom(EMPTY))).toBe('co-#', events);
      expectObservable(lives.pipe(sendFrom(broken))).toBe('#', events, new Error('broken'));
    }),
  );

  it(
    'lets go of both sides when it is unsubscribed, and drops nothing any more',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, events }) => {
      const outgoing = hot('1------');
      const source = cold(' c------', events);
      const until = '       ---!   ';

      expectObservable(source.pipe(sendFrom(outgoing, { ttl: 5 })), until).toBe('c--', events);
      expectSubscriptions(source.subscriptions).toBe(' ^--!');
      expectSubscriptions(outgoing.subscriptions).toBe('^--!');
    }),
  );

  it(
    'keeps messages while the network takes no more, and looks again every 50 ms',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('--12-----');
      const source = cold(' co-------', events);
      a.bufferedAmount = 101;
      timer(20).subscribe(() => (a.bufferedAmount = 100));

      expectObservable(source.pipe(sendFrom(outgoing, { highWater: 100 })), '70ms !').toBe('co', events);
      expectObservable(a.sent$).toBe('52ms (12)');
    }),
  );

  it(
    'looks at a congested connection every 50 ms, also while more is to be sent',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const source = cold('co-', events);
      const outgoing$ = cold('--1 39ms 2 39ms 3 39ms 4-', { 1: '1', 2: '2', 3: '3', 4: '4' });
      a.bufferedAmount = 101;
      hot('--- 7ms e').subscribe(() => (a.bufferedAmount = 0));

      expectObservable(source.pipe(sendFrom(outgoing$, { highWater: 100 })), '200ms !').toBe('co', events);
      expectObservable(a.sent$).toBe('52ms (12) 26ms 3 39ms 4', { 1: '1', 2: '2', 3: '3', 4: '4' });
    }),
  );

  it(
    'keeps in order what a connection refuses because it has taken all it can, and tries again every 50 ms',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('--12-----');
      const source = cold(' co-------', events);
      a.failSends(new BufferOverflowError(1));
      timer(20).subscribe(() => a.acceptSends());

      expectObservable(source.pipe(sendFrom(outgoing)), '70ms !').toBe('co', events);
      expectObservable(a.sent$).toBe('52ms (12)');
    }),
  );

  it(
    'sends nothing into a connection that is said to be gone, not even what is said because of that',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const values = { ...events, x: close(a, 1006) };
      const outgoing$ = new Subject<string>();
      const source = cold('co-x-r-CO-', values);

      const result = source.pipe(
        sendFrom(outgoing$),
        tap(({ type }) => {
          if (type === 'close' || type === 'reconnecting') outgoing$.next(type);
        }),
      );

      expectObservable(result, '----------!').toBe('co-x-r-CO-', values);
      expectObservable(a.sent$).toBe('');
      expectObservable(b.sent$).toBe('--------(xr)', { x: 'close', r: 'reconnecting' });
    }),
  );

  it('refuses bad options', () => {
    expect(() => sendFrom(EMPTY, { buffer: -1 })).toThrow(
      'sendFrom: expected `buffer` to be a whole number of at least 0, got -1',
    );
    expect(() => sendFrom(EMPTY, { overflow: 'drop' as never })).toThrow(
      "sendFrom: expected `overflow` to be one of 'drop-oldest', 'drop-newest', 'error', got 'drop'",
    );
    expect(() => sendFrom(EMPTY, { ttl: 0 })).toThrow('sendFrom: expected `ttl`');
  });
});
