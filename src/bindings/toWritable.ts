import { addAbortSignal, Writable } from 'node:stream';
import type { ConnectionEvent, ConnectionEvents } from '../core/event.js';
import { expectCount } from '../core/expect.js';
import { receiver } from '../core/operate.js';
import { type Done, Outlet, type OutletConfig } from './outlet.js';

export interface WritableConfig extends OutletConfig {
  /** How many messages may wait in the stream before `write()` returns false; 16 by default, as in any Node stream of objects. */
  readonly highWaterMark?: number;
  /** Destroys the stream with an `AbortError`. */
  readonly signal?: AbortSignal;
}

/**
 * A Node stream of objects that are sent over a connection: the first write dials, `end()` closes with 1000, `destroy()` hangs up.
 *
 * A write waits while no connection is open, and while an open one has taken all it can; its callback says that the message was handed
 * over, not that it arrived. `finish` comes when the peer has answered the close. A connection that ends for good destroys the stream.
 *
 * @example
 * import { createReadStream } from 'node:fs';
 * import { createInterface } from 'node:readline';
 * import { pipeline } from 'node:stream/promises';
 *
 * const lines = createInterface({ input: createReadStream('words.txt') });
 * await pipeline(lines, toWritable(webSocket('wss://words.example.com').pipe(reconnect())));
 */
export function toWritable<In, Out, Session>(
  events$: ConnectionEvents<In, Out, Session>,
  config: WritableConfig = {},
): Writable {
  return new ConnectionWritable(events$, config);
}

class ConnectionWritable<In, Out, Session> extends Writable {
  readonly #outlet: Outlet<In, Out, Session>;
  readonly #receiver = receiver<ConnectionEvent<In, Out, Session>, never>({
    next: (event) => this.#outlet.heard(event),
    error: (error) => this.destroy(error as Error),
    complete: () => {
      this.#outlet.ended();
      // Whoever wrote all of it hears nothing; a pipeline hears that it ended too soon.
      if (!this.writableEnded) this.destroy();
    },
  });
  #begun = false;

  constructor(
    private readonly events$: ConnectionEvents<In, Out, Session>,
    { highWaterMark = 16, signal, ...config }: WritableConfig,
  ) {
    expectCount('toWritable', 'highWaterMark', highWaterMark, 1);
    super({ objectMode: true, highWaterMark });
    this.#outlet = new Outlet('toWritable', config);
    // Not by the superclass: one that is aborted already would destroy a stream that is not made yet.
    if (signal) addAbortSignal(signal, this);
  }

  override _write(message: Out, _encoding: BufferEncoding, done: Done): void {
    this.#outlet.write(message, done);
    if (this.#begun) return;
    this.#begun = true;
    this.events$.subscribe(this.#receiver);
  }

  override _final(done: Done): void {
    this.#outlet.end(done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#outlet.ended(error);
    this.#receiver.unsubscribe();
    done(error);
  }
}
