import type { ConnectionOperator } from '../core/event.js';
import { expectBetween, expectCount, expectFunction } from '../core/expect.js';
import { operated } from '../core/operate.js';

/** Each key takes some hundred bytes: more of them are a sign that something else is meant. */
const LARGEST = 1e7;

export interface DedupeConfig<In> {
  /** What makes a message the same as another: a number, a text, or an object that is compared by identity. Messages with the key `undefined` always pass. */
  readonly key: (data: In) => unknown;
  /** How many keys are remembered. */
  readonly window: number;
}

/**
 * Drops a message whose key is among the last `window` keys: what two overlapping connections both delivered.
 *
 *     old      co-1-d-2--3---
 *     new           c---O5--6      (5 has the key of 2, 6 that of 3)
 *     result   co-1-d-2-O3--t
 *
 * Keys are remembered across connections, and for each subscription apart. A repetition does not refresh its key.
 *
 * @example
 * events$.pipe(drainHandover({ linger: 5_000 }), dedupe({ key: (message) => message.id, window: 1_000 }));
 */
export function dedupe<In, Out, Session>({
  key,
  window,
}: DedupeConfig<NoInfer<In>>): ConnectionOperator<In, Out, Session> {
  expectFunction('dedupe', 'key', key);
  expectBetween('dedupe', 'window', expectCount('dedupe', 'window', window, 1), 1, LARGEST);

  return (source) =>
    operated(source, (subscriber) => {
      const seen = new Set<unknown>();
      const ring: unknown[] = [];
      let at = 0;

      return {
        next(event) {
          const id = event.type === 'message' ? key(event.data) : undefined;
          if (id !== undefined) {
            if (seen.has(id)) return;
            if (ring.length === window) seen.delete(ring[at]);
            ring[at] = id;
            seen.add(id);
            at = (at + 1) % window;
          }
          subscriber.next(event);
        },
      };
    });
}
