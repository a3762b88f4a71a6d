import { concat, EMPTY, ignoreElements, NEVER, type Observable, of, throwError } from 'rxjs';
import { ExecutionTimeoutError } from '../../src/gateway/errors.js';
import type { CompletedEvent, GatewayConnection, SkippedEvent, WorkerEvent } from '../../src/gateway/events.js';
import type { ToGateway, WorkRequest } from '../../src/gateway/messages.js';
import { requestIds } from '../../src/gateway/requestIds.js';
import { serveRequests, type ServeRequestsConfig } from '../../src/gateway/serveRequests.js';
import { errorReply, workReply, type WorkResult } from '../../src/gateway/workReply.js';
import {
  close,
  connecting,
  draining,
  malformed,
  message,
  open,
  reconnecting,
  retired,
} from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { mockGatewayConnection, received, workRequest } from './letters.js';

const q = workRequest('q', { leaseId: '1' });
const p = workRequest('p', { leaseId: '1' });

const asks = (by: GatewayConnection, request: WorkRequest): WorkerEvent => message(by, { kind: 'request', request });
const renews = (by: GatewayConnection, request: WorkRequest, newLeaseId?: string): WorkerEvent =>
  message(by, { kind: 'leaseAck', requestId: request.requestId, ...(newLeaseId !== undefined && { newLeaseId }) });
const skipped = (by: GatewayConnection, request: WorkRequest, reason: SkippedEvent['reason']): SkippedEvent => ({
  type: 'skipped',
  connection: by,
  request,
  reason,
});
const done = (request: WorkRequest, duration: number, result: WorkResult = {}): CompletedEvent => ({
  type: 'completed',
  request,
  reply: workReply(request, result, 'test'),
  duration,
});
const failed = (request: WorkRequest, duration: number, error: unknown): CompletedEvent => ({
  type: 'completed',
  request,
  reply: errorReply(request, error, 'test'),
  error,
  duration,
});
const extended = (request: WorkRequest, leaseId: string): WorkerEvent => ({ type: 'extended', request, leaseId });
const lost = (request: WorkRequest, work: 'cancelled' | 'continued' = 'cancelled'): WorkerEvent => ({
  type: 'leaseLost',
  request,
  work,
});
const ack = (request: WorkRequest): ToGateway => ({ kind: 'ack', request: requestIds(request) });
const extend = (request: WorkRequest, leaseId: string): ToGateway => ({
  kind: 'extendLease',
  request: requestIds(request),
  leaseId,
});

/** Serves requests with the work of this name, in turn where there are several. */
const serve = (
  work: Readonly<Record<string, Observable<WorkResult> | readonly Observable<WorkResult>[]>>,
  config: Partial<ServeRequestsConfig> = {},
) => {
  const times: Record<string, number> = {};
  return serveRequests({
    apps: {
      app: {
        handle: ({ request: { requestId } }) => {
          const time = (times[requestId] = (times[requestId] ?? -1) + 1);
          return [work[requestId] ?? EMPTY].flat()[time] as Observable<WorkResult>;
        },
      },
    },
    sdkVersion: 'test',
    ...config,
  });
};
/** A connection whose gateway wants leases extended every 4 ms. */
const connectionOf = (id: string, extendLeaseInterval = 4) => mockGatewayConnection(id, { extendLeaseInterval });

