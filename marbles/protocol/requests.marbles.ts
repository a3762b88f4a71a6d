import { concat, EMPTY, forkJoin, merge, mergeMap, retry, Subject, take, timer } from 'rxjs';
import type { Connection } from '../../src/core/connection.js';
import {
  BufferOverflowError,
  ConnectionClosedError,
  NotOpenError,
  RequestDisconnectedError,
  RequestTimeoutError,
} from '../../src/core/errors.js';
import type { ConnectionEvent, ConnectionEvents } from '../../src/core/event.js';
import { HIGH_WATER } from '../../src/core/trySend.js';
import { drainHandover } from '../../src/operators/drainHandover.js';
import { shareConnection } from '../../src/operators/shareConnection.js';
import { requests, type RequestsConfig } from '../../src/protocol/requests.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { close, message, reconnecting, retired } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';

type Config = Partial<RequestsConfig<string, unknown, unknown, string>>;

/** A request is a digit, and `re 1` answers 1. */
const rpcOf = (events$: ConnectionEvents<string, unknown>, config: Config = {}) =>
  requests(events$, { id: String, isReply: (answer) => /^re (\d)/.exec(answer)?.[1], ...config });

/** What else happens: `u`, `v` and `w` answer 1, 2 and 3 over the first connection, upper case over the second. */
const answers = (a: Connection<unknown>, b: Connection<unknown>) => ({
  u: message(a, 're 1'),
  v: message(a, 're 2'),
  w: message(a, 're 3'),
  U: message(b, 're 1'),
  V: message(b, 're 2'),
  x: close(a, 1006),
  r: reconnecting(1, 2, new Error('silent')),
});
const data = { u: 're 1', v: 're 2', w: 're 3', U: 're 1', V: 're 2' };
const lost = new RequestDisconnectedError(true, new ConnectionClosedError(1006, ''));
const unsent = new RequestDisconnectedError(false);

/** Cancels 1 by sending x, 2 by y. */
const cancel: Config['cancel'] = (connection, request) => connection.send({ 1: 'x', 2: 'y' }[String(request)]);

