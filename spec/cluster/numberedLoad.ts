import { filter, type Observable, startWith, Subject } from 'rxjs';

/** What is sent: numbered messages, and the question whether all that came before was handled. */
export interface Command {
  readonly key: string;
  readonly n: number;
  readonly isQuestion?: true;
}

/** The answer to a question, by its number. */
export interface Answer {
  readonly handled: number;
}

/** Numbers messages key by key, and tells what became of them. */
export class NumberedLoad {
  sent = 0;
  arrived = 0;
  private readonly arrival$ = new Subject<void>();
  private readonly numbers = new Map<string, number>();
  private readonly arrivals = new Map<string, number[]>();

  constructor(private readonly keys: number) {}

  /** The next message: keys take turns. */
  next(): Command {
    const key = `order-${this.sent++ % this.keys}`;
    const n = (this.numbers.get(key) ?? 0) + 1;
    this.numbers.set(key, n);
    return { key, n };
  }

  arrive({ key, n }: Command): void {
    this.arrived += 1;
    const arrivals = this.arrivals.get(key) ?? [];
    arrivals.push(n);
    this.arrivals.set(key, arrivals);
    this.arrival$.next();
  }

  /** Emits when so many have arrived. */
  until(count: number): Observable<void> {
    return this.arrival$.pipe(
      startWith(undefined),
      filter(() => this.arrived >= count),
    );
  }

  /** Out of order is what came after a later one of its key, for the first time. */
  summary(): { lost: number; doubled: number; outOfOrder: number } {
    let doubled = 0;
    let outOfOrder = 0;
    for (const arrivals of this.arrivals.values()) {
      const seen = new Set<number>();
      let latest = 0;
      for (const n of arrivals) {
        if (seen.has(n)) doubled += 1;
        else if (n < latest) outOfOrder += 1;
        seen.add(n);
        latest = Math.max(latest, n);
      }
    }
    return { lost: this.sent - (this.arrived - doubled), doubled, outOfOrder };
  }
}
