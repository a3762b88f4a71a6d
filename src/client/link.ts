import { codec } from '../codecs/codec.js';
import type { Frame } from '../core/connection.js';
import type { ConnectionEvents } from '../core/event.js';
import { expectDuration } from '../core/expect.js';
import { countTraffic } from '../operators/countTraffic.js';
import { openTimeout } from '../operators/openTimeout.js';
import { webSocket } from '../transports/webSocket.js';
import type { ClientSettings } from './clientSettings.js';
import { type Outgoing, sendOutgoing } from './outgoing.js';
import { pulseOf } from './pulse.js';
import type { WebSocketConfig } from './webSocketConfig.js';

/** One connection of a client, up to what stands before `reconnect`. Throws a TypeError for an address that is none. */
export type Link = (url: string, protocols: readonly string[]) => ConnectionEvents<unknown, Outgoing>;

/** Links over WebSockets. */
export function webSocketLink(config: WebSocketConfig, settings: ClientSettings): Link {
  const { codec: messages, scheduler } = settings;
  const within = expectDuration('createWebSocketClient', 'connectionTimeout', config.connectionTimeout ?? 10_000);
  const pulse = pulseOf(config, messages);
  const frames = codec<unknown, Frame>({ encode: (frame) => frame, decode: (frame) => messages.decode(frame) });

  return (url, protocols) =>
    // The time limit is that of `openTimeout`, so that it has an error of its own.
    webSocket({ url, protocols, connectTimeout: Infinity, scheduler }).pipe(
      countTraffic(),
      frames,
      openTimeout({ within, scheduler }),
      pulse,
      sendOutgoing,
    );
}
