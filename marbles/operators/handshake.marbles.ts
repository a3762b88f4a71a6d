import {
  delay,
  EMPTY,
  EmptyError,
  filter,
  first,
  map,
  mergeMap,
  NEVER,
  Observable,
  of,
  Subject,
  take,
  tap,
  throwError,
  zip,
} from 'rxjs';
import { constant } from '../../src/core/backoff.js';
import type { Connection } from '../../src/core/connection.js';
import { ConnectionClosedError, HandshakeError } from '../../src/core/errors.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import { handshake } from '../../src/operators/handshake.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { inTurn } from '../../src/testing/inTurn.js';
import {
  close,
  connecting,
  draining,
  dropped,
  malformed,
  message,
  open,
  pong,
  reconnecting,
} from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { type MockConnection, mockConnection } from '../../src/testing/mockConnection.js';

type Letters = Readonly<Record<string, ConnectionEvent<string, unknown>>>;
type Exchange = (connection: Connection<unknown>, messages$: Observable<string>) => Observable<unknown>;

/** h is the message hello, r ready, 1 2 3 are others; y closes with 4001. */
const lettersOf = (connection: Connection<unknown>): Letters => ({
  c: connecting(),
  o: open(connection),
  h: message(connection, 'hello'),
  r: message(connection, 'ready'),
  '1': message(connection, '1'),
  '2': message(connection, '2'),
  '3': message(connection, '3'),
  p: pong(connection),
  q: malformed(connection),
  d: draining(connection),
  x: close(connection),
  y: close(connection, 4001, 'no'),
});

const untilReady: Exchange = (_connection, messages$) => messages$.pipe(first((text) => text === 'ready'));