describe('serveRequests', () => {
  it(
    'acknowledges a request, does its work, extends its lease meanwhile, and tells the reply',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = connectionOf('a');
      const result = { body: 'r' };
      const events = { o: open(a), q: asks(a, q), a: renews(a, q, '2') };
      const source = cold<WorkerEvent>('o-q----a----', events);
      const sent = '                    --k---e---f-';
      const work = cold('                 -------r-|', { r: result });
      const expected = '                o-(qv)-(ay)w';
      const until = '                   ------------!';
      const subs = '                    --^--------!';

      const values = { ...events, v: received(a, q), y: extended(q, '2'), w: done(q, 9, result) };
      expectObservable(source.pipe(serve({ q: work })), until).toBe(expected, values);
      expectObservable(a.sent$).toBe(sent, { k: ack(q), e: extend(q, '1'), f: extend(q, '2') });
      expectSubscriptions(work.subscriptions).toBe(subs);
    }),
  );

  it(
    'passes everything on, and before it acts',
    marbles(({ cold, expectObservable, flush }) => {
      const a = connectionOf('a');
      const b = connectionOf('b');
      const events = {
        c: connecting(),
        o: open(a),
        m: message(a, { kind: 'replyAck', requestId: 'q' } as const),
        n: malformed(a),
        d: draining(a),
        O: open(b),
        t: retired(a),
        x: close(b, 1006),
        r: reconnecting(),
      } satisfies Record<string, WorkerEvent>;
      const source = cold<WorkerEvent>('comndOtxr', events);
      const order: string[] = [];
      const asked = cold<WorkerEvent>('o-q', { o: open(a), q: asks(a, q) });

      expectObservable(source.pipe(serve({})), '---------!').toBe('comndOtxr', events);
      asked.pipe(serve({ q: of({}) })).subscribe(({ type }) => order.push(`${type}, ${a.sent.length} sent`));
      flush();
      expect(order).toEqual(['open, 0 sent', 'message, 0 sent', 'received, 1 sent', 'completed, 1 sent']);
    }),
  );

  it(
    'extends the lease of work that ends after it is due, and not of what ended a millisecond before',
    marbles(({ cold, expectObservable }) => {
      const a = connectionOf('a', 6);
      const b = connectionOf('b', 6);
      const events = { o: open(a), q: asks(a, q), O: open(b), Q: asks(b, q) };
      const early = cold<WorkerEvent>('oq---------', events);
      const brief = cold<WorkResult>('  -----|     ');
      const sentA = '                  -k---------';
      const expectedA = '              o(qv)-w----';
      const late = cold<WorkerEvent>(' OQ---------', events);
      const long = cold<WorkResult>('   -------|   ');
      const sentB = '                  -k-----e---';
      const expectedB = '              O(QV)---W--';
      const until = '                  ----------!';

      const values = { ...events, v: received(a, q), V: received(b, q), w: done(q, 5), W: done(q, 7) };
      expectObservable(early.pipe(serve({ q: brief })), until).toBe(expectedA, values);
      expectObservable(late.pipe(serve({ q: long })), until).toBe(expectedB, values);
      expectObservable(a.sent$).toBe(sentA, { k: ack(q) });
      expectObservable(b.sent$).toBe(sentB, { k: ack(q), e: extend(q, '1') });
    }),
  );

  it(
    'takes the greater of two ULIDs for the newer lease, in whichever order they arrive',
    marbles(({ cold, expectObservable }) => {
      const a = connectionOf('a', 6);
      const second = '01ARZ3NDEKTSV4RRFFQ69G5FA2';
      const third = '01ARZ3NDEKTSV4RRFFQ69G5FA3';
      const events = { o: open(a), q: asks(a, q), 2: renews(a, q, second), 3: renews(a, q, third) };
      const source = cold<WorkerEvent>('o-q------3-----2------', events);
      const expected = '                o-(qv)---(3y)--(2y)---';
      const sent = '                    --k-----e-----f-----f-';
      const until = '                   ---------------------!';

      const values = { ...events, v: received(a, q), y: extended(q, third) };
      expectObservable(source.pipe(serve({ q: NEVER })), until).toBe(expected, values);
      expectObservable(a.sent$).toBe(sent, { k: ack(q), e: extend(q, '1'), f: extend(q, third) });
    }),
  );

  it(
    'cancels work whose lease is lost, does not answer it, and ignores later answers; the request may come again',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = connectionOf('a', 3);
      const events = { o: open(a), q: asks(a, q), x: renews(a, q), y: renews(a, q, '2') };
      const source = cold<WorkerEvent>('o-q---x------y---q----', events);
      const work = cold<WorkResult>('     -----------|         ');
      const again = cold<WorkResult>('                   -----');
      const sent = '                    --k--e-----------k--e-';
      const expected = '                o-(qv)(xl)---y---(qv)-';
      const until = '                   ---------------------!';

      const values = { ...events, v: received(a, q), l: lost(q) };
      expectObservable(source.pipe(serve({ q: [work, again] })), until).toBe(expected, values);
      expectObservable(a.sent$).toBe(sent, { k: ack(q), e: extend(q, '1') });
      expectSubscriptions(work.subscriptions).toBe(' --^---!');
      expectSubscriptions(again.subscriptions).toBe('-----------------^---!');
    }),
  );

  it(
    'lets work finish without its lease where it may, and answers it',
    marbles(({ cold, expectObservable }) => {
      const a = connectionOf('a', 3);
      const events = { o: open(a), q: asks(a, q), x: renews(a, q), y: renews(a, q, '2'), z: renews(a, q) };
      const source = cold<WorkerEvent>('o-q---x------yz----', events);
      const work = cold<WorkResult>('     -------------|');
      const sent = '                    --k--e-------------';
      const expected = '                o-(qv)(xl)---yzw---';
      const until = '                   ------------------!';

      const values = { ...events, v: received(a, q), l: lost(q, 'continued'), w: done(q, 13) };
      expectObservable(source.pipe(serve({ q: work }, { leaseLost: 'finish' })), until).toBe(expected, values);
      expectObservable(a.sent$).toBe(sent, { k: ack(q), e: extend(q, '1') });
    }),
  );

  it(
    'ignores what is said of the lease of work that is answered, or that it never had',
    marbles(({ cold, expectObservable }) => {
      const a = connectionOf('a');
      const events = { o: open(a), q: asks(a, q), x: renews(a, q), y: renews(a, q, '2'), z: renews(a, p, '2') };
      const source = cold<WorkerEvent>('o-q-------y-x-z', events);
      const work = cold<WorkResult>('     -----|       ');
      const sent = '                    --k---e--------';
      const expected = '                o-(qv)-w--y-x-z';
      const until = '                   ---------------!';

      const values = { ...events, v: received(a, q), w: done(q, 5) };
      expectObservable(source.pipe(serve({ q: work })), until).toBe(expected, values);
      expectObservable(a.sent$).toBe(sent, { k: ack(q), e: extend(q, '1') });
    }),
  );
});