describe('requests', () => {
  it(
    'gives every request its answer, in whatever order they come',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const source = cold('         co----v-u--', { ...events, ...answers(a, b) });
      const sent = '                --12-------';
      const first = '               --------(u|)';
      const second = '              ------(v|)';
      const shared = source.pipe(shareConnection());
      const rpc = rpcOf(shared);

      expectObservable(shared, '    ^---------!').toBe('co----v-u--', { ...events, ...answers(a, b) });
      expectObservable(rpc.request('1'), '--^').toBe(first, data);
      expectObservable(rpc.request('2'), '---^').toBe(second, data);
      expectObservable(a.sent$).toBe(sent);
    }),
  );

  it(
    'holds the connection for as long as a request is pending',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b, events }) => {
      const source = cold('co--v-u', { ...events, ...answers(a, b) });
      const rpc = rpcOf(source.pipe(shareConnection()));

      expectObservable(rpc.request('1'), '-^').toBe('  -------(u|)', data);
      expectObservable(rpc.request('2'), '--^').toBe(' -----(v|)   ', data);
      expectObservable(rpc.request('3'), '---------^-!').toBe('-');
      expectSubscriptions(source.subscriptions).toBe(['-^-----!', '---------^-!']);
    }),
  );

  it(
    'holds it on for who asks again because of an answer',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b, events }) => {
      const source = cold('co-u--v-', { ...events, ...answers(a, b) });
      const rpc = rpcOf(source);
      const both = concat(rpc.request('1'), rpc.request('2'));

      expectObservable(both).toBe('---u--(v|)', data);
      expectObservable(a.sent$).toBe('-1-2');
      expectSubscriptions(source.subscriptions).toBe('^-----!');
    }),
  );

  it(
    'lets a request wait for a connection, and sends in order what waits when it is open',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const source = cold('              c---o-uv', { ...events, ...answers(a, b) });
      const rpc = rpcOf(source);

      expectObservable(rpc.request('1')).toBe('    ------(u|)', data);
      expectObservable(rpc.request('2'), '--^').toBe(' -------(v|)', data);
      expectObservable(a.sent$).toBe('           ----(12)');
    }),
  );

  it(
    'fails the newest unsent when more would wait than may, or the oldest where it is told so',
    marbles(({ cold, expectObservable, a, events }) => {
      const full = new RequestDisconnectedError(false, new BufferOverflowError(2));
      const none = new RequestDisconnectedError(false, new BufferOverflowError(0));
      const newest = rpcOf(cold('c-----', events), { buffer: 2 });
      const oldest = rpcOf(cold('c-----', events), { buffer: 2, overflow: 'drop-oldest' });
      const nobody = rpcOf(cold('c-----', events), { buffer: 0 });
      const shared = cold('       o-----', events).pipe(shareConnection());
      const zero = rpcOf(shared, { buffer: 0 });
      expectObservable(shared, '  ^---!').toBe('o', events);

      for (const [rpc, first, last] of [
        [newest, '--', '--#'],
        [oldest, '--#', '--'],
      ] as const) {
        expectObservable(rpc.request('1'), '^----!').toBe(first, {}, full);
        expectObservable(rpc.request('2'), '-^---!').toBe('--');
        expectObservable(rpc.request('3'), '--^--!').toBe(last, {}, full);
      }
      expectObservable(nobody.request('1')).toBe('#', {}, none);
      expectObservable(zero.request('1'), '-^--!').toBe('-');
      expectObservable(a.sent$).toBe('-1');
    }),
  );

  it(
    'lets them wait, within the same bound, while the connection has taken all it can, and looks at it every 50 ms',
    marbles(({ cold, expectObservable, a, events }) => {
      const full = new RequestDisconnectedError(false, new BufferOverflowError(2));
      const rpc = rpcOf(cold('co', events), { buffer: 2 });
      a.bufferedAmount = HIGH_WATER + 1;
      timer(60).subscribe(() => (a.bufferedAmount = HIGH_WATER));

      expectObservable(rpc.request('1'), '   ^ 149ms !').toBe('-');
      expectObservable(rpc.request('2'), '--   ^ 147ms !').toBe('-');
      expectObservable(rpc.request('3'), '---  ^').toBe('---#', {}, full);
      expectObservable(a.sent$).toBe('101ms (12)');
    }),
  );

  it(
    'asks again in order what a connection refuses because it has taken all it can',
    marbles(({ cold, expectObservable, a, events }) => {
      const rpc = rpcOf(cold('-o', events), { timeout: 70 });
      a.failSends(new BufferOverflowError(1));
      timer(20).subscribe(() => a.acceptSends());

      expectObservable(rpc.request('1')).toBe('      70ms #', {}, new RequestTimeoutError(70, true));
      expectObservable(rpc.request('2'), '2ms ^ 20ms !').toBe('-');
      expectObservable(rpc.request('3'), '3ms ^').toBe('73ms #', {}, new RequestTimeoutError(70, true));
      expectObservable(a.sent$).toBe('51ms (13)');
    }),
  );

  it(
    'fails when there is no answer in time, tells the peer, and ignores the late answer',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const source = cold('               co--------u-----', { ...events, ...answers(a, b) });
      const shared = source.pipe(shareConnection());
      const rpc = rpcOf(shared, { timeout: 6, cancel });

      expectObservable(shared, '          ^--------------!').toBe('co--------u-----', {
        ...events,
        ...answers(a, b),
      });
      expectObservable(rpc.request('1'), '-^').toBe(' -------#', {}, new RequestTimeoutError(6, true));
      expectObservable(rpc.request('2'), '---^').toBe('---------#', {}, new RequestTimeoutError(6, true));
      expectObservable(a.sent$).toBe('           -1-2---x-y');
    }),
  );

  it(
    'takes an answer up to the last millisecond',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const source = cold('co----u--', { ...events, ...answers(a, b) });

      expectObservable(rpcOf(source, { timeout: 7 }).request('1')).toBe('------(u|)', data);
      expectObservable(rpcOf(source, { timeout: 6 }).request('1')).toBe('------(u|)', data);
      expectObservable(rpcOf(source, { timeout: 5 }).request('1')).toBe('-----#', {}, new RequestTimeoutError(5, true));
    }),
  );

  it(
    'counts the wait for a connection, and says that nothing was sent',
    marbles(({ cold, expectObservable, expectSubscriptions, a, events }) => {
      const source = cold('c-----o-', events);
      const rpc = rpcOf(source, { timeout: 5, cancel });

      expectObservable(rpc.request('1')).toBe('-----#', {}, new RequestTimeoutError(5, false));
      expectObservable(a.sent$).toBe('');
      expectSubscriptions(source.subscriptions).toBe('^----!');
    }),
  );

  it(
    'tells the peer before it tells who asked, who may ask again with the same id',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const source = cold('co------u--', { ...events, ...answers(a, b) });
      const rpc = rpcOf(source, { timeout: 5, cancel });

      expectObservable(rpc.request('1').pipe(retry(1))).toBe('--------(u|)', data);
      expectObservable(a.sent$).toBe('-1---(x1)');
    }),
  );

  it(
    'waits 10 s unless it is told otherwise',
    marbles(({ cold, expectObservable, events }) => {
      const rpc = rpcOf(cold('o', events));

      expectObservable(rpc.request('1')).toBe('10s #', {}, new RequestTimeoutError(10_000, true));
    }),
  );

  it(
    'cancels what is unsubscribed before its answer, and not what was answered or never sent',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const values = { ...events, ...answers(a, b) };
      const source = cold('                   c-o-v-----', values);
      const rpc = rpcOf(source, { cancel });

      expectObservable(rpc.request('1'), '    ^-----!').toBe('------');
      expectObservable(rpc.request('2').pipe(take(1)), '^').toBe('----(v|)', data);
      expectObservable(rpc.request('3'), '    ^!').toBe('-');
      expectObservable(a.sent$).toBe('        --(12)x');
    }),
  );

  it(
    'cancels in silence where there is nobody to tell',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const rpc = rpcOf(cold('o', events), { cancel });
      const mute = rpcOf(cold('o', events));
      hot('--l').subscribe(() => a.lost());

      expectObservable(mute.request('2'), '^!').toBe('-');
      expectObservable(rpc.request('1'), '^--!').toBe('-');
      expectObservable(a.sent$).toBe('(21)');
    }),
  );

  it(
    'fails what was sent over a connection that is lost, and goes on with what waits',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const values = { ...events, ...answers(a, b) };
      const source = cold('           co--x-r-CO-V-', values);
      const first = '                 ----#';
      const second = '                -----------(V|)';
      const toA = '                   --1--------';
      const toB = '                   ---------2--';
      const shared = source.pipe(shareConnection());
      const rpc = rpcOf(shared, { cancel });

      expectObservable(shared, '      ^-----------!').toBe('co--x-r-CO-V-', values);
      expectObservable(rpc.request('1'), '--^').toBe(first, {}, lost);
      expectObservable(rpc.request('2'), '-----^').toBe(second, data);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'says what ended a connection that vanished without a close',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const values = { ...events, ...answers(a, b) };
      const silent = new RequestDisconnectedError(true, new Error('silent'));

      expectObservable(rpcOf(cold('co--r--', values)).request('1')).toBe('----#', {}, silent);
      expectObservable(rpcOf(cold('co--C--', values)).request('1')).toBe(
        '----#',
        {},
        new RequestDisconnectedError(true),
      );
    }),
  );

  it(
    'says of each request whether it was sent when the source ends',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const broken = new Error('broken');
      const fails = rpcOf(cold('co--#', events, broken).pipe(shareConnection()));
      const ends = rpcOf(cold(' c---|', events));
      hot('--c').subscribe(() => a.closing());

      expectObservable(fails.request('1')).toBe('----#', {}, new RequestDisconnectedError(true, broken));
      expectObservable(fails.request('2'), '---^').toBe('----#', {}, new RequestDisconnectedError(false, broken));
      expectObservable(ends.request('1')).toBe(' ----#', {}, unsent);
    }),
  );

  it(
    'dials anew for who asks again because the source ended',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b, events }) => {
      const one = cold('co-#     ', events);
      const two = cold('   CO--U-', { ...events, ...answers(a, b) });
      const rpc = rpcOf(inTurn(one, two));

      expectObservable(rpc.request('1').pipe(retry())).toBe('-------(U|)', data);
      expectSubscriptions(one.subscriptions).toBe('^--!');
      expectSubscriptions(two.subscriptions).toBe('---^---!');
    }),
  );

  it(
    'asks idempotent requests again over the next connection, before those that came since',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const values = { ...events, ...answers(a, b) };
      const source = cold('                     co--x-r-CO-UV', values);
      const rpc = rpcOf(source, { idempotent: (request) => request !== '3', buffer: 2, cancel });

      expectObservable(rpc.request('1'), '^').toBe('    -----------(U|)', data);
      expectObservable(rpc.request('3'), '--^').toBe('  ----#', {}, lost);
      expectObservable(rpc.request('2'), '-----^').toBe('------------(V|)', data);
      expectObservable(a.sent$).toBe('                  -13');
      expectObservable(b.sent$).toBe('                  ---------(12)');
    }),
  );

  it(
    'asks any number of idempotent requests again, and remembers that they were sent',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const shared = cold('co--x----|', { ...events, ...answers(a, b) }).pipe(shareConnection());
      const rpc = rpcOf(shared, { idempotent: true, buffer: 0 });
      const sentOnce = new RequestDisconnectedError(true);
      const full = new RequestDisconnectedError(false, new BufferOverflowError(0));

      expectObservable(shared).toBe('co--x----|', { ...events, ...answers(a, b) });
      expectObservable(rpc.request('1'), '--^').toBe(' ---------#', {}, sentOnce);
      expectObservable(rpc.request('2'), '---^').toBe('---------#', {}, sentOnce);
      expectObservable(rpc.request('3'), '------^').toBe('------#', {}, full);
    }),
  );

  it(
    'never gives up one that is asked again for another one, whichever is to fail',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const source = cold('                         co--x-----CO-U--', { ...events, ...answers(a, b) });
      const full = new RequestDisconnectedError(false, new BufferOverflowError(2));
      const rpc = rpcOf(source, { idempotent: true, buffer: 2, overflow: 'drop-oldest' });

      expectObservable(rpc.request('1'), '^').toBe('         -------------(U|)', data);
      expectObservable(rpc.request('2'), '------^').toBe('   --------#', {}, full);
      expectObservable(rpc.request('3'), '--------^------!').toBe('-');
      expectObservable(a.sent$).toBe('                      -1');
      expectObservable(b.sent$).toBe('                      -----------(13)');
    }),
  );

  it(
    'still counts the time from the first asking',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const source = cold('co--x-CO--', { ...events, ...answers(a, b) });
      const rpc = rpcOf(source, { idempotent: true, timeout: 9, cancel });

      expectObservable(rpc.request('1')).toBe('---------#', {}, new RequestTimeoutError(9, true));
      expectObservable(b.sent$).toBe('-------1-x');
    }),
  );

  it(
    'is answered over the old connection during a handover, while new requests go over the new one',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const values = { ...events, ...answers(a, b), W: message(b, 're 3') };
      const old = cold('   co-d----u-v-----', values);
      const next = cold('     c-O----W-----', values);
      const toA = '        --12---x------';
      const toB = '        ------3-------';
      const shared = inTurn(old, next).pipe(drainHandover({ linger: 9 }), shareConnection());
      const rpc = rpcOf(shared, { cancel });

      expectObservable(shared, '^---------------!').toBe('co-d-O--u-(vW)t--', values);
      expectObservable(rpc.request('1'), '--^----!').toBe('-------');
      expectObservable(rpc.request('2'), '---^').toBe('----------(v|)', data);
      expectObservable(rpc.request('3'), '------^').toBe('----------(w|)', data);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'fails only when the old connection is let go before the answer, unless it may be asked again',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const values = { ...events, ...answers(a, b), t: retired(a) };
      const source = cold('                     co-d-O--t-U', values);
      const rpc = rpcOf(source, { idempotent: (request) => request === '1', cancel });

      expectObservable(rpc.request('1'), '^').toBe('    ----------(U|)', data);
      expectObservable(rpc.request('2'), '--^').toBe('  --------#', {}, new RequestDisconnectedError(true));
      expectObservable(a.sent$).toBe('                  -12');
      expectObservable(b.sent$).toBe('                  --------1');
    }),
  );

  it(
    'does not mind answers that come twice, too late, or for somebody else',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const values = { ...events, ...answers(a, b) };
      const source = cold('                  co-vuuwm----v-', values);
      const shared = source.pipe(shareConnection());
      const rpc = rpcOf(shared);

      expectObservable(shared, '             ^-------------!').toBe('co-vuuwm----v-', values);
      expectObservable(rpc.request('1'), '-^').toBe('    ----(u|)', data);
      expectObservable(rpc.request('2'), '--------^').toBe('------------(v|)', data);
    }),
  );

  it(
    'takes no answer for a request that was not asked yet',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const values = { ...events, ...answers(a, b) };
      const source = cold('c-u-o-u', values);

      expectObservable(rpcOf(source).request('1')).toBe('------(u|)', data);
    }),
  );

  it(
    'takes an answer that comes while the request is sent, also when that asks the next one',
    marbles(({ expectObservable, flush, a, events }) => {
      const events$ = new Subject<ConnectionEvent<string, unknown>>();
      const rpc = rpcOf(events$, { buffer: 1, cancel });
      a.sent$.subscribe((request) => events$.next(message(a, `re ${String(request)}`)));
      const told: string[] = [];
      const chain = rpc.request('1').pipe(mergeMap((one) => merge([one], rpc.request('2'), rpc.request('3'))));

      chain.subscribe({ next: (answer) => told.push(answer), complete: () => told.push('end') });
      events$.next(events.o);
      expect(told).toEqual(['re 1', 're 2', 're 3', 'end']);
      expect(a.sent).toEqual(['1', '2', '3']);
      expect(events$.observed).toBe(false);
      flush();
      expectObservable(EMPTY).toBe('|');
    }),
  );

  it(
    'refuses a request whose id is none, or that of a pending one',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b, events }) => {
      const source = cold('co--u', { ...events, ...answers(a, b) });
      const rpc = rpcOf(source);
      const nameless = rpcOf(source, { id: () => undefined });
      const taken = new TypeError("requests: expected `id` to be one that no pending request has, got '1'");
      const none = new TypeError('requests: expected `id` to be one that no pending request has, got undefined');

      expectObservable(rpc.request('1')).toBe('     ----(u|)', data);
      expectObservable(rpc.request('1'), '--^').toBe('--#', {}, taken);
      expectObservable(nameless.request('1')).toBe('#', {}, none);
      expectSubscriptions(source.subscriptions).toBe('^---!');
    }),
  );

  it(
    'fails only the request that cannot be sent, and lets it wait where the connection is not open',
    marbles(({ hot, expectObservable, a, b, events }) => {
      const source = hot('               co----x-CO-V', { ...events, ...answers(a, b) });
      const rpc = rpcOf(source.pipe(shareConnection()));
      const error = new TypeError('not encodable');
      hot('f--l').subscribe((what) => (what === 'f' ? a.failSends(error) : a.lost()));

      expectObservable(rpc.request('1')).toBe('       -#', {}, error);
      expectObservable(rpc.request('2'), '----^').toBe('-----------(V|)', data);
      expectObservable(b.sent$).toBe('               ---------2');
    }),
  );

  it(
    'lets a request wait when the connection is found closed in the midst of sending it',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const source = cold('co---CO-UV', { ...events, ...answers(a, b) });
      const rpc = rpcOf(source);
      const { send } = a;
      a.send = (request) => {
        a.lost();
        send.call(a, request);
      };

      expectObservable(rpc.request('1')).toBe('       --------(U|)', data);
      expectObservable(rpc.request('2'), '---^').toBe('---------(V|)', data);
      expectObservable(a.sent$).toBe('               ');
      expectObservable(b.sent$).toBe('               ------(12)');
    }),
  );

  it(
    'forgets where a request was sent once that connection is gone, and that it was where it was not',
    marbles(({ cold, expectObservable, a, events }) => {
      const gone = rpcOf(cold('co-r---', events), { idempotent: true, cancel });
      const ends = rpcOf(cold('o--|   ', events));
      const { send } = a;
      a.send = (request) => {
        if (request === '2') a.lost();
        send.call(a, request);
      };

      expectObservable(gone.request('1'), '^----!').toBe('-----');
      expectObservable(ends.request('2'), '------^').toBe('---------#', {}, unsent);
      expectObservable(a.sent$).toBe('-1');
    }),
  );

  it(
    'settles once what is lost in the midst of being sent, and asks again what may be',
    marbles(({ flush, expectObservable, a, b, events }) => {
      const events$ = new Subject<ConnectionEvent<string, unknown>>();
      const rpc = rpcOf(events$, { idempotent: (request) => request !== '3' });
      const told: unknown[] = [];
      const tell = (request: string): void => {
        rpc
          .request(request)
          .subscribe({ next: (answer) => told.push(answer), error: (error: unknown) => told.push(error) });
      };
      const { send } = a;
      a.send = (request) => {
        send.call(a, request);
        if (request === '1') return;
        a.lost();
        events$.next(close(a, 1006));
        if (request === '3') throw new NotOpenError(3, a.url);
      };

      events$.subscribe();
      tell('1');
      events$.next(events.o);
      tell('3');
      expect(told).toEqual([lost]);

      a.open();
      events$.next(events.o);
      tell('2');
      expect(a.sent).toEqual(['1', '3', '1', '2']);

      events$.next(events.O);
      expect(b.sent).toEqual(['1', '2']);
      events$.next(message(b, 're 1'));
      events$.next(message(b, 're 2'));
      expect(told).toEqual([lost, 're 1', 're 2']);
      flush();
      expectObservable(EMPTY).toBe('|');
    }),
  );

  it(
    'asks everything once when a connection is lost, or another opens, while it sends what waited',
    marbles(({ flush, expectObservable, a, b, events }) => {
      const events$ = new Subject<ConnectionEvent<string, unknown>>();
      const rpc = rpcOf(events$, { idempotent: true });
      const asking = merge(rpc.request('1'), rpc.request('2'), rpc.request('3')).subscribe();
      const { send } = a;
      a.send = (request) => {
        send.call(a, request);
        if (request === '2') events$.next(events.O);
      };

      events$.next(events.o);
      expect([a.sent, b.sent]).toEqual([['1', '2'], ['3']]);
      b.send = (request) => {
        send.call(b, request);
        b.lost();
        events$.next(close(b, 1006));
      };
      events$.next(close(a, 1006));
      expect([a.sent, b.sent]).toEqual([
        ['1', '2'],
        ['3', '1'],
      ]);
      a.send = send;
      events$.next(events.o);
      expect(a.sent.slice(2).sort()).toEqual(['1', '2', '3']);
      asking.unsubscribe();
      flush();
      expectObservable(EMPTY).toBe('|');
    }),
  );

  it(
    'turns what a callback throws into the error of whom it concerns',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b, events }) => {
      const broken = new Error('broken');
      const thrower = (): never => {
        throw broken;
      };
      const values = { ...events, ...answers(a, b) };
      const source = cold('co-u', values);

      expectObservable(rpcOf(source, { isReply: thrower }).request('1')).toBe('---#', {}, broken);
      expectObservable(rpcOf(source, { id: thrower }).request('1')).toBe('#', {}, broken);
      expectObservable(rpcOf(source, { idempotent: thrower }).request('1')).toBe('#', {}, broken);
      expectObservable(rpcOf(source, { timeout: 2, cancel: thrower }).request('1')).toBe('--#', {}, broken);
      expectSubscriptions(source.subscriptions).toBe(['^--!', '^-!']);
    }),
  );

  it(
    'asks nothing for who is gone already',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const source = cold('o', events);

      expectObservable(forkJoin([EMPTY, rpcOf(source).request('1')])).toBe('|');
      expectSubscriptions(source.subscriptions).toBe('');
    }),
  );

  it('refuses bad options', () => {
    const bad = (config: object) => () => rpcOf(EMPTY, config);
    expect(bad({ id: 'id' })).toThrow('requests: expected `id` to be a function, got');
    expect(bad({ isReply: 1 })).toThrow('requests: expected `isReply` to be a function, got 1');
    expect(bad({ timeout: 0 })).toThrow('requests: expected `timeout` to be above 0 ms');
    expect(bad({ buffer: -1 })).toThrow('requests: expected `buffer` to be a whole number of at least 0, got -1');
    expect(bad({ overflow: 'error' })).toThrow(
      "requests: expected `overflow` to be one of 'drop-newest', 'drop-oldest'",
    );
  });
});
