import { map, type Observable, retry, Subject, take, takeLast, VirtualTimeScheduler } from 'rxjs';
import { constant } from '../../src/core/backoff.js';
import type { Frame } from '../../src/core/connection.js';
import { ConnectionClosedError, HeartbeatTimeoutError } from '../../src/core/errors.js';
import type { ConnectionEvent, ConnectionEvents } from '../../src/core/event.js';
import { type ConnectionStats, connectionStats } from '../../src/operators/connectionStats.js';
import { countTraffic } from '../../src/operators/countTraffic.js';
import { drainHandover } from '../../src/operators/drainHandover.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { sendFrom } from '../../src/operators/sendFrom.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { close, letters, message, open, reconnecting, retired } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

const none: ConnectionStats = {
  messagesReceived: 0,
  messagesSent: undefined,
  bytesReceived: undefined,
  bytesSent: undefined,
  reconnects: 0,
  errors: 0,
  uptime: 0,
};
/** Only the last snapshot, which comes with the end. */
const atTheEnd = (source: ConnectionEvents<string, unknown>): Observable<ConnectionStats> =>
  source.pipe(connectionStats(), takeLast(1));

describe('connectionStats', () => {
  it(
    'counts what happens: at once, at most every so often, and at the end',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const source = cold(' co-m-m-m---m----m-x|', events);
      const subs = '        ^------------------!';
      const expected = '    0---1----3-----4---(5|)';

      const result = source.pipe(
        connectionStats({ every: 4 }),
        map(({ messagesReceived }) => String(messagesReceived)),
      );

      expectObservable(result).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }),
  );

  it(
    'tells nothing where no number changes',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('co---p---d---p-', events);
      const result = source.pipe(connectionStats({ every: 2 }));

      expectObservable(result, '---------------!').toBe('0-1------------', { 0: none, 1: { ...none, uptime: 1 } });
    }),
  );

  it(
    'adds up the traffic of all connections where it is counted',
    marbles(({ cold, expectObservable }) => {
      const a = mockConnection<Frame, undefined>('a');
      const b = mockConnection<Frame, undefined>('b');
      const events = { ...letters(a, b), m: message(a, '12'), M: message(b, '345') };
      const old = cold('    -co-m-d-m-------', events);
      const next = cold('         --CO-M-x|', { ...events, x: close(b) });
      const outgoing = cold('----1----2------');

      const result = inTurn(old, next).pipe(
        countTraffic(),
        drainHandover({ linger: 1 }),
        sendFrom(outgoing),
        connectionStats(),
        takeLast(1),
      );

      expectObservable(result).toBe('--------------(e|)', {
        e: { ...none, messagesReceived: 3, messagesSent: 2, bytesReceived: 7, bytesSent: 2 },
      });
    }),
  );

  it(
    'looks for sends, which are no events, while a connection is open',
    marbles(({ cold, expectObservable }) => {
      const a = mockConnection<Frame, undefined>('a');
      const source = cold('  o-------------', letters(a, a));
      const outgoing = cold('------ab------');
      const expected = '     0-1---2-3-----';

      const result = source.pipe(
        countTraffic(),
        sendFrom(outgoing),
        connectionStats({ every: 2 }),
        map(({ messagesSent, bytesSent }) => ({ messagesSent, bytesSent })),
      );

      expectObservable(result, '--------------!').toBe(expected, {
        0: { messagesSent: undefined, bytesSent: undefined },
        1: { messagesSent: 0, bytesSent: 0 },
        2: { messagesSent: 1, bytesSent: 1 },
        3: { messagesSent: 2, bytesSent: 2 },
      });
    }),
  );

  it(
    'counts a connection that is made anew after a loss, and the failures on the way',
    marbles(({ cold, expectObservable, a, events }) => {
      const lost = new ConnectionClosedError(1006, '');
      const first = cold('  c#               ', events, 'refused');
      const second = cold('   co-x#          ', { ...events, x: close(a, 1006) }, lost);
      const third = cold('         c#        ', events, 'refused');
      const fourth = cold('          co-#    ', events, new HeartbeatTimeoutError(1));
      const fifth = cold('               co-|', events);

      const result = inTurn(first, second, third, fourth, fifth).pipe(reconnect({ delay: constant(1) }), atTheEnd);

      expectObservable(result).toBe('----------------(e|)', {
        e: { ...none, reconnects: 2, errors: 4 },
      });
    }),
  );

  it(
    'counts errors and reconnects also where something else than `reconnect` subscribes anew',
    marbles(({ cold, expectObservable, a, events }) => {
      const lives = inTurn(
        cold('co-x#', { ...events, x: close(a, 1006) }, 'lost'),
        cold('co#', events, 'silent'),
        cold('co-|', events),
      );

      expectObservable(lives.pipe(retry({ delay: 1 }), atTheEnd)).toBe('-----------(e|)', {
        e: { ...none, reconnects: 2, errors: 2 },
      });
    }),
  );

  it(
    'counts frames that do not decode as errors, a close with code 1000 as none, unless it is retried in vain',
    marbles(({ cold, expectObservable, events }) => {
      const clean = cold('coqqx|', events);
      const retried = cold('coxrRcox|', { ...events, r: reconnecting(1), R: reconnecting(2) });

      expectObservable(clean.pipe(atTheEnd)).toBe('  -----(e|)', { e: { ...none, errors: 2 } });
      expectObservable(retried.pipe(atTheEnd)).toBe('--------(e|)', { e: { ...none, reconnects: 1, errors: 1 } });
    }),
  );

  it(
    'counts uptime through a handover, and anew after a loss',
    marbles(({ cold, expectObservable, b, events }) => {
      const source = cold('o---m---dO-tm---X---co--|', { ...events, X: close(b, 1006) });
      const expected = '   z-a---b-------c---z---d-(z|)';

      const result = source.pipe(
        connectionStats({ every: 2 }),
        map(({ uptime }) => uptime),
      );

      expectObservable(result).toBe(expected, { z: 0, a: 2, b: 6, c: 14, d: 1 });
    }),
  );

  it(
    'counts a connection that is lost during a handover, before its successor is open',
    marbles(({ cold, expectObservable, a, events }) => {
      const source = cold('co-d-t-CO-t-|', { ...events, t: retired(a, 'lost') });

      expectObservable(source.pipe(atTheEnd)).toBe('------------(e|)', { e: { ...none, reconnects: 1, errors: 1 } });
    }),
  );

  it(
    'emits a last snapshot before it passes an error on',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('  com-#', events);
      const expected = '     0---(e#)';

      expectObservable(source.pipe(connectionStats())).toBe(expected, {
        0: none,
        e: { ...none, messagesReceived: 1, errors: 1 },
      });
    }),
  );

  it(
    'counts an error that comes after an earlier loss was made good',
    marbles(({ cold, expectObservable, a, events }) => {
      const lives = inTurn(cold('co-x#', { ...events, x: close(a, 1006) }, 'lost'), cold('co-#', events, 'silent'));
      const expected = '0-------(2#)';

      const result = lives.pipe(
        retry({ count: 1, delay: 1 }),
        connectionStats(),
        map(({ errors }) => String(errors)),
      );

      expectObservable(result).toBe(expected, undefined, 'silent');
    }),
  );

  it('looks for sends no longer when the connection is gone', () => {
    const scheduler = new VirtualTimeScheduler(undefined, 10_000);
    const a = mockConnection<Frame, undefined>('a');
    const events$ = new Subject<ConnectionEvent<Frame, Frame, undefined>>();
    events$.pipe(countTraffic(), connectionStats({ scheduler })).subscribe();

    events$.next(open(a));
    scheduler.flush();
    expect(scheduler.actions).toHaveLength(1);
    events$.next(close(a, 1006));
    scheduler.maxFrames = 20_000;
    scheduler.flush();

    expect(scheduler.actions).toHaveLength(0);
  });

  it(
    'begins anew for every subscriber',
    marbles(({ cold, expectObservable, events }) => {
      const result = cold('com|', events).pipe(connectionStats(), takeLast(1));
      const end = { e: { ...none, messagesReceived: 1 } };

      expectObservable(result).toBe('          ---(e|)', end);
      expectObservable(result, '----^').toBe(' -------(e|)', end);
    }),
  );

  it(
    'leaves no timer when it is unsubscribed, and does not dial for who only looks',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const source = cold(' com---', events);
      const unsubscribe = ' ---!  ';

      expectObservable(source.pipe(connectionStats()), unsubscribe).toBe('0', { 0: none });
      expectObservable(source.pipe(connectionStats(), take(1))).toBe('(0|)', { 0: none });
      expectSubscriptions(source.subscriptions).toBe('^--!');
    }),
  );

  it('refuses a time that is none', () => {
    expect(() => connectionStats({ every: 0 })).toThrow('connectionStats: expected `every` to be above 0');
  });
});