describe('the turns of serveRequests', () => {
  it(
    'come first to who came first, and leases are extended while work waits',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = connectionOf('a', 5);
      const events = { o: open(a), p: asks(a, p), q: asks(a, q) };
      const source = cold<WorkerEvent>('o-p---q-------------', events);
      const first = cold<WorkResult>('    -----------|      ');
      const second = cold<WorkResult>('              -----|');
      const sent = '                    --k---lm---nm---n---';
      const expected = '                o-(pv)(qw)---i----j-';
      const until = '                   -------------------!';

      const values = { ...events, v: received(a, p), w: received(a, q), i: done(p, 11), j: done(q, 12) };
      expectObservable(source.pipe(serve({ p: first, q: second }, { concurrency: 1 })), until).toBe(expected, values);
      expectObservable(a.sent$).toBe(sent, { k: ack(p), l: ack(q), m: extend(p, '1'), n: extend(q, '1') });
      expectSubscriptions(first.subscriptions).toBe(' --^----------!');
      expectSubscriptions(second.subscriptions).toBe('-------------^----!');
    }),
  );

  it(
    'pass over work that lost its lease while it waited',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = connectionOf('a', 50);
      const events = { o: open(a), p: asks(a, p), q: asks(a, q), x: renews(a, q) };
      const source = cold<WorkerEvent>('o-p---q---x----', events);
      const first = cold<WorkResult>('    ------------|');
      const second = cold<WorkResult>('           -----');
      const expected = '                o-(pv)(qw)(xl)i';
      const until = '                   ------------------!';

      const values = { ...events, v: received(a, p), w: received(a, q), l: lost(q), i: done(p, 12) };
      expectObservable(source.pipe(serve({ p: first, q: second }, { concurrency: 1 })), until).toBe(expected, values);
      expectSubscriptions(second.subscriptions).toBe([]);
    }),
  );

  it(
    'come for so many at a time, so many wait, and more is not taken',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = connectionOf('a', 50);
      const r = workRequest('r');
      const events = { o: open(a), p: asks(a, p), q: asks(a, q), r: asks(a, r) };
      const source = cold<WorkerEvent>('o-(pqr)-------r---', events);
      const first = cold<WorkResult>('    ----------|');
      const second = cold<WorkResult>('             --------');
      const sent = '                    --(kl)--------m---';
      const expected = '                o-(pvqwrs)--i-(rz)';
      const until = '                   ------------------!';

      const values = {
        ...events,
        v: received(a, p),
        w: received(a, q),
        s: skipped(a, r, 'capacity'),
        i: done(p, 10),
        z: received(a, r),
      };
      const serving = serve({ p: first, q: second }, { concurrency: 1, queue: 1 });
      expectObservable(source.pipe(serving), until).toBe(expected, values);
      expectObservable(a.sent$).toBe(sent, { k: ack(p), l: ack(q), m: ack(r) });
      expectSubscriptions(second.subscriptions).toBe('------------^-----!');
    }),
  );
});

