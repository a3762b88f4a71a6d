import { concat, EMPTY, ignoreElements, NEVER, type Observable, of, Subject, tap } from 'rxjs';
import type { PartitionMap, PartitionMapUpdate } from '../../src/cluster/partitionMap.js';
import { partitionMaps } from '../../src/cluster/partitionMaps.js';
import { RoutingMetrics } from '../../src/cluster/routingMetrics.js';
import { BufferOverflowError, ConnectionClosedError, DialError } from '../../src/core/errors.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { close, connecting, dropped, message, open } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { mockConnection } from '../../src/testing/mockConnection.js';
import { partitionMap, route } from './maps.js';

const ab = partitionMap('ab');

describe('routeByPartition', () => {
  it(
    'sends over the connection to the owner, which it opens for the first message',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, a, b, events }) => {
      const outgoing = hot('--2-4---1-6-3-');
      const nodeA = cold('    c--o----m--   ', events);
      const nodeB = cold('          C--O--  ', events);
      const expected = '    --c--o--C-mO---';
      const toA = '         -----(24)-6    ';
      const toB = '         -----------13  ';
      const subsA = '       --^-----------!';
      const subsB = '       --------^-----!';

      expectObservable(outgoing.pipe(route({ a: nodeA, b: nodeB }, ab)), '--------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
      expectSubscriptions(nodeA.subscriptions).toBe(subsA);
      expectSubscriptions(nodeB.subscriptions).toBe(subsB);
    }),
  );

  it(
    'passes on everything that happens to a node',
    marbles(({ cold, expectObservable, events }) => {
      const nodeA = cold('coqmpdtrco-', events);
      const expected = '  coqmpdtrco-';

      expectObservable(of('2').pipe(route({ a: nodeA }, ab)), '----------!').toBe(expected, events);
    }),
  );

  it(
    'is, with a cluster of one node, as that node is',
    marbles(({ cold, expectObservable, a, events }) => {
      const values = { ...events, x: close(a, 1001) };
      const good = cold('  co-mpm(x|)', events);
      const bad = cold('   co-mpm(x#)', values, new ConnectionClosedError(1001, ''));
      const expected = '   co-mpm(x|)';
      const expectedBad = 'co-mpm(x#)';
      const one = partitionMap('a');

      expectObservable(of('2').pipe(route({ a: good }, one))).toBe(expected, events);
      expectObservable(of('2').pipe(route({ a: bad }, one))).toBe(
        expectedBad,
        values,
        new ConnectionClosedError(1001, ''),
      );
    }),
  );

  it(
    'keeps what comes before there is a map',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('-213----------');
      const maps = cold('   ----m---------', { m: ab });
      const nodeA = cold('      c-o-------', events);
      const nodeB = cold('      -C-O------', events);
      const expected = '    ----cCoO------';
      const toA = '         ------2-------';
      const toB = '         -------(13)---';

      expectObservable(outgoing.pipe(route({ a: nodeA, b: nodeB }, maps)), '--------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'sends the first message also over a connection that opens at once',
    marbles(({ hot, expectObservable, a, events }) => {
      const outgoing = hot('--2-4-');
      const expected = '    --o---';
      const toA = '         --2-4-';

      expectObservable(outgoing.pipe(route({ a: concat(of(events.o), NEVER) }, ab)), '------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
    }),
  );

  it(
    'forwards open before it sends anything, and what is sent because of open goes last',
    marbles(({ cold, hot, flush, expectObservable, a, events }) => {
      const outgoing = hot('2---');
      const nodeA = cold('  co--', events);
      const seen: string[] = [];
      a.sent$.subscribe((sent) => seen.push(`sent ${String(sent)}`));
      const result = outgoing.pipe(
        route({ a: nodeA }, ab),
        tap(({ type }) => {
          seen.push(type);
          if (type === 'open') outgoing.next('4');
        }),
      );

      expectObservable(result, '---!').toBe('co-', events);
      flush();
      expect(seen).toEqual(['connecting', 'open', 'sent 2', 'sent 4']);
    }),
  );
});

