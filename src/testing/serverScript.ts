import type { SchedulerLike } from 'rxjs';
import { type Frame, ReadyState } from '../core/connection.js';
import { Later } from './later.js';
import type { Greeting, Reply } from './mockServerOptions.js';
import type { Payload } from './serverConnection.js';
import type { SocketConnection } from './socketConnection.js';

/** What a mock server says of its own accord, and when. */
export class ServerScript {
  greet: Greeting | undefined;
  reply: Reply | undefined;
  answerPings = true;
  /** By how many milliseconds answers are late. */
  delay = 0;
  readonly #later: Later;

  constructor(
    scheduler: SchedulerLike,
    private readonly fail: (error: Error) => void,
  ) {
    this.#later = new Later(scheduler, this.#failed);
  }

  opened(connection: SocketConnection): void {
    this.#say(connection, 0, () => this.greet?.(connection));
  }

  message(connection: SocketConnection, message: Frame): void {
    this.#say(connection, this.delay, () => this.reply?.(message, connection));
  }

  ping(connection: SocketConnection, data: Uint8Array): void {
    if (this.answerPings) this.after(this.delay, () => connection.pong(data));
  }

  /** Acts later, unless the server has ended by then. */
  after(delay: number, act: () => void): void {
    this.#later.after(delay, act);
  }

  end(): void {
    this.#later.end();
  }

  #say(connection: SocketConnection, delay: number, script: () => unknown): void {
    try {
      const payload = script();
      if (!isPayload(payload)) return;
      this.after(delay, () => {
        if (connection.readyState === ReadyState.OPEN) connection.send(payload);
      });
    } catch (error) {
      this.#failed(error);
    }
  }

  readonly #failed = (error: unknown): void => {
    this.fail(
      error instanceof Error ? error : new Error('mockServer: a script threw what is no Error', { cause: error }),
    );
  };
}

/** Scripts that only act may give back anything that is neither text nor an object. */
function isPayload(value: unknown): value is Payload {
  if (value instanceof Promise) throw new TypeError('mockServer: expected a script to answer at once, got a promise');
  return typeof value === 'string' || (typeof value === 'object' && value !== null);
}
