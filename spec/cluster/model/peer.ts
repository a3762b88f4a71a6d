import { EMPTY, Observable, type SchedulerLike } from 'rxjs';
import type { ConnectionEvents } from '../../../src/core/event.js';
import type { Ledger, Numbered } from './ledger.js';
import { type Answer, Link } from './link.js';

/** How a node does nothing: in silence, until its client's buffer is high, or until that is full. */
export type Stall = 'silent' | 'congested' | 'full';

/** What a peer knows of the world. */
export interface Surroundings {
  readonly scheduler: SchedulerLike;
  readonly ledger: Ledger;
  /** How long a frame is on its way. */
  readonly latency: number;
  /** How much longer the answer takes that all was handled. */
  readonly settling: number;
  /** Whether the client has left, or was told that it is over. */
  readonly isOver: boolean;
  /** Counts up. */
  moment(): number;
  holds(url: string, key: string): boolean;
  sent(url: string, message: Numbered): void;
  returned(url: string, message: Numbered): void;
}

/** What is reached at an address, whichever node it is. */
export class Peer {
  dial: 'open' | 'refuse' | 'hang' = 'open';
  /** Whether it says of everything that it is not the owner. */
  refuses = false;
  /** Connection streams that are subscribed. */
  streams = 0;
  private stalled: Stall | undefined;
  private stalledUntil = -Infinity;
  private readonly links = new Set<Link>();
  private dials = 0;

  constructor(
    readonly url: string,
    private readonly world: Surroundings,
  ) {}

  get scheduler(): SchedulerLike {
    return this.world.scheduler;
  }

  get latency(): number {
    return this.world.latency;
  }

  get settling(): number {
    return this.world.settling;
  }

  get stall(): Stall | undefined {
    return this.stalled;
  }

  set stall(stall: Stall | undefined) {
    if (this.stalled && !stall) this.stalledUntil = this.scheduler.now();
    this.stalled = stall;
    for (const link of [...this.links]) link.handle();
  }

  /** How many links are live. */
  get live(): number {
    return this.links.size;
  }

  /** Dials on subscription. */
  get events$(): ConnectionEvents<Answer, Numbered, undefined> {
    return new Observable((subscriber) => {
      const link = new Link(`${this.url} ${++this.dials}`, this, subscriber);
      const others = [...this.links];
      this.links.add(link);
      const { faults } = this.world.ledger;
      if (others.length > 1 || others.some(({ isDraining }) => !isDraining))
        faults.push(`${others.length + 1} links to ${this.url}`);
      if (this.world.isOver) faults.push(`${this.url} is dialled although it is over`);
      link.dial();
    });
  }

  /** Whatever dials it, counted. */
  stream<T>(events$: Observable<T>): Observable<T> {
    return new Observable((subscriber) => {
      if (++this.streams > 1) this.world.ledger.faults.push(`${this.streams} streams of ${this.url}`);
      subscriber.add(() => (this.streams -= 1));
      subscriber.add(events$.subscribe(subscriber));
    });
  }

  drain(): void {
    for (const link of [...this.links]) link.drain();
  }

  /** Breaks all links. */
  cut(code: number): void {
    for (const link of [...this.links]) link.break(code);
  }

  /** Emits when all that was sent over a link so far has been handled; ends with the link. */
  settled(id: string): Observable<unknown> {
    const link = [...this.links].find((one) => one.id === id);
    if (!link) this.world.ledger.faults.push(`${id} is gone, and is asked`);
    return link?.settled() ?? EMPTY;
  }

  /** Does its duty from now on. */
  heal(): void {
    this.dial = 'open';
    this.refuses = false;
    this.stall = undefined;
  }

  moment(): number {
    return this.world.moment();
  }

  count(what: string): void {
    this.world.ledger.count(what);
  }

  takes(key: string): boolean {
    return !this.refuses && this.world.holds(this.url, key);
  }

  sent(message: Numbered): void {
    this.world.ledger.move(message, 'waiting', 'under way');
    this.world.sent(this.url, message);
  }

  handled(message: Numbered): void {
    this.world.ledger.handle(message);
  }

  returned(message: Numbered): void {
    this.count('refused');
    this.world.ledger.move(message, 'under way', 'waiting');
    this.world.returned(this.url, message);
  }

  lost(message: Numbered): void {
    this.world.ledger.move(message, 'under way', 'lost');
  }

  left(link: Link): void {
    this.links.delete(link);
  }

  /** The client hangs up: with time enough nothing is under way then, unless the node was doing nothing. */
  hungUp(underWay: number): void {
    const { world } = this;
    if (world.isOver) return;
    this.count('hung up');
    const isExcused = this.stalled !== undefined || this.scheduler.now() - this.stalledUntil <= 2 * world.latency;
    if (underWay > 0 && !isExcused) world.ledger.faults.push(`hangs up on ${this.url} with ${underWay} under way`);
  }
}
