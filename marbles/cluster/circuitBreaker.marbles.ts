import type { Observable } from 'rxjs';
import { breakCircuit } from '../../src/cluster/breakCircuit.js';
import { type CircuitBreaker, circuitBreaker } from '../../src/cluster/circuitBreaker.js';
import type { NodeStatus } from '../../src/cluster/nodeStatus.js';
import { clockOf } from '../../src/core/clock.js';
import { DialError } from '../../src/core/errors.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { close, reconnecting } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { partitionMap, route } from './maps.js';

const refused = new DialError('ws://a', 'refused');
/** Two failures in a row open the circuit for 20 ms. */
const config = { failures: 2, resetAfter: 20 };

describe('breakCircuit', () => {
  let circuit: CircuitBreaker;
  const broken = (source: Observable<ConnectionEvent<string>>): Observable<ConnectionEvent<string>> => {
    circuit = circuitBreaker(config);
    return source.pipe(breakCircuit(circuit, clockOf()));
  };

  it(
    'ends a stream whose dials fail in a row, with why the last one did',
    marbles(({ cold, flush, expectObservable, expectSubscriptions, events }) => {
      const source = cold('c-r--c-r--c-o', { ...events, r: reconnecting(1, 3, refused) });
      const expected = '   c-r--c-(r#)  ';
      const subs = '       ^------!     ';

      const result = broken(source);
      expectObservable(result).toBe(expected, { ...events, r: reconnecting(1, 3, refused) }, refused);
      expectSubscriptions(source.subscriptions).toBe(subs);
      flush();
      expect([circuit.state, circuit.until]).toEqual(['open', 27]);
    }),
  );

  it(
    'forgets failures once a connection is open, and takes it for none that one is lost',
    marbles(({ cold, flush, expectObservable, a, events }) => {
      const values = { ...events, x: close(a, 1006) };
      const source = cold('cr-cox-r-cr-co-r---', values);

      expectObservable(broken(source), '------------------!').toBe('cr-cox-r-cr-co-r---', values);
      flush();
      expect(circuit.state).toBe('closed');
    }),
  );

  it(
    'counts a stream that ends while it dials, however it does, and passes the end on',
    marbles(({ cold, flush, expectObservable, events }) => {
      const fails = cold(' cr-c-#', events);
      const ends = cold('  cr-c-|', events);

      expectObservable(broken(fails)).toBe('cr-c-#', events);
      const other = circuit;
      expectObservable(broken(ends)).toBe('cr-c-|', events);
      flush();
      expect([other.state, circuit.state]).toEqual(['open', 'open']);
    }),
  );

  it(
    'does not count one that ends when it was open',
    marbles(({ cold, flush, expectObservable, events }) => {
      const source = cold('cr-co-#', events);

      expectObservable(broken(source)).toBe('cr-co-#', events);
      flush();
      circuit.failed(0);
      expect(circuit.state).toBe('closed');
    }),
  );
});

