import { addAbortSignal, Readable } from 'node:stream';
import type { ConnectionEvent, ConnectionEvents } from '../core/event.js';
import { expectCount } from '../core/expect.js';
import { receiver } from '../core/operate.js';
import { NodeInlet } from './nodeInlet.js';

export interface ReadableConfig {
  /** How many messages may wait in the stream before the connection is paused; 16 by default, as in any Node stream of objects. */
  readonly highWaterMark?: number;
  /** Destroys the stream with an `AbortError`. */
  readonly signal?: AbortSignal;
}

/**
 * The messages of a connection as a Node stream of objects: the first read dials, `destroy()` hangs up.
 *
 * While the stream is full the connection is paused, down to the socket; what its last read from the network held (up to 64 KiB) still
 * joins the queue. Where
 * the platform cannot pause, 1,024 more may wait. An error comes after the messages that came before it. A close with 1000 ends the stream.
 *
 * @example
 * const prices = toReadable(webSocket('wss://prices.example.com').pipe(json<Price>(), reconnect()));
 * for await (const { symbol, price } of prices) await show(symbol, price);
 */
export function toReadable<In, Out, Session>(
  events$: ConnectionEvents<In, Out, Session>,
  config: ReadableConfig = {},
): Readable {
  return new ConnectionReadable(events$, config);
}

class ConnectionReadable<In, Out, Session> extends Readable {
  readonly #inlet = new NodeInlet<In, Out, Session>(this, () => this.#receiver.unsubscribe());
  readonly #receiver = receiver<ConnectionEvent<In, Out, Session>, never>({
    next: (event) => this.#inlet.heard(event),
    error: (error) => this.#inlet.failed(error),
    complete: () => this.#inlet.completed(),
  });
  #begun = false;

  constructor(
    private readonly events$: ConnectionEvents<In, Out, Session>,
    { highWaterMark = 16, signal }: ReadableConfig,
  ) {
    expectCount('toReadable', 'highWaterMark', highWaterMark, 1);
    super({ objectMode: true, highWaterMark });
    // Not by the superclass: one that is aborted already would destroy a stream that is not made yet.
    if (signal) addAbortSignal(signal, this);
  }

  override _read(): void {
    this.#inlet.relieved();
    if (this.#begun) return;
    this.#begun = true;
    this.events$.subscribe(this.#receiver);
  }

  override read(size?: number): unknown {
    const chunk: unknown = super.read(size);
    this.#inlet.wasRead();
    return chunk;
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // A shared connection goes on without us.
    this.#inlet.relieved();
    this.#receiver.unsubscribe();
    done(error);
  }
}
