import { defer, filter, map, type Observable, of, Subject, take } from 'rxjs';
import type { GatewayConnection } from './events.js';

/** Over which connections replies are under way: `deliverReplies` counts them, a handover waits for them. */
export interface PendingReplies {
  /** Emits once and completes when no reply that went over the connection awaits its acknowledgement; at once when none does. */
  settled(connection: GatewayConnection): Observable<void>;
  /** A reply was sent over the connection. */
  add(connection: GatewayConnection): void;
  /** It was acknowledged, or is no longer waited for. */
  remove(connection: GatewayConnection): void;
}

/**
 * Lets `drainHandover` know when nothing is outstanding on an old connection any more. One value serves one worker.
 *
 * @example
 * const pending = pendingReplies();
 * gatewayEvents$.pipe(
 *   drainHandover({ linger: 25_000, until: (old) => pending.settled(old) }),
 *   deliverReplies({ flush, pending }),
 * );
 */
export function pendingReplies(): PendingReplies {
  const counts = new Map<GatewayConnection, number>();
  const settled$ = new Subject<GatewayConnection>();

  return {
    settled: (connection) =>
      defer(() => (counts.has(connection) ? settled$.pipe(filter((one) => one === connection)) : of(connection))).pipe(
        take(1),
        map(() => undefined),
      ),
    add(connection) {
      counts.set(connection, (counts.get(connection) ?? 0) + 1);
    },
    remove(connection) {
      const left = (counts.get(connection) ?? 0) - 1;
      if (left > 0) counts.set(connection, left);
      else if (counts.delete(connection)) settled$.next(connection);
    },
  };
}
