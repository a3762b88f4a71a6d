import { map, type Observable, of, type SchedulerLike, take, throwError, timer } from 'rxjs';
import { json } from '../../src/codecs/json.js';
import { steps } from '../../src/core/backoff.js';
import type { Connection, Frame } from '../../src/core/connection.js';
import type { ConnectionEvent, ConnectionEvents } from '../../src/core/event.js';
import { drainHandover } from '../../src/operators/drainHandover.js';
import { drainOn } from '../../src/operators/drainOn.js';
import { handshake } from '../../src/operators/handshake.js';
import { heartbeat } from '../../src/operators/heartbeat.js';
import { openTimeout } from '../../src/operators/openTimeout.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { sendFrom } from '../../src/operators/sendFrom.js';
import { shareConnection } from '../../src/operators/shareConnection.js';
import type { FromPeer, ToPeer } from './scriptedPeer.js';
import type { Script } from './scripts.js';

export type LifeEvent = ConnectionEvent<FromPeer, ToPeer, true>;
export type LifeConnection = Connection<ToPeer, true>;

export interface PipelineConfig {
  readonly script: Script;
  readonly outgoing$: Observable<ToPeer>;
  readonly allowed$: Observable<boolean>;
  readonly scheduler: SchedulerLike;
}

/** The peer's word of welcome makes a session; any other word is a refusal. */
function exchange(_connection: unknown, message$: Observable<FromPeer>): Observable<true> {
  return message$.pipe(
    take(1),
    map(({ kind }) => {
      if (kind !== 'welcome') throw Object.assign(new Error('refused'), { code: 4401 });
      return true;
    }),
  );
}

/** How often credentials are asked for in vain: for ever would mean retries for ever, and virtual time without an end. */
const IN_VAIN = 3;

function refreshed(how: Script['refresh'], scheduler: SchedulerLike): Observable<unknown> {
  return how === 'at once' ? of(0) : timer(5, scheduler);
}

/** The canonical pipeline, set as a script says. */
export function pipeline(
  source: ConnectionEvents<Frame, Frame, undefined>,
  { script, outgoing$, allowed$, scheduler }: PipelineConfig,
): Observable<LifeEvent> {
  const { always, linger, until, releases, buffer, overflow, ttl, resetAfter } = script;
  const { stableAfter, maxAttempts, closeCodes, refresh } = script;
  const random = (): number => script.random;
  let asked = 0;
  const refreshAuth = (): Observable<unknown> =>
    refresh === 'in vain' && ++asked <= IN_VAIN
      ? throwError(() => new Error('no credentials'))
      : refreshed(refresh, scheduler);
  return source.pipe(
    json<FromPeer, ToPeer>(),
    handshake({ within: 45, exchange, scheduler }),
    openTimeout({ within: 50, scheduler }),
    heartbeat({
      interval: 20,
      timeout: 10,
      always,
      ping: (connection) => connection.send({ kind: 'ping' }),
      isPong: ({ kind }) => kind === 'pong',
      scheduler,
    }),
    drainOn(({ kind }) => kind === 'draining', {
      within: (notice) => (notice.kind === 'draining' ? notice.within : undefined),
    }),
    reconnect({
      delay: steps(script.delays),
      stableAfter,
      maxAttempts,
      closeCodes,
      ...(refresh !== 'never' && { refreshAuth }),
      while$: allowed$,
      scheduler,
      random,
    }),
    drainHandover({
      linger,
      ...(releases && { release: (old: LifeConnection) => old.send({ kind: 'ping' }) }),
      ...(until !== undefined && { until: () => (until === 0 ? of(0) : timer(until, scheduler)) }),
      scheduler,
      random,
    }),
    sendFrom(outgoing$, { buffer, overflow, ttl, scheduler }),
    shareConnection({ resetAfter, scheduler }),
  );
}
