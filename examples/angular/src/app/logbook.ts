import { inject, Injectable, signal } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import type { ConnectionEvent } from 'hawser';
import { type FromMarket, MARKET, type ToMarket, type Welcome } from './market';

type Event = ConnectionEvent<FromMarket, ToMarket, Welcome>;

/** How far back the timeline looks, in milliseconds. */
export const WINDOW = 30_000;

/** The letters of marble tests. */
export const LETTERS = {
  connecting: 'c',
  open: 'o',
  draining: 'd',
  close: 'x',
  reconnecting: 'r',
  retired: 't',
} as const;
export type Letter = (typeof LETTERS)[keyof typeof LETTERS];

export interface Marble {
  readonly id: number;
  readonly at: number;
  readonly letter: Letter;
  /** How far below the line it is drawn, where another one is in its place. */
  readonly row: number;
  readonly name: string;
  readonly text: string;
}

/** The time between the `open` of a connection and its end. */
export interface Link {
  readonly id: string;
  readonly server: string;
  readonly lane: number;
  readonly from: number;
  readonly to?: number;
  readonly end?: 'lost' | 'retired';
  /** Whether its server asked us to move. */
  readonly isLeaving?: boolean;
}

/** Marbles that are closer than this would cover each other, in milliseconds. */
const CROWDED = 640;
const LANES = 3;

/** Writes down what happens to the connection. */
@Injectable({ providedIn: 'root' })
export class Logbook {
  readonly marbles = signal<readonly Marble[]>([]);
  readonly links = signal<readonly Link[]>([]);
  /** When messages came. */
  readonly messages = signal<readonly number[]>([]);
  readonly received = signal(0);
  readonly missed = signal(0);
  readonly reconnects = signal(0);
  readonly handovers = signal(0);
  readonly start = performance.now();
  #first: number | undefined;
  #highest = 0;

  constructor() {
    inject(MARKET)
      .events$.pipe(takeUntilDestroyed())
      .subscribe({
        next: (event) => this.#heard(event),
        error: (error: unknown) => console.error('the connection gave up', error),
      });
  }

  #heard(event: Event): void {
    const at = performance.now();
    if (event.type === 'message') {
      this.messages.update((times) => [...times.filter((time) => time > at - WINDOW), at]);
      if (event.data.kind === 'price' && event.data.n !== undefined) this.#count(event.data.n);
      return;
    }
    if (event.type === 'open') this.#opened(event.connection.id, event.connection.session.server, at);
    else if (event.type === 'draining') this.#change(event.connection.id, { isLeaving: true });
    else if (event.type === 'close') this.#ended(event.connection.id, 'lost', at);
    else if (event.type === 'retired') {
      this.handovers.update((count) => count + 1);
      this.#ended(event.connection.id, 'retired', at);
    } else if (event.type === 'reconnecting') {
      this.reconnects.update((count) => count + 1);
      // A peer that is silent for too long is given up without a `close`.
      for (const link of this.links()) this.#ended(link.id, 'lost', at);
    }
    this.#draw(event, at);
  }

  /** Quotes are numbered by the servers: what is not there was told while nobody listened. */
  #count(number: number): void {
    this.#first ??= number;
    this.#highest = Math.max(this.#highest, number);
    this.received.update((count) => count + 1);
    this.missed.set(this.#highest - this.#first + 1 - this.received());
  }

  #draw(event: Event, at: number): void {
    if (!(event.type in LETTERS)) return;
    const letter = LETTERS[event.type as keyof typeof LETTERS];
    this.marbles.update((marbles) => {
      const shown = marbles.filter((marble) => marble.at > at - 2 * WINDOW);
      const near = shown.filter((marble) => marble.at > at - CROWDED).map(({ row }) => row);
      const row = [0, 1, 2].find((candidate) => !near.includes(candidate)) ?? 0;
      const id = (shown.at(-1)?.id ?? 0) + 1;
      return [...shown, { id, at, letter, row, name: event.type, text: describe(event) }];
    });
  }

  #opened(id: string, server: string, at: number): void {
    this.links.update((links) => {
      const shown = links.filter(({ to = Infinity }) => to > at - WINDOW);
      // The label of an ended link needs some room.
      const taken = shown.filter(({ to = Infinity }) => to > at - 3_000).map(({ lane }) => lane);
      const lane = Array.from({ length: LANES }, (_, index) => index).find((index) => !taken.includes(index)) ?? 0;
      return [...shown, { id, server, lane, from: at }];
    });
  }

  #ended(id: string, end: 'lost' | 'retired', at: number): void {
    this.#change(id, { to: at, end });
  }

  /** What ended does not change any more. */
  #change(id: string, facts: Partial<Link>): void {
    this.links.update((links) =>
      links.map((link) => (link.id === id && link.to === undefined ? { ...link, ...facts } : link)),
    );
  }
}

function describe(event: Event): string {
  switch (event.type) {
    case 'open':
      return `to ${event.connection.session.server}`;
    case 'draining':
      return `${event.connection.session.server} asks us to move`;
    case 'retired':
      return `${event.connection.session.server} let go, ${event.reason}`;
    case 'close':
      return `${event.code}${event.reason && ` ${event.reason}`}`;
    case 'reconnecting':
      return `attempt ${event.attempt} in ${Math.round(event.delay)} ms: ${(event.cause as Error).message}`;
    default:
      return '';
  }
}
