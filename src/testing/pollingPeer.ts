import { Subscription } from 'rxjs';
import { clockOf } from '../core/clock.js';
import type { Frame } from '../core/connection.js';
import type { Farewell, PollAnswer } from '../transports/pollExchange.js';

/** The head of a request. */
export interface PollHead {
  readonly id?: string;
  readonly sequence?: number;
  readonly wait?: number;
  readonly max: number;
  readonly close?: Farewell;
}

/** The server's end of one session over HTTP requests. */
export interface PollingPeer {
  /** What arrived, each frame once. */
  readonly received: readonly Frame[];
  /** Resolves with how the session ended; 1006 when the client was not heard of for too long, or `drop()` was called. */
  readonly closed: Promise<Farewell>;
  /** Queues a frame for the next answer. */
  send(frame: Frame): void;
  /** Ends the session with the next answer; 1000 by default. */
  close(code?: number, reason?: string): void;
  /** Forgets the session: its requests are answered with 404. */
  drop(): void;
}

/** Keeps what was sent until a request says that it arrived. */
export class PollingSession implements PollingPeer {
  readonly received: Frame[] = [];
  readonly closed: Promise<Farewell>;
  /** How it ended; undefined while it lives. */
  end: Farewell | undefined;
  #ended!: (end: Farewell) => void;
  #outgoing: Frame[] = [];
  /** How many frames the client has for sure. */
  #position = 0;
  #sequence = 0;
  #farewell: Farewell | undefined;
  /** Answers the request that is held back. */
  #release: (() => void) | undefined;
  /** When the client has not been heard of for too long. */
  readonly #silence = clockOf().deadline(() => this.drop());

  constructor(
    private readonly key: string,
    private readonly timeout: number,
    private readonly changed: () => void,
    private readonly heard: (frame: Frame, session: PollingSession) => void,
  ) {
    this.closed = new Promise((resolve) => (this.#ended = resolve));
    this.#listen();
  }

  send(frame: Frame): void {
    this.#outgoing.push(frame);
    this.#release?.();
  }

  close(code = 1000, reason = ''): void {
    this.#farewell ??= { code, reason };
    this.#release?.();
  }

  drop(): void {
    this.finish({ code: 1006, reason: '' });
  }

  /** Takes in what a request brings, unless it is a repeat. */
  take({ id, sequence = 0, close }: PollHead, frames: readonly Frame[]): void {
    const position = Number(id?.split('.')[1] ?? 0);
    this.#outgoing.splice(0, position - this.#position);
    this.#position = Math.max(position, this.#position);
    this.#listen();
    if (sequence > this.#sequence) {
      this.#sequence = sequence;
      for (const frame of frames) {
        this.received.push(frame);
        this.heard(frame, this);
      }
      this.changed();
    }
    if (close) this.finish(close);
  }

  /** Gives the answer to a request, later where it may be held back; unsubscribing tells that nobody waits for it any more. */
  answer({ wait, max }: PollHead, give: (answer: PollAnswer) => void): Subscription {
    const held = new Subscription();
    const now = (): void => {
      if (held.closed) return;
      held.unsubscribe();
      give(wait === undefined ? { id: `${this.key}.${this.#position}` } : this.#next(max));
      this.#listen();
    };
    if (!wait || this.end || this.#farewell || this.#outgoing.length > 0) {
      now();
      return held;
    }
    // There is one at a time: who asks again has given up the one before.
    this.#release?.();
    this.#silence.cancel();
    this.#release = now;
    held.add(() => {
      if (this.#release === now) this.#release = undefined;
      this.#listen();
    });
    const limit = clockOf().deadline(now);
    limit.in(wait);
    held.add(() => limit.cancel());
    return held;
  }

  finish(end: Farewell): void {
    if (this.end) return;
    this.end = end;
    this.#silence.cancel();
    this.#release?.();
    this.#ended(end);
    this.changed();
  }

  #next(max: number): PollAnswer {
    let bytes = 0;
    const fits = (frame: Frame): boolean => (bytes += 5 + Buffer.byteLength(frame)) <= max + 5;
    const end = this.#outgoing.findIndex((frame) => !fits(frame));
    const frames = end === -1 ? this.#outgoing : this.#outgoing.slice(0, end);
    const more = end > 0;
    if (end === 0) this.#farewell = { code: 1009, reason: 'too big for the client' };
    const id = `${this.key}.${this.#position + frames.length}`;
    const close = more ? undefined : this.#farewell;
    if (close) this.finish(close);
    return { frames, id, more, ...(close && { close }) };
  }

  /** Waits for the next request, unless there is one. */
  #listen(): void {
    if (this.end || this.#release) this.#silence.cancel();
    else this.#silence.in(this.timeout);
  }
}
