import { combineLatestWith, map, type Observable } from 'rxjs';
import { online$ } from '../../src/bindings/online.js';
import { visible$ } from '../../src/bindings/visible.js';
import { constant } from '../../src/core/backoff.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { reconnecting } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';

const letters = { t: true, f: false };

/** A page whose state a stream of letters changes: `f` it goes away, `t` it comes back, `s` the same event again. */
function page(changes: Observable<string>, names: Readonly<Record<string, string>>) {
  const target = new EventTarget();
  const state = { isThere: true };
  changes.subscribe((letter) => {
    state.isThere = letter === 's' ? state.isThere : letter === 't';
    target.dispatchEvent(new Event(names[letter === 's' ? 't' : letter] ?? ''));
  });
  let listeners = 0;
  return {
    addEventListener(type: string, listener: () => void) {
      listeners += 1;
      target.addEventListener(type, listener);
    },
    removeEventListener(type: string, listener: () => void) {
      listeners -= 1;
      target.removeEventListener(type, listener);
    },
    get listeners() {
      return listeners;
    },
    get navigator() {
      return { onLine: state.isThere };
    },
    get visibilityState() {
      return state.isThere ? 'visible' : 'hidden';
    },
  };
}

const network = { t: 'online', f: 'offline' };
const view = { t: 'visibilitychange', f: 'visibilitychange' };

describe('online$', () => {
  it(
    'says at once whether there is a network, and then what changes',
    marbles(({ hot, expectObservable, flush }) => {
      const changes = hot('  --f--s-t-s-');
      const late = '         ---^------!';
      const window = page(changes, network);

      expectObservable(online$(window), '^---------!').toBe('t-f----t---', letters);
      expectObservable(online$(window), late).toBe('         ---f---t---', letters);
      flush();
      expect(window.listeners).toBe(0);
    }),
  );

  it.each([
    ['of a window that cannot tell', {}],
    ['of a worker without a network state', { navigator: {} }],
    ['on a server', undefined],
  ])('is true for ever %s', (_, target) =>
    marbles(({ expectObservable }) => {
      expectObservable(online$(target)).toBe('t', letters);
    })(),
  );

  it(
    'holds the dials of reconnect back while there is no network, without counting them',
    marbles(({ cold, hot, expectObservable, events }) => {
      const changes = hot('       ----f---------t---');
      const one = cold('          co-m--#');
      const two = cold('                        CO-');
      const expected = '          co-m--r-------CO--';
      const values = { ...events, r: reconnecting(1, 2, 'error') };
      const first = one.pipe(map((letter) => values[letter as 'c']));
      const second = two.pipe(map((letter) => values[letter as 'C']));

      const source = inTurn(first, second);
      const while$ = online$(page(changes, network));

      expectObservable(source.pipe(reconnect({ delay: constant(2), while$ })), '-----------------!').toBe(
        expected,
        values,
      );
    }),
  );
});

describe('visible$', () => {
  it(
    'says at once whether the page can be seen, and then what changes',
    marbles(({ hot, expectObservable, flush }) => {
      const changes = hot('--f--s-t-s-');
      const expected = '   t-f----t---';
      const document = page(changes, view);

      expectObservable(visible$(document), '^---------!').toBe(expected, letters);
      flush();
      expect(document.listeners).toBe(0);
    }),
  );

  it(
    'is true for ever where there is no page',
    marbles(({ expectObservable }) => {
      expectObservable(visible$()).toBe('t', letters);
    }),
  );

  it(
    'is put together with online$',
    marbles(({ hot, expectObservable }) => {
      const seen = hot('    --f-----t-');
      const linked = hot('  ----f-t---');
      const expected = '    t-f-f-f-t-';
      const both$ = visible$(page(seen, view)).pipe(
        combineLatestWith(online$(page(linked, network))),
        map((states) => states.every(Boolean)),
      );

      expectObservable(both$, '---------!').toBe(expected, letters);
    }),
  );
});