describe('a map that changes', () => {
  it(
    'moves a partition from one open connection to another',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('21--2---2-');
      const maps = cold('   1-----2---', { 1: ab, 2: partitionMap('bb', { version: 2 }) });
      const nodeA = cold('  c-o-------', events);
      const nodeB = cold('   C-O------', events);
      const expected = '    cCoO------';
      const toA = '         --2-2-----';
      const toB = '         ---1----2-';

      expectObservable(outgoing.pipe(route({ a: nodeA, b: nodeB }, maps)), '----------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'moves what waits to the new owner, and lets go of a node that is not open at once',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, a, b, events }) => {
      const outgoing = hot('2-4---6---8-');
      const maps = cold('   1---2-------', { 1: ab, 2: partitionMap('bb', { version: 2 }) });
      const nodeA = cold('  c-----------', events);
      const nodeB = cold('      C--O----', events);
      const expected = '    c---C--O----';
      const toB = '         -------(246)';
      const subsA = '       ^---!       ';

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, maps));
      expectObservable(result, '---------!').toBe(expected, events);
      expectObservable(a.sent$).toBe('');
      expectObservable(b.sent$).toBe(toB);
      expectSubscriptions(nodeA.subscriptions).toBe(subsA);
    }),
  );

  it(
    'is ignored unless it is newer: not an older version, the same, none, or one of a life that is over',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('2-3-4-5-6---7-8-');
      const maps = cold('   12-3-4-5--6-7---', {
        1: partitionMap('a', { version: 7 }),
        2: partitionMap('b', { version: 6 }),
        3: partitionMap('b', { version: 7 }),
        4: partitionMap('b', { version: NaN }),
        5: partitionMap('b', { version: NaN, epoch: 'f' }),
        6: partitionMap('b', { version: 1, epoch: 'f' }),
        7: partitionMap('a', { version: 8 }),
      });
      const nodeA = cold('  (co)------------', events);
      const nodeB = cold('              (CO)--', events);
      const toA = '         2-3-4-5-6-------';
      const toB = '         ------------7-8-';

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, maps));
      expectObservable(result, '----------------!').toBe('(co)--------(CO)', events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'is followed to a former life of the cluster when it says so: what was asked by partitionMaps is what routes',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const nodes = ['a', 'b'].map((id) => ({ id, url: `ws://${id}` }));
      const full = (epoch: string, version: number, owner: string): PartitionMapUpdate => {
        return { kind: 'full', epoch, version, nodes, partitions: [{ owner, replicas: [] }] };
      };
      const outgoing = hot('2---4-6----8-');
      const updates = cold('1-2----------', { 1: full('e', 7, 'a'), 2: full('f', 1, 'b') });
      const answer = cold('      -3     ', { 3: full('e', 8, 'a') });
      const nodeA = cold('  (co)---------', events);
      const nodeB = cold('      (CO)-----', events);
      const toA = '         2----------8-';
      const toB = '         ----4-6------';

      const maps = partitionMaps(updates, { refresh: () => answer, staleAfter: 4 });
      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, maps));
      expectObservable(result, '-------------!').toBe('(co)(CO)', events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'may have another number of partitions: what waits is spread anew, each key in its order (P27)',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('0123456789--');
      const maps = cold('   -----1----2-', { 1: ab, 2: partitionMap('aabb', { version: 2 }) });
      const nodeA = cold('       c-----o-', events);
      const nodeB = cold('       -C-----O', events);
      const expected = '    -----cC----oO';

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, maps));
      expectObservable(result, '-------------!').toBe(expected, events);
      // Of four partitions a owns 0 and 1, b owns 2 and 3.
      expectObservable(a.sent$).toBe('-----------(048159)');
      expectObservable(b.sent$).toBe('------------(2637)');
    }),
  );

  it(
    'with another number of partitions waits until nothing is under way anywhere',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('2-1-----2------------');
      const maps = cold('   1-----2--------------', { 1: ab, 2: partitionMap('a', { version: 2 }) });
      const nodeA = cold('  co-------------------', events);
      const nodeB = cold('    CO-----------------', events);
      const drained = hot(' ----------d----------');
      const expected = '    coCO-----------------';
      // It is looked at every 10 ms.
      const toA = '         -2----------------2--';
      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, maps));
      b.bufferedAmount = 9;

      drained.subscribe(() => (b.bufferedAmount = 0));
      expectObservable(result, '--------------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
    }),
  );

  it(
    'with another number of partitions waits for connections too that others have taken over from',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, a, b, events }) => {
      const outgoing = hot('2-----4----');
      const maps = cold('   1----2-----', { 1: partitionMap('a'), 2: partitionMap('aa', { version: 2 }) });
      const nodeA = cold('  co-dO------', events);
      const pong = cold('         ---p');
      const expected = '    co-dO------';
      const toSuccessor = ' ---------4-';

      const result = outgoing.pipe(route({ a: nodeA }, maps, { settled: () => pong }));
      expectObservable(result, '-----------!').toBe(expected, events);
      expectObservable(a.sent$).toBe('-2---------');
      expectObservable(b.sent$).toBe(toSuccessor);
      expectSubscriptions(pong.subscriptions).toBe('------^--!');
    }),
  );

  it(
    'with another number of partitions, and then another owner, waits for the one between too',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('2-3--4--------');
      const maps = cold('   1---2-3-------', {
        1: ab,
        2: partitionMap('a', { version: 2, others: 'b' }),
        3: partitionMap('b', { version: 3, others: 'a' }),
      });
      const nodeA = cold('  co------------', events);
      const nodeB = cold('    CO----------', events);
      const expected = '    coCO----------';
      const slow = cold('        -----p', events);
      const quick = cold('       -q    ', events);
      const toA = '         -2------------';
      const toB = '         ---3------4---';

      const settled = (old: unknown): Observable<unknown> => (old === a ? slow : quick);
      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, maps, { settled }));
      expectObservable(result, '--------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'that comes while a message is being sent takes effect with the next one',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('(246)-----');
      const maps = new Subject<PartitionMap>();
      const nodeA = cold('  c----o----', events);
      const nodeB = cold('       (CO)-', events);
      const expected = '    c----(oCO)';
      const toA = '         -----2----';
      const toB = '         -----(46)-';
      const next = [partitionMap('bb', { version: 2 })];
      a.sent$.subscribe(() => next.splice(0).forEach((map) => maps.next(map)));

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, concat(of(ab), maps)));
      expectObservable(result, '----------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'that comes while a message is being sent may even have another number of partitions',
    marbles(({ cold, hot, flush, expectObservable, a, b, events }) => {
      const outgoing = hot('(246)-----');
      const maps = new Subject<PartitionMap>();
      const nodeA = cold('  c----o----', events);
      const nodeB = cold('       (CO)-', events);
      const expected = '    c----(oCO)';
      const toB = '         -----6----';
      const next = [partitionMap('baa', { version: 2 })];
      a.sent$.subscribe(() => next.splice(0).forEach((map) => maps.next(map)));

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, concat(of(ab), maps)));
      expectObservable(result, '----------!').toBe(expected, events);
      expectObservable(b.sent$).toBe(toB);
      flush();
      expect(a.sent).toEqual(['2', '4']);
    }),
  );
});

