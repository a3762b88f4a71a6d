import { defer, Observable, type ObservableInput } from 'rxjs';
import { DialError } from '../core/errors.js';
import type { ConnectionEvent, ConnectionEvents } from '../core/event.js';
import { expectFunction } from '../core/expect.js';
import { operate, receiver } from '../core/operate.js';

/** How many targets that failed are remembered. */
const REMEMBERED = 100;

export interface DialConfig<Target> {
  /** What makes a target the same as another: by default a target is the same only as itself. Give one where each answer is a new object. */
  readonly key?: (target: Target) => unknown;
}

/**
 * Asks where to connect on every subscription, and tells whom it asks which targets to avoid.
 *
 *     one      c-#               (start() gave the target one)
 *     two         c-o-m          (start([one]) gave the target two)
 *     result   c-rc-o-m          (with reconnect)
 *
 * `start` is given the targets that failed, or asked to be left by a `draining`, since they last opened: at most 100, the latest last.
 * Its first value counts; its error is passed on, and a `DialError` says when there was no value. What belongs to one connection –
 * codec, handshake, heartbeat – stands inside `connect`: a target fails when what `connect` returns errors.
 *
 * Like every connection it is dialled anew by `reconnect` and `drainHandover`, so the memory belongs to the value that `dial()` returned
 * and outlives subscriptions. Where several subscribe to that value, they learn from each other's failures and share nothing else.
 *
 * @example
 * interface Gateway {
 *   readonly group: string;
 *   readonly endpoint: string;
 * }
 * dial(
 *   (failed: readonly Gateway[]) => api.start({ exclude: failed.map(({ group }) => group) }),
 *   ({ endpoint }) => webSocket(endpoint).pipe(json<Message>()),
 *   { key: ({ group }) => group },
 * ).pipe(reconnect());
 */
export function dial<Target, In, Out, Session>(
  start: (failed: readonly Target[]) => ObservableInput<Target>,
  connect: (target: Target) => ConnectionEvents<In, Out, Session>,
  { key = (target) => target }: DialConfig<Target> = {},
): ConnectionEvents<In, Out, Session> {
  expectFunction('dial', 'start', start);
  expectFunction('dial', 'connect', connect);
  expectFunction('dial', 'key', key);
  const failed = new Map<unknown, Target>();

  const forget = (target: Target): boolean => failed.delete(key(target));
  const remember = (target: Target): void => {
    const id = key(target);
    failed.delete(id);
    failed.set(id, target);
    if (failed.size > REMEMBERED) failed.delete(failed.keys().next().value);
  };

  return new Observable<ConnectionEvent<In, Out, Session>>((subscriber) => {
    const answer = receiver<Target, unknown>({
      subscriber,
      next(target) {
        answer.unsubscribe();
        operate({
          source: defer(() => connect(target)),
          subscriber,
          next(event) {
            // Whoever dials again because of this event, and at once, must find the memory up to date.
            if (event.type === 'open') forget(target);
            else if (event.type === 'draining') remember(target);
            subscriber.next(event);
          },
          error(error) {
            remember(target);
            subscriber.error(error);
          },
        });
      },
      complete() {
        subscriber.error(new DialError('an address still to be found', '`start` gave no target'));
      },
    });
    if (!answer.closed) defer(() => start([...failed.values()])).subscribe(answer);
  });
}
