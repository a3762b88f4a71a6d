import { asyncScheduler, type SchedulerLike } from 'rxjs';
import type { Codec } from '../codecs/codec.js';
import { jsonCodec } from '../codecs/json.js';
import { exponential } from '../core/backoff.js';
import type { AnyConnectionOperator } from '../core/event.js';
import { expectBetween, expectCount, expectDuration, expected } from '../core/expect.js';
import { reconnect } from '../operators/reconnect.js';
import { serializerCodec } from './messageSerializer.js';
import type { ReconnectConfig, WebSocketConfig } from './webSocketConfig.js';

const who = 'createWebSocketClient';

/** The share of a wait that chance adds to it at most. */
const JITTER = 0.3;

/** The configuration of a client, checked and with its defaults. */
export interface ClientSettings {
  readonly url: string | undefined;
  readonly protocols: readonly string[];
  readonly codec: Codec<unknown>;
  readonly queueSize: number;
  /** Whether lost connections are made anew. */
  readonly retries: boolean;
  /** 0 is no limit. */
  readonly maxAttempts: number;
  readonly retry: AnyConnectionOperator;
  readonly scheduler: SchedulerLike;
}

/** Checks a configuration. */
export function clientSettings(config: Partial<WebSocketConfig>): ClientSettings {
  const { url, protocols = [], serializer, queueSize = 100, scheduler = asyncScheduler } = config;
  const { reconnect: retrying = { enabled: true }, heartbeat = { enabled: false } } = config;
  for (const [option, { enabled }] of Object.entries({ reconnect: retrying, heartbeat })) {
    expected(typeof enabled === 'boolean', who, `${option}.enabled`, 'true or false', enabled);
  }
  if (serializer) {
    for (const name of ['serialize', 'deserialize'] as const) {
      expected(
        typeof serializer[name] === 'function',
        who,
        `serializer.${name}`,
        'a function',
        typeof serializer[name],
      );
    }
  }
  return {
    url,
    protocols,
    codec: serializer ? serializerCodec(serializer) : jsonCodec,
    queueSize: expectCount(who, 'queueSize', queueSize, 0),
    retries: retrying.enabled,
    maxAttempts: expectCount(who, 'reconnect.maxAttempts', retrying.maxAttempts ?? 5, 0),
    retry: retryOf(retrying, config),
    scheduler,
  };
}

function retryOf(
  {
    enabled,
    maxAttempts = 5,
    initialDelay = 1_000,
    maxDelay = 30_000,
    backoffMultiplier = 2,
    jitter = true,
  }: ReconnectConfig,
  { scheduler, random }: Partial<WebSocketConfig>,
): AnyConnectionOperator {
  const first = expectDuration(who, 'reconnect.initialDelay', initialDelay);
  const max = expectDuration(who, 'reconnect.maxDelay', maxDelay);
  const factor = expectBetween(who, 'reconnect.backoffMultiplier', backoffMultiplier, 1, Infinity);
  expected(typeof jitter === 'boolean', who, 'reconnect.jitter', 'true or false', jitter);
  return reconnect({
    delay: exponential({ first, max, factor, jitter: jitter ? JITTER : 0 }),
    maxAttempts: enabled ? maxAttempts || Infinity : 0,
    ...(scheduler && { scheduler }),
    ...(random && { random }),
  });
}
