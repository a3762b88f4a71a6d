import { type Connection, deriveConnection, type Frame } from '../core/connection.js';
import type { ConnectionEvents } from '../core/event.js';
import { operated } from '../core/operate.js';
import { perConnection } from '../core/perConnection.js';

/** A message that somebody waits for to be sent. */
export interface Outgoing {
  readonly message: unknown;
  readonly frame: Frame;
  /** Called when it is on its way. */
  sent(): void;
}

/** Lets a connection of frames send messages that are to be told when they were sent. */
export function sendOutgoing<In, Session>(
  source: ConnectionEvents<In, Frame, Session>,
): ConnectionEvents<In, Outgoing, Session> {
  return operated(source, (subscriber) => {
    const telling = perConnection((inner: Connection<Frame, Session>) => {
      const send = (outgoing: Outgoing): void => {
        inner.send(outgoing.frame);
        outgoing.sent();
      };
      return deriveConnection<Frame, Outgoing, Session>(inner, { send });
    });

    return {
      next(event) {
        if ('connection' in event) subscriber.next({ ...event, connection: telling(event.connection) });
        else subscriber.next(event);
      },
    };
  });
}
