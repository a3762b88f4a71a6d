import type { Readable } from 'node:stream';
import { BufferOverflowError } from '../core/errors.js';
import type { ConnectionEvent, ConnectionMessage } from '../core/event.js';
import { PauseGate } from './pauseGate.js';

/** How many messages more than the mark may wait where the platform cannot pause: a burst that is being read, not a reader that is gone. */
const BURST = 1_024;

/** The reading half of a Node stream: messages are pushed into its queue, and connections paused while that is full. */
export class NodeInlet<In, Out, Session> {
  readonly #gate = new PauseGate();
  #failure: { readonly error: Error } | undefined;

  constructor(
    private readonly stream: Readable,
    private readonly hangUp: () => void,
  ) {}

  heard(event: ConnectionEvent<In, Out, Session>): void {
    if (event.type === 'message') this.#take(event);
    this.#gate.saw(event);
  }

  #take({ connection, data }: ConnectionMessage<In, Out, Session>): void {
    const { stream } = this;
    const most = stream.readableHighWaterMark + BURST;
    // To a Node stream null is its end.
    if (data === null) stream.destroy(new TypeError('a stream cannot carry the message `null`'));
    else if (!connection.pause && stream.readableLength >= most) {
      this.hangUp();
      this.failed(new BufferOverflowError(most));
    } else if (!stream.push(data)) this.#gate.shut();
  }

  /** The stream's queue has room, or the stream is gone. */
  relieved(): void {
    this.#gate.open();
  }

  completed(): void {
    this.stream.push(null);
  }

  /** `destroy` throws the queue away, so it waits until what was received has been read. */
  failed(error: unknown): void {
    this.#failure = { error: error as Error };
    this.wasRead();
  }

  wasRead(): void {
    if (this.#failure && this.stream.readableLength === 0) this.stream.destroy(this.#failure.error);
  }
}
