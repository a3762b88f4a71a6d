import { asyncScheduler, merge, NEVER, noop, type Observable, ReplaySubject, Subject, tap } from 'rxjs';
import type { InternalState, State } from '../core/state.js';
import type { WorkerEvent } from './events.js';
import { Ledger } from './ledger.js';
import { gatewayWorker } from './worker.js';
import type { GatewayWorkerConfig } from './workerConfig.js';
import { type WorkerState, workerState } from './workerState.js';

/** What a worker is about at a moment, for debugging. Times are milliseconds. */
export interface WorkerSnapshot {
  readonly state: State;
  readonly internalState: InternalState;
  readonly connectionId: string | undefined;
  readonly group: string | undefined;
  /** Since the gateway last said anything; undefined when it never did. */
  readonly silence: number | undefined;
  /** Requests in work, the oldest first. */
  readonly inFlight: readonly {
    readonly requestId: string;
    readonly functionSlug: string;
    readonly leaseId: string;
    readonly age: number;
  }[];
  /** Requests whose replies nobody confirmed yet. */
  readonly unconfirmed: readonly { readonly requestId: string; readonly age: number }[];
}

/** A worker that was started, as an object. */
export interface ConnectedWorker {
  /** The state to show to users. */
  readonly state: State;
  /** How the connection stands: at once, and on every change. Completes with the worker, and never errors. */
  readonly state$: Observable<WorkerState>;
  /** Everything that happens from now on. Ends as the worker does. */
  readonly events$: Observable<WorkerEvent>;
  /** Resolves when the worker has ended, and rejects when it gave up. Nobody has to listen. */
  readonly closed: Promise<void>;
  /** Asks for a graceful end, and gives `closed`. Safe to call twice. */
  close(): Promise<void>;
  /** Ends it at once: work is cancelled, and what is not delivered is lost. */
  stop(): void;
  snapshot(): WorkerSnapshot;
}

/**
 * Starts a worker, and gives an object to hold on to: a thin face over {@link gatewayWorker}.
 *
 * @example
 * const worker = connectWorker({ apiUrl: 'https://api.example.com', apps: [billing], shutdown$: shutdownSignals() });
 * worker.state$.subscribe(({ state }) => console.log(state));
 * await worker.closed;
 */
export function connectWorker(config: GatewayWorkerConfig): ConnectedWorker {
  const { shutdown$ = NEVER, scheduler = asyncScheduler } = config;
  const asked$ = new Subject<void>();
  const events$ = new Subject<WorkerEvent>();
  const state$ = new ReplaySubject<WorkerState>(1);
  let ledger = new Ledger();
  let latest = {} as WorkerState;
  let heardAt: number | undefined;

  // The first to listen: whoever is told of an event finds the state that it led to.
  events$
    .pipe(
      workerState({ scheduler }),
      tap((state) => (latest = state)),
    )
    .subscribe(state$);
  /** Nothing is in work any more. */
  const over = (): void => {
    ledger = new Ledger();
  };
  events$.subscribe({
    next(event) {
      const now = scheduler.now();
      ledger.note(event, now);
      if (event.type === 'message' || event.type === 'pong' || event.type === 'open') heardAt = now;
    },
    error: over,
    complete: over,
  });
  const closed = new Promise<void>((resolve, reject) => events$.subscribe({ complete: resolve, error: reject }));
  closed.catch(noop);
  const subscription = gatewayWorker({ ...config, shutdown$: merge(asked$, shutdown$) }).subscribe(events$);

  return {
    get state() {
      return latest.state;
    },
    state$: state$.asObservable(),
    events$: events$.asObservable(),
    closed,
    close() {
      asked$.next();
      return closed;
    },
    stop() {
      subscription.unsubscribe();
      events$.complete();
    },
    snapshot() {
      const now = scheduler.now();
      const { state, internalState, connection } = latest;
      return {
        state,
        internalState,
        connectionId: connection?.session.connectionId,
        group: connection?.session.group,
        silence: heardAt === undefined ? undefined : now - heardAt,
        inFlight: Array.from(ledger.requests, ({ request: { requestId, functionSlug }, leaseId, since }) => ({
          requestId,
          functionSlug,
          leaseId,
          age: now - since,
        })),
        unconfirmed: Array.from(ledger.unconfirmed, ([requestId, since]) => ({ requestId, age: now - since })),
      };
    },
  };
}
