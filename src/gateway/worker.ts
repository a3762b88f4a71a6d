import { asyncScheduler, defer, from, NEVER, type Observable, shareReplay, Subject, tap } from 'rxjs';
import { dial } from '../operators/dial.js';
import { drainHandover } from '../operators/drainHandover.js';
import { reconnect } from '../operators/reconnect.js';
import { announceReady } from './announceReady.js';
import { announcement } from './announcement.js';
import { deliverReplies } from './deliverReplies.js';
import type { WorkerEvent } from './events.js';
import { flushReply, isRefusal } from './flushReply.js';
import { gatewayBackoff } from './gatewayBackoff.js';
import { gatewayConnection } from './gatewayConnection.js';
import type { StartAnswer } from './messages.js';
import { pendingReplies } from './pendingReplies.js';
import { reportStatus } from './reportStatus.js';
import { serveRequests } from './serveRequests.js';
import { gracefulShutdown } from './shutdown.js';
import { signingKeys } from './signingKeys.js';
import { startConnection } from './startConnection.js';
import { checkApps, type GatewayWorkerConfig } from './workerConfig.js';
import { msgpackWire } from './wire.js';

/** A worker exists to come back: what would be final for a client is not for it, unless its own table says so. */
const RETRY_ALL = { '100-4999': 'retry' } as const;

/**
 * A worker behind a gateway: subscribing connects it, unsubscribing is a hard stop, `shutdown$` a graceful one.
 *
 * It asks the API which gateway to use and with which it failed, and announces its apps there; it does the work it gets, keeps its
 * leases, delivers replies over whatever connection there is or else over HTTP, and moves to another gateway when its own drains,
 * before it lets go. Everything that happens is an event. Errors only when `delay`, `maxAttempts`, `maxElapsed` or `closeCodes`
 * say that it gives up; completes only after `shutdown$`. Each subscription is a worker of its own.
 *
 * @example
 * gatewayWorker({
 *   apiUrl: 'https://api.example.com',
 *   apps: [{ name: 'billing', handle: async ({ input, signal }) => ({ body: await bill(input, signal) }) }],
 *   shutdown$: shutdownSignals(),
 * }).subscribe(({ type }) => tell(type));
 */
export function gatewayWorker(config: GatewayWorkerConfig): Observable<WorkerEvent> {
  checkApps(config.apps);
  const { apps, signingKey, signingKeyFallback, env, wire = msgpackWire } = config;
  const { closeCodes, linger = 25_000, scheduler = asyncScheduler, shutdown$ = NEVER } = config;
  const byName = Object.fromEntries(apps.map((app) => [app.name, app]));

  const make = (): Observable<WorkerEvent> => {
    const api = {
      ...config,
      timeout: config.apiTimeout ?? 10_000,
      wire,
      keys: signingKeys({ key: signingKey, fallback: signingKeyFallback, env }),
    };
    const start = startConnection(api);
    const connect = gatewayConnection(config, announcement(config, scheduler.now()));
    const { delay = gatewayBackoff() } = config;
    const pending = pendingReplies();
    const undelivered$ = new Subject<string>();
    const pause$ = from(shutdown$).pipe(shareReplay({ bufferSize: 1, refCount: true }));

    return dial((failed: readonly StartAnswer[]) => start(failed.map(({ group }) => group)), connect, {
      key: ({ group }) => group,
    }).pipe(
      reconnect({ ...config, delay, closeCodes: { ...closeCodes, ...RETRY_ALL, ...closeCodes } }),
      drainHandover({ ...config, linger, until: (old) => pending.settled(old) }),
      announceReady({ pause$ }),
      serveRequests({ ...config, apps: byName, pause$, undelivered$ }),
      deliverReplies({ ...config, pending, hurry$: pause$, flush: flushReply(api), isRefusal }),
      tap((event) => event.type === 'undelivered' && undelivered$.next(event.reply.requestId)),
      reportStatus({ pause$, scheduler }),
      gracefulShutdown({ shutdown$: pause$, deadline: config.shutdownDeadline ?? Infinity, scheduler }),
    );
  };
  // Once in vain: a bad option throws now, and not when somebody subscribes.
  void make();
  return defer(make);
}
