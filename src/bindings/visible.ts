import type { Observable } from 'rxjs';
import { hostGate, type HostTarget } from './hostGate.js';

/** The part of a document that tells whether somebody can see it. */
export interface VisibleTarget extends HostTarget {
  readonly visibilityState?: string;
}

/**
 * Whether the page can be seen: at once, and whenever it changes. True for ever where there is no page.
 *
 * As the `while$` of `reconnect` it holds dials back while the page is hidden; a connection that is open stays.
 *
 * @example
 * const wanted$ = combineLatest([online$(), visible$()], (online, visible) => online && visible);
 * webSocket('wss://chat.example.com').pipe(json<Chat>(), reconnect({ while$: wanted$ }));
 */
export function visible$(
  target: VisibleTarget | undefined = (globalThis as { document?: VisibleTarget }).document,
): Observable<boolean> {
  return hostGate(target, ['visibilitychange'], () => target?.visibilityState !== 'hidden');
}
