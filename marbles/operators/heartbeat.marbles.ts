import type { Connection } from '../../src/core/connection.js';
import { HeartbeatTimeoutError } from '../../src/core/errors.js';
import { heartbeat } from '../../src/operators/heartbeat.js';
import { close, message, open, pong, retired } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

const ping = (connection: Connection<string>): void => connection.send('p');
const isPong = (data: string): boolean => data === 'pong';

describe('heartbeat', () => {
  it(
    'pings a silent peer and errors when it stays silent',
    marbles(({ cold, expectObservable, expectSubscriptions, a, events }) => {
      const source = cold(' co-----m---------', events);
      const subs = '        ^--------------! ';
      const pings = '       -----p-----p-----';
      const expected = '    co-----m-------# ';

      const result = source.pipe(heartbeat({ interval: 4, timeout: 4, ping }));

      expectObservable(result).toBe(expected, events, new HeartbeatTimeoutError(4));
      expectObservable(a.sent$).toBe(pings);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }),
  );

  it(
    'never pings a peer that speaks',
    marbles(({ cold, expectObservable, a, events }) => {
      const source = cold(' co--m--m--m--m--x|', events);

      expectObservable(source.pipe(heartbeat({ interval: 4, timeout: 4, ping }))).toBe('co--m--m--m--m--x|', events);
      expectObservable(a.sent$).toBe('------------------');
    }),
  );

  it(
    'does not give a peer up while the connection is paused',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const source = cold(' co----------------------', events);
      const reading = hot('  --p----------r----------');
      const pings = '        -----p------------------';
      const expected = '     co---------------#';
      reading.subscribe((letter) => (letter === 'p' ? a.pause?.() : a.resume?.()));

      const result = source.pipe(heartbeat({ interval: 4, timeout: 6, ping }));

      expectObservable(result).toBe(expected, events, new HeartbeatTimeoutError(6));
      expectObservable(a.sent$).toBe(pings);
    }),
  );

  it(
    'takes what arrives at the very moment of a ping, or of the limit, as a sign of life',
    marbles(({ cold, expectObservable, a, events }) => {
      const source = cold('co---m-------m----', events);
      const pings = '      ---------p--------';
      const until = '      ----------------! ';

      expectObservable(source.pipe(heartbeat({ interval: 4, timeout: 4, ping })), until).toBe(
        'co---m-------m---',
        events,
      );
      expectObservable(a.sent$).toBe(pings);
    }),
  );

  it(
    'errors one millisecond after the last sign of life could have come',
    marbles(({ cold, expectObservable, events }) => {
      const intime = cold('co------m----', events);
      const late = cold('  co-------- m--', events);
      const until = '      ----------!';
      const config = { interval: 4, timeout: 4, ping };

      expectObservable(intime.pipe(heartbeat(config)), until).toBe('co------m--', events);
      expectObservable(late.pipe(heartbeat(config)), until).toBe('co-------#', events, new HeartbeatTimeoutError(4));
    }),
  );

  it(
    'takes malformed frames and pongs as signs of life',
    marbles(({ cold, expectObservable, a, events }) => {
      const source = cold('co--q--p--q--p-', events);
      const until = '      --------------!';

      expectObservable(source.pipe(heartbeat({ interval: 4, timeout: 1, ping })), until).toBe('co--q--p--q--p', events);
      expectObservable(a.sent$).toBe('---------------');
    }),
  );

  it(
    'keeps the answers to its pings from the consumer and tells the round trip',
    marbles(({ cold, expectObservable, a, events }) => {
      const source = cold('co-------n--------', { ...events, n: message(a, 'pong') });
      const pings = '      -----p-------p----';
      const expected = '   co-------p--------';
      const until = '      ---------------!  ';

      const result = source.pipe(heartbeat({ interval: 4, timeout: 6, ping, isPong }));

      expectObservable(result, until).toBe(expected, { ...events, p: pong(a, 4) });
      expectObservable(a.sent$).toBe(pings);
    }),
  );

  it(
    'keeps an answer from the consumer even when it asked nothing',
    marbles(({ cold, expectObservable, a, events }) => {
      const source = cold('co-n-m-x|', { ...events, n: message(a, 'pong') });

      expectObservable(source.pipe(heartbeat({ interval: 9, timeout: 9, ping, isPong }))).toBe('co---m-x|', events);
    }),
  );

  it(
    'pings on with always, whatever arrives and while an answer is awaited',
    marbles(({ cold, expectObservable, a, events }) => {
      const source = cold('co-m-m-m-m--------', events);
      const pings = '      ----p--p--p--p--p-';
      const expected = '   co-m-m-m-m-------#';

      const result = source.pipe(heartbeat({ interval: 3, timeout: 7, always: true, ping }));

      expectObservable(result).toBe(expected, events, new HeartbeatTimeoutError(7));
      expectObservable(a.sent$).toBe(pings);
    }),
  );

  it(
    'tells each answer its own ping with always',
    marbles(({ cold, expectObservable, a, events }) => {
      const source = cold('co-------12-', { ...events, 1: message(a, 'pong'), 2: message(a, 'pong') });
      const pings = '      ----p--p--p-';
      const until = '      -----------!';

      const result = source.pipe(heartbeat({ interval: 3, timeout: 9, always: true, ping, isPong }));

      expectObservable(result, until).toBe('co-------12-', { ...events, 1: pong(a, 5), 2: pong(a, 3) });
      expectObservable(a.sent$).toBe(pings);
    }),
  );

  it(
    'sends protocol pings where nothing else is said',
    marbles(({ cold, expectObservable, flush, a, events }) => {
      const source = cold('co------', events);

      expectObservable(source.pipe(heartbeat({ interval: 4, timeout: 2 }))).toBe(
        'co-----#',
        events,
        new HeartbeatTimeoutError(2),
      );
      flush();
      expect(a.pings).toBe(1);
    }),
  );

  it(
    'says so where the platform has no ping frames',
    marbles(({ cold, expectObservable, events }) => {
      const browser = mockConnection<string>('a', { node: false });
      const source = cold('co---', { ...events, o: open(browser) });
      const error = new TypeError(
        'heartbeat: expected `ping` to be a function as there are no ping frames, got undefined',
      );

      expectObservable(source.pipe(heartbeat({ interval: 4, timeout: 2 }))).toBe(
        'c(o#)',
        { ...events, o: open(browser) },
        error,
      );
    }),
  );

  it(
    'asks for its configuration when the connection opens',
    marbles(({ cold, expectObservable, a, events }) => {
      const source = cold('co--------', events);
      const configure = (connection: Connection<string>) => ({ interval: connection.id.length * 5, timeout: 2, ping });

      expectObservable(source.pipe(heartbeat(configure))).toBe('co------#', events, new HeartbeatTimeoutError(2));
      expectObservable(a.sent$).toBe('------p---');
    }),
  );

  it(
    'does not ping a connection that is closing, closed or retired',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const closing = cold('co-m------------|', events);
      const closed = cold(' CO-X------------|', { ...events, X: close(b, 1000) });
      const gone = cold('   CO-T------------|', { ...events, T: retired(b) });
      const config = { interval: 4, timeout: 4, ping };
      a.closing();

      expectObservable(closing.pipe(heartbeat(config))).toBe('co-m------------|', events);
      expectObservable(closed.pipe(heartbeat(config))).toBe('CO-X------------|', { ...events, X: close(b, 1000) });
      expectObservable(gone.pipe(heartbeat(config))).toBe('CO-T------------|', { ...events, T: retired(b) });
      expectObservable(a.sent$).toBe('');
      expectObservable(b.sent$).toBe('');
    }),
  );

  it(
    'pings once where the milliseconds do not add up: 1.4 - 1 is less than 0.4',
    marbles(({ cold, expectObservable, flush, a, events }) => {
      const source = cold('co-', events);

      expectObservable(source.pipe(heartbeat({ interval: 0.4, timeout: 5, ping })), '--!').toBe('co', events);
      flush();
      expect(a.sent).toEqual(['p']);
    }),
  );

  it(
    'pings after 2^31 - 1 ms where the interval is longer',
    marbles(({ cold, expectObservable, a, events }) => {
      const source = cold('co', events);
      const unsubscribe = '-- 2147483646ms -!';
      const pings = '      -- 2147483646ms p';

      expectObservable(source.pipe(heartbeat({ interval: '30d', timeout: 5, ping })), unsubscribe).toBe('co', events);
      expectObservable(a.sent$).toBe(pings);
    }),
  );

  it(
    'watches the connection that opened last',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const source = cold('co-CO-m-m-m-m-m', events);
      const expected = '   co-CO-m-m-m#   ';

      const result = source.pipe(heartbeat({ interval: 4, timeout: 3, ping }));

      expectObservable(result).toBe(expected, events, new HeartbeatTimeoutError(3));
      expectObservable(a.sent$).toBe('');
      expectObservable(b.sent$).toBe('--------p');
    }),
  );

  it(
    'errors with what ping throws',
    marbles(({ cold, expectObservable, a, events }) => {
      const source = cold('co-----', events);
      a.failSends(new Error('no'));

      expectObservable(source.pipe(heartbeat({ interval: 4, timeout: 4, ping }))).toBe(
        'co---#',
        events,
        new Error('no'),
      );
    }),
  );

  it(
    'leaves no ping behind when it is unsubscribed',
    marbles(({ cold, expectObservable, expectSubscriptions, a, events }) => {
      const source = cold('co--------', events);

      expectObservable(source.pipe(heartbeat({ interval: 4, timeout: 4, ping })), '---!').toBe('co--', events);
      expectObservable(a.sent$).toBe('');
      expectSubscriptions(source.subscriptions).toBe('^--!');
    }),
  );

  it('refuses an interval or a timeout that is none', () => {
    expect(() => heartbeat({ interval: -1, timeout: 1 })).toThrow(
      "heartbeat: expected `interval` to be above 0 ms, or a text such as '10s', got -1",
    );
    expect(() => heartbeat({ interval: '10s', timeout: 'soon' })).toThrow(
      "heartbeat: expected `timeout` to be above 0 ms, or a text such as '10s', got 'soon'",
    );
  });
});
