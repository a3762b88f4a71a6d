import { BufferOverflowError } from '../core/errors.js';
import type { ConnectionEvent, ConnectionEvents, ConnectionMessage } from '../core/event.js';
import { expectCount, expected, expectOneOf } from '../core/expect.js';
import { Fifo } from '../core/fifo.js';
import { receiver } from '../core/operate.js';
import { PauseGate } from './pauseGate.js';

export interface IterationConfig<In> {
  /** How many messages may wait for the consumer; 1,024 by default. */
  readonly highWaterMark?: number;
  /**
   * What happens when so many wait: the network is not read any further (`pause`, the default; an error where the platform cannot
   * pause, as in browsers), the oldest or the newest message is dropped, or a `BufferOverflowError` follows those that wait.
   */
  readonly overflow?: 'pause' | 'drop-oldest' | 'drop-newest' | 'error';
  /** Called with each message that is dropped. */
  readonly dropped?: (message: In) => void;
}

interface Asked<In> {
  readonly resolve: (result: IteratorResult<In, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** Checks the options, and gives what makes the iterations. */
export function iterations<In, Out, Session>(
  who: string,
  events$: ConnectionEvents<In, Out, Session>,
  { highWaterMark = 1_024, overflow = 'pause', dropped }: IterationConfig<In>,
): () => Iteration<In, Out, Session> {
  expectCount(who, 'highWaterMark', highWaterMark, 1);
  expectOneOf(who, 'overflow', overflow, ['pause', 'drop-oldest', 'drop-newest', 'error']);
  expected(!dropped || typeof dropped === 'function', who, 'dropped', 'a function', dropped);
  return () => new Iteration(events$, { highWaterMark, overflow, dropped });
}

/** One run over the messages of a connection: the first `next()` dials, `return()` and `throw()` hang up. */
export class Iteration<In, Out, Session> implements AsyncIterator<In, undefined> {
  readonly #gate = new PauseGate();
  readonly #queue = new Fifo<In>();
  readonly #asked: Asked<In>[] = [];
  readonly #receiver = receiver<ConnectionEvent<In, Out, Session>, never>({
    next: (event) => this.#heard(event),
    error: (error) => this.#end({ error }),
    complete: () => this.#end({}),
  });
  #begun = false;
  #outcome: { readonly error?: unknown } | undefined;

  constructor(
    private readonly events$: ConnectionEvents<In, Out, Session>,
    private readonly config: Pick<Required<IterationConfig<In>>, 'highWaterMark' | 'overflow'> & {
      readonly dropped: IterationConfig<In>['dropped'] | undefined;
    },
  ) {}

  next(): Promise<IteratorResult<In, undefined>> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      if (!this.#begun) {
        this.#begun = true;
        this.events$.subscribe(this.#receiver);
      }
      this.#serve();
    });
  }

  return(): Promise<IteratorResult<In, undefined>> {
    this.#stop();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: Error): Promise<never> {
    this.#stop();
    return Promise.reject(error);
  }

  #heard(event: ConnectionEvent<In, Out, Session>): void {
    if (event.type === 'message') this.#take(event);
    this.#gate.saw(event);
  }

  #take({ connection, data }: ConnectionMessage<In, Out, Session>): void {
    const { highWaterMark, overflow } = this.config;
    const canPause = overflow === 'pause' && connection.pause !== undefined;
    const isFull = this.#queue.length >= highWaterMark && !canPause;
    if (isFull && overflow === 'drop-newest') {
      this.#drop(data);
      return;
    }
    if (isFull && overflow !== 'drop-oldest') {
      this.#end({ error: new BufferOverflowError(highWaterMark) });
      return;
    }
    this.#queue.push(data);
    if (isFull) this.#drop(this.#queue.shift() as In);
    this.#serve();
    if (canPause && this.#queue.length >= highWaterMark) this.#gate.shut();
  }

  #drop(message: In): void {
    try {
      this.config.dropped?.(message);
    } catch (error) {
      this.#end({ error });
    }
  }

  #serve(): void {
    for (let asked = this.#asked[0]; asked; asked = this.#asked[0]) {
      if (this.#queue.length > 0) asked.resolve({ done: false, value: this.#queue.shift() as In });
      else if (!this.#outcome) return;
      else if ('error' in this.#outcome) {
        asked.reject(this.#outcome.error);
        this.#outcome = {};
      } else asked.resolve({ done: true, value: undefined });
      this.#asked.shift();
    }
    // Not at every message: each pause costs system calls.
    if (this.#queue.length <= this.config.highWaterMark / 4) this.#gate.open();
  }

  /** What waits is still for the consumer; after it comes the end. */
  #end(outcome: { readonly error?: unknown }): void {
    this.#outcome ??= outcome;
    this.#begun = true;
    // A shared connection goes on without us.
    this.#gate.open();
    this.#receiver.unsubscribe();
    this.#serve();
  }

  #stop(): void {
    this.#queue.clear();
    this.#outcome = {};
    this.#end({});
  }
}