describe('the execution deadline of serveRequests', () => {
  it(
    'lets work end a millisecond before, and stops what takes as long or longer',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = connectionOf('a', 50);
      const r = workRequest('r');
      const events = { o: open(a), p: asks(a, p), q: asks(a, q), r: asks(a, r) };
      const source = cold<WorkerEvent>('o(pqr)------------', events);
      const before = cold<WorkResult>('  -----------|     ');
      const at = cold<WorkResult>('      ------------|    ');
      const after = cold<WorkResult>('   -------------|   ');
      const expected = '                o(pvqwrx)---i(jk)-';
      const until = '                   -----------------!';

      const error = new ExecutionTimeoutError(12);
      const values = {
        ...events,
        v: received(a, p),
        w: received(a, q),
        x: received(a, r),
        i: done(p, 11),
        j: failed(q, 12, error),
        k: failed(r, 12, error),
      };
      const serving = serve({ p: before, q: at, r: after }, { executionDeadline: 12 });
      expectObservable(source.pipe(serving), until).toBe(expected, values);
      expectSubscriptions(before.subscriptions).toBe('-^----------!');
      expectSubscriptions(at.subscriptions).toBe('    -^-----------!');
      expectSubscriptions(after.subscriptions).toBe(' -^-----------!');
    }),
  );

  it(
    'counts from when the turn of the work came',
    marbles(({ cold, expectObservable }) => {
      const a = connectionOf('a', 50);
      const events = { o: open(a), p: asks(a, p), q: asks(a, q) };
      const source = cold<WorkerEvent>('o-(pq)-------------', events);
      const expected = '                o-(pvqw)--i-------j';
      const until = '                   -------------------!';

      const error = new ExecutionTimeoutError(8);
      const values = {
        ...events,
        v: received(a, p),
        w: received(a, q),
        i: failed(p, 8, error),
        j: failed(q, 16, error),
      };
      const serving = serve({ p: NEVER, q: NEVER }, { executionDeadline: 8, concurrency: 1 });
      expectObservable(source.pipe(serving), until).toBe(expected, values);
    }),
  );
});

