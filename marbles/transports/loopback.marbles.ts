import { delay, map, mergeMap, type Observable, retry, switchMap, take, tap, timer } from 'rxjs';
import type { Connection, Frame } from '../../src/core/connection.js';
import { ConnectionClosedError, DialError } from '../../src/core/errors.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import { marbles } from '../../src/testing/marbles.js';
import { loopback, type Loopback } from '../../src/transports/loopback.js';

type FrameEvent = ConnectionEvent<Frame, Frame, undefined>;
type FrameConnection = Connection<Frame, undefined>;

const LETTERS: Readonly<Record<string, string>> = { connecting: 'c', open: 'o', pong: 'p', close: 'x' };

/** Each event as its letter; messages are letters already. */
const drawn = (events$: Observable<FrameEvent>): Observable<Frame | undefined> =>
  events$.pipe(map((event) => (event.type === 'message' ? event.data : LETTERS[event.type])));

/** What every served connection says, drawn; `act` is called within each event. */
const served = (link: Loopback, act: (event: FrameEvent) => void = () => undefined): Observable<Frame | undefined> =>
  link.server$.pipe(
    mergeMap((client$) => client$.pipe(tap(act))),
    drawn,
  );

const whenOpen =
  (act: (connection: FrameConnection) => void) =>
  (event: FrameEvent): void => {
    if (event.type === 'open') act(event.connection);
  };

const echo = (event: FrameEvent): void => {
  if (event.type === 'message') event.connection.send(event.data);
};

const say = (...texts: string[]) => whenOpen((connection) => texts.forEach((text) => connection.send(text)));

