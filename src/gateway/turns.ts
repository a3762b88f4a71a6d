import { Observable, type Subscriber } from 'rxjs';
import { operate } from '../core/operate.js';

/**
 * Lets so much work run at a time: what it is given runs when its turn comes, first come, first served.
 * No turn comes any more when `owner` is closed, so that ending everything does not begin what waits.
 */
export function turns(concurrency: number, owner: Subscriber<never>): <T>(work: Observable<T>) => Observable<T> {
  const waiting = new Set<() => void>();
  let running = 0;
  let serving = false;

  // A loop, for work that ends at once would otherwise begin the next one inside of itself.
  const serve = (): void => {
    if (serving) return;
    serving = true;
    try {
      for (const begin of waiting) {
        if (running >= concurrency || owner.closed) break;
        waiting.delete(begin);
        running++;
        begin();
      }
    } finally {
      serving = false;
    }
  };
  const leave = (): void => {
    running--;
    serve();
  };

  return (work) =>
    new Observable((subscriber) => {
      const begin = (): void => {
        operate({ source: work, subscriber, next: (value) => subscriber.next(value), finalize: leave });
      };
      waiting.add(begin);
      serve();
      return () => waiting.delete(begin);
    });
}
