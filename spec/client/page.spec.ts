import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectionStats } from '../../src/client/connectionStats.js';
import type { ConnectionState } from '../../src/client/connectionState.js';
import type { HeartbeatConfig, ReconnectConfig, WebSocketConfig } from '../../src/client/webSocketConfig.js';
import type { WebSocketEvent } from '../../src/client/webSocketEvent.js';
import { WS_ERROR_CODES } from '../../src/client/webSocketError.js';
import { documentedNames, sections } from '../docs/reference.js';

const page = sections(readFileSync(join(__dirname, '../../docs/client.md'), 'utf8'));
const section = (name: string): string => page.get(name) ?? '';

/** The names in backticks of the first cells of a table, those with dots and several in a row too. */
const named = (name: string): string[] =>
  [...section(name).matchAll(/^\| (`[^|]*`)/gm)].flatMap(([, cell = '']) => cell.match(/[\w.]+/g) ?? []).sort();

// Records, so that the compiler misses what is left out.
const fields: Record<keyof WebSocketConfig, true> = {
  url: true,
  protocols: true,
  reconnect: true,
  heartbeat: true,
  serializer: true,
  connectionTimeout: true,
  queueSize: true,
  scheduler: true,
  random: true,
};
const reconnect: Record<keyof ReconnectConfig, true> = {
  enabled: true,
  maxAttempts: true,
  initialDelay: true,
  maxDelay: true,
  backoffMultiplier: true,
  jitter: true,
};
const heartbeat: Record<keyof HeartbeatConfig, true> = {
  enabled: true,
  interval: true,
  timeout: true,
  pingMessage: true,
  pongMessage: true,
};
const state: Record<keyof ConnectionState, true> = {
  status: true,
  url: true,
  protocols: true,
  reconnectAttempts: true,
  lastError: true,
  connectedAt: true,
};
const stats: Record<keyof ConnectionStats, true> = {
  messagesSent: true,
  messagesReceived: true,
  bytesSent: true,
  bytesReceived: true,
  reconnects: true,
  errors: true,
  uptime: true,
};
const events: Record<WebSocketEvent['type'], true> = {
  connected: true,
  message: true,
  disconnected: true,
  reconnecting: true,
  reconnected: true,
  error: true,
};

describe('the page on the client', () => {
  it('tells every option, and no other', () => {
    const nested = ['reconnect', 'heartbeat'];
    const options = [
      ...Object.keys(fields).filter((name) => !nested.includes(name)),
      ...Object.keys(reconnect).map((name) => `reconnect.${name}`),
      ...Object.keys(heartbeat).map((name) => `heartbeat.${name}`),
    ];
    expect(named('Options')).toEqual(options.sort());
  });

  it('tells every event and every error code, and no other', () => {
    expect(documentedNames(section('Events')).sort()).toEqual(Object.keys(events).sort());
    expect(named('Errors').filter((name) => name !== 'WS_ERROR_CODES')).toEqual(Object.keys(WS_ERROR_CODES).sort());
  });

  it('tells what state and stats hold', () => {
    expect(section('State')).toContain(`{ ${Object.keys(state).join(', ')} }`);
    expect(section('Statistics')).toContain(`{ ${Object.keys(stats).join(', ')} }`);
  });
});
