import { noop, type Subject } from 'rxjs';
import type { Unsubscribe } from './webSocketClient.js';

/**
 * Adds a listener. A subscriber of rxjs catches what its function throws and reports it as an uncaught error (or to
 * `config.onUnhandledError`), and the other listeners are told all the same.
 */
export function listen<T>(told: Subject<T>, listener: (value: T) => void): Unsubscribe {
  const subscription = told.subscribe({ next: listener, error: noop });
  return () => subscription.unsubscribe();
}
