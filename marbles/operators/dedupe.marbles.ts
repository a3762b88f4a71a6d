import { Observable, of } from 'rxjs';
import type { ConnectionEvent } from '../../src/core/event.js';
import { dedupe } from '../../src/operators/dedupe.js';
import { drainHandover } from '../../src/operators/drainHandover.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { close, connecting, draining, message, open, retired } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

interface Numbered {
  readonly id?: number;
}

const a = mockConnection('a');
const b = mockConnection('b');

/** Digits are messages of the first connection with that id, n is one without. */
const events: Readonly<Record<string, ConnectionEvent<Numbered, unknown>>> = {
  c: connecting(),
  o: open(a),
  O: open(b),
  d: draining(a),
  t: retired(a),
  x: close(a),
  '1': message(a, { id: 1 }),
  '2': message(a, { id: 2 }),
  '3': message(a, { id: 3 }),
  '4': message(a, { id: 4 }),
  '5': message(b, { id: 2 }),
  '6': message(b, { id: 3 }),
  n: message(a, {}),
};
const key = ({ id }: Numbered): unknown => id;

describe('dedupe', () => {
  it(
    'drops what two overlapping connections both delivered',
    marbles(({ cold, expectObservable }) => {
      const old = cold('   co-1-d-2--3---', events);
      const next = cold('       c---O5--6 ', events);
      const expected = '   co-1-d-2-O3--t';

      const result = inTurn(old, next).pipe(drainHandover({ linger: 4 }), dedupe({ key, window: 10 }));

      expectObservable(result, '--------------!').toBe(expected, events);
    }),
  );

  it(
    'passes everything else through, and messages without a key',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' co-d-nn-O-t-x-|', events);
      const subs = '        ^-------------!';
      const expected = '    co-d-nn-O-t-x-|';

      expectObservable(source.pipe(dedupe({ key, window: 1 }))).toBe(expected, events);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }),
  );

  it(
    'remembers the last `window` keys, and no more',
    marbles(({ cold, expectObservable }) => {
      const source = cold('one', { o: message(a, { id: 0 }), n: message(a, { id: 1 }), e: message(a, { id: 0 }) });
      const three = cold('1-2-3-1-2-3-4-2-3-1-', events);

      expectObservable(source.pipe(dedupe({ key, window: 1 }))).toBe('one', {
        o: message(a, { id: 0 }),
        n: message(a, { id: 1 }),
        e: message(a, { id: 0 }),
      });
      expectObservable(three.pipe(dedupe({ key, window: 3 }))).toBe('1-2-3-------4-----1-', events);
    }),
  );

  it(
    'does not refresh a key that comes again',
    marbles(({ cold, expectObservable }) => {
      const source = cold('1-2-1-3-1-', events);

      expectObservable(source.pipe(dedupe({ key, window: 2 }))).toBe('1-2---3-1-', events);
    }),
  );

  it(
    'compares keys as a Set does: objects by identity, a number never equals a text, NaN equals itself',
    marbles(({ cold, expectObservable }) => {
      const same = {};
      const letters: Readonly<Record<string, ConnectionEvent<{ id: unknown }, unknown>>> = Object.fromEntries(
        [same, {}, same, 1, '1', NaN, NaN, null, null].map((id, at) => ['abcdefghi'[at], message(a, { id })]),
      );
      const source = cold('abcdefghi', letters);

      expectObservable(source.pipe(dedupe({ key: ({ id }) => id, window: 10 }))).toBe('ab-def-h-', letters);
    }),
  );

  it('keeps its window full of the newest keys through many rounds', () => {
    const ids = Array.from({ length: 1_000 }, (_, at) => (at * 7) % 50);
    const passed: unknown[] = [];

    new Observable<ConnectionEvent<Numbered>>((subscriber) => {
      for (const id of ids) subscriber.next(message(a as never, { id }));
    })
      .pipe(dedupe({ key, window: 20 }))
      .subscribe((event) => passed.push(event.type === 'message' && event.data.id));

    const expected: number[] = [];
    for (const id of ids) if (!expected.slice(-20).includes(id)) expected.push(id);
    expect(passed).toEqual(expected);
  });

  it(
    'errors with what `key` throws',
    marbles(({ cold, expectObservable }) => {
      const source = cold('co-1-', events);
      const result = source.pipe(
        dedupe({
          key() {
            throw new Error('no key');
          },
          window: 1,
        }),
      );

      expectObservable(result).toBe('co-#', events, new Error('no key'));
    }),
  );

  it(
    'passes errors on, and lets go of its source when it is unsubscribed',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const failing = cold(' co-1#', events);
      const endless = cold(' co-1--', events);
      const unsubscribe = '  ----! ';

      expectObservable(failing.pipe(dedupe({ key, window: 1 }))).toBe('co-1#', events);
      expectObservable(endless.pipe(dedupe({ key, window: 1 })), unsubscribe).toBe('co-1-', events);
      expectSubscriptions(endless.subscriptions).toBe('^---!');
    }),
  );

  it('remembers nothing from one subscription to the next', () => {
    const result = of(message(a as never, { id: 1 })).pipe(dedupe({ key, window: 5 }));
    let seen = 0;

    result.subscribe(() => seen++);
    result.subscribe(() => seen++);

    expect(seen).toBe(2);
  });

  it('refuses a window that is none, or has no bound', () => {
    expect(() => dedupe<Numbered, unknown, unknown>({ key, window: 0 })).toThrow(
      'dedupe: expected `window` to be a whole number of at least 1, got 0',
    );
    expect(() => dedupe<Numbered, unknown, unknown>({ key, window: 1.5 })).toThrow('got 1.5');
    expect(() => dedupe<Numbered, unknown, unknown>({ key, window: Infinity })).toThrow(
      'dedupe: expected `window` to be a number between 1 and',
    );
    expect(() => dedupe({ key: 'id' as never, window: 1 })).toThrow(
      "dedupe: expected `key` to be a function, got 'id'",
    );
  });
});