describe('a partition that moves', () => {
  const moves = { 1: partitionMap('abab'), 2: partitionMap('bbbb', { version: 2 }) };

  it(
    'waits until what went before was handed to the network; nothing else does',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('0-1--04------1-----');
      const maps = cold('   1---2--------------', moves);
      const nodeA = cold('  co-----------------', events);
      const nodeB = cold('    CO---------------', events);
      const drained = hot(' ----------d--------');
      const expected = '    coCO---------------';
      const toB = '         ---1---------1-(04)';
      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, maps));
      a.bufferedAmount = 9;

      drained.subscribe(() => (a.bufferedAmount = 0));
      expectObservable(result, '-------------------!').toBe(expected, events);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'there and back, while nothing may wait, and then there again, waits for what was sent in between',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('-01-0--0--0-0-0--0--');
      const maps = cold('   1-----2--3-4--------', {
        ...{ 1: ab, 2: partitionMap('bb', { version: 2, others: 'a' }) },
        ...{ 3: partitionMap('ab', { version: 3 }), 4: partitionMap('bb', { version: 4, others: 'a' }) },
      });
      const nodeA = cold('  co------------------', events);
      const nodeB = cold('   CO-----------------', events);
      const pong = cold('          ---p', events);
      const toA = '         ----0-----0---------';
      const toB = '         -----------------0--';

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, maps, { buffer: 0, settled: () => pong }));
      expectObservable(result.pipe(ignoreElements()), '--------------------!').toBe('');
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'waits until the old node has handled what it was sent, where there is a way to know; all that leave with it ask once',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, a, b, events }) => {
      const outgoing = hot('0-1-2---02-1-0-----0');
      const maps = cold('   1------2------------', moves);
      const nodeA = cold('  co------------------', events);
      const nodeB = cold('    CO----------------', events);
      const pong = cold('           -----p        ');
      const expected = '    coCO----------------';
      const toA = '         -0--2---------------';
      const toB = '         ---1-------1-(002)-0';
      const asked = '       --------^----!      ';
      const settled = (): typeof pong => pong;

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, maps, { settled }));
      expectObservable(result, '--------------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
      expectSubscriptions(pong.subscriptions).toBe(asked);
    }),
  );

  it(
    'asks anew when it leaves later than others',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, b, events }) => {
      const outgoing = hot('0-1-2---0-2---------');
      const maps = cold('   1------2-3----------', {
        1: partitionMap('abab'),
        2: partitionMap('bbab', { version: 2 }),
        3: partitionMap('bbbb', { version: 3 }),
      });
      const nodeA = cold('  co------------------', events);
      const nodeB = cold('    CO----------------', events);
      const pong = cold('           -----p        ');
      const expected = '    coCO----------------';
      const toB = '         ---1---------0-2----';
      const asked = ['      --------^----!', '----------^----!'];

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, maps, { settled: () => pong }));
      expectObservable(result, '--------------------!').toBe(expected, events);
      expectObservable(b.sent$).toBe(toB);
      expectSubscriptions(pong.subscriptions).toBe(asked);
    }),
  );

  it(
    'waits no longer for a connection that has ended',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('0-1---0-----');
      const maps = cold('   1----2------', moves);
      const nodeA = cold('  co-------x| ', events).pipe(tap(({ type }) => type === 'close' && a.lost()));
      const nodeB = cold('    CO--------', events);
      const expected = '    coCO-----x--';
      const toB = '         ---1------0-';

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, maps, { settled: () => NEVER }));
      expectObservable(result, '------------!').toBe(expected, events);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'asks nobody about a connection that is gone',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('0-----0--');
      const nodeA = cold('  co-r-O---', events).pipe(tap(({ type }) => type === 'reconnecting' && a.lost()));
      const expected = '    co-r-O---';
      const toB = '         ------0--';
      const settled = (): never => {
        throw new Error('asked');
      };

      const result = outgoing.pipe(route({ a: nodeA }, ab, { settled }));
      expectObservable(result, '---------!').toBe(expected, events);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'waits for nothing when it comes back before it has sent anything elsewhere',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('0-1---0-----2');
      const maps = cold('   1----2---3---', { ...moves, 3: partitionMap('abab', { version: 3 }) });
      const nodeA = cold('  co-----------', events);
      const nodeB = cold('    CO---------', events);
      const toA = '         -0-------0--2';

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, maps, { settled: () => NEVER }));
      expectObservable(result, '-------------!').toBe('coCO', events);
      expectObservable(a.sent$).toBe(toA);
    }),
  );

  it(
    'waits for all the others anew when the number of partitions changes meanwhile, and not for its own connection',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('0-1---0-------1-----');
      const maps = cold('   1----2-3------------', {
        ...moves,
        3: partitionMap('aaa', { version: 3, others: 'b' }),
      });
      const nodeA = cold('  co------------------', events);
      const nodeB = cold('    CO----------------', events);
      const soon = cold('         ---p          ');
      const pong = cold('          ----------p  ');
      const expected = '    coCO----------------';
      const toA = '         -0---------------(01)';
      const settled = ({ url }: { readonly url: string }): Observable<unknown> => (url === a.url ? soon : pong);

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, maps, { settled }));
      expectObservable(result, '--------------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
    }),
  );

  it(
    'waits too when its node is reached over a new connection while the old one still lives',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('0----0-1--------');
      const nodeA = cold('  co-O--------t---', events);
      const drained = hot(' ------d---------');
      const expected = '    co-O--------t---';
      const toA = '         -0--------------';
      const toB = '         -------1-------0';
      const result = outgoing.pipe(route({ a: nodeA }, partitionMap('aa')));
      a.bufferedAmount = 9;

      drained.subscribe(() => (a.bufferedAmount = 0));
      expectObservable(result, '----------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );
});

