import { concat, NEVER, type Observable, of, Subject, takeUntil, takeWhile } from 'rxjs';
import type { NodeStatus } from '../../src/cluster/nodeStatus.js';
import type { PartitionMap } from '../../src/cluster/partitionMap.js';
import { constant } from '../../src/core/backoff.js';
import { DialError, HeartbeatTimeoutError, OpenTimeoutError } from '../../src/core/errors.js';
import type { ConnectionEvent, ReconnectingEvent } from '../../src/core/event.js';
import { heartbeat } from '../../src/operators/heartbeat.js';
import { openTimeout } from '../../src/operators/openTimeout.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { reconnecting } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { partitionMap, route } from './maps.js';

const ab = partitionMap('ab');
const later = (owners: string, sketch: Parameters<typeof partitionMap>[1] = {}): PartitionMap =>
  partitionMap(owners, { version: 2, ...sketch });
/** Two messages, one for each partition, and no end. */
const both = (): Observable<string> => concat(of('2', '1'), NEVER);

describe('a node that no partition needs any more', () => {
  it(
    'is let go after idle, for answers that are still to come',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const maps = cold('   1---2-------', { 1: ab, 2: later('b') });
      const nodeA = cold('  c-o--m-m----', events);
      const nodeB = cold('  -C-O--------', events);
      const expected = '    cCoO-m-mt---';
      const subsA = '       ^-------!   ';
      const subsB = '       ^-----------!';

      const result = both().pipe(route({ a: nodeA, b: nodeB }, maps, { idle: 4 }));
      expectObservable(result, '------------!').toBe(expected, events);
      expectSubscriptions(nodeA.subscriptions).toBe(subsA);
      expectSubscriptions(nodeB.subscriptions).toBe(subsB);
    }),
  );

  it(
    'stays when it is needed again in time, also when it is only a replica or there for any',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const maps = cold('   1---2--3-----4---', {
        1: ab,
        2: later('b'),
        3: later('ab', { version: 3 }),
        4: later('b', { version: 4, replicas: 'a' }),
      });
      const nodeA = cold('  c-o--------------', events);
      const nodeB = cold('  -C-O-------------', events);
      const expected = '    cCoO-------------';
      const replica = '     cCoO-------------';
      const owner = '       cCoO-------------t';

      const use = (fallback: 'owner' | 'replica' | 'any'): Observable<unknown> =>
        both().pipe(route({ a: nodeA, b: nodeB }, maps, { idle: 4, fallback }));
      expectObservable(use('owner'), '------------------!').toBe(owner, events);
      expectObservable(use('replica'), '------------------!').toBe(replica, events);
      expectObservable(use('any'), '------------------!').toBe(expected, events);
      expectSubscriptions(nodeA.subscriptions).toBe([
        '^----------------!',
        '^-----------------!',
        '^-----------------!',
      ]);
    }),
  );

  it(
    'is let go at once where it is not open, or ceases to be',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const maps = cold('   1---2-------', { 1: ab, 2: later('b') });
      const nodeA = cold('  c-o--r------', events);
      const nodeB = cold('  -C-O--------', events);
      const expected = '    cCoO-r------';

      expectObservable(both().pipe(route({ a: nodeA, b: nodeB }, maps)), '------------!').toBe(expected, events);
      expectSubscriptions(nodeA.subscriptions).toBe('^----!');
    }),
  );

  it(
    'is let go no sooner than its last bytes are with the network',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const maps = cold('   1---2-------------', { 1: ab, 2: later('b') });
      const nodeA = cold('  c-o---------------', events);
      const nodeB = cold('  -C-O--------------', events);
      const drained = hot(' ----------d-------');
      const expected = '    cCoO------------t-';
      const result = both().pipe(route({ a: nodeA, b: nodeB }, maps, { idle: 2 }));
      a.bufferedAmount = 9;

      drained.subscribe(() => (a.bufferedAmount = 0));
      expectObservable(result, '------------------!').toBe(expected, events);
    }),
  );

  it(
    'that is forgotten is a new one when a map names it again',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, events }) => {
      const outgoing = hot('2------2----');
      const maps = cold('   1--2-3------', { 1: ab, 2: later('b'), 3: later('a', { version: 3 }) });
      const nodeA = cold('  c-o', events);
      const again = cold('         c-o', events);
      const expected = '    c-ot---c-o--';

      const result = outgoing.pipe(route({ a: inTurn(nodeA, again) }, maps, { idle: 0 }));
      expectObservable(result, '------------!').toBe(expected, events);
      expectSubscriptions(nodeA.subscriptions).toBe('^--!');
      expectSubscriptions(again.subscriptions).toBe('-------^----!');
    }),
  );
});

