import { type EnvironmentProviders, type InjectionToken, makeEnvironmentProviders } from '@angular/core';
import type { ConnectionEvents } from '../../core/event.js';
import { expectFunction } from '../../core/expect.js';
import type { SendFromConfig } from '../../operators/sendFrom.js';
import { connectionRef, type ConnectionRef } from './connectionRef.js';
import { CONNECTION } from './injectConnection.js';

type Make<In, Out, Session> = () => ConnectionEvents<In, Out, Session>;
type Token<In, Out, Session> = InjectionToken<ConnectionRef<In, Out, Session>>;

/**
 * Provides a connection to an app, or to the part of one that a route loads: shared by all who `injectConnection()`, and hung up
 * when the injector is destroyed.
 *
 * `make` is called when the connection is first injected, in the injector's context, so it may `inject` what it needs. `queue` is for
 * what is sent while no connection is open, as for `sendFrom`. Where there are several connections, each has a token.
 *
 * @example
 * bootstrapApplication(App, {
 *   providers: [provideConnection(() => webSocket('wss://chat.example.com').pipe(json<Chat>(), reconnect()))],
 * });
 */
export function provideConnection<In, Out, Session>(
  make: Make<In, Out, Session>,
  queue?: SendFromConfig,
): EnvironmentProviders;
export function provideConnection<In, Out, Session>(
  token: Token<In, Out, Session>,
  make: Make<NoInfer<In>, NoInfer<Out>, NoInfer<Session>>,
  queue?: SendFromConfig,
): EnvironmentProviders;
export function provideConnection(...given: readonly unknown[]): EnvironmentProviders {
  const [token, make, queue] = (typeof given[1] === 'function' ? given : [CONNECTION, ...given]) as [
    Token<unknown, unknown, unknown>,
    Make<unknown, unknown, unknown>,
    SendFromConfig?,
  ];
  expectFunction('provideConnection', 'make', make);
  return makeEnvironmentProviders([{ provide: token, useFactory: () => connectionRef(make, queue) }]);
}