describe('a node whose circuit is open', () => {
  it(
    'is not dialled for resetAfter, and then by one trial at a time, until one is open (P29)',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, a, events }) => {
      const outgoing = hot('2-----4--------------0--');
      const nodeA = cold('  c-r--c-r--c-r', events);
      const trial = cold('  c-r--c', events);
      const good = cold('   c-o', events);
      const expected = '    c-r--c-r 19ms c-r 19ms c-o----------';
      const toA = '         51ms (240)';

      const result = outgoing.pipe(
        route({ a: inTurn(nodeA, trial, good) }, partitionMap('a'), { circuitBreaker: config, retryAfter: 5 }),
      );
      expectObservable(result, '60ms !').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectSubscriptions(nodeA.subscriptions).toBe(' ^------!');
      expectSubscriptions(trial.subscriptions).toBe(' 27ms ^-!');
      expectSubscriptions(good.subscriptions).toBe('  49ms ^ 10ms !');
    }),
  );

  it(
    'is waited for by nobody who may go elsewhere, also not while there is a trial',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('2------4 21ms 6-8----0');
      const nodeA = cold('  c-r', events);
      const trial = cold('  c--o', events);
      const nodeB = cold('    C---O', events);
      const expected = '    c-(rC)O 22ms c--o----';
      const toA = '         36ms 0';
      const toB = '         ------24 21ms 6-8----';
      const settings = { fallback: 'replica', circuitBreaker: { failures: 1, resetAfter: 20 }, retryAfter: 5 } as const;

      const map = partitionMap('a', { replicas: 'b' });
      const result = outgoing.pipe(route({ a: inTurn(nodeA, trial), b: nodeB }, map, settings));
      expectObservable(result, '60ms !').toBe(expected, events);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'is left alone for the longer of retryAfter and resetAfter where its stream ends by itself',
    marbles(({ cold, hot, expectObservable, expectSubscriptions, events }) => {
      const outgoing = hot('2');
      const nodeA = cold('  c-#', events);
      const dialled = (retryAfter: number): Observable<unknown> =>
        outgoing.pipe(route({ a: nodeA }, partitionMap('a'), { circuitBreaker: config, retryAfter }));

      // Two dials 3 ms apart, then one every 20 ms.
      expectObservable(dialled(3), '40ms !').toBe('    c----c 21ms c----------', events);
      expectObservable(dialled(30), '80ms !').toBe('   c 31ms c 31ms c--------', events);
      expectSubscriptions(nodeA.subscriptions).toBe(['^-!', '^-!', '5ms ^-!', '27ms ^-!', '32ms ^-!', '64ms ^-!']);
    }),
  );

  it(
    'is dialled at once when the cluster was started anew, and may fail as often again',
    marbles(({ cold, hot, expectObservable, events }) => {
      const outgoing = hot('2');
      const maps = cold('   1--------2--', { 1: partitionMap('a'), 2: partitionMap('a', { epoch: 'f' }) });
      const nodeA = cold('  c-r--c-r', events);
      const again = cold('           c-r--c-r', events);
      const expected = '    c-r--c-r-c-r--c-r----';

      const result = outgoing.pipe(route({ a: inTurn(nodeA, again) }, maps, { circuitBreaker: config }));
      expectObservable(result, '--------------------!').toBe(expected, events);
    }),
  );

  it(
    'is not dialled either when the map has a use for it again too soon',
    marbles(({ cold, hot, flush, expectObservable, events }) => {
      const outgoing = hot('2-----------4');
      const maps = cold('   1--------2-3', {
        1: partitionMap('a'),
        2: partitionMap('-', { version: 2, others: 'a' }),
        3: partitionMap('a', { version: 3 }),
      });
      const nodeA = cold('  c-r--c-r', events);
      const trial = cold('  co', events);
      const seen: NodeStatus[] = [];
      const settings = {
        circuitBreaker: config,
        retryAfter: 5,
        onState: (status: NodeStatus): number => seen.push(status),
      };

      const result = outgoing.pipe(route({ a: inTurn(nodeA, trial) }, maps, settings));
      expectObservable(result, '40ms !').toBe('c-r--c-r 19ms co', events);
      flush();
      const shown = seen.map(({ state, circuit, cause }) => [state, circuit, ...(cause instanceof Error ? [cause.message] : [])]); // prettier-ignore
      expect(shown.slice(-6)).toEqual([
        ['failed', 'open'],
        ['closed', 'open'],
        ['failed', 'open', 'could not connect to ws://a/: its circuit is open'],
        ['idle', 'open'],
        ['connecting', 'half-open'],
        ['open', 'closed'],
      ]);
    }),
  );

  it(
    'and that a new life of the cluster needs again is dialled at once, after another one too',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const outgoing = hot('21---3-----');
      const maps = cold('   1--2---3---', {
        1: partitionMap('ab'),
        2: partitionMap('aa', { version: 2, others: 'b' }),
        3: partitionMap('ab', { epoch: 'f' }),
      });
      const nodeA = cold('  c#         ', events);
      const nodeB = cold('   C#        ', events);
      const goodA = cold('       c---o-', events);
      const goodB = cold('       C---O-', events);
      const expected = '    cC-----(cC)(oO)';
      const settings = { circuitBreaker: { failures: 1, resetAfter: 50 } };

      const nodes = { a: inTurn(nodeA, goodA), b: inTurn(nodeB, goodB) };
      const result = outgoing.pipe(route(nodes, maps, settings));
      expectObservable(result, '---------------!').toBe(expected, events);
      expectObservable(a.sent$).toBe('-----------2---');
      expectObservable(b.sent$).toBe('-----------(13)');
    }),
  );

  it(
    'is no concern of the others: each has a circuit of its own',
    marbles(({ cold, hot, expectObservable, b, events }) => {
      const outgoing = hot('2------1-3');
      const nodeA = cold('  c-r', events);
      const nodeB = cold('         CO', events);
      const settings = { circuitBreaker: { failures: 1, resetAfter: 20 } };

      const result = outgoing.pipe(route({ a: nodeA, b: nodeB }, partitionMap('ab'), settings));
      expectObservable(result, '-----------!').toBe('c-r----CO--', events);
      expectObservable(b.sent$).toBe('--------13-');
    }),
  );
});
