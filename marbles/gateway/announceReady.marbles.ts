import { NEVER, of, take } from 'rxjs';
import { announceReady } from '../../src/gateway/announceReady.js';
import type { WorkerEvent } from '../../src/gateway/events.js';
import type { ToGateway } from '../../src/gateway/messages.js';
import { close, connecting, open, reconnecting, retired } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { mockGatewayConnection } from './letters.js';

const told: Readonly<Record<string, ToGateway>> = { y: { kind: 'ready' }, p: { kind: 'pause' } };

describe('announceReady', () => {
  it(
    'tells a gateway that the worker is ready, and from the pause on that it is not',
    marbles(({ cold, hot, expectObservable }) => {
      const a = mockGatewayConnection('a');
      const b = mockGatewayConnection('b');
      const events = { c: connecting(), o: open(a), r: reconnecting(), O: open(b) };
      const source = cold<WorkerEvent>('c-o---r-c-O-', events);
      const pause$ = hot('              ----p-------');
      const sentA = '                   --y-p-------';
      const sentB = '                   ----------p-';

      expectObservable(source.pipe(announceReady({ pause$ }))).toBe('c-o---r-c-O-', events);
      expectObservable(a.sent$).toBe(sentA, told);
      expectObservable(b.sent$).toBe(sentB, told);
    }),
  );

  it(
    'passes `open` on before it speaks',
    marbles(({ cold, flush }) => {
      const a = mockGatewayConnection('a');
      const order: string[] = [];
      const source = cold<WorkerEvent>('o-', { o: open(a) });

      source.pipe(announceReady()).subscribe(() => order.push(`open, ${a.sent.length} sent`));
      flush();
      expect(order).toEqual(['open, 0 sent']);
      expect(a.sent).toEqual([{ kind: 'ready' }]);
    }),
  );

  it(
    'tells only the connection in use, and nobody when there is none',
    marbles(({ cold, hot, expectObservable, flush }) => {
      const a = mockGatewayConnection('a');
      const b = mockGatewayConnection('b');
      const events = { o: open(a), O: open(b), t: retired(a), x: close(b, 1006) };
      const source = cold<WorkerEvent>('o-O-t-x---', events);
      const first$ = hot('              ---p------');
      const late$ = hot('               --------p-');

      expectObservable(source.pipe(announceReady({ pause$: first$ }))).toBe('o-O-t-x---', events);
      expectObservable(source.pipe(announceReady({ pause$: late$ }))).toBe('o-O-t-x---', events);
      flush();
      expect(a.sent.map(({ kind }) => kind)).toEqual(['ready', 'ready']);
      expect(b.sent.map(({ kind }) => kind)).toEqual(['ready', 'ready', 'pause']);
    }),
  );

  it(
    'says nothing over a connection that ended while `open` was passed on',
    marbles(({ cold, flush }) => {
      const a = mockGatewayConnection('a');
      cold<WorkerEvent>('o-', { o: open(a) })
        .pipe(announceReady({ pause$: NEVER }))
        .subscribe(() => a.lost());
      flush();
      expect(a.sent).toEqual([]);
    }),
  );

  it(
    'says nothing when it is unsubscribed because of `open`',
    marbles(({ cold, expectObservable, flush }) => {
      const a = mockGatewayConnection('a');
      const events = { o: open(a) };
      expectObservable(cold<WorkerEvent>('o-', events).pipe(announceReady(), take(1))).toBe('(o|)', events);
      flush();
      expect(a.sent).toEqual([]);
    }),
  );

  it(
    'pauses from the start where the pause comes first',
    marbles(({ cold, expectObservable }) => {
      const a = mockGatewayConnection('a');
      const events = { o: open(a) };

      expectObservable(cold<WorkerEvent>('o|', events).pipe(announceReady({ pause$: of(1) }))).toBe('o|', events);
      expectObservable(a.sent$).toBe('p', told);
    }),
  );

  it(
    'passes errors on, and lets go of source and pause when it is unsubscribed',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const fails = cold<WorkerEvent>('--#');
      const lives = cold<WorkerEvent>('----');
      const pause$ = hot('             ----');

      expectObservable(fails.pipe(announceReady())).toBe('--#');
      expectObservable(lives.pipe(announceReady({ pause$ })), '--!').toBe('---');
      expectSubscriptions(lives.subscriptions).toBe('^-!');
      expectSubscriptions(pause$.subscriptions).toBe('^-!');
    }),
  );
});