describe('while the owner cannot be reached', () => {
  it(
    'messages wait for it, whoever else is there',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('0-1--02-----4-');
      const nodeA = cold('  co--r----co---', events);
      const nodeB = cold('    CO----------', events);
      const expected = '    coCOr----co---';
      const toA = '         -0--------(02)';
      const toB = '         ---1----------';

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, partitionMap('ab', { replicas: 'b' })));
      expectObservable(result, '------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'they go to a replica, in order, until the owner is back',
    marbles(({ cold, hot, flush, expectObservable, a, b, events }) => {
      const outgoing = hot('02-----------4-6-');
      const nodeA = cold('  c--r----------o--', events);
      const nodeB = cold('     C-----O-------', events);
      const expected = '    c--(rC)--O----o--';
      const toA = '         ---------------6-';
      const toB = '         ---------(02)4---';
      const metrics = new RoutingMetrics();

      const map = partitionMap('a', { replicas: 'b' });
      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, map, { fallback: 'replica', metrics }));
      expectObservable(result, '-----------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
      flush();
      expect(metrics).toEqual({ direct: 1, replica: 3, fallback: 0, buffered: 2, dropped: 0, wrongOwner: 0 });
    }),
  );

  it(
    'they go to no replica that nobody describes, and to no other node unless that is wanted',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('02-------');
      const nodeA = cold('  c--r---o-', events);
      const nodeB = cold('  C--------', events);
      const expected = '    c--r---o-';
      const toA = '         -------(02)';
      const map = { ...partitionMap('a', { others: 'b' }), partitions: [{ owner: 'a', replicas: ['a', 'x'] }] };

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, map, { fallback: 'replica' }));
      expectObservable(result, '---------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe('');
    }),
  );

  it(
    'they go to any node where that is wanted, to a replica rather than to another',
    marbles(({ cold, hot, flush, expectObservable, b, events }) => {
      const c = mockConnection('c');
      const values = { ...events, K: connecting('ws://c'), L: open(c) };
      const outgoing = hot('02-----------4---6-');
      const nodeA = cold('  c--r---------------', values);
      const nodeB = cold('     R-----------O---', values);
      const nodeC = cold('     K-----L---------', values);
      const expected = '    c--(rRK)-L-----O---';
      const toB = '         -----------------6-';
      const toC = '         ---------(02)4-----';
      const metrics = new RoutingMetrics();

      const map = { ...partitionMap('acb'), partitions: [{ owner: 'a', replicas: ['b'] }] };
      const result = outgoing.pipe(route({ a: nodeA, b: nodeB, c: nodeC }, map, { fallback: 'any', metrics }));
      expectObservable(result, '-------------------!').toBe(expected, values);
      expectObservable(b.sent$).toBe(toB);
      expectObservable(c.sent$).toBe(toC);
      flush();
      expect(metrics).toMatchObject({ direct: 0, replica: 1, fallback: 3 });
    }),
  );

  it(
    'is not said of an owner that was not dialled yet: it is, and waited for',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('1---0-2----4');
      const nodeA = cold('      c--o----', events);
      const nodeB = cold('  CO----------', events);
      const expected = '    CO--c--o----';
      const toA = '         -------(02)4';
      const toB = '         -1----------';

      expectObservable(outgoing.pipe(route({ a: nodeA, b: nodeB }, ab, { fallback: 'any' })), '------------!').toBe(
        expected,
        events,
      );
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'they go to others also while it is dialled again, and to it as soon as it is open',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('0-------2-4---6');
      const nodeA = cold('  c-r----c-r-co--', events);
      const nodeB = cold('    C---O--------', events);
      const expected = '    c-(rC)Oc-r-co--';
      const toA = '         --------------6';
      const toB = '         ------0-2-4----';
      const map = partitionMap('a', { replicas: 'b' });

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, map, { fallback: 'replica' }));
      expectObservable(result, '---------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'they go to others, and it is dialled after retryAfter and not waited for, when its stream has ended',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('0----2--46----8-');
      const failed = cold(' c-#', events);
      const good = cold('           c--o----', events);
      const nodeB = cold('    C-O-----------', events);
      const expected = '    c-C-O---c--o----';
      const toA = '         --------------8-';
      const toB = '         ----02--46------';
      const config = { fallback: 'replica', retryAfter: 5 } as const;

      const nodes = { a: inTurn(failed, good), b: nodeB };
      const result = outgoing.pipe(route(nodes, partitionMap('a', { replicas: 'b' }), config));
      expectObservable(result, '----------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'nor is there one: they wait, or go to any node where that is wanted',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('02-------');
      const nodeA = cold('  co-------', events);
      const expected = '    co-------';
      const toA = '         -(02)----';
      const map = partitionMap('-', { others: 'a' });

      expectObservable(outgoing.pipe(route({ a: NEVER }, map)), '---------!').toBe('');
      expectObservable(outgoing.pipe(route({ a: nodeA }, map, { fallback: 'any' })), '---------!').toBe(
        expected,
        events,
      );
      expectObservable(a.sent$).toBe(toA);
    }),
  );
});

