import { ProtocolError } from '../core/errors.js';
import type { ConnectionEvents } from '../core/event.js';
import { operated } from '../core/operate.js';

/**
 * Ends a connection whose peer does not read: what waits to be sent takes memory without end, for requests are acknowledged as fast as they come.
 *
 *     source   co-m-m-
 *     unsent   0----9-
 *     result   co-m-#      (most 5)
 *
 * Looks whenever something arrives; a peer that is silent as well is found out by its heartbeat. Errors with a `ProtocolError`.
 */
export function endUnread(
  most: number,
): <In, Out, Session>(source: ConnectionEvents<In, Out, Session>) => ConnectionEvents<In, Out, Session> {
  return (source) =>
    operated(source, (subscriber) => ({
      next(event) {
        const unsent = event.type === 'message' ? event.connection.bufferedAmount : 0;
        if (unsent <= most) subscriber.next(event);
        else subscriber.error(new ProtocolError(`the gateway does not read: ${unsent} bytes wait to be sent`));
      },
    }));
}
