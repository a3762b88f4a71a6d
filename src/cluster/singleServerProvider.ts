import type { Connection } from '../core/connection.js';
import type { ConnectionEvents } from '../core/event.js';
import type { ConnectionProvider } from './connectionProvider.js';
import { Provider } from './provider.js';

class SingleServerProvider<In, Out> extends Provider<In, Out> {
  constructor(private readonly connection$: ConnectionEvents<In, Out>) {
    super();
  }

  override getConnection(): Connection<Out> {
    return this.getAnyConnection();
  }

  override send(message: Out): void {
    this.getAnyConnection().send(message);
  }

  protected override dial(): ConnectionEvents<In, Out> {
    return this.connection$.pipe(this.follow({ id: 'default' }));
  }
}

/**
 * Provides the connection of one stream, as node `default`. Whatever the stream does, `reconnect` or a handover, the provider follows.
 *
 * @example
 * const provider = singleServerProvider(webSocket('wss://chat.example.com').pipe(json<Chat>(), reconnect()));
 * await provider.connect();
 * provider.send({ kind: 'say', text: 'hello' });
 */
export function singleServerProvider<In, Out>(connection$: ConnectionEvents<In, Out>): ConnectionProvider<In, Out> {
  return new SingleServerProvider(connection$);
}
