import { fromEvent, merge, type Observable, take } from 'rxjs';

/**
 * Emits the first of the given signals that the process gets, and completes.
 *
 * As long as it is subscribed, none of them ends the process. It lets go with the first one: a second SIGINT, of somebody who
 * does not want to wait, ends the process as ever.
 *
 * @example
 * gatewayWorker({ apiUrl: 'https://api.example.com', apps: [billing], shutdown$: shutdownSignals() });
 */
export function shutdownSignals(signals: readonly string[] = ['SIGINT', 'SIGTERM']): Observable<unknown> {
  return merge(...signals.map((signal) => fromEvent(process, signal))).pipe(take(1));
}
