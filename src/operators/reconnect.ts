import { from, noop, Observable, type ObservableInput, type SchedulerLike, take, timer } from 'rxjs';
import type { Backoff } from '../core/backoff.js';
import { clockOf } from '../core/clock.js';
import { closeAction, type CloseCodes } from '../core/closeCodes.js';
import type { Duration } from '../core/duration.js';
import { ConnectionClosedError } from '../core/errors.js';
import type { AnyConnectionOperator, ConnectionClose, ConnectionEvent, ConnectionEvents } from '../core/event.js';
import { operate, receiver } from '../core/operate.js';
import { retries } from '../core/retries.js';

export interface ReconnectConfig {
  /** How long to wait before each retry, or `undefined` to give up. By default `decorrelated()`: 1 to 3 s first, 10 s at most. */
  readonly delay?: Backoff;
  /** How long a connection must stay open before attempts are counted anew; 5 s by default. */
  readonly stableAfter?: Duration;
  /** How many retries in a row are made before the cause becomes the error; no limit by default. */
  readonly maxAttempts?: number;
  /** How long retries go on before the cause becomes the error; no limit by default. */
  readonly maxElapsed?: Duration;
  /** What is done about a close code, or the HTTP status of a refused dial, where the default table (`closeCodeRules`) is not right. */
  readonly closeCodes?: CloseCodes;
  /** Gets new credentials: its first value, or its end, is awaited before the retry that a code with the action `refreshAuth` asks for. What it fails with counts as another failure. */
  readonly refreshAuth?: (cause: unknown) => ObservableInput<unknown>;
  /** While it says false, no dial is made and none is counted: `online$()`, `visible$()`. Until it says something, true is assumed. */
  readonly while$?: ObservableInput<boolean>;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
  /** Where chance comes from; `Math.random` by default. */
  readonly random?: () => number;
}

/**
 * Dials again when the connection, or the dial, fails.
 *
 *     one      co-m-(x#)
 *     two                CO-M-
 *     result   co-m-(xr)-CO-M-      (after 5 ms)
 *
 * Only a close with code 1000, a code with the action `stop`, or a policy that gives up ends the stream; the last cause is then the error.
 * A server's own hint wins over the policy: Retry-After, or the `within` of a drain notice, is a window in which the retry falls by chance.
 *
 * @example
 * webSocket('wss://chat.example.com').pipe(json<Chat>(), reconnect({ delay: exponential({ first: 500, max: 30_000, jitter: 0.3 }) }));
 */
export function reconnect(config: ReconnectConfig = {}): AnyConnectionOperator {
  const { closeCodes, refreshAuth, while$ = [], scheduler } = config;
  const begin = retries(config);

  return <In, Out, Session>(source: ConnectionEvents<In, Out, Session>) =>
    new Observable<ConnectionEvent<In, Out, Session>>((subscriber) => {
      const clock = clockOf(scheduler);
      const { opened, draining, failed } = begin();
      let allowed = true;
      let heldSince: number | undefined;
      let heldFor = 0;
      /** Gets the credentials without which the next dial would be refused again. */
      let owed: (() => ObservableInput<unknown>) | undefined;

      /** The time, which stands still while dials are held back: that does not count as trouble. */
      const now = (): number => clock.now() - heldFor;
      const dial = (): void => {
        heldSince ??= now();
        if (!allowed || subscriber.closed) return;
        heldFor += now() - heldSince;
        heldSince = undefined;
        if (owed) {
          const complete = (): void => {
            owed = undefined;
            dial();
          };
          operate({ source: from(owed()).pipe(take(1)), subscriber, next: noop, error: retry, complete });
          return;
        }
        let closed: ConnectionClose<Out, Session> | undefined;
        const life = receiver<ConnectionEvent<In, Out, Session>, ConnectionEvent<In, Out, Session>>({
          subscriber,
          next(event) {
            if (event.type === 'open') opened(now());
            else if (event.type === 'draining') draining(event.within);
            else if (event.type === 'close') closed = event;
            subscriber.next(event);
          },
          error(cause) {
            // Nobody may find the old connection open once it is said to be gone.
            life.unsubscribe();
            retry(cause);
          },
          complete() {
            if (closed && closeAction(closed.code, closeCodes) !== 'stop') {
              retry(new ConnectionClosedError(closed.code, closed.reason));
            } else subscriber.complete();
          },
        });
        source.subscribe(life);
      };
      const retry = (cause: unknown): void => {
        const decision = failed(cause, now());
        if (!decision) {
          subscriber.error(cause);
          return;
        }
        const { attempt, delay, action } = decision;
        if (action === 'refreshAuth' && refreshAuth) owed = () => refreshAuth(cause);
        subscriber.next({ type: 'reconnecting', attempt, delay, cause });
        operate({ source: timer(delay, scheduler), subscriber, next: noop, complete: dial });
      };

      operate({
        source: from(while$),
        subscriber,
        next(allows: boolean) {
          allowed = allows;
          if (allows && heldSince !== undefined) dial();
        },
        complete: noop,
      });
      dial();
    });
}
