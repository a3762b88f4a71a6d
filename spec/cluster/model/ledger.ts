import type { RoutingMetrics } from '../../../src/cluster/routingMetrics.js';

/** A message of the model. Its number is higher than that of every message before it. */
export interface Numbered {
  readonly key: string;
  readonly n: number;
  /** Whether it only asks if all before it was handled. */
  readonly isQuestion?: true;
}

/** Where a message is: with the router, on a link or with a node that has not handled it, or at its end. */
export type Whereabouts = 'waiting' | 'under way' | 'handled' | 'lost' | 'dropped';

/** What became of every message, and what was done against the laws. */
export class Ledger {
  readonly faults: string[] = [];
  private readonly messages = new Map<number, Whereabouts>();
  private readonly newest = new Map<string, number>();
  private readonly counts = new Map<Whereabouts, number>();
  private readonly events = new Map<string, number>();

  /** How many messages are there now. */
  in(where: Whereabouts): number {
    return this.counts.get(where) ?? 0;
  }

  /** How often something happened. */
  get happenings(): ReadonlyMap<string, number> {
    return this.events;
  }

  accept(key: string): Numbered {
    const n = this.messages.size + 1;
    this.count('sends');
    this.put(n, 'waiting');
    return { key, n };
  }

  /** A message goes from one place to the next; the other way round is a fault. */
  move({ n }: Pick<Numbered, 'n'>, from: Whereabouts, to: Whereabouts): void {
    const was = this.messages.get(n);
    if (was !== from) this.faults.push(`message ${n} becomes ${to} and was ${was}, not ${from}`);
    this.put(n, to);
    if (to !== 'waiting' && to !== 'under way') this.count(to);
  }

  /** A node handles a message. */
  handle(message: Numbered): void {
    this.move(message, 'under way', 'handled');
    const before = this.newest.get(message.key) ?? 0;
    if (message.n < before) this.faults.push(`${message.n} of key ${message.key} is handled after ${before}`);
    this.newest.set(message.key, Math.max(before, message.n));
  }

  count(what: string, times = 1): void {
    this.events.set(what, (this.events.get(what) ?? 0) + times);
  }

  /** What the router has counted must be what happened. */
  compare({ direct, replica, wrongOwner, dropped }: RoutingMetrics): void {
    const counted = [direct, replica, wrongOwner, dropped];
    const real = ['to the owner', 'to a copy', 'refused', 'dropped: overflow'].map(
      (what) => this.events.get(what) ?? 0,
    );
    if (counted.join() !== real.join()) this.faults.push(`${counted.join()} are counted, not ${real.join()}`);
  }

  private put(n: number, where: Whereabouts): void {
    const was = this.messages.get(n);
    if (was) this.counts.set(was, this.in(was) - 1);
    this.messages.set(n, where);
    this.counts.set(where, this.in(where) + 1);
  }
}