describe('what waits', () => {
  const values = { 1: dropped('1'), 2: dropped('2'), 3: dropped('3'), 4: dropped('4') };

  it(
    'is bounded: the oldest of all partitions gives way',
    marbles(({ cold, hot, flush, expectObservable, a, b, events }) => {
      const outgoing = hot('12-3-4--6-');
      const nodeA = cold('   c-----o--', events);
      const nodeB = cold('  C--------O', events);
      const expected = '    Cc-1-2-o-O';
      const toA = '         -------46-';
      const toB = '         ---------3';
      const metrics = new RoutingMetrics();

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, ab, { buffer: 2, metrics }));
      expectObservable(result, '----------!').toBe(expected, { ...events, ...values });
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
      flush();
      expect(metrics).toMatchObject({ direct: 3, buffered: 4, dropped: 2 });
    }),
  );

  it(
    'is bounded: the newest gives way where that is wanted',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('12-3-4----');
      const nodeA = cold('   c-----o--', events);
      const nodeB = cold('  C--------O', events);
      const expected = '    Cc-3-4-o-O';
      const toA = '         -------2--';
      const toB = '         ---------1';

      const config = { buffer: 2, overflow: 'drop-newest' as const };
      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, ab, config));
      expectObservable(result, '----------!').toBe(expected, { ...events, ...values });
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'is bounded: too much of it is an error where that is wanted, after all of it was said to be dropped',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, events }) => {
      const outgoing = hot('12-3-4----');
      const nodeA = cold('   c--------', events);
      const nodeB = cold('  C---------', events);
      const expected = '    Cc-(xyz#) ';
      const ended = { x: dropped('1', 'ended'), y: dropped('2', 'ended'), z: dropped('3', 'ended') };

      const config = { buffer: 2, overflow: 'error' as const };
      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, ab, config));
      expectObservable(result).toBe(expected, { ...events, ...ended }, new BufferOverflowError(2));
      expectSubscriptions(nodeA.subscriptions).toBe('-^-!');
      expectSubscriptions(nodeB.subscriptions).toBe('^--!');
    }),
  );

  it(
    'may be nothing: then all is dropped until the owner is open, which is dialled nevertheless',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('2-4---6---');
      const nodeA = cold('  -c--o-----', events);
      const expected = '    2c4-o-----';
      const toA = '         ------6---';

      const result = outgoing.pipe(route({ a: nodeA }, ab, { buffer: 0 }));
      expectObservable(result, '----------!').toBe(expected, { ...events, ...values });
      expectObservable(a.sent$).toBe(toA);
    }),
  );

  it(
    'keeps its order when the consumer sends because of a drop',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('24-----');
      const nodeA = cold('  c----o-', events);
      const expected = '    c(yx)o-';
      const toA = '         -----6-';
      // It sends before it passes on what it was told.
      const again = tap<ConnectionEvent<string, string>>((event) => {
        if (event.type === 'dropped' && event.message === '2') outgoing.next('6');
      });

      const result = outgoing.pipe(route({ a: nodeA }, ab, { buffer: 1 }), again);
      expectObservable(result, '-------!').toBe(expected, { ...events, x: dropped('2'), y: dropped('4') });
      expectObservable(a.sent$).toBe(toA);
    }),
  );

  it(
    'is also what the consumer sends because a connection has closed',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('0--------');
      const nodeA = cold('  co-x-r-O-', events);
      const toA = '         -0-------';
      const toB = '         -------2-';
      const again = tap<ConnectionEvent<string, string>>(({ type }) => {
        if (type === 'close') outgoing.next('2');
      });

      const result = outgoing.pipe(route({ a: nodeA }, ab), again);
      expectObservable(result, '---------!').toBe('co-x-r-O-', events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'goes on when the network takes more, or when a connection that seemed open is',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('0----2468------------0--');
      const nodeA = cold('  co----------------------', events);
      const drained = hot(' ----------d-------------');
      const toA = '         -0-------------(2468)0--';
      const result = outgoing.pipe(route({ a: nodeA }, ab));

      hot('                 ---f').subscribe(() => (a.bufferedAmount = 2 ** 24 + 1));
      drained.subscribe(() => (a.bufferedAmount = 0));
      expectObservable(result, '------------------------!').toBe('co', events);
      expectObservable(a.sent$).toBe(toA);
    }),
  );

  it(
    'is tried again every 10 ms while the connection has taken all it can',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('--24--------------');
      const nodeA = cold('    co--------------', events);
      const taken = hot('   ------------t-----');
      const toA = '         -------------(24)-';
      const result = outgoing.pipe(route({ a: nodeA }, ab));
      a.failSends(new BufferOverflowError(1));

      taken.subscribe(() => a.acceptSends());
      expectObservable(result, '------------------!').toBe('--co--------------', events);
      expectObservable(a.sent$).toBe(toA);
    }),
  );

  it(
    'keeps, in its place, the message that a connection refused because it had just closed',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('024----6---');
      const nodeA = cold('  c---o--rO-', events);
      const expected = '    c---o--rO--';
      const toA = '         ----0------';
      const toB = '         --------(246)';
      const send = a.send.bind(a);
      a.send = (sent) => {
        if (sent === '2') a.lost();
        send(sent);
      };

      expectObservable(outgoing.pipe(route({ a: nodeA }, ab)), '-----------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );
});

