import { ReadyState } from '../../src/core/connection.js';
import type { WebSocketLike } from '../../src/transports/socketLike.js';

/** A standard socket without a network: a test says what happens to it. */
export class FakeSocket implements WebSocketLike {
  readyState: number = ReadyState.CONNECTING;
  protocol = '';
  bufferedAmount = 0;
  binaryType = 'blob';
  /** What was done to it, in short. */
  readonly done: string[] = [];
  readonly #events = new EventTarget();

  constructor(readonly url = 'ws://user:secret@fake/?token=secret') {}

  addEventListener(type: string, listener: (event: never) => void): void {
    this.#events.addEventListener(type, listener as unknown as EventListener);
  }

  send(data: string | Uint8Array): void {
    this.done.push(`send ${data.toString()}`);
  }

  close(code?: number, reason?: string): void {
    this.done.push(`close ${code} ${reason}`.trim());
    this.readyState = ReadyState.CLOSING;
  }

  opens(): void {
    this.readyState = ReadyState.OPEN;
    this.#emit('open');
  }

  hears(data: string | ArrayBuffer): void {
    this.#emit('message', { data });
  }

  /** As browsers have it there is nothing in `details`; Node adds `message` and `error`. */
  fails(details: object = {}): void {
    this.#emit('error', { target: this, ...details });
  }

  closes(code: number, reason = '', wasClean = true): void {
    this.readyState = ReadyState.CLOSED;
    this.#emit('close', { code, reason, wasClean });
  }

  #emit(type: string, details: object = {}): void {
    const event = new Event(type);
    for (const [name, value] of Object.entries(details)) Object.defineProperty(event, name, { value });
    this.#events.dispatchEvent(event);
  }
}
