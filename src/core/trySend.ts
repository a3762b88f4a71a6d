import { type Connection, isOpen } from './connection.js';
import { isNamed } from './errors.js';

/** With more bytes than this accepted and not yet handed to the network, messages had better wait although the connection is open. */
export const HIGH_WATER = 16_777_216;

/** How often a congested connection is looked at, in milliseconds: sockets do not tell. */
export const CONGESTED = 50;

/** Sends a message; false when the connection is congested, has taken all it can, or turned out not to be open. */
export function trySend<Out, Session>(
  connection: Connection<Out, Session>,
  message: Out,
  highWater = HIGH_WATER,
): boolean {
  if (!isOpen(connection) || connection.bufferedAmount > highWater) return false;
  try {
    connection.send(message);
    return true;
  } catch (error) {
    // The readyState may have changed in the meantime: then it is not the message that is at fault.
    if (isOpen(connection) && !isNamed(error, 'BufferOverflowError')) throw error;
    return false;
  }
}
