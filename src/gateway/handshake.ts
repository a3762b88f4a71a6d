import { asyncScheduler, filter, map, type Observable, type SchedulerLike, take, throwError, timeout } from 'rxjs';
import type { Connection } from '../core/connection.js';
import { clampDelay, type Duration, milliseconds } from '../core/duration.js';
import { HandshakeError } from '../core/errors.js';
import type { ConnectionEvents } from '../core/event.js';
import { expectDuration } from '../core/expect.js';
import { handshake } from '../operators/handshake.js';
import { GatewayClosingError, SyncFailedError, UnexpectedMessageError } from './errors.js';
import type { GatewayEvents } from './events.js';
import type { FromGateway, GatewaySession, ToGateway, WorkerAnnouncement } from './messages.js';

export interface GatewayHandshakeConfig {
  /** What the worker tells of itself. */
  readonly worker: WorkerAnnouncement;
  /** The group of the gateway, as the start answer told it. */
  readonly group: string;
  /** How long both phases together may take; 10 s by default, as the gateway's own clients have it. */
  readonly within?: Duration;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/** Where the gateway has no opinion, in milliseconds: what its own clients take for granted. */
const HEARTBEAT = 10_000;
const EXTEND_LEASE = 5_000;
const STATUS = 0;
/** What a timer can tell apart. */
const SHORTEST = 1;

type Ready = Extract<FromGateway, { kind: 'ready' }>;

/**
 * Introduces a worker to a gateway: its `hello`, our `connect`, its `ready`, which fills `connection.session`.
 *
 *     source   co-h-r-m-
 *     sent     ---w-----      (w connect)
 *     result   c----o-m-
 *
 * Errors with a `HandshakeError` whose `phase` tells how far it came: `hello` or `ready` when the gateway was silent or said something
 * out of turn (for the latter the socket is closed with 4001 UNEXPECTED), `sync` when it could not register the apps, `closing` when it is about to close.
 * A second `hello` is ignored.
 */
export function gatewayHandshake({
  worker,
  group,
  within = 10_000,
  scheduler = asyncScheduler,
}: GatewayHandshakeConfig): (source: ConnectionEvents<FromGateway, ToGateway>) => GatewayEvents {
  const limit = clampDelay(expectDuration('gatewayHandshake', 'within', within));

  return handshake({
    within: limit,
    scheduler,
    exchange(connection: Connection<ToGateway>, messages$: Observable<FromGateway>) {
      let phase: 'hello' | 'ready' = 'hello';
      return messages$.pipe(
        filter((message): message is Ready => {
          if (phase === 'ready' && message.kind === 'hello') return false;
          expectKind(phase, message);
          if (phase === 'ready') return true;
          // Before it is sent: a gateway in the same process may be ready in the same call.
          phase = 'ready';
          connection.send({ kind: 'connect', worker });
          return false;
        }),
        take(1),
        map((ready) => sessionOf(ready, worker.connectionId, group)),
        // As long as the handshake's own limit, but it knows the phase; begun earlier, it rings first.
        timeout({
          first: limit,
          scheduler,
          with: () => throwError(() => new HandshakeError(`no '${phase}' within ${limit} ms`, phase)),
        }),
      );
    },
  });
}

function expectKind(phase: 'hello' | 'ready', message: FromGateway): void {
  if (message.kind === 'syncFailed') throw new SyncFailedError(message.code, message.message);
  if (message.kind === 'draining') throw new GatewayClosingError();
  if (message.kind !== phase) throw new UnexpectedMessageError(phase, message.kind);
}

function sessionOf(ready: Ready, connectionId: string, group: string): GatewaySession {
  return {
    connectionId,
    group,
    heartbeatInterval: interval(ready.heartbeatInterval, HEARTBEAT) || HEARTBEAT,
    extendLeaseInterval: interval(ready.extendLeaseInterval, EXTEND_LEASE) || EXTEND_LEASE,
    statusInterval: interval(ready.statusInterval, STATUS),
  };
}

/** Milliseconds. A text that is no duration is the gateway's mistake: guessing would let leases expire. */
function interval(value: Duration | undefined, fallback: number): number {
  if (value === undefined || value === '') return fallback;
  const ms = milliseconds(value);
  if (ms >= 0) return ms && Math.max(clampDelay(ms), SHORTEST);
  throw new HandshakeError(`'${String(value).slice(0, 40)}' is no duration`, 'ready');
}
