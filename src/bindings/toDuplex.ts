import { addAbortSignal, Duplex } from 'node:stream';
import type { ConnectionEvent, ConnectionEvents } from '../core/event.js';
import { expectCount } from '../core/expect.js';
import { receiver } from '../core/operate.js';
import { NodeInlet } from './nodeInlet.js';
import { type Done, Outlet } from './outlet.js';
import type { WritableConfig } from './toWritable.js';

export interface DuplexConfig extends Omit<WritableConfig, 'highWaterMark'> {
  /** How many messages may wait in each direction; 16 by default, as in any Node stream of objects. */
  readonly highWaterMark?: number;
}

/**
 * A connection as a Node stream of objects that is read and written: both sides of `toReadable` and `toWritable` over one connection.
 *
 * A WebSocket has no half-close: `end()` closes it with 1000, and what the peer still says until it answers (within `closeTimeout`) can
 * be read; when the peer closes, the writing side ends too. An error comes after the messages that came before it, but at once where
 * nobody reads, and for who writes on.
 *
 * @example
 * import { pipeline } from 'node:stream/promises';
 *
 * const echo = toDuplex(webSocket('wss://echo.example.com'));
 * await pipeline(process.stdin, echo, process.stdout);
 */
export function toDuplex<In, Out, Session>(
  events$: ConnectionEvents<In, Out, Session>,
  config: DuplexConfig = {},
): Duplex {
  return new ConnectionDuplex(events$, config);
}

class ConnectionDuplex<In, Out, Session> extends Duplex {
  readonly #inlet = new NodeInlet<In, Out, Session>(this, () => this.#receiver.unsubscribe());
  readonly #outlet: Outlet<In, Out, Session>;
  readonly #receiver = receiver<ConnectionEvent<In, Out, Session>, never>({
    next: (event) => {
      this.#inlet.heard(event);
      this.#outlet.heard(event);
    },
    error: (error) => this.#failed(error as Error),
    complete: () => {
      this.#inlet.completed();
      this.#outlet.ended();
    },
  });
  #begun = false;

  constructor(
    private readonly events$: ConnectionEvents<In, Out, Session>,
    { highWaterMark = 16, signal, ...config }: DuplexConfig,
  ) {
    expectCount('toDuplex', 'highWaterMark', highWaterMark, 1);
    super({ objectMode: true, highWaterMark, allowHalfOpen: false });
    this.#outlet = new Outlet('toDuplex', config);
    // Not by the superclass: one that is aborted already would destroy a stream that is not made yet.
    if (signal) addAbortSignal(signal, this);
  }

  override _read(): void {
    this.#inlet.relieved();
    this.#begin();
  }

  override read(size?: number): unknown {
    const chunk: unknown = super.read(size);
    this.#inlet.wasRead();
    return chunk;
  }

  override _write(message: Out, _encoding: BufferEncoding, done: Done): void {
    this.#outlet.write(message, done);
    this.#begin();
  }

  override _final(done: Done): void {
    this.#outlet.end((error) => {
      this.#receiver.unsubscribe();
      this.#inlet.completed();
      done(error);
    });
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#inlet.relieved();
    this.#outlet.ended(error);
    this.#receiver.unsubscribe();
    done(error);
  }

  #failed(error: Error): void {
    // Who reads is told after what came before. Who writes cannot wait for that: there may be no reader, or it waits for the write.
    if (this.readableFlowing === null) this.destroy(error);
    else this.#inlet.failed(error);
    this.#outlet.shut(error);
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.events$.subscribe(this.#receiver);
  }
}