describe('an answer of a node that does not own the key', () => {
  const notOwner = (data: string): readonly string[] | undefined =>
    data.startsWith('not ') ? [...data.slice(4)] : undefined;
  const moved = { 1: ab, 2: partitionMap('bb', { version: 2 }) };

  it(
    'is not delivered: it asks for a newer map, by which the message is sent again',
    marbles(({ cold, hot, flush, expectObservable, a, b, events }) => {
      const outgoing = hot('2---------4-');
      const maps = cold('   1-----2-----', moved);
      const nodeA = cold('  co--w--m----', { ...events, w: message(a, 'not 2') });
      const nodeB = cold('        C--O--', events);
      const expected = '    co----Cm-O--';
      const toB = '         ---------24-';
      const asked = '       ----r-------';
      const metrics = new RoutingMetrics();
      const refresh$ = new Subject<string>();
      const config = { notOwner, refresh: () => refresh$.next('r'), metrics };

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, maps, config));
      expectObservable(result, '------------!').toBe(expected, events);
      expectObservable(b.sent$).toBe(toB);
      expectObservable(refresh$).toBe(asked);
      flush();
      expect(metrics).toMatchObject({ direct: 3, wrongOwner: 1 });
    }),
  );

  it(
    'that comes several times asks once, and what it refused goes before what came since',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('24--68----');
      const maps = cold('   1-----2---', moved);
      const nodeA = cold('  co-v-w----', { ...events, v: message(a, 'not 2'), w: message(a, 'not 4') });
      const nodeB = cold('        C-O-', events);
      const expected = '    co----C-O-';
      const toB = '         --------(2468)';
      const asked = '       ---r------';
      const refresh$ = new Subject<string>();

      const result = outgoing.pipe(
        route({ a: nodeA, b: nodeB }, maps, { notOwner, refresh: () => refresh$.next('r') }),
      );
      expectObservable(result, '----------!').toBe(expected, events);
      expectObservable(b.sent$).toBe(toB);
      expectObservable(refresh$).toBe(asked);
    }),
  );

  it(
    'that no newer map follows is put to the test again after retryAfter, and other partitions go on',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('-2-1---3-----');
      const nodeA = cold('   co-w------w-', { ...events, w: message(a, 'not 2') });
      const expected = '    -co----------';
      const toA = '         --21---3--2--';
      const asked = '       ----r------r-';
      const refresh$ = new Subject<string>();
      const config = { notOwner, retryAfter: 6, refresh: () => refresh$.next('r') };

      const result = outgoing.pipe(route({ a: nodeA }, partitionMap('aa'), config));
      expectObservable(result, '-------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(refresh$).toBe(asked);
    }),
  );

  it(
    'asks again at once when the newer map was wrong too',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('2---------');
      const maps = cold('   1----2----', { 1: ab, 2: partitionMap('ab', { version: 2 }) });
      const nodeA = cold('  co-w---w--', { ...events, w: message(a, 'not 2') });
      const toA = '         -2---2----';
      const asked = '       ---r---r--';
      const refresh$ = new Subject<string>();

      const result = outgoing.pipe(route({ a: nodeA }, maps, { notOwner, refresh: () => refresh$.next('r') }));
      expectObservable(result, '----------!').toBe('co--------', events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(refresh$).toBe(asked);
    }),
  );

  it(
    'sends what it refused to another node only when the one that refused has handled what it was sent',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, a, b, events }) => {
      const outgoing = hot('01-2------------');
      const nodeA = cold('  co---v-w--------', { ...events, v: message(a, 'not 0'), w: message(a, 'not 1') });
      const nodeB = cold('     CO-----------', events);
      const pong = cold('       ----p');
      const expected = '    co-CO-----------';
      const toB = '         ----2----0-1----';
      const asked = ['     -----^---!', '-------^---!'];
      const config = { notOwner, fallback: 'replica' as const, settled: (): Observable<string> => pong };

      const map = partitionMap('aab', { replicas: 'b' });
      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, map, config));
      expectObservable(result, '----------------!').toBe(expected, events);
      expectObservable(b.sent$).toBe(toB);
      expectSubscriptions(pong.subscriptions).toBe(asked);
    }),
  );

  it(
    'sends again to the node that refused only when that has handled what it was sent, for it may refuse more',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('(24)-6--------8');
      const maps = cold('   1---2----3-----', {
        1: ab,
        2: partitionMap('ab', { version: 2 }),
        3: partitionMap('ab', { version: 3 }),
      });
      const nodeA = cold('  co-v--w--------', { ...events, v: message(a, 'not 2'), w: message(a, 'not 4') });
      const pong = cold('       ----p');
      const toA = '         -(24)----(246)8';

      const result = outgoing.pipe(route({ a: nodeA }, maps, { notOwner, settled: () => pong }));
      expectObservable(result, '---------------!').toBe('co-------------', events);
      expectObservable(a.sent$).toBe(toA);
    }),
  );

  it(
    'that comes late, of a node that was the owner, does not let the present one be asked again too soon',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('21--4----------');
      const maps = cold('   1--2-----------', { 1: ab, 2: partitionMap('bb', { version: 2, others: 'a' }) });
      const nodeA = cold('  co-----v-------', { ...events, v: message(a, 'not 2') });
      const nodeB = cold('   CO---w--------', { ...events, w: message(b, 'not 4') });
      const toA = '         -2-------------';
      const toB = '         --1-4-------(42)';

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, maps, { notOwner, retryAfter: 6 }));
      expectObservable(result.pipe(ignoreElements()), '----------------!').toBe('');
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'that comes when a newer map is there already sends again at once, and asks nobody',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('2-1------');
      const maps = cold('   1----2---', moved);
      const nodeA = cold('  co-----w-', { ...events, w: message(a, 'not 2') });
      const nodeB = cold('    CO-----', events);
      const expected = '    coCO-----';
      const toB = '         ---1---2-';
      const refresh$ = new Subject<string>();

      const result = outgoing.pipe(
        route({ a: nodeA, b: nodeB }, maps, { notOwner, refresh: () => refresh$.next('r') }),
      );
      expectObservable(result, '---------!').toBe(expected, events);
      expectObservable(b.sent$).toBe(toB);
      expectObservable(refresh$).toBe('');
    }),
  );

  it(
    'keeps the order to the last when the old node is waited for: what it refuses late is sent first',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('24-1---6--------8');
      const maps = cold('   1----2-----------', moved);
      const nodeA = cold('  co------vw-------', { ...events, v: message(a, 'not 2'), w: message(a, 'not 4') });
      const nodeB = cold('     CO------------', events);
      const pong = cold('             ---p    ');
      const expected = '    co-CO------------';
      const toA = '         -(24)------------';
      const toB = '         ----1-----(246)-8';

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, maps, { notOwner, settled: () => pong }));
      expectObservable(result, '-----------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'may have nothing to send again: it asks for a newer map',
    marbles(({ cold, expectObservable, a, events }) => {
      const nodeA = cold('co-w-', { ...events, w: message(a, 'not ') });
      const refresh$ = new Subject<string>();
      const config = { notOwner, refresh: () => refresh$.next('r') };

      expectObservable(concat(of('2'), NEVER).pipe(route({ a: nodeA }, ab, config)), '-----!').toBe('co', events);
      expectObservable(refresh$).toBe('---r-');
    }),
  );

  it(
    'of a node that stood in for the owner makes no circle: the owner is waited for',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('2----------');
      const nodeA = cold('  c-r-----o--', events);
      const nodeB = cold('    -C-Ow----', { ...events, w: message(b, 'not 2') });
      const expected = '    c-rC-O--o--';
      const toA = '         --------2--';
      const toB = '         -----2-----';
      const refresh$ = new Subject<string>();
      const config = { notOwner, fallback: 'any' as const, refresh: () => refresh$.next('r') };

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, partitionMap('a', { others: 'b' }), config));
      expectObservable(result, '-----------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
      expectObservable(refresh$).toBe('');
    }),
  );

  it(
    'of the owner and of those that stand in for it makes no circle: all are left alone until retryAfter has passed',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('02---4-----------');
      const nodeA = cold('  co-v-------w-----', { ...events, v: message(a, 'not 0'), w: message(a, 'not 0') });
      const nodeB = cold('     C-O-u---------', { ...events, u: message(b, 'not 0') });
      const expected = '    co-C-O-----------';
      const toA = '         -(02)----0-------';
      const toB = '         -----(04)--0-----';
      const asked = '       ---r-------r-----';
      const refresh$ = new Subject<string>();
      const config = { notOwner, fallback: 'replica' as const, retryAfter: 6, refresh: () => refresh$.next('r') };

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, partitionMap('a', { replicas: 'b' }), config));
      expectObservable(result, '-----------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
      expectObservable(refresh$).toBe(asked);
    }),
  );

  it(
    'of a node that stood in for the owner is forgotten after retryAfter too',
    marbles(({ cold, hot, expectObservable, b, events }) => {
      const outgoing = hot('2---------------');
      const nodeA = cold('  c-r-------------', events);
      const nodeB = cold('    C---O-u-------', { ...events, u: message(b, 'not 2') });
      const expected = '    c-(rC)O---------';
      const toB = '         ------2-------2-';
      const refresh$ = new Subject<string>();
      const config = {
        ...{ notOwner, fallback: 'replica' as const, retryAfter: 6 },
        refresh: () => refresh$.next('r'),
      };

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, partitionMap('a', { replicas: 'b' }), config));
      expectObservable(result, '----------------!').toBe(expected, events);
      expectObservable(b.sent$).toBe(toB);
      expectObservable(refresh$).toBe('');
    }),
  );
});

