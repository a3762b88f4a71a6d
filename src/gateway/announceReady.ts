import { NEVER, Observable, type ObservableInput } from 'rxjs';
import { isOpen } from '../core/connection.js';
import { operate } from '../core/operate.js';
import { CurrentConnection } from './currentConnection.js';
import type { GatewayConnection, WorkerEvent } from './events.js';
import { onFirst } from './onFirst.js';

export interface AnnounceReadyConfig {
  /** Emits once when no more work is to come; never by default. */
  readonly pause$?: ObservableInput<unknown>;
}

/**
 * Tells every gateway that the worker is ready for work, or that it takes no more.
 *
 *     source   c-o---r-c-O-
 *     pause    ----p-------
 *     sent     --y-p-----P-      (y ready, p pause; upper case over the second connection)
 *
 * A gateway sends no work before `ready`: it is sent when `open` has been passed on, so that whoever serves requests listens already.
 * In a handover that is before the old connection is let go.
 */
export function announceReady({ pause$ = NEVER }: AnnounceReadyConfig = {}): (
  source: Observable<WorkerEvent>,
) => Observable<WorkerEvent> {
  return (source) =>
    new Observable((subscriber) => {
      const current = new CurrentConnection();
      let connection: GatewayConnection | undefined;
      let paused = false;

      const announce = (): void => {
        // A connection that ended meanwhile is followed by another one, which is told.
        if (connection && isOpen(connection)) connection.send({ kind: paused ? 'pause' : 'ready' });
      };
      onFirst(pause$, subscriber, () => {
        paused = true;
        announce();
      });
      operate({
        source,
        subscriber,
        next(event) {
          const before = connection;
          connection = current.note(event);
          subscriber.next(event);
          if (subscriber.closed) return;
          if (event.type === 'open' && connection === event.connection && connection !== before) announce();
        },
      });
    });
}
