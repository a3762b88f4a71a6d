import type { Socket } from 'node:net';
import { type SchedulerLike, Subscription } from 'rxjs';
import { lateness, portion, type Toxics } from './toxics.js';

/** Where a pump takes bytes from. */
export type Source = Pick<Socket, 'on' | 'pause' | 'resume'>;

/** Where a pump brings them. */
export type Sink = Pick<Socket, 'on' | 'writable' | 'write' | 'end' | 'resetAndDestroy'>;

/** What a pump needs to know of its proxy. */
export interface PumpContext {
  readonly toxics: Toxics;
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
  /** Bytes were handed on. */
  passed(bytes: number): void;
  /** The last byte that was allowed has passed. */
  exhausted(): void;
}

/** Bytes under way, or the end of the stream. */
type Parcel = { readonly due: number } & ({ readonly bytes: Buffer } | { readonly end: 'fin' | 'reset' });

/** How many bytes may be under way before the source is paused. */
const HIGH_WATER = 256 * 1024;

/** Carries the bytes of one direction from one socket to the other, as its toxics say. Order is kept whatever the jitter. */
export class Pump {
  readonly #parcels: Parcel[] = [];
  #waiting = 0;
  /** When the line is free again, under a bandwidth limit. */
  #free = 0;
  #blocked = false;
  #sliced = false;
  #timer = Subscription.EMPTY;
  #stopped = false;

  constructor(
    private readonly source: Source,
    private readonly sink: Sink,
    private readonly context: PumpContext,
  ) {
    source.on('data', (bytes: Buffer) => this.#take({ bytes }));
    source.on('end', () => this.#take({ end: 'fin' }));
    source.on('error', () => this.#take({ end: 'reset' }));
    sink.on('drain', () => {
      this.#blocked = false;
      this.#flush();
    });
    if (context.toxics.silent) source.pause();
  }

  /** The toxics changed. */
  changed(): void {
    if (!this.context.toxics.silent) this.#flush();
    this.#regulate();
  }

  /** What is under way arrives at once. */
  hurry(): void {
    this.#free = 0;
    this.#parcels.forEach((parcel, at) => (this.#parcels[at] = { ...parcel, due: 0 }));
    this.changed();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer.unsubscribe();
    this.#parcels.length = 0;
    // What still comes is thrown away, so that the end of the source is noticed.
    this.source.resume();
  }

  #take(load: { readonly bytes: Buffer } | { readonly end: 'fin' | 'reset' }): void {
    if (this.#stopped) return;
    const due = this.context.scheduler.now() + lateness(this.context.toxics, this.context.random);
    // A queue: a byte that is due earlier than the one before still waits for it.
    this.#parcels.push({ ...load, due });
    if ('bytes' in load) this.#waiting += load.bytes.length;
    this.#flush();
    this.#regulate();
  }

  /** Bounds what is under way: a source that outruns its sink is not read. */
  #regulate(): void {
    if (this.#stopped) return;
    if (this.context.toxics.silent || this.#waiting > HIGH_WATER) this.source.pause();
    else this.source.resume();
  }

  #flush(): void {
    this.#timer.unsubscribe();
    while (!this.#stopped && !this.#blocked && !this.#sliced && !this.context.toxics.silent) {
      const parcel = this.#parcels[0];
      if (!parcel) return;
      const wait = Math.max(parcel.due, this.#free) - this.context.scheduler.now();
      if (wait > 0) {
        this.#timer = this.context.scheduler.schedule(() => this.#flush(), wait);
        return;
      }
      this.#deliver(parcel);
    }
  }

  #deliver(parcel: Parcel): void {
    if ('end' in parcel) {
      this.#parcels.shift();
      if (parcel.end === 'fin') this.sink.end();
      else this.sink.resetAndDestroy();
      return;
    }
    const { toxics } = this.context;
    const bytes = parcel.bytes.subarray(0, Math.min(portion(toxics), toxics.left));
    const rest = parcel.bytes.subarray(bytes.length);
    if (rest.length > 0) this.#parcels[0] = { due: parcel.due, bytes: rest };
    else this.#parcels.shift();
    this.#write(bytes);
    if (bytes.length > 0) this.#space(bytes.length);
    this.#regulate();
  }

  #write(bytes: Buffer): void {
    const { toxics } = this.context;
    this.#waiting -= bytes.length;
    toxics.left -= bytes.length;
    this.context.passed(bytes.length);
    if (bytes.length > 0 && this.sink.writable) this.#blocked = !this.sink.write(bytes);
    if (toxics.left <= 0) this.context.exhausted();
  }

  /** Keeps the next bytes away from these. */
  #space(bytes: number): void {
    const { bandwidth, slice } = this.context.toxics;
    if (bandwidth !== Infinity) {
      this.#free = Math.max(this.#free, this.context.scheduler.now()) + (bytes / bandwidth) * 1_000;
    }
    if (slice === Infinity) return;
    // Writes within one turn of the event loop arrive as one.
    this.#sliced = true;
    setImmediate(() => {
      this.#sliced = false;
      this.#flush();
    });
  }
}
