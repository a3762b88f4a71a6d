import { concatMap, Observable, of } from 'rxjs';
import { json } from '../../src/codecs/json.js';
import type { Connection, Frame, Traffic } from '../../src/core/connection.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import { countTraffic } from '../../src/operators/countTraffic.js';
import { handshake } from '../../src/operators/handshake.js';
import { letters, message } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

type Event = ConnectionEvent<Frame, Frame, undefined>;

/** The letters of two connections of frames: e is text of 3 bytes, b are 5 bytes. */
function frames() {
  const a = mockConnection<Frame, undefined>('a');
  const b = mockConnection<Frame, undefined>('b');
  const events: Readonly<Record<string, Event>> = {
    ...letters(a, b),
    e: message(a, '€'),
    b: message(a, new Uint8Array(5)),
  };
  return { a, b, events };
}

describe('countTraffic', () => {
  it(
    'counts while frames pass',
    marbles(({ cold, expectObservable }) => {
      const source = cold(' co-e--b-', frames().events);
      const received = '    -0-3--8-';

      const result = source.pipe(
        countTraffic(),
        concatMap((event) => ('connection' in event ? [String(event.connection.traffic?.bytesReceived)] : [])),
      );

      expectObservable(result).toBe(received);
    }),
  );

  it(
    'counts frames and bytes of each connection, in both directions',
    marbles(({ cold, flush }) => {
      const { a, events } = frames();
      const counts: (Traffic | undefined)[] = [];
      cold('coeb-Om', events)
        .pipe(countTraffic())
        .subscribe((event) => {
          if (event.type === 'open') event.connection.send('four');
          if ('connection' in event) counts.push({ ...event.connection.traffic! });
        });
      flush();

      expect(counts).toEqual([
        { messagesSent: 1, messagesReceived: 0, bytesSent: 4, bytesReceived: 0 },
        { messagesSent: 1, messagesReceived: 1, bytesSent: 4, bytesReceived: 3 },
        { messagesSent: 1, messagesReceived: 2, bytesSent: 4, bytesReceived: 8 },
        { messagesSent: 1, messagesReceived: 0, bytesSent: 4, bytesReceived: 0 },
        { messagesSent: 1, messagesReceived: 3, bytesSent: 4, bytesReceived: 9 },
      ]);
      expect(a.sent).toEqual(['four']);
    }),
  );

  it(
    'changes nothing else',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const { events } = frames();
      const source = cold(' cr-oebpqd-CO-MDt-x|', events);
      const subs = '        ^-----------------!';
      const expected = '    cr-oebpqd-CO-MDt-x|';

      expectObservable(source.pipe(countTraffic())).toBe(expected, events);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }),
  );

  it('does not count what was not sent', () => {
    const { a, events } = frames();
    let connection: Connection<Frame> | undefined;
    new Observable<Event>((subscriber) => subscriber.next(events['o']!)).pipe(countTraffic()).subscribe((event) => {
      if (event.type === 'open') connection = event.connection;
    });
    a.lost();

    expect(() => connection?.send('text')).toThrow('is not open');
    expect(connection?.traffic?.messagesSent).toBe(0);
  });

  it('counts what codec and handshake do not let through, and shows on their connections too', () => {
    const { a, events } = frames();
    const seen: unknown[] = [];
    of(events['o']!, message(a, '"hello"'), message(a, '}'), message(a, '"m"'))
      .pipe(
        countTraffic(),
        json<string>(),
        handshake({
          within: 1,
          exchange(connection, messages$) {
            connection.send('hi');
            return messages$;
          },
        }),
      )
      .subscribe((event) => seen.push(event.type, 'connection' in event && event.connection.traffic));

    const traffic = { messagesSent: 1, messagesReceived: 3, bytesSent: 4, bytesReceived: 11 };
    expect(seen).toEqual(['open', traffic, 'malformed', traffic, 'message', traffic]);
  });

  it(
    'passes errors on, and lets go of its source when it is unsubscribed',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const { events } = frames();
      const failing = cold(' co#', events);
      const endless = cold(' coe-', events);

      expectObservable(failing.pipe(countTraffic())).toBe('co#', events);
      expectObservable(endless.pipe(countTraffic()), '---!').toBe('coe', events);
      expectSubscriptions(endless.subscriptions).toBe('^--!');
    }),
  );
});
