import type { GatewayConnection, WorkerEvent } from './events.js';

/** Follows which connection is in use: the one that opened last, until it is said to be gone. */
export class CurrentConnection {
  #connection: GatewayConnection | undefined;

  /** Takes note of an event, and gives the connection in use after it. */
  note(event: WorkerEvent): GatewayConnection | undefined {
    if (event.type === 'open') this.#connection = event.connection;
    else if (event.type === 'reconnecting') this.#connection = undefined;
    else if ((event.type === 'close' || event.type === 'retired') && event.connection === this.#connection) {
      this.#connection = undefined;
    }
    return this.#connection;
  }
}