describe('a node with another name', () => {
  const renamed = { 1: partitionMap('a'), 2: later('n', { urls: { n: 'ws://a' } }) };

  it(
    'keeps its connection where its address is the same (P20)',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, a, events }) => {
      const outgoing = hot('2----4---');
      const maps = cold('   1--2-----', renamed);
      const nodeA = cold('  co-------', events);
      const toA = '         -2---4---';

      expectObservable(outgoing.pipe(route({ a: nodeA }, maps, { idle: 1 })), '---------!').toBe('co', events);
      expectObservable(a.sent$).toBe(toA);
      expectSubscriptions(nodeA.subscriptions).toBe('^--------!');
    }),
  );

  it(
    'goes on to reconnect, and is sent what waited (P21)',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('2----4----');
      const maps = cold('   1--2------', renamed);
      const nodeA = cold('  c-r----co-', events);
      const expected = '    c-r----co-';
      const toA = '         --------(24)';

      expectObservable(outgoing.pipe(route({ a: nodeA }, maps)), '----------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
    }),
  );

  it(
    'has a new connection where it has moved; the old one is let go later, and what waits goes over the new one',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, a, b, events }) => {
      const outgoing = hot('2---46-----');
      const maps = cold('   1--2-------', { 1: partitionMap('a'), 2: later('a', { urls: { a: 'ws://b' } }) });
      const nodeA = cold('  co---m-----', events);
      const nodeB = cold('      C--O---', events);
      const expected = '    co--Cm-O-t-';
      const toA = '         -2---------';
      const toB = '         -------(46)';

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, maps, { idle: 6 }));
      expectObservable(result, '-----------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
      expectSubscriptions(nodeA.subscriptions).toBe('^--------!');
    }),
  );

  it(
    'may share its address with another: they share the connection',
    marbles(({ cold, expectObservable, expectSubscriptions, a, events }) => {
      const map = partitionMap('ab', { urls: { b: 'ws://a' } });
      const nodeA = cold('co---', events);

      expectObservable(both().pipe(route({ a: nodeA }, map)), '-----!').toBe('co', events);
      expectObservable(a.sent$).toBe('-(21)');
      expectSubscriptions(nodeA.subscriptions).toBe('^----!');
    }),
  );
});

describe('a node whose stream has ended', () => {
  it(
    'is tried again after retryAfter when something waits for it (P6)',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, a, events }) => {
      const outgoing = hot('24------6------');
      const failed = cold(' c-#', events);
      const good = cold('              co--', events);
      const expected = '    c----------co--';
      const toA = '         ------------(246)';
      const subs = '        ^-!';
      const goodSubs = '    -----------^---!';

      const result = outgoing.pipe(route({ a: inTurn(failed, good) }, ab, { retryAfter: 9 }));
      expectObservable(result, '---------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectSubscriptions(failed.subscriptions).toBe(subs);
      expectSubscriptions(good.subscriptions).toBe(goodSubs);
    }),
  );

  it(
    'is left alone while nothing waits for it, also where it completed',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('2----------4---');
      const done = cold('   co--x|         ', events);
      const good = cold('              CO--', events);
      const expected = '    co--x------CO--';

      const result = outgoing.pipe(route({ a: inTurn(done, good) }, ab, { retryAfter: 2 }));
      expectObservable(result, '---------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe('-2');
      expectObservable(b.sent$).toBe('------------4');
    }),
  );

  it(
    'is tried at once after a restart of the cluster, and when a map names it anew',
    marbles(({ cold, hot, expectObservable, events }) => {
      const outgoing = hot('2--------------');
      const maps = cold('   1---2-3--4-5---', {
        1: ab,
        2: later('ab'),
        3: partitionMap('ab', { epoch: 'f' }),
        4: later('b-', { epoch: 'f' }),
        5: later('ab', { epoch: 'f', version: 3 }),
      });
      const failed = cold(' c-#', events);
      const again = cold('        c-#', events);
      const good = cold('              c-o-', events);
      const nodeB = cold('            C----', events);
      const expected = '    c-----c--C-c-o-';

      const result = outgoing.pipe(route({ a: inTurn(failed, again, good), b: nodeB }, maps, { retryAfter: 50 }));
      expectObservable(result, '---------------!').toBe(expected, events);
    }),
  );

  it(
    'has others in its place meanwhile, where that is allowed',
    marbles(({ cold, hot, expectObservable, b, events }) => {
      const outgoing = hot('2------4-');
      const failed = cold(' c-#', events);
      const nodeB = cold('    C-O----', events);
      const map = partitionMap('a', { replicas: 'b' });
      const result = outgoing.pipe(route({ a: failed, b: nodeB }, map, { fallback: 'replica', retryAfter: 50 }));

      expectObservable(result, '---------!').toBe('c-C-O----', events);
      expectObservable(b.sent$).toBe('----2--4-');
    }),
  );

  it(
    'may have failed because connect threw: the others go on',
    marbles(({ cold, flush, expectObservable, b, events }) => {
      const error = new TypeError('no such scheme');
      const nodeB = cold('CO-m', events);
      const seen: NodeStatus[] = [];
      const connect = ({ id }: { readonly id: string }): typeof nodeB => {
        if (id === 'a') throw error;
        return nodeB;
      };
      const config = { connect: connect as never, onState: (status: NodeStatus) => seen.push(status) };

      expectObservable(both().pipe(route({}, ab, config)), '-----!').toBe('CO-m-', events);
      expectObservable(b.sent$).toBe('-1---');
      flush();
      expect(seen).toContainEqual({ id: 'a', url: 'ws://a/', state: 'failed', cause: error });
    }),
  );
});

