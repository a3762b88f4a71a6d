import type { SchedulerLike } from 'rxjs';
import type { Duration } from '../core/duration.js';
import { expectDuration } from '../core/expect.js';
import type { GatewayWire } from '../gateway/gatewayWire.js';
import type { WorkRequest } from '../gateway/messages.js';
import { handshakeDelays, type HandshakeScript, type WorkerIntervals } from './handshakeScript.js';
import type { MockApi } from './mockApi.js';
import { type ReplyAcking, replyAckDelay } from './replyAcks.js';

/** Configures `mockGateway()`. */
export interface MockGatewayOptions extends WorkerIntervals {
  /** The API that sends workers here; by default one of its own, which is closed with it. */
  readonly api?: MockApi;
  /** `'group-1'` by default, and so on as gateways of an API are made. */
  readonly group?: string;
  /** The form of messages; the API's by default. */
  readonly wire?: GatewayWire;
  /** A free one by default. */
  readonly port?: number;
  /** How often workers beat; `'10s'` by default. One that is silent for five times as long is closed. */
  readonly heartbeatInterval?: Duration;
  /** How often workers extend leases; `'5s'` by default. */
  readonly extendLeaseInterval?: Duration;
  /** How often workers report their status; `'0s'`, never, by default. */
  readonly statusInterval?: Duration;
  /** How long a lease lasts; `'20s'` by default. */
  readonly lease?: Duration;
  /** Whether a request whose lease ran out is sent again, to whoever is ready; off by default. */
  readonly reroute?: boolean;
  /** How long a worker that was told to move may take; `'25s'` by default. */
  readonly drainWindow?: Duration;
  /** How long a worker may take to introduce itself; `'5s'` by default. */
  readonly connectTimeout?: Duration;
  /** Whether heartbeats are answered; true by default. */
  readonly answerHeartbeats?: boolean;
  /** Whether workers that are silent for two heartbeat intervals get no requests; off by default. */
  readonly avoidSilent?: boolean;
  /** When replies are acknowledged; `'now'` by default. */
  readonly ackReplies?: ReplyAcking;
  /** What is done with every handshake that has no script of its own. */
  readonly handshake?: HandshakeScript;
  /** For delays, waits and deadlines; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/** A request to be sent; what is left out is made up. */
export interface RequestScript extends Partial<Omit<WorkRequest, 'payload'>> {
  /** Bytes as they are, anything else as JSON; `{}` by default. */
  readonly payload?: unknown;
}

/** Checked options, in milliseconds. */
export interface GatewaySettings {
  readonly intervals: Required<WorkerIntervals>;
  readonly lease: number;
  readonly reroute: boolean;
  readonly drainWindow: number;
  readonly connectTimeout: number;
  readonly avoidSilent: boolean;
}

export function gatewaySettings(options: MockGatewayOptions): GatewaySettings {
  replyAckDelay(options.ackReplies ?? 'now');
  handshakeDelays(options.handshake ?? {});
  const { heartbeatInterval = '10s', extendLeaseInterval = '5s', statusInterval = '0s' } = options;
  const read = (option: 'lease' | 'drainWindow' | 'connectTimeout', otherwise: Duration): number =>
    expectDuration('mockGateway', option, options[option] ?? otherwise);
  return {
    intervals: { heartbeatInterval, extendLeaseInterval, statusInterval },
    lease: read('lease', '20s'),
    reroute: options.reroute ?? false,
    drainWindow: read('drainWindow', '25s'),
    connectTimeout: read('connectTimeout', '5s'),
    avoidSilent: options.avoidSilent ?? false,
  };
}