describe('handshake', () => {
  it(
    'holds `open` back until the exchange emits',
    marbles(({ cold, expectObservable, expectSubscriptions, a }) => {
      const source = cold(' co-h-r-1-x|', lettersOf(a));
      const subs = '        ^---------!';
      const expected = '    c----o-1-x|';

      expectObservable(source.pipe(handshake({ within: 10, exchange: untilReady }))).toBe(expected, lettersOf(a));
      expectSubscriptions(source.subscriptions).toBe(subs);
    }),
  );

  it(
    'puts what the exchange emitted on the connection, in every event',
    marbles(({ cold, expectObservable, a }) => {
      const source = cold(' co-r1pqdx|', lettersOf(a));
      const exchange = (_connection: unknown, messages$: Observable<string>): Observable<{ heartbeat: number }> =>
        messages$.pipe(map((_, at) => ({ heartbeat: at })));

      const sessions$ = source.pipe(
        handshake({ within: 10, exchange }),
        map((event) => ('connection' in event ? event.connection.session.heartbeat : undefined)),
      );

      expectObservable(sessions$).toBe('n--ssssss|', { n: undefined, s: 0 });
    }),
  );

  it(
    'keeps one connection object for all its events, and sends over it',
    marbles(({ cold, flush, a }) => {
      const connections = new Set<Connection<unknown>>();
      const source = cold('co-r1pqdx|', lettersOf(a));

      source.pipe(handshake({ within: 10, exchange: untilReady })).subscribe((event) => {
        if (!('connection' in event)) return;
        connections.add(event.connection);
        if (event.type === 'open') event.connection.send('thanks');
      });
      flush();

      expect(connections.size).toBe(1);
      expect(a.sent).toEqual(['thanks']);
    }),
  );

  it(
    'lets the exchange speak',
    marbles(({ cold, expectObservable, a }) => {
      const source = cold(' co-h-r-', lettersOf(a));
      const sent = '        -a-b---';
      const expected = '    c----o-';
      const exchange: Exchange = (connection, messages$) => {
        connection.send('a');
        return messages$.pipe(
          filter((text) => {
            if (text === 'hello') connection.send('b');
            return text === 'ready';
          }),
        );
      };

      expectObservable(source.pipe(handshake({ within: 10, exchange })), '-------!').toBe(expected, lettersOf(a));
      expectObservable(a.sent$).toBe(sent);
    }),
  );

  it(
    'gives a message to everyone in the exchange who listens',
    marbles(({ cold, expectObservable, a }) => {
      const source = cold(' co-h-r-', lettersOf(a));
      const expected = '    c--o-r-';
      const exchange: Exchange = (_connection, messages$) => zip(messages$, messages$);

      expectObservable(source.pipe(handshake({ within: 10, exchange })), '-------!').toBe(expected, lettersOf(a));
    }),
  );

  it(
    'gives a message not to who begins to listen because of it',
    marbles(({ cold, expectObservable, a }) => {
      const source = cold(' co-h-r-', lettersOf(a));
      const expected = '    c----o-';
      const exchange: Exchange = (_connection, messages$) => messages$.pipe(mergeMap(() => messages$));

      expectObservable(source.pipe(handshake({ within: 10, exchange })), '-------!').toBe(expected, lettersOf(a));
    }),
  );

  it(
    'takes the first value only, and then lets go of the exchange',
    marbles(({ cold, expectObservable, expectSubscriptions, a }) => {
      const source = cold('   co------1-', lettersOf(a));
      const sessions = cold('  ---1-2-3 ');
      const expected = '      c---o---1-';

      expectObservable(source.pipe(handshake({ within: 20, exchange: () => sessions })), '----------!').toBe(
        expected,
        lettersOf(a),
      );
      expectSubscriptions(sessions.subscriptions).toBe('-^--!');
    }),
  );

  it(
    'passes what concerns no connection at once',
    marbles(({ cold, expectObservable, a }) => {
      const letters = { ...lettersOf(a), D: dropped('old'), R: reconnecting() };
      const source = cold(' coD-R-r-D-', letters);
      const expected = '    c-D-R-o-D-';

      expectObservable(
        source.pipe(handshake<string, unknown, unknown>({ within: 10, exchange: untilReady })),
        '----------!',
      ).toBe(expected, letters);
    }),
  );

  it(
    'keeps what else happens to the connection until it is open, in order',
    marbles(({ cold, expectObservable, a }) => {
      const source = cold(' co-p-q-d-r------p-', lettersOf(a));
      const expected = '    c--------(opqd)-p-';

      expectObservable(source.pipe(handshake({ within: 10, exchange: untilReady })), '------------------!').toBe(
        expected,
        lettersOf(a),
      );
    }),
  );

  it(
    'meets every connection apart where its source dials again',
    marbles(({ cold, expectObservable, a, b }) => {
      const letters = {
        ...lettersOf(a),
        O: open(b),
        R: message(b, 'ready'),
        '4': message(b, '4'),
        s: reconnecting(1, 2, 'lost'),
      };
      const first = cold('  co-r-1#', letters, 'lost');
      const second = cold('         cO--R-4', letters);
      const expected = '    c--o-1s-c---O-4';

      const result = inTurn(first, second).pipe(
        reconnect({ delay: constant(2), stableAfter: 0 }),
        handshake({ within: 10, exchange: untilReady }),
      );

      expectObservable(result, '---------------!').toBe(expected, letters);
    }),
  );

  it(
    'meets a connection once, however often it is said to be open',
    marbles(({ cold, expectObservable, a }) => {
      const source = cold(' co-r-o-', lettersOf(a));
      const expected = '    c--o-o-';

      expectObservable(source.pipe(handshake({ within: 10, exchange: untilReady })), '-------!').toBe(
        expected,
        lettersOf(a),
      );
    }),
  );

  describe('loses no message', () => {
    it(
      'that comes in the same tick as the session',
      marbles(({ cold, expectObservable, a }) => {
        const source = cold(' co-(hr12)-3', lettersOf(a));
        const expected = '    c--(o12)--3';

        expectObservable(source.pipe(handshake({ within: 10, exchange: untilReady })), '-----------!').toBe(
          expected,
          lettersOf(a),
        );
      }),
    );

    it(
      'that comes before the exchange listens',
      marbles(({ cold, expectObservable, a }) => {
        const source = cold('   c(ophr)---', lettersOf(a));
        const late = cold('      ---l     ');
        const expected = '      c---(op)--';
        const exchange: Exchange = (connection, messages$) =>
          late.pipe(mergeMap(() => untilReady(connection, messages$)));

        expectObservable(source.pipe(handshake({ within: 10, exchange })), '----------!').toBe(expected, lettersOf(a));
      }),
    );

    it(
      'that the peer sends while the exchange is being made',
      marbles(({ expectObservable, a }) => {
        const letters = lettersOf(a);
        const source = new Observable<ConnectionEvent<string, unknown>>((subscriber) => {
          a.sent$.subscribe(() => subscriber.next(letters['r']!));
          subscriber.next(letters['o']!);
        });
        const exchange: Exchange = (connection, messages$) => {
          connection.send('hello');
          return messages$;
        };

        expectObservable(source.pipe(handshake({ within: 10, exchange })), '---!').toBe('o--', letters);
      }),
    );

    it(
      'that comes while the exchange listens no more',
      marbles(({ cold, expectObservable, a }) => {
        const source = cold('   co(h1p)-r2--------3', lettersOf(a));
        const expected = '      c---------(o1pr2)-3';
        const exchange: Exchange = (_connection, messages$) => messages$.pipe(take(1), delay(8));

        expectObservable(source.pipe(handshake({ within: 10, exchange })), '-------------------!').toBe(
          expected,
          lettersOf(a),
        );
      }),
    );

    it(
      'that the consumer causes by what it does on `open`',
      marbles(({ expectObservable, a }) => {
        const letters = lettersOf(a);
        const source = new Observable<ConnectionEvent<string, unknown>>((subscriber) => {
          a.sent$.subscribe(() => subscriber.next(letters['3']!));
          for (const letter of 'oh12') subscriber.next(letters[letter]!);
        });
        const exchange: Exchange = (_connection, messages$) => messages$.pipe(take(1), delay(1));

        const result = source.pipe(
          handshake({ within: 10, exchange }),
          tap((event) => {
            if (event.type === 'open') event.connection.send('what is answered at once');
          }),
        );

        expectObservable(result, '--------!').toBe('-(o123)-', letters);
      }),
    );

    it.each(['#', '|'])('before the end (%s), where the consumer causes both by what it does on `open`', (end) => {
      marbles(({ cold, expectObservable, flush, a }) => {
        const letters = lettersOf(a);
        const source = new Subject<ConnectionEvent<string, unknown>>();
        a.sent$.subscribe(() => {
          source.next(letters['x']!);
          if (end === '#') source.error('error');
          else source.complete();
        });
        const exchange: Exchange = (_connection, messages$) => messages$.pipe(take(1), delay(1));
        const result = source.pipe(
          handshake({ within: 10, exchange }),
          tap((event) => {
            if (event.type === 'open') event.connection.send('what is answered at once');
          }),
        );

        expectObservable(result).toBe(`-(o1x${end})`, letters);
        cold('(oh1)', letters).subscribe((event) => source.next(event));
        flush();
      })();
    });

    it(
      'that waits for the consumer, to somebody who begins to listen only now',
      marbles(({ cold, expectObservable, a }) => {
        const source = cold('   c(oh1)-', lettersOf(a));
        const expected = '      c(o1)--';
        let late$: Observable<string> = NEVER;
        const exchange: Exchange = (_connection, messages$) => {
          late$ = messages$;
          return messages$.pipe(take(1), delay(0));
        };
        const result = source.pipe(
          handshake({ within: 10, exchange }),
          tap(() => late$.subscribe()),
        );

        expectObservable(result, '------!').toBe(expected, lettersOf(a));
      }),
    );

    it(
      'that the consumer causes on `open`, though somebody in the exchange still listens and however many they are',
      marbles(({ flush, a }) => {
        const letters = lettersOf(a);
        let received = 0;
        const source = new Observable<ConnectionEvent<string, unknown>>((subscriber) => {
          a.sent$.subscribe(() => {
            for (let sent = 0; sent < 1_500; sent++) subscriber.next(letters['1']!);
          });
          for (const letter of 'oh') subscriber.next(letters[letter]!);
        });
        const exchange: Exchange = (_connection, messages$) => {
          messages$.subscribe();
          return messages$.pipe(take(1), delay(1));
        };

        source.pipe(handshake({ within: 10, exchange })).subscribe((event) => {
          if (event.type === 'open') event.connection.send('what is answered at once');
          else received += 1;
        });
        flush();

        expect(received).toBe(1_500);
      }),
    );
  });

  describe('fails', () => {
    const timedOut = new HandshakeError('no answer within 3 ms', 'timeout');

    it(
      'when it takes too long, and lets go of the source and the exchange',
      marbles(({ cold, expectObservable, expectSubscriptions, a }) => {
        const source = cold('  co-h---r-', lettersOf(a));
        const exchange = cold('  --------s');
        const expected = '     c---#    ';

        expectObservable(source.pipe(handshake({ within: 3, exchange: () => exchange }))).toBe(
          expected,
          lettersOf(a),
          timedOut,
        );
        expectSubscriptions(source.subscriptions).toBe('  ^---!');
        expectSubscriptions(exchange.subscriptions).toBe('-^--!');
      }),
    );

    it(
      'after the limit, which counts from the `open` of the source, and not at it or before it',
      marbles(({ cold, expectObservable, a }) => {
        const early = cold('   c--o-r-', lettersOf(a));
        const punctual = cold('c--o--r', lettersOf(a));
        const late = cold('    c--o---r', lettersOf(a));
        const operator = handshake<string, unknown, unknown>({ within: 3, exchange: untilReady });

        expectObservable(early.pipe(operator), '   -------!').toBe('c----o-', lettersOf(a));
        expectObservable(punctual.pipe(operator), '-------!').toBe('c-----o', lettersOf(a));
        expectObservable(late.pipe(operator)).toBe('            c-----#', lettersOf(a), timedOut);
      }),
    );

    it(
      'when the exchange ends without a value',
      marbles(({ cold, expectObservable, a }) => {
        const source = cold('co-', lettersOf(a));

        expectObservable(source.pipe(handshake({ within: 3, exchange: () => EMPTY }))).toBe(
          'c#',
          lettersOf(a),
          new HandshakeError('no elements in sequence', 'exchange', undefined, new EmptyError()),
        );
      }),
    );

    it(
      'when the peer closes, and emits no `close` of what was never open',
      marbles(({ cold, expectObservable, a }) => {
        const source = cold('co-y#', lettersOf(a));
        const closed = new ConnectionClosedError(4001, 'no');

        expectObservable(source.pipe(handshake({ within: 9, exchange: untilReady }))).toBe(
          'c--#',
          lettersOf(a),
          new HandshakeError(closed.message, 'closed', 4001, closed),
        );
      }),
    );

    it(
      'when more events wait than an exchange can be expected to leave',
      marbles(({ cold, expectObservable, flush, a }) => {
        const letters = lettersOf(a);
        const flood = (count: number): Observable<ConnectionEvent<string, unknown>> =>
          new Observable((subscriber) => {
            subscriber.next(letters['o']!);
            for (let sent = 0; sent < count; sent++) subscriber.next(letters['1']!);
          });
        const exchange: Exchange = () => cold('--s');
        const operator = handshake<string, unknown, unknown>({ within: 9, exchange });
        const received: string[] = [];

        flood(100)
          .pipe(operator)
          .subscribe(({ type }) => received.push(type));
        expectObservable(flood(101).pipe(operator)).toBe(
          '#',
          letters,
          new HandshakeError('more than 100 events wait', 'overflow'),
        );
        flush();
        expect(received).toHaveLength(101);
      }),
    );

    it.each<[what: string, thrown: unknown, phase: string, code: number | undefined, sent: number | undefined]>([
      ['an error', new Error('no'), 'exchange', undefined, undefined],
      ['an error with a phase', Object.assign(new Error('no'), { phase: 'auth' }), 'auth', undefined, undefined],
      ['an error with a code to send', Object.assign(new Error('no'), { code: 4401 }), 'exchange', 4401, 4401],
      ['code 1000', Object.assign(new Error('no'), { code: 1000 }), 'exchange', 1000, 1000],
      ['the highest code', Object.assign(new Error('no'), { code: 4999 }), 'exchange', 4999, 4999],
      ['what is no close code', Object.assign(new Error('no'), { code: 5000 }), 'exchange', 5000, undefined],
      [
        'an error with a code that may not be sent',
        Object.assign(new Error('no'), { code: 1008 }),
        'exchange',
        1008,
        undefined,
      ],
      ['an error with an HTTP status', Object.assign(new Error('no'), { status: 401 }), 'exchange', 401, undefined],
      [
        'an error of the system',
        Object.assign(new Error('no'), { code: 'ECONNRESET' }),
        'exchange',
        undefined,
        undefined,
      ],
      ['a text', 'no', 'exchange', undefined, undefined],
    ])('when the exchange throws %s, before or after it began', (_what, thrown, phase, code, sent) => {
      marbles(({ cold, expectObservable, flush, a }) => {
        const source = cold('    co--', lettersOf(a));
        const failing = cold('    -#  ', {}, thrown);
        const expected = new HandshakeError('no', phase, code, thrown);
        const other = mockConnection('other');
        const throws: Exchange = () => {
          throw thrown;
        };

        expectObservable(source.pipe(handshake({ within: 9, exchange: () => failing }))).toBe(
          'c-#',
          lettersOf(a),
          expected,
        );
        expectObservable(
          of(open(other)).pipe(handshake<string, unknown, unknown>({ within: 9, exchange: throws })),
        ).toBe('#', {}, expected);
        flush();
        expect(a.closed.map((call) => call.code)).toEqual(sent ? [sent] : []);
        expect(other.closed).toEqual(a.closed);
      })();
    });

    it(
      'and closes with the reason of what was thrown, as long as a close frame can hold it',
      marbles(({ cold, expectObservable, flush, a }) => {
        const thrown = { message: 'no', code: 4001, reason: 'é'.repeat(100) };
        const exchange = (): never => {
          throw thrown as unknown as Error;
        };

        const result = cold('co-', lettersOf(a)).pipe(handshake<string, unknown, unknown>({ within: 9, exchange }));

        expectObservable(result).toBe('c#', lettersOf(a), new HandshakeError('no', 'exchange', 4001, thrown));
        flush();
        expect(a.closed).toEqual([{ code: 4001, reason: 'é'.repeat(41) }]);
      }),
    );

    it(
      'with the HandshakeError that the exchange throws itself',
      marbles(({ cold, expectObservable, a }) => {
        const source = cold('co-', lettersOf(a));
        const error = new HandshakeError('too old', 'version', 4406);

        expectObservable(source.pipe(handshake({ within: 9, exchange: () => throwError(() => error) }))).toBe(
          'c#',
          lettersOf(a),
          error,
        );
      }),
    );

    it('with its own reason, also when the peer answers the close in the same turn', () => {
      const error = Object.assign(new Error('no'), { code: 4401 });
      const errors: unknown[] = [];
      const connection: MockConnection = mockConnection('a');
      const source = new Observable<ConnectionEvent<string, unknown>>((subscriber) => {
        connection.close = (code) => {
          subscriber.next(close(connection, code));
          subscriber.error(new ConnectionClosedError(code ?? 1000, ''));
        };
        subscriber.next(open(connection));
      });
      const ending = new Observable<ConnectionEvent<string, unknown>>((subscriber) => {
        connection.close = () => subscriber.complete();
        subscriber.next(open(connection));
      });

      for (const peer of [source, ending]) {
        peer
          .pipe(handshake({ within: 9, exchange: () => throwError(() => error) }))
          .subscribe({ error: (reason: unknown) => errors.push(reason) });
      }

      const expected = new HandshakeError('no', 'exchange', 4401, error);
      expect(errors).toEqual([expected, expected]);
    });

    it(
      'with a code that tells `reconnect` what to do',
      marbles(({ cold, expectObservable, a }) => {
        const letters = lettersOf(a);
        const refused = cold('co-y', letters);
        const error = new HandshakeError(
          'the connection was closed with code 4001: no',
          'closed',
          4001,
          new ConnectionClosedError(4001, 'no'),
        );
        const shaken = refused.pipe(handshake({ within: 9, exchange: untilReady }));

        expectObservable(shaken.pipe(reconnect({ closeCodes: { 4001: 'stop' } }))).toBe('c--#', letters, error);
        expectObservable(shaken.pipe(reconnect({ delay: constant(2) })), '-------!').toBe('c--s-c-', {
          ...letters,
          s: reconnecting(1, 2, error),
        });
      }),
    );
  });

  it(
    'passes errors and completion of the source on',
    marbles(({ cold, expectObservable, a }) => {
      const operator = handshake<string, unknown, unknown>({ within: 9, exchange: untilReady });

      expectObservable(cold('co-#', lettersOf(a)).pipe(operator)).toBe('  c--#', lettersOf(a));
      expectObservable(cold('co-|', lettersOf(a)).pipe(operator)).toBe('  c--|', lettersOf(a));
      expectObservable(cold('co-r-#', lettersOf(a)).pipe(operator)).toBe('c--o-#', lettersOf(a));
      expectObservable(cold('co-r-|', lettersOf(a)).pipe(operator)).toBe('c--o-|', lettersOf(a));
    }),
  );

  it(
    'lets go of source and exchange when it is unsubscribed, and leaves no timer',
    marbles(({ cold, expectObservable, expectSubscriptions, a }) => {
      const source = cold('   co---', lettersOf(a));
      const exchange = cold('  ----');
      const unsubscribe = '   ---! ';

      expectObservable(source.pipe(handshake({ within: 9, exchange: () => exchange })), unsubscribe).toBe(
        'c--',
        lettersOf(a),
      );
      expectSubscriptions(source.subscriptions).toBe('  ^--!');
      expectSubscriptions(exchange.subscriptions).toBe('-^-!');
    }),
  );

  it('refuses a config that cannot be meant', () => {
    expect(() => handshake({ within: -1, exchange: () => NEVER })).toThrow(
      'handshake: expected `within` to be above 0',
    );
    expect(() => handshake({ within: 1, exchange: 'hello' as never })).toThrow(
      "handshake: expected `exchange` to be a function, got 'hello'",
    );
  });
});