describe('the end', () => {
  const wrong = new Error('wrong');

  it(
    'of outgoing$ leaves the nodes to answer: the stream ends with the last of them',
    marbles(({ cold, expectObservable, events }) => {
      const outgoing = cold('2-1|          ');
      const nodeA = cold('   co---m-x|     ', events);
      const nodeB = cold('     C-O-----(X|)', events);
      const expected = '     coC-Om-x--(X|)';

      expectObservable(outgoing.pipe(route({ a: nodeA, b: nodeB }, ab))).toBe(expected, events);
    }),
  );

  it(
    'of outgoing$ is not the end of what waits',
    marbles(({ cold, expectObservable, a, events }) => {
      const outgoing = cold('(24|)        ');
      const nodeA = cold('   c-#    ', events);
      const again = cold('         c-o--(x|)', events);
      const expected = '     c------c-o--(x|)';
      const toA = '          ---------(24)';

      const result = outgoing.pipe(route({ a: inTurn(nodeA, again) }, ab, { retryAfter: 5 }));
      expectObservable(result).toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
    }),
  );

  it(
    'comes at once where there is nothing to send',
    marbles(({ expectObservable }) => {
      expectObservable(EMPTY.pipe(route({}, ab))).toBe('|');
    }),
  );

  it(
    'of outgoing$ or of partitionMap$ by an error is its own, after it has said what waited',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const outgoing = cold('2--#', undefined, wrong);
      const maps = cold('    1----#', { 1: ab }, wrong);
      const nodeA = cold('   c-----', events);
      const expected = '     c--(d#)';
      const expectedMap = '  c----(d#)';
      const values = { ...events, d: dropped('2', 'ended') };

      expectObservable(outgoing.pipe(route({ a: nodeA }, ab))).toBe(expected, values, wrong);
      expectObservable(concat(of('2'), NEVER).pipe(route({ a: nodeA }, maps))).toBe(expectedMap, values, wrong);
      expectSubscriptions(nodeA.subscriptions).toBe(['^--!', '^----!']);
    }),
  );

  it(
    'of partitionMap$ without a map is an error, and with one leaves things as they are',
    marbles(({ cold, expectObservable, events }) => {
      const error = new DialError('a cluster', '`partitionMap$` gave no map');
      const nodeA = cold('co-m-', events);

      expectObservable(of('2').pipe(route({}, EMPTY))).toBe('#', undefined, error);
      expectObservable(of('2').pipe(route({ a: nodeA }, of(ab))), '-----!').toBe('co-m-', events);
    }),
  );

  it(
    'is an error where a callback throws, or an open connection refuses a message',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const outgoing = hot('--2--');
      const nodeA = cold('    co-m', events);
      const values = { ...events, d: dropped('2', 'ended') };
      const fail = (): never => {
        throw wrong;
      };
      a.failSends(wrong);

      expectObservable(outgoing.pipe(route({ a: nodeA }, ab, { key: fail }))).toBe('--#', events, wrong);
      expectObservable(outgoing.pipe(route({ a: nodeA }, ab, { hash: fail }))).toBe('--#', events, wrong);
      expectObservable(outgoing.pipe(route({ a: nodeA }, ab, { onState: fail }))).toBe('--(d#)', values, wrong);
      expectObservable(outgoing.pipe(route({ a: nodeA }, ab))).toBe('--c(o#)', events, wrong);
    }),
  );

  it(
    'is, whoever fails, told after what waited, when nothing more is taken',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, b, events }) => {
      const outgoing = hot('213----');
      const nodeA = cold('  c------', events);
      const nodeB = cold('   CO----', events);
      const expected = '    cC(Oxy#)';
      const values = { ...events, x: dropped('2', 'ended'), y: dropped('3', 'ended') };
      const again = tap<ConnectionEvent<string, string>>(({ type }) => {
        if (type === 'dropped') expect(outgoing.observed).toBe(false);
      });
      b.failSends(wrong);

      expectObservable(outgoing.pipe(route({ a: nodeA, b: nodeB }, ab), again)).toBe(expected, values, wrong);
      expectSubscriptions(nodeA.subscriptions).toBe('^-!');
    }),
  );

  it(
    'is an error where a callback for a message throws',
    marbles(({ cold, hot, expectObservable, events }) => {
      const outgoing = hot('--2---');
      const nodeA = cold('    co-m', events);
      const fail = (): never => {
        throw wrong;
      };
      const refused = { notOwner: (): readonly string[] => [], refresh: fail };

      expectObservable(outgoing.pipe(route({ a: nodeA }, ab, { notOwner: fail }))).toBe('--co-#', events, wrong);
      expectObservable(outgoing.pipe(route({ a: nodeA }, ab, refused))).toBe('--co-#', events, wrong);
    }),
  );
});
