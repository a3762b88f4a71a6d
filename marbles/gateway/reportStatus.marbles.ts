import { from, ignoreElements, map, merge } from 'rxjs';
import type { WorkerEvent } from '../../src/gateway/events.js';
import { reportStatus } from '../../src/gateway/reportStatus.js';
import type { ToGateway } from '../../src/gateway/messages.js';
import { msgpackWire } from '../../src/gateway/wire.js';
import { close, open, reconnecting } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { accepted, completed, mockGatewayConnection, received, workRequest } from './letters.js';

const status = (closing: boolean, ...inFlight: string[]): ToGateway => ({ kind: 'status', inFlight, closing });

describe('reportStatus', () => {
  it(
    'tells which requests are in work, as often as the gateway asked for',
    marbles(({ cold, expectObservable }) => {
      const a = mockGatewayConnection('a', { statusInterval: 3 });
      const events = { o: open(a), w: received(a), k: completed(), a: accepted() };
      const source = cold<WorkerEvent>('--o-w-----k--a', events);
      const sent = '                    -----1--1--0--0';

      expectObservable(source.pipe(reportStatus()), '---------------!').toBe('--o-w-----k--a', events);
      expectObservable(a.sent$).toBe(sent, { 0: status(false), 1: status(false, 'r1') });
    }),
  );

  it(
    'tells nothing where the gateway asked for nothing',
    marbles(({ cold, expectObservable, flush }) => {
      const a = mockGatewayConnection('a', { statusInterval: 0 });
      const events = { o: open(a) };

      expectObservable(cold<WorkerEvent>('o---------', events).pipe(reportStatus())).toBe('o---------', events);
      flush();
      expect(a.sent).toEqual([]);
    }),
  );

  it(
    'says when the worker is about to end',
    marbles(({ cold, hot, expectObservable }) => {
      const a = mockGatewayConnection('a', { statusInterval: 2 });
      const events = { o: open(a) };
      const source = cold<WorkerEvent>('o------', events);
      const pause$ = hot('              ---p---');
      const sent = '                    --0-1-1';

      expectObservable(source.pipe(reportStatus({ pause$ })), '-------!').toBe('o------', events);
      expectObservable(a.sent$).toBe(sent, { 0: status(false), 1: status(true) });
    }),
  );

  it(
    'goes over to the next connection with the interval of that, and is silent in between',
    marbles(({ cold, expectObservable }) => {
      const a = mockGatewayConnection('a', { statusInterval: 2 });
      const b = mockGatewayConnection('b', { statusInterval: 4 });
      const events = { o: open(a), x: close(a, 1006), r: reconnecting(), O: open(b) };
      const source = cold<WorkerEvent>('o--x-r----O--------', events);
      const sentA = '                   --0----------------';
      const sentB = '                   --------------0---0';

      expectObservable(source.pipe(reportStatus()), '-------------------!').toBe('o--x-r----O--------', events);
      expectObservable(a.sent$).toBe(sentA, { 0: status(false) });
      expectObservable(b.sent$).toBe(sentB, { 0: status(false) });
    }),
  );

  it(
    'is silent over a connection that is closing, until there is another one',
    marbles(({ cold, expectObservable, flush }) => {
      const a = mockGatewayConnection('a', { statusInterval: 2 });
      const events = { o: open(a) };
      a.closing();

      expectObservable(cold<WorkerEvent>('o-----', events).pipe(reportStatus())).toBe('o-----', events);
      flush();
      expect(a.sent).toEqual([]);
    }),
  );

  it(
    'names the 65,536 oldest requests where there are more: no message holds more of them',
    marbles(({ cold, expectObservable, flush }) => {
      const a = mockGatewayConnection('a', { statusInterval: 2 });
      const requests = Array.from({ length: 65_537 }, (_, at) => received(a, workRequest(`r${at}`)));
      const source = merge(cold<WorkerEvent>('o--', { o: open(a) }), from(requests));

      expectObservable(source.pipe(reportStatus(), ignoreElements()), '---!').toBe('---');
      flush();
      expect(a.sent).toEqual([status(false, ...requests.slice(0, -1).map(({ request }) => request.requestId))]);
      expect(() => a.sent.map(msgpackWire.worker.encode)).not.toThrow();
    }),
  );

  it(
    'is sent more seldom than the gateway asked for, where that would leave no time for work',
    marbles(({ cold, expectObservable }) => {
      const a = mockGatewayConnection('a', { statusInterval: 2 });
      const requests = Array.from({ length: 500 }, (_, at) => received(a, workRequest(`r${at}`)));
      const source = merge(cold<WorkerEvent>('o--', { o: open(a) }), from(requests));

      expectObservable(source.pipe(reportStatus(), ignoreElements()), '110ms !').toBe('');
      expectObservable(a.sent$.pipe(map(({ kind }) => kind))).toBe('--s 99ms s', { s: 'status' });
    }),
  );

  it(
    'leaves no timer behind',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = mockGatewayConnection('a', { statusInterval: 2 });
      const events = { o: open(a) };
      const lives = cold<WorkerEvent>('o---', events);

      expectObservable(lives.pipe(reportStatus()), '-!').toBe('o', events);
      expectObservable(cold<WorkerEvent>('o#', events).pipe(reportStatus())).toBe('o#', events);
      expectObservable(cold<WorkerEvent>('o|', events).pipe(reportStatus())).toBe('o|', events);
      expectSubscriptions(lives.subscriptions).toBe('^!');
    }),
  );
});
