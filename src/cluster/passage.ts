import { type Connection, isOpen } from '../core/connection.js';
import { HIGH_WATER, trySend } from '../core/trySend.js';

/** An open connection of a node, as messages go over it. */
export class Passage<Out, Session = unknown> {
  /** What a partition remembers whose last message went over this connection, and over no other before it. */
  readonly alone: readonly Passage<Out, Session>[] = [this];

  constructor(readonly connection: Connection<Out, Session>) {}

  get open(): boolean {
    return isOpen(this.connection);
  }

  get congested(): boolean {
    return this.connection.bufferedAmount > HIGH_WATER;
  }

  /** Sends a message; false when the connection cannot take it now. */
  send(message: Out): boolean {
    return trySend(this.connection, message);
  }
}
