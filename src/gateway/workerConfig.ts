import type { ObservableInput, SchedulerLike } from 'rxjs';
import type { Backoff } from '../core/backoff.js';
import type { CloseCodes } from '../core/closeCodes.js';
import type { Frame } from '../core/connection.js';
import type { Duration } from '../core/duration.js';
import type { ConnectionEvents } from '../core/event.js';
import { expected, expectFunction } from '../core/expect.js';
import type { GatewayWire } from './gatewayWire.js';
import type { HttpPost } from './http.js';
import type { StartAnswer } from './messages.js';
import type { DeliverRepliesConfig } from './deliverReplies.js';
import type { WorkApp } from './runWork.js';
import type { ServeRequestsConfig } from './serveRequests.js';

/** An app: the functions it has, and what does their work. */
export interface WorkerApp extends WorkApp {
  readonly name: string;
  readonly version?: string;
  /** A description of its functions, which the gateway registers: whatever JSON can tell; `[]` by default. */
  readonly functions?: unknown;
}

/** What parts of a worker may be told. */
type PartsConfig = Pick<
  ServeRequestsConfig & DeliverRepliesConfig,
  | 'concurrency'
  | 'queue'
  | 'executionDeadline'
  | 'leaseLost'
  | 'ackWithin'
  | 'maxReply'
  | 'buffer'
  | 'overflow'
  | 'retry'
  | 'parallel'
>;

export interface GatewayWorkerConfig extends PartsConfig {
  /** Where the start and flush requests go: `https://api.example.com`. */
  readonly apiUrl: string;
  /** 1 to 100 apps with different names. */
  readonly apps: readonly WorkerApp[];
  /** Goes with every request to the API, hashed; without one none is sent, as in development. */
  readonly signingKey?: string;
  /** Takes the place of the signing key when the API refuses that, at once. */
  readonly signingKeyFallback?: string;
  /** The environment; needed with a branch's signing key. */
  readonly env?: string;
  /** `/v0/connect/start` by default. */
  readonly startPath?: string;
  /** `/v0/connect/flush` by default. */
  readonly flushPath?: string;
  /** How long the API may take to answer; 10 s by default. */
  readonly apiTimeout?: Duration;
  /** The form of messages; `msgpackWire` by default. */
  readonly wire?: GatewayWire;
  /** Which worker this is, the same after a restart; the name of the host by default. */
  readonly instanceId?: string;
  /** What the worker says it can do: whatever JSON can tell; `{ connect: 'v1' }` by default. */
  readonly capabilities?: unknown;
  /** Gives another address than the gateway's own. */
  readonly rewriteEndpoint?: (answer: StartAnswer) => string;
  /** Makes the connection of frames, which limits the time of its dial itself; by default a `webSocket` to the endpoint, with messages of up to 8 MiB. */
  readonly connect?: (answer: StartAnswer) => ConnectionEvents<Frame, Frame>;
  /** Posts to the API; by default with `fetch`. */
  readonly post?: HttpPost;
  /** How long the dial may take, and then the handshake; 10 s each by default. */
  readonly setupTimeout?: Duration;

  /** How long to wait before a retry; `gatewayBackoff()` by default. */
  readonly delay?: Backoff;
  /** As in `reconnect`, but every code and status is retried by default: a worker is there to come back. */
  readonly closeCodes?: CloseCodes;
  readonly maxAttempts?: number;
  readonly maxElapsed?: Duration;
  readonly while$?: ObservableInput<boolean>;
  /** How long a drained connection is kept at most, while replies that went over it are not confirmed; 25 s by default, a gateway's drain window. */
  readonly linger?: Duration;

  /** Its first value asks for a graceful end: `shutdownSignals()`. Unsubscribing is the hard stop. */
  readonly shutdown$?: ObservableInput<unknown>;
  /** How long work may go on after that; for ever by default. */
  readonly shutdownDeadline?: Duration;

  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
  /** Where chance comes from; `Math.random` by default. */
  readonly random?: () => number;
}

/** What a gateway takes at most. */
const MOST_APPS = 100;

/** Throws a TypeError unless the apps can be told apart. */
export function checkApps(apps: readonly WorkerApp[]): void {
  const names = apps.map(({ name }) => name);
  expected(apps.length > 0 && apps.length <= MOST_APPS, 'gatewayWorker', 'apps', `1 to ${MOST_APPS} apps`, apps.length);
  apps.forEach(({ name, handle }, at) => {
    expected(typeof name === 'string' && name !== '', 'gatewayWorker', `apps[${at}].name`, 'a text', name);
    expected(names.indexOf(name) === at, 'gatewayWorker', `apps[${at}].name`, 'a name that no other app has', name);
    expectFunction('gatewayWorker', `apps[${at}].handle`, handle);
  });
}
