import type { Observable } from 'rxjs';
import { hostGate, type HostTarget } from './hostGate.js';

/** The part of a window, or of a worker's scope, that tells of the network. */
export interface OnlineTarget extends HostTarget {
  readonly navigator?: { readonly onLine?: boolean };
}

/**
 * Whether the device has a network: at once, and whenever it changes. True for ever where nobody tells, as on Node.
 *
 * `false` is certain; `true` only says that there is some network, which need not lead anywhere.
 *
 * @example
 * webSocket('wss://chat.example.com').pipe(json<Chat>(), reconnect({ while$: online$() }));
 */
export function online$(target: OnlineTarget = globalThis): Observable<boolean> {
  return hostGate(target, ['online', 'offline'], () => target.navigator?.onLine !== false);
}
