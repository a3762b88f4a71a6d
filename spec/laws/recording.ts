import { inspect } from 'node:util';
import { Observable, type Subscriber } from 'rxjs';
import type { Connection, Frame } from '../../src/core/connection.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import { Waiting } from '../../src/testing/waiting.js';

export type FrameEvent = ConnectionEvent<Frame, Frame, undefined>;
export type FrameConnection = Connection<Frame, undefined>;

/** What a subscriber of a connection was told. Tests wait for it instead of sleeping. */
export class Recording {
  static readonly #subscribers = new WeakSet();
  readonly events: FrameEvent[] = [];
  /** `'complete'`, `'error'`, or undefined while it goes on. */
  end: 'complete' | 'error' | undefined;
  error: unknown;
  readonly #waiting = new Waiting('recording');
  #subscriber: Subscriber<FrameEvent> | undefined;

  /** `act` is called within each event, after it was recorded. */
  constructor(source$: Observable<FrameEvent>, act?: (event: FrameEvent, recording: Recording) => void) {
    // Known before the source says its first word, so that it can be unsubscribed within it.
    const known$ = new Observable<FrameEvent>((subscriber) => {
      this.#subscriber = subscriber;
      Recording.#subscribers.add(subscriber);
      source$.subscribe(subscriber);
    });
    known$.subscribe({
      next: (event) => {
        this.events.push(event);
        this.#waiting.changed();
        act?.(event, this);
      },
      error: (error: unknown) => {
        this.error = error;
        this.#finish('error');
      },
      complete: () => this.#finish('complete'),
    });
  }

  unsubscribe(): void {
    this.#subscriber?.unsubscribe();
  }

  /** Whether a subscriber of rxjs is a recording's. */
  static listensBy(subscriber: object): boolean {
    return Recording.#subscribers.has(subscriber);
  }

  get types(): readonly string[] {
    return this.events.map(({ type }) => type);
  }

  get messages(): readonly Frame[] {
    return this.events.flatMap((event) => (event.type === 'message' ? [event.data] : []));
  }

  /** The connection, once it is open. */
  async opened(): Promise<FrameConnection> {
    return this.#until('open', () => {
      const open = this.events.find((event) => event.type === 'open');
      return open?.connection;
    });
  }

  /** Resolves when there are so many events of a type. */
  async has(type: FrameEvent['type'], count = 1): Promise<void> {
    await this.#until(
      `${count} × ${type}`,
      () => this.types.filter((other) => other === type).length >= count || undefined,
    );
  }

  /** Resolves with the events and the end in short. */
  async ended(): Promise<readonly unknown[]> {
    return this.#until('the end', () => this.end && this.story);
  }

  /** The events and the end, in short. */
  get story(): readonly unknown[] {
    const events = this.events.map((event) => {
      if (event.type === 'message') return event.data;
      return event.type === 'close' ? `close ${event.code} ${event.reason}`.trim() : event.type;
    });
    const end = this.end === 'error' ? (this.error as Error).name : this.end;
    return end ? [...events, end] : events;
  }

  #finish(end: 'complete' | 'error'): void {
    this.end = end;
    this.#waiting.changed();
  }

  async #until<Value>(wanted: string, look: () => Value | undefined): Promise<Value> {
    return this.#waiting.until({
      look,
      wanted,
      found: () => `so far: ${JSON.stringify(this.story)} ${inspect(this.error)}`,
    });
  }
}
