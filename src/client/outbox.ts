import { BufferOverflowError } from '../core/errors.js';
import type { DroppedEvent } from '../core/event.js';
import { expectCount, expectOneOf } from '../core/expect.js';

export interface OutboxConfig<T> {
  /** How many messages may wait. */
  readonly buffer: number;
  /** What gives way when more would wait: the caller, who gets a `BufferOverflowError`, the oldest or the newest. */
  readonly overflow: 'error' | 'drop-oldest' | 'drop-newest';
  /** Sends a message; false when it has to wait. */
  readonly send: (message: T) => boolean;
  readonly dropped: (event: DroppedEvent) => void;
}

/** A message in an outbox: its own self, so that it can be taken back although an equal one waits too. */
export interface Posted<T> {
  readonly message: T;
}

/** Messages that wait for a connection, in order, whichever connection it will be. */
export class Outbox<T> {
  readonly #waiting: Posted<T>[] = [];
  #flushing = false;

  constructor(
    who: string,
    private readonly config: OutboxConfig<T>,
  ) {
    expectCount(who, 'buffer', config.buffer, 0);
    expectOneOf(who, 'overflow', config.overflow, ['error', 'drop-oldest', 'drop-newest']);
  }

  /** Whether nothing waits and nothing is being sent. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0 && !this.#flushing;
  }

  /** Sends a message behind those that wait, now or later. */
  post(message: T): Posted<T> {
    const posted = { message };
    const isNext = this.isEmpty;
    this.#waiting.push(posted);
    // What holds up those before it holds it up too.
    if (isNext) this.flush();
    const { buffer, overflow } = this.config;
    if (this.#waiting.length > buffer) {
      const victim = overflow === 'drop-oldest' ? (this.#waiting[0] as Posted<T>) : posted;
      this.withdraw(victim);
      if (overflow === 'error') throw new BufferOverflowError(buffer);
      this.#drop(victim, 'overflow');
    }
    return posted;
  }

  /** Takes a message back; false when it does not wait any more. */
  withdraw(posted: Posted<T>): boolean {
    const at = this.#waiting.indexOf(posted);
    if (at >= 0) this.#waiting.splice(at, 1);
    return at >= 0;
  }

  /** Sends what can be sent. */
  flush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      for (let head; (head = this.#waiting.shift());) {
        if (this.config.send(head.message)) continue;
        this.#waiting.unshift(head);
        break;
      }
    } finally {
      this.#flushing = false;
    }
  }

  /** Drops everything. */
  clear(): void {
    for (const posted of this.#waiting.splice(0)) this.#drop(posted, 'ended');
  }

  #drop({ message }: Posted<T>, reason: DroppedEvent['reason']): void {
    this.config.dropped({ type: 'dropped', message, reason });
  }
}
