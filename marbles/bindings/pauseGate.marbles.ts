import { type Observable, share, tap } from 'rxjs';
import { PauseGate } from '../../src/bindings/pauseGate.js';
import { message, open, retired } from '../../src/testing/letters.js';
import type { MockConnection } from '../../src/testing/mockConnection.js';
import { marbles } from '../../src/testing/marbles.js';

/** Draws when a connection is paused and resumed: `p` and `r`. */
function drawn(connection: MockConnection, hot: { next(letter: string): void }): void {
  const { pause, resume } = connection;
  Object.assign(connection, {
    pause: () => {
      if (!connection.paused) hot.next('p');
      pause?.();
    },
    resume: () => {
      if (connection.paused) hot.next('r');
      resume?.();
    },
  });
}

describe('PauseGate', () => {
  const through = (source: Observable<unknown>, gate: PauseGate): Observable<unknown> =>
    source.pipe(tap((event) => gate.saw(event as never)));

  it(
    'pauses what speaks or opens while it is shut, and resumes all when it opens',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const values = { ...events, m: message(a, '1'), o: open(a), O: open(b) };
      const source = cold(' co-m-m--O---m', values);
      const turns = hot('   ----s----o---');
      const onA = hot('     -');
      const onB = hot('     -');
      const gate = new PauseGate();
      drawn(a, onA);
      drawn(b, onB);
      turns.subscribe((turn) => (turn === 's' ? gate.shut() : gate.open()));

      expectObservable(through(source, gate)).toBe('co-m-m--O---m', values);
      expectObservable(onA).toBe('-----p---r');
      expectObservable(onB).toBe('--------pr');
    }),
  );

  it(
    'forgets a connection that was let go',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const values = { ...events, m: message(a, '1'), O: open(b), t: retired(a) };
      const source = cold('com-O-t--', values);
      const turns = hot('  -s-----o-');
      const onA = hot('    -');
      const gate = new PauseGate();
      drawn(a, onA);
      turns.subscribe((turn) => (turn === 's' ? gate.shut() : gate.open()));

      expectObservable(through(source, gate)).toBe('com-O-t--', values);
      expectObservable(onA).toBe('-p-------');
    }),
  );

  it(
    'reads a connection on only when every gate that holds it is open',
    marbles(({ cold, hot, expectObservable, a, events }) => {
      const values = { ...events, m: message(a, '1') };
      const shared = cold('com-m-m-m-', values).pipe(share());
      const turns = hot('  -sS--o-s-Oo');
      const onA = hot('    -');
      const slow = new PauseGate();
      const quick = new PauseGate();
      drawn(a, onA);
      turns.subscribe((turn) => {
        const gate = turn.toLowerCase() === turn ? quick : slow;
        if (/s/i.test(turn)) gate.shut();
        else gate.open();
      });

      expectObservable(through(shared, quick)).toBe('com-m-m-m-', values);
      expectObservable(through(shared, slow)).toBe('com-m-m-m-', values);
      // The quick one is shut again when the slow one opens.
      expectObservable(onA).toBe('-p--------r');
    }),
  );
});
