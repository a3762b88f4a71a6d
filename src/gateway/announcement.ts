import { availableParallelism, hostname, platform, totalmem } from 'node:os';
import { expected } from '../core/expect.js';
import type { StartAnswer, WorkerAnnouncement } from './messages.js';
import { version } from './version.js';
import type { GatewayWorkerConfig } from './workerConfig.js';

/** What a worker tells of itself, but for what the answer to its start request adds. Made once: it is the same for every gateway. */
export function announcement(
  { apps, capabilities = { connect: 'v1' }, instanceId = hostname(), env, concurrency = 1_000 }: GatewayWorkerConfig,
  startedAt: number,
): (answer: StartAnswer) => WorkerAnnouncement {
  const worker = {
    instanceId,
    apps: apps.map(({ name, version: appVersion, functions = [] }) => ({
      appName: name,
      ...(appVersion !== undefined && { appVersion }),
      functions: json('functions', functions),
    })),
    capabilities: json('capabilities', capabilities),
    manualReadiness: true,
    ...(env !== undefined && { environment: env }),
    framework: 'connect',
    platform: 'node',
    sdkVersion: version,
    sdkLanguage: 'js',
    startedAt,
    ...(concurrency < Infinity && { maxConcurrency: concurrency }),
    system: { cpuCores: availableParallelism(), memBytes: totalmem(), os: platform() },
  };
  return ({ connectionId, sessionToken, syncToken }) => ({ connectionId, sessionToken, syncToken, ...worker });
}

function json(option: string, value: unknown): Uint8Array {
  const text = JSON.stringify(value) as string | undefined;
  expected(text !== undefined, 'gatewayWorker', option, 'what JSON can tell', value);
  return new TextEncoder().encode(text);
}