describe('a peer that is not what it seems', () => {
  const again = reconnect({ delay: constant(3), stableAfter: 5 });

  it(
    'a handshake that hangs ends by the openTimeout of connect, and what waits goes over the next connection (P8)',
    marbles(({ cold, expectObservable, a, events }) => {
      const hung = cold('c---------', events);
      const good = cold('       co-m', events);
      const values = { ...events, r: reconnecting(1, 3, new OpenTimeoutError(4)) };
      const expected = ' c---r--co-m';
      const nodeA = inTurn(hung, good).pipe(openTimeout({ within: 4 }), again);

      const result = concat(of('2'), NEVER).pipe(route({ a: nodeA }, ab));
      expectObservable(result, '------------!').toBe(expected, values);
      expectObservable(a.sent$).toBe('--------2');
    }),
  );

  it(
    'a silent one is left by the heartbeat of connect, and nothing is sent to it meanwhile (P9)',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('2-----4----');
      const silent = cold(' co----------', events);
      const good = cold('           CO-', events);
      const values = { ...events, r: reconnecting(1, 3, new HeartbeatTimeoutError(2)) };
      const expected = '    co---r--CO-';
      const nodeA = inTurn(silent, good).pipe(
        heartbeat({ interval: 2, timeout: 2, ping: (connection) => connection.ping?.() }),
        again,
      );

      expectObservable(outgoing.pipe(route({ a: nodeA }, ab)), '-----------!').toBe(expected, values);
      expectObservable(a.sent$).toBe('-2');
      expectObservable(b.sent$).toBe('---------4');
    }),
  );

  it(
    'one that accepts and closes is dialled at the pace of reconnect, whatever waits (P26)',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, a, events }) => {
      const outgoing = hot('2---4---------6-------------------------');
      const nodeA = cold('  c(o#)', events);
      const expected = '    c(or)------c(os)----------------c(ou)---';
      const toA = '         -2----------4--------------------6------';
      // After 10 ms, then after 20.
      const dials = ['      ^!', '-----------^!', '--------------------------------^!'];
      const paced = nodeA.pipe(reconnect({ delay: ({ attempt }) => 10 * attempt, stableAfter: 5 }));
      const again = (attempt: number): ReconnectingEvent => reconnecting(attempt, 10 * attempt, 'error');
      const values = { ...events, r: again(1), s: again(2), u: again(3) };

      const result = outgoing.pipe(route({ a: paced }, ab));
      expectObservable(result, '----------------------------------------!').toBe(expected, values);
      expectObservable(a.sent$).toBe(toA);
      expectSubscriptions(nodeA.subscriptions).toBe(dials);
    }),
  );

  it(
    'one that accepts and closes is dialled every retryAfter where connect has no reconnect (P26)',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, a, events }) => {
      const outgoing = hot('2---4----------');
      const nodeA = cold('  c(o#)', events);
      const expected = '    co--------co---';
      const toA = '         -2---------4---';
      const dials = ['      ^!', '----------^!'];

      const result = outgoing.pipe(route({ a: nodeA }, ab, { retryAfter: 9 }));
      expectObservable(result, '---------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectSubscriptions(nodeA.subscriptions).toBe(dials);
    }),
  );
});

