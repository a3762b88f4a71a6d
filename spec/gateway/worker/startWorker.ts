import { filter, firstValueFrom, ReplaySubject, Subject, type Subscription } from 'rxjs';
import type { WorkerEvent } from '../../../src/gateway/events.js';
import { gatewayWorker } from '../../../src/gateway/worker.js';
import type { GatewayWorkerConfig, WorkerApp } from '../../../src/gateway/workerConfig.js';

type EventOf<Type extends WorkerEvent['type']> = Extract<WorkerEvent, { type: Type }>;

/** A worker under test, and everything that happened to it. */
export interface StartedWorker {
  readonly events: readonly WorkerEvent[];
  /** The events in one word each. */
  readonly types: readonly WorkerEvent['type'][];
  /** Resolves with the nth event of a type (counting from 1), also one that came before. */
  event<Type extends WorkerEvent['type']>(type: Type, nth?: number): Promise<EventOf<Type>>;
  /** Asks for a graceful end, and resolves when the worker has ended. */
  shutdown(): Promise<void>;
  /** Resolves when the worker has ended, and rejects when it gave up. */
  readonly done: Promise<void>;
  /** The hard stop. */
  stop(): void;
}

const running = new Set<Subscription>();

/** An app that answers with its input. */
export const echo: WorkerApp = { name: 'app', handle: ({ input }) => Promise.resolve({ body: input }) };

/** Starts a worker for the app `app`, which answers with its input unless told otherwise. */
export function startWorker(config: Partial<GatewayWorkerConfig> & Pick<GatewayWorkerConfig, 'apiUrl'>): StartedWorker {
  const shutdown$ = new Subject<void>();
  const events: WorkerEvent[] = [];
  const events$ = new ReplaySubject<WorkerEvent>(Infinity);
  const done = new Promise<void>((resolve, reject) => events$.subscribe({ complete: resolve, error: reject }));
  done.catch(() => undefined);
  events$.subscribe({ next: (event) => events.push(event), error: () => undefined });
  const subscription = gatewayWorker({ apps: [echo], shutdown$, random: () => 0, ...config }).subscribe(events$);
  running.add(subscription);

  return {
    events,
    get types() {
      return events.map(({ type }) => type);
    },
    event: (type, nth = 1) =>
      firstValueFrom(
        events$.pipe(
          filter((event): event is EventOf<typeof type> => event.type === type),
          filter((_event, index) => index === nth - 1),
        ),
      ),
    shutdown() {
      shutdown$.next();
      return done;
    },
    done,
    stop: () => subscription.unsubscribe(),
  };
}

/** For `afterEach`: no worker outlives its test. */
export function stopWorkers(): void {
  for (const subscription of running) subscription.unsubscribe();
  running.clear();
}
