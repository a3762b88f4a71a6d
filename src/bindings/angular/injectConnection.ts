import { inject, InjectionToken } from '@angular/core';
import type { ConnectionRef } from './connectionRef.js';

/** The connection of an app that has only one. */
export const CONNECTION = new InjectionToken<never>('the connection of provideConnection()');

/**
 * The connection that `provideConnection` provided, by its token where there are several. The first one to ask makes it dial.
 *
 * Without a token its types are what the caller says they are. To be called in an injection context, like `inject`.
 *
 * @example
 * const chat = injectConnection<Chat>();
 * const latest = toSignal(chat.messages$);
 * const badge = computed(() => chat.state().state);
 */
export function injectConnection<In, Out = In, Session = unknown>(
  token: InjectionToken<ConnectionRef<In, Out, Session>> = CONNECTION,
): ConnectionRef<In, Out, Session> {
  return inject(token);
}
