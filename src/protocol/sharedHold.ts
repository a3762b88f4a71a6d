import { noop, type Subscription } from 'rxjs';
import { type Connection, isOpen } from '../core/connection.js';
import { ConnectionClosedError } from '../core/errors.js';
import type { ConnectionEvent, ConnectionEvents } from '../core/event.js';
import { receiver } from '../core/operate.js';
import type { End } from '../core/succession.js';

/** What those who use a connection together do about what it says. None of these may throw. */
export interface HoldHandlers<In, Out, Session> {
  /** A connection can be used, and is the one to use from now on. */
  readonly opened: () => void;
  readonly heard: (message: In) => void;
  /** Nothing more will be heard over a connection; another one may be in use already. */
  readonly lost?: (connection: Connection<Out, Session>, cause: unknown) => void;
  /** The source ended; who takes hold again subscribes it anew. */
  readonly ended: (end: End) => void;
}

/** One subscription to a connection on behalf of many. */
export interface SharedHold<Out, Session> {
  /** The connection that opened last, while it can send. */
  readonly usable: () => Connection<Out, Session> | undefined;
  /** Subscribes, unless it is subscribed. */
  readonly take: () => void;
  readonly release: () => void;
}

/** Holds on to a connection for as long as somebody uses it, and knows which one to use. */
export function sharedHold<In, Out, Session>(
  source: ConnectionEvents<In, Out, Session>,
  { opened, heard, lost = noop, ended }: HoldHandlers<In, Out, Session>,
): SharedHold<Out, Session> {
  let held: Subscription | undefined;
  let current: Connection<Out, Session> | undefined;

  const release = (): void => {
    const hold = held;
    held = current = undefined;
    hold?.unsubscribe();
  };
  const end = (how?: End): void => {
    release();
    ended(how);
  };
  const gone = (connection: Connection<Out, Session> | undefined, cause?: unknown): void => {
    if (!connection) return;
    // Who is told that it is gone may send at once, and not into it.
    if (connection === current) current = undefined;
    lost(connection, cause);
  };
  const next = (event: ConnectionEvent<In, Out, Session>): void => {
    switch (event.type) {
      case 'message':
        heard(event.data);
        break;
      case 'open':
        current = event.connection;
        opened();
        break;
      case 'close':
        gone(event.connection, new ConnectionClosedError(event.code, event.reason));
        break;
      case 'retired':
        gone(event.connection);
        break;
      case 'reconnecting':
        gone(current, event.cause);
        break;
      case 'connecting':
        gone(current);
        break;
    }
  };

  const handlers = { next, error: (error: unknown) => end({ error }), complete: () => end() };

  return {
    usable: () => (current && isOpen(current) ? current : undefined),
    take() {
      if (held) return;
      const receiving = receiver<ConnectionEvent<In, Out, Session>, never>(handlers);
      held = receiving;
      source.subscribe(receiving);
    },
    release,
  };
}
