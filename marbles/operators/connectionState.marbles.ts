import { map, type OperatorFunction, retry, take, takeLast } from 'rxjs';
import { constant } from '../../src/core/backoff.js';
import { ConnectionClosedError, HeartbeatTimeoutError } from '../../src/core/errors.js';
import type { InternalState, StateEvent } from '../../src/core/state.js';
import { type ConnectionSnapshot, connectionState } from '../../src/operators/connectionState.js';
import { drainHandover } from '../../src/operators/drainHandover.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { shareConnection } from '../../src/operators/shareConnection.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { close, retired } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';

const letterOf: Readonly<Record<InternalState, string>> = {
  CONNECTING: 'c',
  ACTIVE: 'a',
  RECONNECTING: 'r',
  DRAINING_RECONNECTING: 'd',
  CLOSING: 'g',
  CLOSED: 'z',
};
/** c CONNECTING, a ACTIVE, r RECONNECTING, d DRAINING_RECONNECTING, g CLOSING, z CLOSED. */
const inLetters: OperatorFunction<ConnectionSnapshot, string> = map(({ internalState }) => letterOf[internalState]);

describe('connectionState', () => {
  it(
    'tells how the connection stands, at once and on every change',
    marbles(({ cold, expectObservable, expectSubscriptions, a, events }) => {
      const source = cold(' -co-m-x-------|', { ...events, x: close(a, 1006) });
      const subs = '        ^-------------!';
      const expected = '    c-a---r-------(gz|)';

      expectObservable(source.pipe(connectionState(), inLetters)).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }),
  );

  it(
    'says nothing where nothing changes',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold(' -co-m-p-q-o-', events);
      const expected = '    c-a----------';
      const onIllegal = (): never => {
        throw new Error('there is nothing to report');
      };

      expectObservable(source.pipe(connectionState({ onIllegal }), inLetters), '-------------!').toBe(expected);
    }),
  );

  it(
    'tells which retry is under way, and why',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const first = cold('  -co-#      ', events, new HeartbeatTimeoutError(5));
      const second = cold('       -#   ', events, 'refused');
      const third = cold('           -CO', events);
      const expected = '    c-a-r--s--tb';

      const result = inTurn(first, second, third).pipe(
        reconnect({ delay: constant(2) }),
        connectionState(),
        map(({ state, attempt, connection, cause }) => ({ state, attempt, connection, cause })),
      );

      expectObservable(result, '------------!').toBe(expected, {
        c: { state: 'CONNECTING', attempt: 0 },
        a: { state: 'ACTIVE', attempt: 0, connection: a },
        r: { state: 'RECONNECTING', attempt: 1, cause: new HeartbeatTimeoutError(5) },
        s: { state: 'RECONNECTING', attempt: 2, cause: 'refused' },
        t: { state: 'CONNECTING', attempt: 2, cause: 'refused' },
        b: { state: 'ACTIVE', attempt: 0, connection: b },
      });
    }),
  );

  it(
    'shows a connection that is being handed over as ACTIVE',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const old = cold('   -co-d-m--m--', events);
      const next = cold('      ---C-O-M', events);
      const expected = '   c-a-d----b--';

      const result = inTurn(old, next).pipe(
        drainHandover({ linger: 2 }),
        connectionState(),
        map(({ state, internalState, connection }) => ({ state, internalState, connection })),
      );

      expectObservable(result, '-------------!').toBe(expected, {
        c: { state: 'CONNECTING', internalState: 'CONNECTING' },
        a: { state: 'ACTIVE', internalState: 'ACTIVE', connection: a },
        d: { state: 'ACTIVE', internalState: 'DRAINING_RECONNECTING', connection: a },
        b: { state: 'ACTIVE', internalState: 'ACTIVE', connection: b },
      });
    }),
  );

  it(
    'is RECONNECTING when the old connection is lost before its successor is open',
    marbles(({ cold, expectObservable, a, events }) => {
      const old = cold('   -co-d-x', { ...events, x: close(a, 1006) });
      const next = cold('      -C------O-', events);
      const expected = '   c-a-d-(rc)--a-';

      const result = inTurn(old, next).pipe(drainHandover({ linger: 2 }), connectionState(), inLetters);

      expectObservable(result, '--------------!').toBe(expected);
    }),
  );

  it(
    'is RECONNECTING when a draining connection vanishes without a close',
    marbles(({ cold, expectObservable, events }) => {
      const first = cold(' -co-d-#     ', events, new HeartbeatTimeoutError(5));
      const second = cold('         -C-O', events);
      const expected = '   c-a-d-r--c-a';

      const result = inTurn(first, second).pipe(reconnect({ delay: constant(2) }), connectionState(), inLetters);

      expectObservable(result, '------------!').toBe(expected);
    }),
  );

  it(
    'is RECONNECTING when a source is subscribed anew while it drains',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('-co-d-#', events);
      const expected = '   c-a-d----(rc)';

      expectObservable(source.pipe(retry({ delay: 2 }), connectionState(), inLetters), '----------!').toBe(expected);
    }),
  );

  it(
    'is RECONNECTING when the old connection is lost and its successor is not even dialled',
    marbles(({ cold, expectObservable, a, events }) => {
      const source = cold('-co-d-t------CO-', { ...events, t: retired(a, 'lost') });
      const expected = '   c-a-d-r------ca-';

      expectObservable(source.pipe(connectionState(), inLetters), '----------------!').toBe(expected);
    }),
  );

  it(
    'takes no notice of the old connection once the new one is in use',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('-co-d-O-d-t-x-D-', events);
      const expected = '   c-a-d-a-------d-';

      expectObservable(source.pipe(connectionState(), inLetters), '----------------!').toBe(expected);
    }),
  );

  it(
    'goes through CLOSING to CLOSED at a clean end, and completes',
    marbles(({ cold, expectObservable, a, events }) => {
      const source = cold('-co-x|', events);
      const expected = '   c-a--(gz|)';

      const result = source.pipe(
        connectionState(),
        map(({ state, connection, cause }) => ({ state, connection, cause })),
      );

      expectObservable(result).toBe(expected, {
        c: { state: 'CONNECTING' },
        a: { state: 'ACTIVE', connection: a },
        g: { state: 'CLOSING' },
        z: { state: 'CLOSED' },
      });
    }),
  );

  it(
    'is CLOSING from `closing` on, whatever happens to the connection on the way out',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const source = cold('-co-k-x-r-C-O-t-|', {
        ...events,
        k: { type: 'closing' },
        x: close(a, 1006),
        t: retired(b, 'lost'),
      } as const);
      const expected = '   c-a-g-n-r---b-n-(z|)';
      const onIllegal = (): never => {
        throw new Error('there is nothing to report');
      };

      const result = source.pipe(
        connectionState({ onIllegal }),
        map(({ state, attempt, connection }) => ({ state, attempt, connection })),
      );

      expectObservable(result).toBe(expected, {
        c: { state: 'CONNECTING', attempt: 0 },
        a: { state: 'ACTIVE', attempt: 0, connection: a },
        g: { state: 'CLOSING', attempt: 0, connection: a },
        n: { state: 'CLOSING', attempt: 0 },
        r: { state: 'CLOSING', attempt: 1 },
        b: { state: 'CLOSING', attempt: 0, connection: b },
        z: { state: 'CLOSED', attempt: 0 },
      });
    }),
  );

  it(
    'counts a close with code 1000 as a loss where it is retried',
    marbles(({ cold, expectObservable, events }) => {
      const first = cold(' -co-x---|      ', events);
      const second = cold('           -CO-', events);
      const expected = '   c-a-----(rs)tb-';
      const cause = new ConnectionClosedError(1000, '');

      const result = inTurn(first, second).pipe(
        reconnect({ delay: constant(3), closeCodes: { 1000: 'retry' } }),
        connectionState(),
        map(({ state, attempt, cause }) => ({ state, attempt, cause })),
      );

      expectObservable(result, '----------------!').toBe(expected, {
        c: { state: 'CONNECTING', attempt: 0 },
        a: { state: 'ACTIVE', attempt: 0 },
        r: { state: 'RECONNECTING', attempt: 0, cause },
        s: { state: 'RECONNECTING', attempt: 1, cause },
        t: { state: 'CONNECTING', attempt: 1, cause },
        b: { state: 'ACTIVE', attempt: 0 },
      });
    }),
  );

  it(
    'ends in CLOSED with the error as cause, and completes: it never errors',
    marbles(({ cold, expectObservable, a, events }) => {
      const closed = cold('-co-x#', { ...events, x: close(a, 1008) }, new ConnectionClosedError(1008, ''));
      const failed = cold('-#    ', events, 'refused');

      const closing = closed.pipe(connectionState());
      const failing = failed.pipe(connectionState());

      expectObservable(closing.pipe(inLetters)).toBe('c-a-r(gz|)');
      expectObservable(failing.pipe(inLetters)).toBe('c(gz|)');
      expectObservable(
        closing.pipe(
          takeLast(1),
          map(({ cause }) => cause),
        ),
      ).toBe('-----(e|)', { e: new ConnectionClosedError(1008, '') });
      expectObservable(
        failing.pipe(
          takeLast(1),
          map(({ cause }) => cause),
        ),
      ).toBe('-(e|)', { e: 'refused' });
    }),
  );

  it(
    'waits for no retry once the retries are given up',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('-#   ', events, 'refused');
      const expected = '   01--(00|)';

      const result = source.pipe(
        reconnect({ delay: constant(2), maxAttempts: 1 }),
        connectionState(),
        map(({ attempt }) => String(attempt)),
      );

      expectObservable(result).toBe(expected);
    }),
  );

  it(
    'tells since when, and how it came to be so',
    marbles(({ cold, flush, events }) => {
      const snapshots: ConnectionSnapshot[] = [];
      cold('--co--#', events)
        .pipe(connectionState())
        .subscribe((snapshot) => snapshots.push(snapshot));
      flush();

      expect(snapshots.map(({ since }) => since)).toEqual([0, 3, 6, 6]);
      expect(snapshots.at(-1)?.history).toEqual([
        { from: 'CONNECTING', to: 'ACTIVE', event: 'GATEWAY_READY', at: 3 },
        { from: 'ACTIVE', to: 'CLOSING', event: 'SHUTDOWN_REQUESTED', at: 6 },
        { from: 'CLOSING', to: 'CLOSED', event: 'SHUTDOWN_COMPLETED', at: 6 },
      ]);
      expect(snapshots[0]?.history).toEqual([]);
    }),
  );

  it(
    'keeps the last 50 changes',
    marbles(({ cold, flush, a, events }) => {
      let last: ConnectionSnapshot | undefined;
      cold(`c${'oxc'.repeat(40)}o`, { ...events, x: close(a, 1006) })
        .pipe(connectionState())
        .subscribe((snapshot) => (last = snapshot));
      flush();

      expect(last?.history).toHaveLength(50);
      expect(last?.history.at(-1)).toMatchObject({ from: 'CONNECTING', to: 'ACTIVE', at: 121 });
      expect(last?.history[0]).toMatchObject({ at: 72 });
    }),
  );

  it(
    'is ACTIVE at once for who comes late to a shared connection',
    marbles(({ cold, expectObservable, events }) => {
      const shared = cold('-co----', events).pipe(shareConnection());

      expectObservable(shared.pipe(connectionState(), inLetters), '       -------!').toBe('c-a----');
      expectObservable(shared.pipe(connectionState(), inLetters), '----^--!').toBe('----(ca)');
    }),
  );

  it(
    'follows a source that is subscribed anew by other means than `reconnect`',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold(' -co-#', events);
      const expected = '    c-a----(rc)';

      expectObservable(source.pipe(retry({ delay: 2 }), connectionState(), inLetters), '--------!').toBe(expected);
    }),
  );

  it(
    'reports what the state machine does not allow, and does not change the state for it',
    marbles(({ cold, expectObservable, flush, a, b, events }) => {
      const source = cold(' -coO-', events);
      const expected = '    c-ab-';
      const illegal: [InternalState, StateEvent][] = [];

      const result = source.pipe(
        connectionState({ onIllegal: (...report) => illegal.push(report) }),
        map(({ state, connection }) => ({ state, connection })),
      );

      expectObservable(result, '-----!').toBe(expected, {
        c: { state: 'CONNECTING' },
        a: { state: 'ACTIVE', connection: a },
        b: { state: 'ACTIVE', connection: b },
      });
      flush();
      expect(illegal).toEqual([['ACTIVE', 'NEW_CONNECTION_READY']]);
    }),
  );

  it(
    'errors with what `onIllegal` throws',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('-coO-', events);
      const onIllegal = (): never => {
        throw new Error('impossible');
      };

      expectObservable(source.pipe(connectionState({ onIllegal }), inLetters)).toBe(
        'c-a#',
        undefined,
        new Error('impossible'),
      );
    }),
  );

  it(
    'lets go of its source when it is unsubscribed, and does not dial for who only looks',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const source = cold(' -co-m-m', events);
      const unsubscribe = ' ----!  ';

      expectObservable(source.pipe(connectionState(), inLetters), unsubscribe).toBe('c-a-');
      expectObservable(source.pipe(connectionState(), inLetters, take(1))).toBe('(c|)');
      expectSubscriptions(source.subscriptions).toBe('^---!');
    }),
  );
});