describe('loopback', () => {
  it(
    'opens after the way there and back, and messages take one way',
    marbles(({ expectObservable }) => {
      const link = loopback({ latency: 2 });
      const client$ = link.client$.pipe(tap(say('a')), drawn);

      expectObservable(served(link, echo), ' ^----------!').toBe('--(co)a----');
      expectObservable(client$, '            ^----------!').toBe('c---o---a--');
    }),
  );

  it(
    'keeps the order of what is sent at one moment, to the millisecond of its arrival',
    marbles(({ expectObservable }) => {
      const link = loopback({ latency: '7ms' });
      const client$ = link.client$.pipe(drawn);

      expectObservable(served(link, say('a', 'b', 'c')), '^ 20ms !').toBe('7ms (co)');
      expectObservable(client$, '                          ^ 20ms !').toBe('c 13ms (oabc)');
    }),
  );

  it(
    'needs no time without a latency, but delivers nothing within send()',
    marbles(({ expectObservable }) => {
      const link = loopback();
      const log: string[] = [];
      const client$ = link.client$.pipe(
        tap(
          whenOpen((connection) => {
            connection.send('a');
            log.push('sent');
          }),
        ),
        drawn,
      );
      const server$ = served(link, (event) => event.type === 'message' && log.push('arrived'));

      expectObservable(server$, '^-!').toBe('(coa)');
      expectObservable(client$, '^-!').toBe('(co)');
      expectObservable(timer(1).pipe(map(() => log.join()))).toBe('-(s|)', { s: 'sent,arrived' });
    }),
  );

  describe('closing', () => {
    it(
      'takes the way there and back for the end that closes, and one way for the other',
      marbles(({ expectObservable, cold }) => {
        const link = loopback({ latency: 2 });
        const closing = cold('             -------x');
        const client$ = link.client$.pipe(
          tap(whenOpen((connection) => void closing.subscribe(() => connection.close(4000, 'bye')))),
          drawn,
        );

        const error = new ConnectionClosedError(4000, 'bye');
        expectObservable(client$).toBe('     c---o----------(x#)', undefined, error);
        expectObservable(served(link)).toBe('--(co)-------(x#)   ', undefined, error);
      }),
    );

    it(
      'by the server completes the client when the code is 1000',
      marbles(({ expectObservable }) => {
        const link = loopback({ latency: 2 });
        const leaving = whenOpen((connection) => connection.close());

        expectObservable(link.client$.pipe(drawn)).toBe('c---(ox|)');
        expectObservable(served(link, leaving), '^------!').toBe('--(co)x');
      }),
    );

    it(
      'loses nothing that was sent before it, in either direction',
      marbles(({ expectObservable }) => {
        const link = loopback({ latency: 2 });
        const parting = whenOpen((connection) => {
          connection.send('a');
          connection.close();
        });

        expectObservable(link.client$.pipe(tap(parting), drawn)).toBe('c---o---(ax|)');
        expectObservable(served(link, echo), '^-----------!').toBe('    --(co)(ax)');
      }),
    );
  });

  describe('unsubscribing', () => {
    it(
      'closes the other end with 1000 one way later',
      marbles(({ expectObservable }) => {
        const link = loopback({ latency: 3 });

        expectObservable(link.client$.pipe(drawn), '^---------!    ').toBe('c-----o---     ');
        expectObservable(served(link), '            ^-------------!').toBe('---(co)------x-');
      }),
    );

    it(
      'of the server hangs up on the client',
      marbles(({ expectObservable }) => {
        const link = loopback({ latency: 2 });

        expectObservable(served(link), '^-----!').toBe('    --(co)      ');
        expectObservable(link.client$.pipe(drawn)).toBe('c---o---(x|)');
      }),
    );

    it(
      'while the dial is under way keeps it from arriving',
      marbles(({ expectObservable }) => {
        const link = loopback({ latency: 3 });

        expectObservable(link.client$.pipe(drawn), '^-!       ').toBe('c---------');
        expectObservable(served(link), '            ^--------!').toBe('----------');
      }),
    );

    it(
      'while the answer is under way breaks what the server believes to be open',
      marbles(({ expectObservable }) => {
        const link = loopback({ latency: 3 });

        expectObservable(link.client$.pipe(drawn), '^---!').toBe('c----------');
        expectObservable(served(link)).toBe('            ---(co)(x#)', undefined, new ConnectionClosedError(1006, ''));
      }),
    );

    it(
      'of both ends leaves no timer, whatever is under way',
      marbles(({ expectObservable }) => {
        const link = loopback({ latency: 10 });
        const chatty = (event: FrameEvent): void => {
          say('a')(event);
          echo(event);
        };

        expectObservable(link.client$.pipe(tap(chatty), drawn), '^ 34ms !').toBe('c 19ms o');
        expectObservable(served(link, echo), '                   ^ 34ms !').toBe('10ms (co) 16ms a');
      }),
    );
  });

  describe('a dial fails', () => {
    const nobody = new DialError('loopback://local', 'nobody serves it');

    it(
      'when nobody serves it',
      marbles(({ expectObservable }) => {
        const link = loopback({ latency: 2 });

        expectObservable(link.client$.pipe(drawn)).toBe('c---#', undefined, nobody);
      }),
    );

    it(
      'when nobody serves it as it arrives',
      marbles(({ expectObservable }) => {
        const link = loopback({ latency: 2 });
        const late$ = link.server$.pipe(
          delay(1),
          mergeMap((client$) => client$),
        );

        expectObservable(link.client$.pipe(drawn)).toBe('c---#', undefined, nobody);
        const over = new DialError('loopback://local', 'this dial is over, or served already');
        expectObservable(late$).toBe('                   ---# ', undefined, over);
      }),
    );

    it(
      'when the server hangs up in its `connecting` event',
      marbles(({ expectObservable }) => {
        const link = loopback({ latency: 2 });
        const server$ = link.server$.pipe(mergeMap((client$) => client$.pipe(take(1))));

        expectObservable(server$.pipe(drawn), '^-------!').toBe('--c');
        const lost = new DialError('loopback://local', 'closed with code 1006');
        expectObservable(link.client$.pipe(drawn)).toBe('        c---#', undefined, lost);
      }),
    );

    it(
      'while it is refused',
      marbles(({ expectObservable }) => {
        const link = loopback({ latency: 2 });
        link.refuse({ status: 503, retryAfter: 1_000 });

        const failure = { status: 503, retryAfter: 1_000 };
        const refused = new DialError('loopback://local', 'the server answered 503', failure);
        expectObservable(link.client$.pipe(drawn)).toBe('c---#', undefined, refused);
        expectObservable(served(link), '^------!').toBe('        ');
      }),
    );

    it(
      'until dials are accepted again',
      marbles(({ cold, expectObservable }) => {
        const link = loopback({ latency: 1 });
        link.refuse();

        const client$ = link.client$.pipe(retry({ delay: 3 }), drawn);
        expectObservable(cold('                           ----a').pipe(tap(link.accept))).toBe('----a');
        expectObservable(client$, '       ^--------!').toBe('c----c-o-');
        expectObservable(served(link), '  ^--------!').toBe('------(co)');
      }),
    );
  });

  describe('cut()', () => {
    it(
      'breaks both ends at once, and loses what is under way',
      marbles(({ cold, expectObservable }) => {
        const link = loopback({ latency: 2 });
        const cut = cold('                               -------x').pipe(tap(() => link.cut()));
        const late = whenOpen((connection) => void timer(4).subscribe(() => connection.send('a')));

        const error = new ConnectionClosedError(1006, '');
        expectObservable(cut).toBe('                     -------x');
        expectObservable(link.client$.pipe(drawn)).toBe('c---o--(x#)', undefined, error);
        expectObservable(served(link, late)).toBe('      --(co)-(x#)', undefined, error);
      }),
    );

    it(
      'takes a close code, as if each end had heard it from the other',
      marbles(({ cold, expectObservable }) => {
        const link = loopback({ latency: 2 });
        const cut = cold('                               -------x').pipe(tap(() => link.cut(1012, 'restart')));

        const error = new ConnectionClosedError(1012, 'restart');
        expectObservable(cut).toBe('                     -------x');
        expectObservable(link.client$.pipe(drawn)).toBe('c---o--(x#)', undefined, error);
        expectObservable(served(link)).toBe('            --(co)-(x#)', undefined, error);
      }),
    );

    it(
      'leaves alone what is dialed because of it',
      marbles(({ cold, expectObservable }) => {
        const link = loopback({ latency: 2 });
        const cut = cold('           -------x').pipe(tap(() => link.cut()));

        expectObservable(cut).toBe(' -------x');
        expectObservable(link.client$.pipe(retry(1), drawn), '^ 20ms !').toBe('c---o--(xc)o');
        expectObservable(served(link).pipe(retry(1)), '       ^ 20ms !').toBe('--(co)-x-(co)');
      }),
    );

    it(
      'makes a dial fail that is under way, and leaves the next one alone',
      marbles(({ cold, expectObservable }) => {
        const link = loopback({ latency: 2 });
        const cut = cold('                         -x').pipe(tap(() => link.cut()));
        const client$ = link.client$.pipe(retry({ delay: 3 }), drawn);

        expectObservable(cut).toBe('               -x');
        expectObservable(client$, '     ^---------!').toBe('c---c---o-');
        expectObservable(served(link), '^---------!').toBe('------(co)');
      }),
    );
  });

  it(
    'is a connection of its own for every subscriber',
    marbles(({ cold, expectObservable }) => {
      const link = loopback({ latency: 2 });
      const second$ = cold('                                     ----s').pipe(switchMap(() => link.client$));
      const names = ['a', 'b'];
      const greeting = whenOpen((connection) => connection.send(names.shift() ?? 'z'));

      expectObservable(link.client$.pipe(drawn), '^----------!').toBe('c---(oa)----');
      expectObservable(second$.pipe(drawn), '     ^----------!').toBe('----c---(ob)');
      expectObservable(served(link, greeting), '  ^----------!').toBe('--(co)(co)--');
    }),
  );

  it(
    'holds messages back while an end is paused, and counts them at the other',
    marbles(({ cold, expectObservable }) => {
      const link = loopback({ latency: 2 });
      const resume = cold('---------r');
      const pausing = whenOpen((connection) => {
        connection.pause?.();
        resume.subscribe(() => connection.resume?.());
      });
      let server!: FrameConnection;
      const greeting = whenOpen((connection) => {
        server = connection;
        connection.send('a');
        connection.send('é');
      });

      expectObservable(link.client$.pipe(tap(pausing), drawn), '^ 20ms !').toBe('c---o--------(aé)');
      expectObservable(served(link, greeting), '                 ^ 20ms !').toBe('--(co)');
      const buffered$ = cold('------x-------x').pipe(map(() => server.bufferedAmount));
      expectObservable(buffered$).toBe('------3-------0', { 3: 3, 0: 0 });
    }),
  );

  it(
    'answers pings, also several at a time, with the way there and back as their round trip',
    marbles(({ expectObservable }) => {
      const link = loopback({ latency: 3 });
      const pinging = whenOpen(
        (connection) =>
          void timer(0, 2)
            .pipe(take(2))
            .subscribe(() => connection.ping?.()),
      );
      const client$ = link.client$.pipe(
        tap(pinging),
        map((event) => (event.type === 'pong' ? event.roundTrip : LETTERS[event.type])),
      );

      expectObservable(client$, '     ^--------------!').toBe('c-----o-----6-6', { c: 'c', o: 'o', 6: 6 });
      expectObservable(served(link), '^--------------!').toBe('---(co)');
    }),
  );
});
