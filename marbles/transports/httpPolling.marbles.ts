import { EMPTY, map, NEVER, type Observable, of, Subject, takeUntil, tap, throwError, timer } from 'rxjs';
import { constant } from '../../src/core/backoff.js';
import type { Connection, Frame } from '../../src/core/connection.js';
import { BufferOverflowError, ConnectionClosedError, DialError } from '../../src/core/errors.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import { heartbeat } from '../../src/operators/heartbeat.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { marbles } from '../../src/testing/marbles.js';
import { httpPolling, type HttpPollingConfig } from '../../src/transports/httpPolling.js';
import type { PollAnswer, PollRequest } from '../../src/transports/pollExchange.js';

type FrameEvent = ConnectionEvent<Frame, Frame, undefined>;

const URL = 'https://example.com/poll';

const LETTERS: Readonly<Record<string, string>> = {
  connecting: 'c',
  open: 'o',
  pong: 'p',
  close: 'x',
  reconnecting: 'r',
};

/** Each event as its letter; messages are letters already. */
const drawn = (events$: Observable<FrameEvent>): Observable<Frame | undefined> =>
  events$.pipe(map((event) => (event.type === 'message' ? event.data : LETTERS[event.type])));

/** A request in short: its number and its frames, or how it takes leave. */
const inShort = ({ frames, sequence, wait, close }: PollRequest): string => {
  if (frames.length > 0) return `${sequence}${frames.join('')}${close ? ` ${close.code}` : ''}`;
  return close ? String(close.code) : wait ? 'long' : 'poll';
};

/** A server that answers each request in turn, and the last answer to all further ones. */
function polled(answers: readonly Observable<PollAnswer>[], config: Partial<HttpPollingConfig> = {}) {
  const requests$ = new Subject<string>();
  const requests: PollRequest[] = [];
  const client$ = httpPolling({
    url: URL,
    interval: 5,
    random: () => 1,
    exchange: (request) => {
      requests.push(request);
      requests$.next(inShort(request));
      return answers[Math.min(requests.length, answers.length) - 1] ?? EMPTY;
    },
    ...config,
  });
  return { client$, requests$, requests };
}

/** Acts on the connection so many milliseconds after it opened; -1 is within the `open` event. */
const after = (delay: number, act: (connection: Connection<Frame>) => void) =>
  tap((event: FrameEvent) => {
    if (event.type !== 'open') return;
    if (delay < 0) act(event.connection);
    else timer(delay).subscribe(() => act(event.connection));
  });
const say = (delay: number, ...texts: string[]) =>
  after(delay, (connection) => texts.forEach((text) => connection.send(text)));
const close = (delay: number, code?: number) => after(delay, (connection) => connection.close(code));

const answers = {
  e: {},
  m: { frames: ['m'] },
  n: { frames: ['m', 'n'] },
  b: { frames: ['m'], more: true },
  x: { frames: ['m'], close: { code: 4001, reason: 'enough' } },
  y: { close: { code: 1000, reason: 'done' } },
};
/** Requests; unsubscribing makes the last one. */
const asked = { p: 'poll', l: 'long', z: '1000', 1: '1a', 2: '2b' };
const refused = (status: number, retryAfter?: number): Error =>
  Object.assign(new Error(`the server answered ${status}`), { status, ...(retryAfter && { retryAfter }) });