describe('connections of serveRequests', () => {
  it(
    'take turns in a drain: leases are extended on the new one as soon as it is open, requests acknowledged where they came',
    marbles(({ cold, expectObservable }) => {
      const a = connectionOf('a');
      const b = connectionOf('b');
      const events = { o: open(a), q: asks(a, q), d: draining(a), O: open(b), p: asks(a, p), t: retired(a) };
      const source = cold<WorkerEvent>('o-q----d----Op---t---', events);
      const sentA = '                   --k---e---e--l-------';
      const sentB = '                   --------------e--fe--';
      const expected = '                o-(qv)-d----O(pw)t---';
      const until = '                   --------------------!';

      const values = { ...events, v: received(a, q), w: received(a, p) };
      expectObservable(source.pipe(serve({ p: NEVER, q: NEVER })), until).toBe(expected, values);
      expectObservable(a.sent$).toBe(sentA, { k: ack(q), l: ack(p), e: extend(q, '1') });
      expectObservable(b.sent$).toBe(sentB, { e: extend(q, '1'), f: extend(p, '1') });
    }),
  );

  it(
    'may end: an extension is left out while there is none, and the next goes over the new one with the same id',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = connectionOf('a');
      const b = connectionOf('b');
      const events = { o: open(a), q: asks(a, q), x: close(a, 1006), r: reconnecting(), c: connecting(), O: open(b) };
      const source = cold<WorkerEvent>('o-q-----xr-c-O------', events);
      const sentA = '                   --k---e-------------';
      const sentB = '                   --------------e---e-';
      const expected = '                o-(qv)--xr-c-O------';
      const work = cold<WorkResult>('     -----------------');
      const until = '                   -------------------!';

      expectObservable(source.pipe(serve({ q: work })), until).toBe(expected, { ...events, v: received(a, q) });
      expectObservable(a.sent$).toBe(sentA, { k: ack(q), e: extend(q, '1') });
      expectObservable(b.sent$).toBe(sentB, { e: extend(q, '1') });
      expectSubscriptions(work.subscriptions).toBe('--^----------------!');
    }),
  );

  it(
    'may refuse an extension: the next one is sent',
    marbles(({ cold, hot, expectObservable }) => {
      const a = connectionOf('a');
      const events = { o: open(a), q: asks(a, q) };
      const source = cold<WorkerEvent>('o-q------------', events);
      const sends = hot('               --------x---o--');
      const sent = '                    --k---e-------e';
      const expected = '                o-(qv)---------';
      const until = '                   ---------------!';

      sends.subscribe((state) => (state === 'x' ? a.failSends() : a.acceptSends()));
      expectObservable(source.pipe(serve({ q: NEVER })), until).toBe(expected, { ...events, v: received(a, q) });
      expectObservable(a.sent$).toBe(sent, { k: ack(q), e: extend(q, '1') });
    }),
  );

  it(
    'set the interval: a request is extended as often as the gateway wants by whom it came',
    marbles(({ cold, expectObservable }) => {
      const a = connectionOf('a', 4);
      const b = connectionOf('b', 6);
      const events = { o: open(a), q: asks(a, q), O: open(b), p: asks(b, p) };
      const source = cold<WorkerEvent>('o-q---Op-----------', events);
      const sentA = '                   --k----------------';
      const sentB = '                   ------el--e--fe---e';
      const expected = '                o-(qv)O(pw)--------';
      const until = '                   -------------------!';

      const values = { ...events, v: received(a, q), w: received(b, p) };
      expectObservable(source.pipe(serve({ p: NEVER, q: NEVER })), until).toBe(expected, values);
      expectObservable(a.sent$).toBe(sentA, { k: ack(q) });
      expectObservable(b.sent$).toBe(sentB, { l: ack(p), e: extend(q, '1'), f: extend(p, '1') });
    }),
  );
});

describe('requests that serveRequests knows', () => {
  it(
    'are acknowledged again and not done again, and their newer lease is adopted',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = connectionOf('a', 9);
      const newer = { ...q, leaseId: '2' };
      const events = { o: open(a), q: asks(a, q), Q: asks(a, newer) };
      const source = cold<WorkerEvent>('o-q---Q--------q---', events);
      const work = cold<WorkResult>('     -----------|');
      const sent = '                    --k---k----e---k---';
      const expected = '                o-(qv)(Qs)---w-(qd)';
      const until = '                   -------------------!';

      const values = {
        ...events,
        v: received(a, q),
        s: skipped(a, newer, 'duplicate'),
        w: done(q, 11),
        d: skipped(a, q, 'duplicate'),
      };
      expectObservable(source.pipe(serve({ q: [work, NEVER] })), until).toBe(expected, values);
      expectObservable(a.sent$).toBe(sent, { k: ack(q), e: extend(q, '2') });
      expectSubscriptions(work.subscriptions).toBe('--^----------!');
    }),
  );

  it(
    'do not get their lost lease back by coming again',
    marbles(({ cold, expectObservable }) => {
      const a = connectionOf('a', 9);
      const newer = { ...q, leaseId: '2' };
      const events = { o: open(a), q: asks(a, q), x: renews(a, q), Q: asks(a, newer) };
      const source = cold<WorkerEvent>('o-q---x---Q---x----', events);
      const work = cold<WorkResult>('     ---------------|');
      const sent = '                    --k-------k--------';
      const expected = '                o-(qv)(xl)(Qs)x--w-';
      const until = '                   ------------------!';

      const values = {
        ...events,
        v: received(a, q),
        l: lost(q, 'continued'),
        s: skipped(a, newer, 'duplicate'),
        w: done(q, 15),
      };
      expectObservable(source.pipe(serve({ q: work }, { leaseLost: 'finish' })), until).toBe(expected, values);
      expectObservable(a.sent$).toBe(sent, { k: ack(q) });
    }),
  );
});