describe('a pool', () => {
  it(
    'belongs to one subscription: two have two, and each hangs up its own (P12)',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const nodeA = cold('   c-o-m-----', events);
      const nodeB = cold('   -C-O------', events);
      const expected = '     cCoOm-----';
      const other = '        ---cCoOm--';
      const routed = both().pipe(route({ a: nodeA, b: nodeB }, ab));

      expectObservable(routed, '------!').toBe(expected, events);
      expectObservable(routed, '---^------!').toBe(other, events);
      expectSubscriptions(nodeA.subscriptions).toBe(['^-----!', '---^------!']);
      expectSubscriptions(nodeB.subscriptions).toBe(['^-----!', '---^------!']);
    }),
  );

  it(
    'hangs up everywhere when it is unsubscribed, whatever it waits for, and nothing comes back (P15)',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, a, events }) => {
      const outgoing = hot('0-1-2-3-0-4---');
      const maps = cold('   1------2------', {
        1: partitionMap('ab-d'),
        2: later('bbed'),
      });
      const nodeA = cold('  co------------', events);
      const nodeB = cold('    C-----------', events);
      const nodeD = cold('        #       ', events);
      const nodeE = cold('         R------', events);
      const expected = '    coC----R------';
      const settled$ = cold(' -----------   ');
      const until = '       -------------!';
      const config = { settled: (): Observable<string> => settled$, retryAfter: 40, idle: 40 };
      a.bufferedAmount = 9;

      const nodes = { a: nodeA, b: nodeB, d: nodeD, e: nodeE };
      expectObservable(outgoing.pipe(route(nodes, maps, config)), until).toBe(expected, events);
      for (const [node, subs] of [
        [nodeA, '^------------!'],
        [nodeB, '--^----------!'],
        [nodeD, '------(^!)'],
        [nodeE, '-------^-----!'],
      ] as const)
        expectSubscriptions(node.subscriptions).toBe(subs);
      expectSubscriptions(outgoing.subscriptions).toBe('^------------!');
      expectSubscriptions(maps.subscriptions).toBe('^------------!');
    }),
  );

  it(
    'leaves nothing behind when it is unsubscribed in the middle of a dial, of an open or of a state (P24)',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const nodeA = cold('co-m', events);
      const synchronous = concat(of(events.c), nodeA);
      const until = (type: string, connection: Observable<ConnectionEvent<string>>): Observable<unknown> =>
        both().pipe(
          route({ a: connection, b: NEVER }, ab),
          takeWhile((event) => event.type !== type),
        );
      const stop$ = new Subject<void>();
      const onState = (): void => stop$.next();

      expectObservable(until('open', nodeA)).toBe('c|', events);
      expectSubscriptions(nodeA.subscriptions).toBe('^!');
      expectObservable(until('connecting', synchronous)).toBe('|');
      expectObservable(both().pipe(route({ a: nodeA, b: nodeA }, ab, { onState }), takeUntil(stop$))).toBe('|');
    }),
  );

  it(
    'tells how things stand with each node',
    marbles(({ cold, hot, flush, expectObservable, events }) => {
      const error = new DialError('ws://a', 'no');
      const outgoing = hot('2-----------2-----');
      const maps = cold('   1---2----------3--', {
        1: partitionMap('a'),
        2: later('n', { urls: { n: 'ws://a' } }),
        3: partitionMap('b', { version: 3 }),
      });
      const values = { ...events, r: reconnecting(1, 3, error) };
      const nodeA = cold('  c-o-r--c-#', values, error);
      const good = cold('                co----', events);
      const seen: string[] = [];
      const onState = ({ id, url, state, cause }: NodeStatus): number =>
        seen.push([id, url, state, ...(cause instanceof Error ? [cause.name] : [])].join(' '));
      const config = { onState, retryAfter: 3, idle: 1 };

      const result = outgoing.pipe(route({ a: inTurn(nodeA, good) }, maps, config));
      expectObservable(result, '------------------!').toBe('c-o-r--c----co--t-', values);
      flush();
      expect(seen).toEqual([
        'a ws://a/ connecting',
        'a ws://a/ open',
        'n ws://a/ open',
        'n ws://a/ reconnecting DialError',
        'n ws://a/ connecting',
        'n ws://a/ failed DialError',
        'n ws://a/ idle',
        'n ws://a/ connecting',
        'n ws://a/ open',
        'n ws://a/ closed',
      ]);
    }),
  );
});