describe('httpPolling', () => {
  it(
    'opens with the first answer, and asks again an interval after each one',
    marbles(({ cold, expectObservable }) => {
      const { client$, requests$ } = polled([
        cold('              --e', answers),
        cold('                     -m', answers),
        cold('                           n', answers),
        cold('                                --e', answers),
      ]);

      expectObservable(requests$).toBe(' p------p-----p----p----z', asked);
      expectObservable(client$.pipe(drawn), '^----------------------!').toBe('c-o-----m----(mn)');
    }),
  );

  it(
    'sends what is sent in one turn with one request, at once',
    marbles(({ cold, expectObservable }) => {
      const { client$, requests$ } = polled([cold('-e', answers)]);
      const talking$ = client$.pipe(say(1, 'a', 'b'), say(3, 'c'));

      expectObservable(requests$).toBe('           p-1-2-----p---z', { ...asked, 1: '1ab', 2: '2c' });
      expectObservable(talking$.pipe(drawn), '^-------------!').toBe('co');
    }),
  );

  it(
    'never asks two things at a time: what is sent meanwhile waits for the answer and goes together',
    marbles(({ cold, expectObservable }) => {
      const { client$, requests$ } = polled([cold('-e', answers), cold('------e', answers)]);
      const talking$ = client$.pipe(say(0, 'a'), say(1, 'b'), say(3, 'c'));

      expectObservable(requests$).toBe('           p1-----2----------p----z', { ...asked, 2: '2bc' });
      expectObservable(talking$.pipe(drawn), '^----------------------!').toBe('co');
    }),
  );

  it(
    'may be sent over within the `open` event, also when the server answers in the turn in which it is asked',
    marbles(({ expectObservable }) => {
      const { client$, requests$ } = polled([of(answers.m)], { interval: 10 });

      expectObservable(requests$).toBe('                     (p1)------p-z', asked);
      expectObservable(client$.pipe(say(-1, 'a'), drawn), '^-----------!').toBe('(comm)----m');
    }),
  );

  it(
    'asks again at once while there is more',
    marbles(({ cold, expectObservable }) => {
      const { client$, requests$ } = polled([
        cold('-e', { e: { more: true } }),
        cold('-b', answers),
        cold('-e', answers),
      ]);

      expectObservable(requests$).toBe('      ppp-----p--z', asked);
      expectObservable(client$.pipe(drawn), '^----------!').toBe('com');
    }),
  );

  it(
    'sends at most `maxPayload` with one request, and a larger message alone',
    marbles(({ expectObservable }) => {
      const { client$, requests$ } = polled([timer(1).pipe(map(() => ({})))], { maxPayload: 3 });
      const talking$ = client$.pipe(say(0, 'ab', 'c', 'd', 'long', 'e'));

      expectObservable(requests$).toBe('           p1234z', { ...asked, 1: '1abc', 2: '2d', 3: '3long', 4: '4e' });
      expectObservable(talking$.pipe(drawn), '^----!').toBe('co');
    }),
  );

  it(
    'sends bytes as they were when they were sent',
    marbles(({ cold, expectObservable, flush }) => {
      const { client$, requests } = polled([cold('-e', answers)]);
      const bytes = new Uint8Array([1, 2, 3]);
      const sending$ = client$.pipe(
        after(1, (connection) => {
          connection.send(bytes);
          expect(connection.bufferedAmount).toBe(3);
          bytes.fill(0);
        }),
        after(2, ({ bufferedAmount }) => expect(bufferedAmount).toBe(0)),
      );

      expectObservable(sending$.pipe(drawn), '^---!').toBe('co');
      flush();
      expect(requests[1]?.frames).toEqual([new Uint8Array([1, 2, 3])]);
    }),
  );

  it(
    'repeats the id of the last answer, also when the one before was lost',
    marbles(({ cold, expectObservable, flush }) => {
      const { client$, requests } = polled([of({ id: 1 }), of({ id: 2, frames: ['m'] }), cold('#'), of({})]);

      expectObservable(client$.pipe(drawn), '^------------------!').toBe('(co)-m');
      flush();
      expect(requests.map(({ id }) => id)).toEqual([undefined, 1, 2, 2, 2]);
    }),
  );

  it(
    'throws when too much waits, and what waits is sent',
    marbles(({ cold, expectObservable }) => {
      const { client$, requests$ } = polled([cold('-e', answers)], { buffer: 2 });
      const thrown: unknown[] = [];
      const greedy$ = client$.pipe(
        after(1, (connection) => {
          for (const text of ['a', 'b', 'c']) {
            try {
              connection.send(text);
            } catch (error) {
              thrown.push(error);
            }
          }
        }),
      );

      expectObservable(requests$).toBe('          p-1---z', { ...asked, 1: '1ab' });
      expectObservable(greedy$.pipe(drawn), '^-----!').toBe('co');
      expectObservable(timer(3).pipe(map(() => thrown))).toBe('---(t|)', { t: [new BufferOverflowError(2)] });
    }),
  );

  describe('a request that fails', () => {
    it(
      'is repeated as it was; what was sent meanwhile comes after it',
      marbles(({ cold, expectObservable }) => {
        const { client$, requests$ } = polled([cold('-e', answers), cold('-#'), cold('-e', answers)]);
        const talking$ = client$.pipe(say(0, 'a'), say(3, 'b'));

        expectObservable(requests$).toBe('           p1-----12-----p---z', asked);
        expectObservable(talking$.pipe(drawn), '^-----------------!').toBe('co');
      }),
    );

    it(
      'does not stop the polls',
      marbles(({ cold, expectObservable }) => {
        const { client$, requests$ } = polled([of({}), cold('#'), cold('m', answers)]);

        expectObservable(requests$).toBe('      p----p----p----p--z', asked);
        expectObservable(client$.pipe(drawn), '^-----------------!').toBe('(co)------m----m');
      }),
    );

    it(
      'waits twice as long each time, for up to a second at first, and a part of it by chance',
      marbles(({ expectObservable }) => {
        const down$ = throwError(() => new Error('cut'));
        const config = { interval: '5s', tries: 6, random: () => 0.5 };
        const { client$, requests$ } = polled([of({}), down$], config);

        expectObservable(requests$).toBe(`      p 4999ms p 749ms p 1499ms p 2999ms p 5999ms p 7499ms p`, asked);
        expectObservable(client$.pipe(drawn)).toBe(
          '(co) 23746ms (x#)',
          undefined,
          new ConnectionClosedError(1006, 'cut'),
        );
      }),
    );

    it(
      'ends the connection after so many tries in a row: 1006',
      marbles(({ cold, expectObservable }) => {
        const down = cold('-#', {}, new Error('cut'));
        const { client$, requests$ } = polled([of({}), down, down, of({}), down, down, down], { interval: 4 });

        expectObservable(requests$).toBe('      p---p----p--------p---p----p--------p', asked);
        expectObservable(client$.pipe(drawn)).toBe(
          '                                     (co)---------------------------------(x#)',
          undefined,
          new ConnectionClosedError(1006, 'cut'),
        );
      }),
    );

    it(
      'waits as the server asks, for no longer than a request may take',
      marbles(({ expectObservable }) => {
        const config = { tries: 4, timeout: 20 };
        const { client$, requests$ } = polled(
          [of({}), throwError(() => refused(429, 12)), throwError(() => refused(503, 60)), of(answers.y)],
          config,
        );

        expectObservable(requests$).toBe('      p----p 11ms p 19ms p', asked);
        expectObservable(client$.pipe(drawn)).toBe('(co) 33ms (x|)');
      }),
    );

    it.each([
      [401, 4401],
      [403, 4403],
      [413, 4413],
    ])('is not repeated after %d', (status, code) =>
      marbles(({ cold, expectObservable }) => {
        const { client$, requests$ } = polled([of({}), cold('-#', {}, refused(status))]);
        const error = new ConnectionClosedError(code, `the server answered ${status}`);

        expectObservable(requests$).toBe('      p----p------', asked);
        expectObservable(client$.pipe(drawn)).toBe('(co)--(x#)', undefined, error);
      })(),
    );

    it.each([404, 410])('is a link that broke when the server does not know the session any more: %d', (status) =>
      marbles(({ cold, expectObservable }) => {
        const { client$ } = polled([of({}), cold('-#', {}, refused(status))]);

        expectObservable(client$.pipe(drawn)).toBe('(co)--(x#)', undefined, new ConnectionClosedError(1006, ''));
      })(),
    );

    it(
      'is a DialError when it was to open the session: it is not repeated',
      marbles(({ cold, expectObservable }) => {
        const cause = refused(503, 7_000);
        const { client$, requests$ } = polled([cold('--#', {}, cause)]);
        const error = new DialError(URL, 'the server answered 503', { status: 503, retryAfter: 7_000, cause });

        expectObservable(requests$).toBe('      p--------', asked);
        expectObservable(client$.pipe(drawn)).toBe('c-#', undefined, error);
      }),
    );

    it(
      'is one whose exchange throws, or ends without an answer',
      marbles(({ expectObservable }) => {
        const cause = new Error('the exchange ended without an answer');
        const { client$ } = polled([EMPTY]);
        const thrown = new Error('thrown');
        const throwing$ = httpPolling({
          url: URL,
          exchange: () => {
            throw thrown;
          },
        });

        expectObservable(client$.pipe(drawn)).toBe('  (c#)', undefined, new DialError(URL, cause.message, { cause }));
        expectObservable(throwing$.pipe(drawn)).toBe(
          '(c#)',
          undefined,
          new DialError(URL, 'thrown', { cause: thrown }),
        );
      }),
    );
  });

  describe('timeout', () => {
    it(
      'lets an answer pass that comes a millisecond before',
      marbles(({ cold, expectObservable }) => {
        const { client$, requests$ } = polled([cold('----e', answers)], { timeout: 5 });

        expectObservable(requests$).toBe('      p--------p-z', asked);
        expectObservable(client$.pipe(drawn), '^----------!').toBe('c---o');
      }),
    );

    it(
      'is a DialError at its end, and the request is aborted',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const silent = cold('-------e', answers);
        const { client$ } = polled([silent], { timeout: 5 });
        const cause = new Error('no answer within 5 ms');

        expectObservable(client$.pipe(drawn)).toBe('c----#', undefined, new DialError(URL, cause.message, { cause }));
        expectSubscriptions(silent.subscriptions).toBe('^----!');
      }),
    );

    it(
      'of an open session is a failure like others: the request is repeated',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const silent = cold('-------e', answers);
        const { client$, requests$ } = polled([of({}), silent, cold('m', answers)], { timeout: 4 });

        expectObservable(requests$).toBe('           p----p--------p-z', asked);
        expectObservable(client$.pipe(drawn), '     ^---------------!').toBe('(co)----------m');
        expectSubscriptions(silent.subscriptions).toBe(' -----^---!');
      }),
    );
  });

  describe('longPoll', () => {
    const longPoll = { wait: 20 };

    it(
      'asks again at once: with the session open, and after each message',
      marbles(({ cold, expectObservable }) => {
        const { client$, requests$ } = polled([cold('-e', answers), cold('---m', answers), NEVER], { longPoll });

        expectObservable(requests$).toBe('      pl--l----z', asked);
        expectObservable(client$.pipe(drawn), '^--------!').toBe('co--m');
      }),
    );

    it(
      'sends beside the poll that is held back, one request at a time',
      marbles(({ cold, expectObservable, flush }) => {
        const { client$, requests$, requests } = polled([of({ id: 7 }), NEVER, cold('---e', answers)], { longPoll });
        const talking$ = client$.pipe(say(4, 'a'), say(6, 'b'));

        expectObservable(requests$).toBe('       (pl)1--2-----z', asked);
        expectObservable(talking$.pipe(drawn), '^------------!').toBe('(co)');
        flush();
        expect(requests.map(({ wait }) => wait)).toEqual([0, 20, undefined, undefined, 0]);
        expect(requests.map(({ id }) => id)).toEqual([undefined, 7, 7, 7, 7]);
      }),
    );

    it(
      'takes ids from polls only: the answer to what was sent says nothing of what was received',
      marbles(({ cold, expectObservable, flush }) => {
        const answer = cold('-e', { e: { id: 8 } });
        const { client$, requests } = polled([of({ id: 7 }), NEVER, answer], { longPoll });
        const talking$ = client$.pipe(say(1, 'a'), say(5, 'b'));

        expectObservable(talking$.pipe(drawn), '^------------!').toBe('(co)');
        flush();
        expect(requests.map(({ id }) => id)).toEqual([undefined, 7, 7, 7, 7]);
      }),
    );

    it(
      'asks a server that holds nothing back no more often than once in an interval',
      marbles(({ cold, expectObservable }) => {
        const { client$, requests$ } = polled([of({}), cold('--e', answers)], { longPoll });

        expectObservable(requests$).toBe('      (pl)-l----l----z', asked);
        expectObservable(client$.pipe(drawn), '^--------------!').toBe('(co)');
      }),
    );

    it(
      'asks again at once when nothing came for longer than an interval',
      marbles(({ cold, expectObservable }) => {
        const { client$, requests$ } = polled([of({}), cold('-----e', answers)], { longPoll });

        expectObservable(requests$).toBe('      (pl)-l----l----z', asked);
        expectObservable(client$.pipe(drawn), '^--------------!').toBe('(co)');
      }),
    );

    it(
      'goes on when a poll fails, whatever is sent meanwhile',
      marbles(({ cold, expectObservable }) => {
        const { client$, requests$ } = polled([of({}), cold('---#'), of({}), NEVER], { longPoll });

        expectObservable(requests$).toBe('              (pl)1---l--z', asked);
        expectObservable(client$.pipe(say(4, 'a'), drawn), '^----------!').toBe('(co)');
      }),
    );
  });

  describe('the end', () => {
    it(
      'comes with an answer, after its messages: 1000 completes',
      marbles(({ cold, expectObservable }) => {
        const { client$, requests$ } = polled([of({}), cold('--y', answers)]);

        expectObservable(requests$).toBe('      p----p-----', asked);
        expectObservable(client$.pipe(drawn)).toBe('(co)---(x|)');
      }),
    );

    it(
      'comes with an answer, after its messages: another code is an error',
      marbles(({ cold, expectObservable }) => {
        const { client$ } = polled([of({}), cold('--x', answers)]);

        expectObservable(client$.pipe(drawn)).toBe(
          '(co)---(mx#)',
          undefined,
          new ConnectionClosedError(4001, 'enough'),
        );
      }),
    );

    it(
      'is told to the server with the last messages, and is there when it has answered',
      marbles(({ cold, expectObservable }) => {
        const { client$, requests$ } = polled([of({}), cold('--m', answers)]);
        const leaving$ = client$.pipe(say(3, 'a'), close(3, 4001));
        const error = new ConnectionClosedError(4001, '');

        expectObservable(requests$).toBe('           p--f', { ...asked, f: '1a 4001' });
        expectObservable(leaving$.pipe(drawn)).toBe('(co)-(mx#)', undefined, error);
      }),
    );

    it(
      'is told behind everything that waits, however many requests that takes',
      marbles(({ cold, expectObservable }) => {
        const { client$, requests$ } = polled([of({}), cold('-e', answers)], { maxPayload: 1 });
        const leaving$ = client$.pipe(say(3, 'a', 'b', 'c'), close(3));

        expectObservable(requests$).toBe('           p--12f', { ...asked, f: '3c 1000' });
        expectObservable(leaving$.pipe(drawn)).toBe('(co)--(x|)');
      }),
    );

    it(
      'waits for the answer to what was sent before',
      marbles(({ cold, expectObservable }) => {
        const { client$, requests$ } = polled([of({}), cold('-----e', answers)]);
        const leaving$ = client$.pipe(say(1, 'a'), close(2));

        expectObservable(requests$).toBe('      p1----z', asked);
        expectObservable(leaving$.pipe(drawn)).toBe('(co)-------(x|)');
      }),
    );

    it(
      'does not wait for a poll, which has nothing to lose',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const held = cold('---------e', answers);
        const { client$, requests$ } = polled([of({}), held, of({})]);

        expectObservable(requests$).toBe('                     p----p-z', asked);
        expectObservable(client$.pipe(close(7), drawn)).toBe('(co)---(x|)');
        expectSubscriptions(held.subscriptions).toBe('         -----^-!');
      }),
    );

    it(
      'aborts a poll that is held back, and takes what is left with the last answer',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const held = cold('---------e', answers);
        const { client$, requests$ } = polled([of({}), held, of(answers.m)], { longPoll: true });

        expectObservable(requests$).toBe('                     (pl)---z', asked);
        expectObservable(client$.pipe(close(7), drawn)).toBe('(co)---(mx|)');
        expectSubscriptions(held.subscriptions).toBe('         ^------!');
      }),
    );

    it(
      'is not waited for longer than closeTimeout',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const deaf = cold('-------------', answers);
        const { client$, requests$ } = polled([of({}), deaf], { closeTimeout: 4 });

        expectObservable(requests$).toBe('                           p--z', asked);
        expectObservable(client$.pipe(close(3, 1000), drawn)).toBe('(co)---(x|)');
        expectSubscriptions(deaf.subscriptions).toBe('               ---^---!');
      }),
    );

    it(
      'is told to the server by unsubscribing, with what was sent in the same turn',
      marbles(({ expectObservable }) => {
        const { client$, requests$ } = polled([of({})]);
        const stop$ = new Subject<void>();
        const leaving$ = client$.pipe(
          after(4, (connection) => {
            connection.send('a');
            stop$.next();
          }),
          takeUntil(stop$),
        );

        expectObservable(requests$).toBe('           p---f', { ...asked, f: '1a 1000' });
        expectObservable(leaving$.pipe(drawn)).toBe('(co)|');
      }),
    );
  });

  it(
    'stops everything when it is unsubscribed while it opens',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const opening = cold('     -----e', answers);
      const { client$, requests$ } = polled([opening]);

      expectObservable(requests$).toBe('      p-------------------', asked);
      expectObservable(client$.pipe(drawn), '^--!').toBe('c');
      expectSubscriptions(opening.subscriptions).toBe('^--!');
    }),
  );

  it(
    'aborts the signal of a request that nobody waits for any more',
    marbles(({ expectObservable, flush }) => {
      const { client$, requests } = polled([NEVER]);

      expectObservable(client$.pipe(drawn), '^--!').toBe('c');
      expect(requests).toEqual([]);
      flush();
      expect(requests.map(({ signal }) => signal.aborted)).toEqual([true]);
    }),
  );

  it(
    'carries the pings of a heartbeat: each goes at once, and its answer comes with that request',
    marbles(({ cold, expectObservable }) => {
      const { client$, requests$ } = polled([of({}), cold('--m', answers)], { interval: 100 });
      const beating$ = client$.pipe(
        heartbeat({
          interval: 6,
          timeout: 3,
          ping: (connection) => connection.send('a'),
          isPong: (data) => data === 'm',
        }),
      );

      expectObservable(requests$).toBe('            p-----1-------2-------z', { ...asked, 2: '2a' });
      expectObservable(beating$.pipe(drawn), '      ^---------------------!').toBe('(co)----p-------p');
    }),
  );

  it(
    'is dialed anew by reconnect() after it failed, and polls again',
    marbles(({ cold, expectObservable }) => {
      const down = cold('-#', {}, new Error('cut'));
      const { client$, requests$ } = polled([of({}), down, down, of({}), of(answers.m)], { tries: 1 });
      const kept$ = client$.pipe(reconnect({ delay: constant(10) }));

      expectObservable(requests$).toBe('        p----p 10ms p 10ms p----p--z', asked);
      expectObservable(kept$.pipe(drawn), '^ 34ms   !').toBe('(co)--(xr) 6ms cr 9ms (co)-m');
    }),
  );
});
