import { identity } from 'rxjs';
import type { Codec } from '../codecs/codec.js';
import type { Frame } from '../core/connection.js';
import type { ConnectionEvents } from '../core/event.js';
import { expectDuration } from '../core/expect.js';
import { heartbeat, type HeartbeatConfig as Beats } from '../operators/heartbeat.js';
import type { WebSocketConfig } from './webSocketConfig.js';

/** An operator that keeps a client's frames and messages as they are. */
type Pulse = (source: ConnectionEvents<unknown, Frame, undefined>) => ConnectionEvents<unknown, Frame, undefined>;

/** The heartbeat that a client is configured with: none unless it is enabled. */
export function pulseOf({ heartbeat: config, scheduler }: Partial<WebSocketConfig>, codec: Codec<unknown>): Pulse {
  if (!config?.enabled) return identity;
  const { pingMessage, pongMessage } = config;
  const timing = {
    interval: expectDuration('createWebSocketClient', 'heartbeat.interval', config.interval ?? 30_000),
    timeout: expectDuration('createWebSocketClient', 'heartbeat.timeout', config.timeout ?? 5_000),
    ...(scheduler && { scheduler }),
  };
  const asking = (ping: unknown, pong: unknown): Beats<unknown, Frame, undefined> => {
    const frame = codec.encode(ping);
    const isPong = (message: unknown): boolean => matches(pong, message);
    return { ...timing, ping: (connection) => connection.send(frame), ...(pong !== undefined && { isPong }) };
  };
  if (pingMessage !== undefined) return heartbeat(asking(pingMessage, pongMessage));
  return heartbeat((connection) => (connection.ping ? timing : asking('PING', pongMessage ?? 'PONG')));
}

/** Whether a value has everything that is in the pattern: answers often tell the time too. */
function matches(pattern: unknown, value: unknown): boolean {
  if (Object(pattern) !== pattern || Object(value) !== value) return Object.is(pattern, value);
  const fields = value as Record<string, unknown>;
  return Object.entries(pattern as object).every(([name, part]) => matches(part, fields[name]));
}
