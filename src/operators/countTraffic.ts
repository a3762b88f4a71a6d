import { byteLength } from '../core/byteLength.js';
import { type Connection, deriveConnection, type Frame } from '../core/connection.js';
import type { ConnectionEvents } from '../core/event.js';
import { operated } from '../core/operate.js';
import { perConnection } from '../core/perConnection.js';

/**
 * Counts the frames and bytes of each connection, as `connection.traffic`: what `connectionStats` adds up.
 *
 *     source     co-e--b-      (e has 3 bytes, b 5)
 *     received   -0-3--8-
 *
 * Stands between transport and codec, where bytes are still bytes; so pings, handshakes and frames that do not decode count too.
 * What `send()` refuses does not count. Nothing else is changed.
 *
 * @example
 * webSocket('wss://chat.example.com').pipe(countTraffic(), json<Chat>(), reconnect());
 */
export function countTraffic(): <Session>(
  source: ConnectionEvents<Frame, Frame, Session>,
) => ConnectionEvents<Frame, Frame, Session> {
  return <Session>(source: ConnectionEvents<Frame, Frame, Session>): ConnectionEvents<Frame, Frame, Session> =>
    operated(source, (subscriber) => {
      const counted = perConnection((inner: Connection<Frame, Session>) => {
        const traffic = { messagesSent: 0, messagesReceived: 0, bytesSent: 0, bytesReceived: 0 };
        const send = (frame: Frame): void => {
          inner.send(frame);
          traffic.messagesSent++;
          traffic.bytesSent += byteLength(frame);
        };
        return { traffic, connection: deriveConnection<Frame, Frame, Session>(inner, { send, traffic }) };
      });

      return {
        next(event) {
          if (!('connection' in event)) {
            subscriber.next(event);
            return;
          }
          const { connection, traffic } = counted(event.connection);
          if (event.type === 'message') {
            traffic.messagesReceived++;
            traffic.bytesReceived += byteLength(event.data);
            subscriber.next({ type: 'message', connection, data: event.data });
          } else subscriber.next({ ...event, connection });
        },
      };
    });
}
