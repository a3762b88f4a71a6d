import { concat, NEVER, type Observable, of, take, VirtualTimeScheduler } from 'rxjs';
import type { AbandonedEvent, LeaseLostEvent, UndeliveredEvent, WorkerEvent } from '../../src/gateway/events.js';
import { gracefulShutdown } from '../../src/gateway/shutdown.js';
import { close, connecting, open, reconnecting, retired } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { accepted, completed, mockGatewayConnection, received, workReply, workRequest } from './letters.js';

const farewell = { code: 1000, reason: 'WORKER_SHUTDOWN' };

const lettersOf = (a: ReturnType<typeof mockGatewayConnection>, b = mockGatewayConnection('b')) => ({
  c: connecting(),
  o: open(a),
  w: received(a),
  k: completed(),
  a: accepted(),
  l: { type: 'closing' } as const,
  x: close(a),
  z: close(a, 1006),
  r: reconnecting(),
  O: open(b),
  X: close(b),
  t: retired(a, 'lost'),
});

describe('gracefulShutdown', () => {
  it(
    'ends a worker when its work is done and its reply confirmed',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, flush }) => {
      const a = mockGatewayConnection('a');
      const letters = lettersOf(a);
      const source = cold<WorkerEvent>('c-o-w-----k-a--x--', letters);
      const shutdown$ = hot('           -----s------------');
      const expected = '                c-o-wl----k-a--(x|)';
      const subs = '                    ^--------------!';

      expectObservable(source.pipe(gracefulShutdown({ shutdown$ }))).toBe(expected, letters);
      expectSubscriptions(source.subscriptions).toBe(subs);
      flush();
      expect(a.closed).toEqual([farewell]);
    }),
  );

  it(
    'passes everything on while nobody asks for the end',
    marbles(({ cold, expectObservable, flush }) => {
      const a = mockGatewayConnection('a');
      const letters = lettersOf(a);

      expectObservable(
        cold<WorkerEvent>('c-o-w-k-a-z-r-O-|', letters).pipe(gracefulShutdown({ shutdown$: NEVER })),
      ).toBe('c-o-w-k-a-z-r-O-|', letters);
      expectObservable(cold<WorkerEvent>('c-#', letters).pipe(gracefulShutdown({ shutdown$: NEVER }))).toBe(
        'c-#',
        letters,
      );
      flush();
      expect(a.closed).toEqual([]);
    }),
  );

  it(
    'closes at once when there is no work, and ends when the connection is gone',
    marbles(({ cold, hot, expectObservable, flush }) => {
      const a = mockGatewayConnection('a');
      const letters = lettersOf(a);
      const source = cold<WorkerEvent>('c-o----x-', letters);
      const shutdown$ = hot('           ----s-s--');
      const expected = '                c-o-l--(x|)';

      expectObservable(source.pipe(gracefulShutdown({ shutdown$ }))).toBe(expected, letters);
      flush();
      expect(a.closed).toEqual([farewell]);
    }),
  );

  it(
    'ends at once without work and without a connection: while it is dialled, in a backoff, before it began',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const letters = lettersOf(mockGatewayConnection('a'));
      const dialling = cold<WorkerEvent>('c--------', letters);
      const waiting = cold<WorkerEvent>(' c-o-zr---', letters);
      const unborn = cold<WorkerEvent>('  c--------', letters);
      const shutdown$ = hot('             -------s-');

      expectObservable(dialling.pipe(gracefulShutdown({ shutdown$ }))).toBe('c------(l|)', letters);
      expectObservable(waiting.pipe(gracefulShutdown({ shutdown$ }))).toBe('c-o-zr-(l|)', letters);
      expectObservable(unborn.pipe(gracefulShutdown({ shutdown$: of('now') }))).toBe('(l|)', letters);
      expectSubscriptions(dialling.subscriptions).toBe('^------!');
    }),
  );

  it(
    'goes on through a reconnect while there is work, and leaves the connection it has in the end',
    marbles(({ cold, hot, expectObservable, flush }) => {
      const a = mockGatewayConnection('a');
      const b = mockGatewayConnection('b');
      const letters = lettersOf(a, b);
      const source = cold<WorkerEvent>('c-o-w-z-r-c-O-k-a-X-', letters);
      const shutdown$ = hot('           -----s--------------');
      const expected = '                c-o-wlz-r-c-O-k-a-(X|)';

      expectObservable(source.pipe(gracefulShutdown({ shutdown$ }))).toBe(expected, letters);
      flush();
      expect(a.closed).toEqual([]);
      expect(b.closed).toEqual([farewell]);
    }),
  );

  it.each(['t', 'r', 'O'])(
    'takes it for the end of the connection that it is retired, retried or replaced (%s)',
    (gone) => {
      marbles(({ cold, hot, expectObservable }) => {
        const letters = lettersOf(mockGatewayConnection('a'));
        const source = cold<WorkerEvent>(`c-o----${gone}-`, letters);
        const shutdown$ = hot('           ----s----');
        const expected = `                c-o-l--(${gone}|)`;

        expectObservable(source.pipe(gracefulShutdown({ shutdown$ }))).toBe(expected, letters);
      })();
    },
  );

  it(
    'gives up work that is not done in time, and tells what it was',
    marbles(({ cold, hot, expectObservable, flush }) => {
      const a = mockGatewayConnection('a');
      const other = workRequest('r2');
      const abandoned: AbandonedEvent = { type: 'abandoned', requests: ['r1'], replies: ['r2'] };
      const letters = { ...lettersOf(a), W: received(a, other), K: completed(other), n: abandoned };
      const source = cold<WorkerEvent>('owWK------x-', letters);
      const shutdown$ = hot('           -----s------');
      const expected = '                owWK-l--n-(x|)';

      expectObservable(source.pipe(gracefulShutdown({ shutdown$, deadline: 3 }))).toBe(expected, letters);
      flush();
      expect(a.closed).toEqual([farewell]);
    }),
  );

  it(
    'waits no longer than for the work: one ms before the deadline, and at it',
    marbles(({ cold, hot, expectObservable }) => {
      const early = lettersOf(mockGatewayConnection('a'));
      const late = lettersOf(mockGatewayConnection('a'));
      const abandoned: AbandonedEvent = { type: 'abandoned', requests: [], replies: ['r1'] };
      const shutdown$ = hot('-----s----');

      expectObservable(cold<WorkerEvent>('owk----a-x', early).pipe(gracefulShutdown({ shutdown$, deadline: 3 }))).toBe(
        'owk--l-a-(x|)',
        early,
      );
      expectObservable(cold<WorkerEvent>('owk-----ax', late).pipe(gracefulShutdown({ shutdown$, deadline: 3 }))).toBe(
        'owk--l--a(x|)',
        late,
      );
      expectObservable(
        cold<WorkerEvent>('owk------a', lettersOf(mockGatewayConnection('b'))).pipe(
          gracefulShutdown({ shutdown$, deadline: 3 }),
        ),
      ).toBe('owk--l--na', { ...lettersOf(mockGatewayConnection('b')), n: abandoned });
    }),
  );

  it(
    'counts a reply that was given up, and work that was cancelled with its lease, as done',
    marbles(({ cold, hot, expectObservable }) => {
      const letters = {
        ...lettersOf(mockGatewayConnection('a')),
        W: received(mockGatewayConnection('a'), workRequest('r2')),
        u: { type: 'undelivered', reply: workReply(), reason: 'gaveUp' } satisfies UndeliveredEvent,
        e: { type: 'leaseLost', request: workRequest('r2'), work: 'cancelled' } satisfies LeaseLostEvent,
      };
      const source = cold<WorkerEvent>('owWk--u-e-x', letters);
      const shutdown$ = hot('           ----s------');
      const expected = '                owWkl-u-e-(x|)';

      expectObservable(source.pipe(gracefulShutdown({ shutdown$ }))).toBe(expected, letters);
    }),
  );

  it('leaves no timer behind when it is unsubscribed because of `closing`', () => {
    const scheduler = new VirtualTimeScheduler();
    const { o, w } = lettersOf(mockGatewayConnection('a'));
    const source: Observable<WorkerEvent> = concat(of(o, w), NEVER);

    source.pipe(gracefulShutdown({ shutdown$: of('now'), deadline: 3, scheduler }), take(3)).subscribe();
    expect(scheduler.actions).toEqual([]);
  });

  it('refuses a deadline that is none', () => {
    expect(() => gracefulShutdown({ shutdown$: NEVER, deadline: 'soon' })).toThrow(
      "gracefulShutdown: expected `deadline` to be at least 0 ms, or a text such as '10s', got 'soon'",
    );
  });
});
