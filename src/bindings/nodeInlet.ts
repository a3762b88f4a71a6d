import type { Readable } from 'node:stream';
import type { ConnectionEvent } from '../core/event.js';
import { PauseGate } from './pauseGate.js';

/** The reading half of a Node stream: messages are pushed into its queue, and connections paused while that is full. */
export class NodeInlet<In, Out, Session> {
  readonly #gate = new PauseGate();
  #failure: Error | undefined;

  constructor(private readonly stream: Readable) {}

  heard(event: ConnectionEvent<In, Out, Session>): void {
    if (event.type === 'message') {
      const data: unknown = event.data;
      // To a Node stream null is its end.
      if (data === null) this.stream.destroy(new TypeError('a stream cannot carry the message `null`'));
      else if (!this.stream.push(data)) this.#gate.shut();
    }
    this.#gate.saw(event);
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
    this.#failure = error as Error;
    this.wasRead();
  }

  wasRead(): void {
    if (this.#failure && this.stream.readableLength === 0) this.stream.destroy(this.#failure);
  }
}
