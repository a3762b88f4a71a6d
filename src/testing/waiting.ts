import {
  asyncScheduler,
  filter,
  map,
  type SchedulerLike,
  startWith,
  Subject,
  take,
  throwError,
  throwIfEmpty,
  timeout,
} from 'rxjs';
import type { Frame } from '../core/connection.js';
import { clampDelay, type Duration } from '../core/duration.js';
import { expectDuration } from '../core/expect.js';

/** How long to wait. */
export interface WaitOptions {
  /** 4 s by default: just under the 5 s after which most test runners give up without a reason. */
  readonly within?: Duration;
}

/** Which message is waited for: this text, a text that fits, one that passes the test, or the nth (counting from 1). */
export type Wanted = string | RegExp | number | ((message: Frame) => boolean);

/** What was waited for did not happen in time. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';
  constructor(
    /** What was waited for. */
    readonly wanted: string,
    /** What was there instead. */
    readonly found: string,
    /** Milliseconds. */
    readonly within: number,
  ) {
    super(`waited ${within} ms for ${wanted}; ${found}`);
  }
}

/** What one waits for, and how to tell the tale when it does not come. */
export interface Wait<Value> {
  /** Looks for it; asked at once and after every change. */
  readonly look: () => Value | undefined;
  readonly wanted: string;
  readonly found: () => string;
}

/** Lets tests wait for a change instead of sleeping. */
export class Waiting {
  readonly #changes$ = new Subject<void>();

  constructor(
    private readonly who: string,
    private readonly scheduler: SchedulerLike = asyncScheduler,
  ) {}

  /** Something happened: everybody looks again. */
  changed(): void {
    this.#changes$.next();
  }

  /** Everybody who waits, now or later, is told this error. */
  fail(error: Error): void {
    this.#changes$.error(error);
  }

  /** Nothing will happen any more. */
  end(): void {
    this.#changes$.complete();
  }

  async until<Value>({ look, wanted, found }: Wait<Value>, { within = 4_000 }: WaitOptions = {}): Promise<Value> {
    const first = clampDelay(expectDuration(this.who, 'within', within));
    const found$ = this.#changes$.pipe(
      startWith(undefined),
      map(look),
      filter((value) => value !== undefined),
      take(1),
      throwIfEmpty(() => new Error(`${this.who}: closed while a test waited for ${wanted}; ${found()}`)),
      timeout({
        first,
        scheduler: this.scheduler,
        with: () => throwError(() => new WaitTimeoutError(wanted, found(), first)),
      }),
    );
    return new Promise((resolve, reject) => found$.subscribe({ next: resolve, error: reject }));
  }
}

/** The wait for one of the messages that arrived or will arrive. */
export function waitForOneOf(received: readonly Frame[], wanted: Wanted = 1): Wait<Frame> {
  return {
    look: () => (typeof wanted === 'number' ? received[wanted - 1] : received.find((message) => fits(message, wanted))),
    wanted: describeWanted(wanted),
    found: () => describeReceived(received),
  };
}

function fits(message: Frame, wanted: Exclude<Wanted, number>): boolean {
  if (typeof wanted === 'function') return wanted(message);
  if (typeof wanted === 'string') return message === wanted;
  return typeof message === 'string' && message.search(wanted) >= 0;
}

function describeWanted(wanted: Wanted): string {
  if (typeof wanted === 'number') return `message number ${wanted}`;
  if (typeof wanted === 'string') return `the message ${describeFrame(wanted)}`;
  return wanted instanceof RegExp ? `a message like ${String(wanted)}` : `a message that passes ${String(wanted)}`;
}

/** How many of the last messages an error shows, and how much of each. */
const SHOWN = 10;
const SHOWN_LENGTH = 80;

function describeReceived(received: readonly Frame[]): string {
  if (received.length === 0) return 'nothing arrived';
  const last = received.slice(-SHOWN).map(describeFrame).join(', ');
  return `${received.length} arrived${received.length > SHOWN ? `, the last ${SHOWN}` : ''}: ${last}`;
}

function describeFrame(frame: Frame): string {
  if (typeof frame === 'string') {
    return JSON.stringify(frame.length > SHOWN_LENGTH ? `${frame.slice(0, SHOWN_LENGTH)}…` : frame);
  }
  const hex = Array.from(frame.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return `<${frame.length} bytes: ${hex}${frame.length > 16 ? ' …' : ''}>`;
}
