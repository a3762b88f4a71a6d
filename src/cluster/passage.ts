import { type Connection, isOpen } from '../core/connection.js';

/** With more bytes than this accepted and not yet handed to the network, messages wait although the connection is open. */
const HIGH_WATER = 16_777_216;

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

  /** Sends a message; false when the connection is congested or turned out not to be open. */
  send(message: Out): boolean {
    if (!isOpen(this.connection) || this.congested) return false;
    try {
      this.connection.send(message);
      return true;
    } catch (error) {
      // The readyState may have changed in the meantime: then it is not the message that is at fault.
      if (isOpen(this.connection)) throw error;
      return false;
    }
  }
}
