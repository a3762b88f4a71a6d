import type { ConnectionEvents } from '../core/event.js';
import { fallback, type FallbackConfig } from '../operators/fallback.js';
import { reconnect, type ReconnectConfig } from '../operators/reconnect.js';
import type { ConnectionProvider } from './connectionProvider.js';
import { singleServerProvider } from './singleServerProvider.js';

export interface AutoProviderConfig extends FallbackConfig {
  /** How it dials again; as `reconnect()` by default. */
  readonly reconnect?: ReconnectConfig;
}

/**
 * Provides the best of several ways to one server, as node `default`: the next one while the best is blocked, and the best again once it works.
 *
 * @example
 * const provider = autoProvider([
 *   webSocket('wss://chat.example.com').pipe(json<Chat>(), openTimeout({ within: '5s' })),
 *   httpPolling({ url: 'https://chat.example.com/poll', longPoll: true }).pipe(json<Chat>()),
 * ]);
 */
export function autoProvider<In, Out>(
  sources: readonly ConnectionEvents<In, Out>[],
  { reconnect: again, ...config }: AutoProviderConfig = {},
): ConnectionProvider<In, Out> {
  const { scheduler } = config;
  return singleServerProvider(fallback(sources, config).pipe(reconnect({ ...(scheduler && { scheduler }), ...again })));
}
