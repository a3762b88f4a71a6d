import type { SchedulerLike } from 'rxjs';
import { clockOf, type Deadline } from '../core/clock.js';
import { type Connection, isOpen } from '../core/connection.js';
import { ConnectionClosedError } from '../core/errors.js';
import type { ConnectionEvent } from '../core/event.js';
import { expectCount } from '../core/expect.js';
import { trySend } from '../core/trySend.js';

export interface OutletConfig {
  /** With more bytes than this accepted and not yet handed to the network, what is written waits; 1 MiB by default. */
  readonly highWater?: number;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/** Called once, with what went wrong if anything did. */
export type Done = (error?: Error | null) => void;

/** How often a connection that has taken all it can is looked at, in milliseconds: sockets do not tell. */
const CONGESTED = 5;

/** The writing half of a stream: one message at a time goes over whatever connection is open, as soon as it takes more. */
export class Outlet<In, Out, Session> {
  readonly #highWater: number;
  readonly #look: Deadline;
  #connection: Connection<Out, Session> | undefined;
  #waiting: { readonly message: Out; readonly done: Done } | undefined;
  #ending: Done | undefined;
  #end: Error | undefined;

  constructor(who: string, { highWater = 1_048_576, scheduler }: OutletConfig) {
    this.#highWater = expectCount(who, 'highWater', highWater, 1);
    this.#look = clockOf(scheduler).deadline(() => this.#proceed());
  }

  heard(event: ConnectionEvent<In, Out, Session>): void {
    if (event.type === 'open') {
      this.#connection = event.connection;
      this.#proceed();
      return;
    }
    const isCurrent = 'connection' in event && event.connection === this.#connection;
    const isEnd = event.type === 'close' || event.type === 'retired';
    if (event.type !== 'reconnecting' && !(isCurrent && isEnd)) return;
    this.#connection = undefined;
    // Whoever reconnects even after 1000 does not end by itself.
    if (this.#ending && event.type === 'close' && event.code === 1000) this.ended();
  }

  write(message: Out, done: Done): void {
    if (this.#end) done(this.#end);
    else {
      this.#waiting = { message, done };
      this.#proceed();
    }
  }

  /** Closes with 1000 once all is handed to the network, and is done when the peer has answered. */
  end(done: Done): void {
    if (this.#end) done();
    else {
      this.#ending = done;
      this.#proceed();
    }
  }

  /** Nothing can be written any more; who waits for the end still does. */
  shut(error: Error): void {
    if (this.#end) return;
    this.#end = error;
    this.#look.cancel();
    this.#connection = undefined;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.done(error);
  }

  /** The connection is gone for good, or the stream was destroyed. */
  ended(error?: Error | null): void {
    this.shut(error ?? new ConnectionClosedError(1000, ''));
    const ending = this.#ending;
    this.#ending = undefined;
    ending?.(error);
  }

  #proceed(): void {
    const waiting = this.#waiting;
    const connection = this.#connection;
    if (waiting) {
      try {
        if (!connection || !trySend(connection, waiting.message, this.#highWater)) {
          this.#lookAgain();
          return;
        }
      } catch (error) {
        this.ended(error as Error);
        return;
      }
      this.#waiting = undefined;
      waiting.done();
    } else if (this.#ending) {
      if (!connection || !isOpen(connection)) this.ended();
      else if (connection.bufferedAmount > 0) this.#lookAgain();
      else connection.close(1000);
    }
  }

  #lookAgain(): void {
    if (this.#connection && isOpen(this.#connection)) this.#look.in(CONGESTED);
  }
}