describe('the end of serveRequests', () => {
  it(
    'is announced by a pause: no new work is taken, what is in work goes on',
    marbles(({ cold, hot, expectObservable }) => {
      const a = connectionOf('a');
      const events = { o: open(a), q: asks(a, q), p: asks(a, p) };
      const source = cold<WorkerEvent>('o-q-----p---q------', events);
      const pause$ = hot('              -------p--p--------');
      const work = cold<WorkResult>('     ---------------|');
      const sent = '                    --k---e---e-k-e----';
      const expected = '                o-(qv)--(ps)(qd)-w-';
      const until = '                   ------------------!';

      const values = {
        ...events,
        v: received(a, q),
        s: skipped(a, p, 'closing'),
        d: skipped(a, q, 'duplicate'),
        w: done(q, 15),
      };
      expectObservable(source.pipe(serve({ q: work }, { pause$ })), until).toBe(expected, values);
      expectObservable(a.sent$).toBe(sent, { k: ack(q), e: extend(q, '1') });
    }),
  );

  it(
    'does not come with that of the pause, but with its error',
    marbles(({ cold, expectObservable }) => {
      const a = connectionOf('a');
      const events = { o: open(a), q: asks(a, q) };
      const source = cold<WorkerEvent>('o-q---', events);

      const values = { ...events, v: received(a, q) };
      expectObservable(source.pipe(serve({ q: NEVER }, { pause$: EMPTY })), '------!').toBe('o-(qv)', values);
      expectObservable(source.pipe(serve({ q: NEVER }, { pause$: of(1) })), '------!').toBe('o-(qs)', {
        ...events,
        s: skipped(a, q, 'closing'),
      });
      expectObservable(source.pipe(serve({}, { pause$: throwError(() => 'error') }))).toBe('#');
    }),
  );

  it.each([
    ['when the source errors', '         o-(pq)---#', 'o-(pvqw)-#', ''],
    ['when the source completes', '      o-(pq)---|', 'o-(pvqw)-|', ''],
    ['when nobody listens any more', '   o-(pq)----', 'o-(pvqw)--', '---------!'],
  ])('cancels all work %s, and begins none of what waits', (_, diagram, expected, until) =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = connectionOf('a', 3);
      const events = { o: open(a), p: asks(a, p), q: asks(a, q) };
      const source = cold<WorkerEvent>(diagram, events);
      const running = cold<WorkResult>('  ----------');
      const waiting = cold<WorkResult>('  ----------');

      const values = { ...events, v: received(a, p), w: received(a, q) };
      const serving = serve({ p: running, q: waiting }, { concurrency: 1 });
      expectObservable(source.pipe(serving), until).toBe(expected, values);
      expectSubscriptions(running.subscriptions).toBe('--^------!');
      expectSubscriptions(waiting.subscriptions).toBe([]);
    })(),
  );
});

describe('many requests of serveRequests', () => {
  it(
    'share their timers',
    marbles(({ expectObservable, scheduler, flush }) => {
      const a = mockGatewayConnection('a', { extendLeaseInterval: 400 });
      const requests = Array.from({ length: 500 }, (_, at) => asks(a, workRequest(`r${at}`)));
      const timers = jest.spyOn(scheduler, 'schedule');

      const served = concat(of<WorkerEvent>(open(a)), requests, NEVER).pipe(
        serve({}, { apps: { app: { handle: () => NEVER } } }),
        ignoreElements(),
      );
      expectObservable(served, '1300ms !').toBe('');
      flush();
      expect(a.sent).toHaveLength(500 * (1 + 3));
      expect(timers.mock.calls.length).toBeLessThan(20);
    }),
  );

  it(
    'are extended more seldom than the gateway asked for, where that would leave no time for work',
    marbles(({ expectObservable, flush }) => {
      const a = mockGatewayConnection('a', { extendLeaseInterval: 1 });
      const requests = Array.from({ length: 500 }, (_, at) => asks(a, workRequest(`r${at}`)));

      const served = concat(of<WorkerEvent>(open(a)), requests, NEVER).pipe(
        serve({}, { apps: { app: { handle: () => NEVER } } }),
        ignoreElements(),
      );
      expectObservable(served, '250ms !').toBe('');
      flush();
      const extensions = (requestId: string) =>
        a.sent.filter((sent) => sent.kind === 'extendLease' && sent.request.requestId === requestId).length;
      expect([extensions('r0'), extensions('r499')]).toEqual([249, 4]);
    }),
  );
});
