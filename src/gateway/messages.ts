import type { Duration } from '../core/duration.js';

/** What both sides call a request by. Every answer about it repeats all of it, so that a gateway need not remember. */
export interface RequestIds {
  /** Unique: whoever sees it twice sees the same request. */
  readonly requestId: string;
  readonly accountId: string;
  readonly envId: string;
  readonly appId: string;
  readonly functionSlug: string;
  readonly stepId?: string;
  readonly runId: string;
  /** Trace contexts as they came, JSON in bytes; copied through unread. */
  readonly systemTraceCtx: Uint8Array;
  readonly userTraceCtx: Uint8Array;
}

/** A piece of work. */
export interface WorkRequest extends RequestIds {
  /** The app that is to do it, one of those the worker announced. */
  readonly appName: string;
  readonly functionId: string;
  readonly jobId: string;
  /** The first id of the lease under which the work is done. */
  readonly leaseId: string;
  /** The input, JSON in bytes unless the app says otherwise. */
  readonly payload: Uint8Array;
}

/** How a piece of work ended: `notCompleted` when steps are left to do. */
export type ReplyStatus = 'notCompleted' | 'done' | 'error';

/** The answer to a piece of work. */
export interface WorkReply {
  readonly requestId: string;
  readonly accountId: string;
  readonly envId: string;
  readonly appId: string;
  readonly runId: string;
  readonly systemTraceCtx: Uint8Array;
  readonly userTraceCtx: Uint8Array;
  readonly status: ReplyStatus;
  readonly body: Uint8Array;
  /** Whether trying again would be in vain. */
  readonly noRetry: boolean;
  /** When to try again: seconds or an HTTP date, as the header Retry-After has it. */
  readonly retryAfter?: string;
  /** Which software made the reply. */
  readonly sdkVersion: string;
  /** The version of the work's own protocol. */
  readonly requestVersion: number;
}

/** One app of a worker, as it is announced. */
export interface AppAnnouncement {
  readonly appName: string;
  readonly appVersion?: string;
  /** A description of its functions, JSON in bytes. */
  readonly functions: Uint8Array;
}

/** What a worker tells of itself when it connects. */
export interface WorkerAnnouncement {
  /** From the answer to the start request. */
  readonly connectionId: string;
  readonly sessionToken: string;
  readonly syncToken: string;
  /** Which worker this is; the same after a reconnect. */
  readonly instanceId: string;
  readonly apps: readonly AppAnnouncement[];
  /** What the worker can do, JSON in bytes. */
  readonly capabilities: Uint8Array;
  /** Whether work may only be sent after the worker's own `ready`. */
  readonly manualReadiness: boolean;
  readonly environment?: string;
  readonly framework: string;
  readonly platform?: string;
  readonly sdkVersion: string;
  readonly sdkLanguage: string;
  /** When the worker started, in milliseconds since 1970. */
  readonly startedAt: number;
  /** How many requests it would work on at a time; unlimited when it does not say. */
  readonly maxConcurrency?: number;
  readonly system: { readonly cpuCores: number; readonly memBytes: number; readonly os: string };
}

/** What a gateway tells a worker. */
export type FromGateway =
  | { readonly kind: 'hello' }
  | {
      readonly kind: 'ready';
      /** How often to beat, extend leases and report; `''` or absent where the gateway has no opinion. */
      readonly heartbeatInterval?: Duration;
      readonly extendLeaseInterval?: Duration;
      readonly statusInterval?: Duration;
    }
  | { readonly kind: 'syncFailed'; readonly code: string; readonly message: string; readonly data?: Uint8Array }
  | { readonly kind: 'heartbeat' }
  | { readonly kind: 'request'; readonly request: WorkRequest }
  /** Without a new id the lease is lost. */
  | { readonly kind: 'leaseAck'; readonly requestId: string; readonly newLeaseId?: string }
  | { readonly kind: 'replyAck'; readonly requestId: string }
  | { readonly kind: 'draining'; readonly within?: Duration };

/** What a worker tells a gateway. */
export type ToGateway =
  | { readonly kind: 'connect'; readonly worker: WorkerAnnouncement }
  | { readonly kind: 'ready' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'heartbeat' }
  | { readonly kind: 'ack'; readonly request: RequestIds }
  | { readonly kind: 'extendLease'; readonly request: RequestIds; readonly leaseId: string }
  | { readonly kind: 'reply'; readonly reply: WorkReply }
  | { readonly kind: 'status'; readonly inFlight: readonly string[]; readonly closing: boolean };

/** Whatever goes over the wire. */
export type GatewayMessage = FromGateway | ToGateway;

/** What the start request asks. */
export interface StartRequest {
  /** Groups of gateways to keep away from; a hint. */
  readonly exclude: readonly string[];
}

/** Where to connect, and with what. */
export interface StartAnswer {
  readonly connectionId: string;
  /** `ws:` or `wss:`. */
  readonly endpoint: string;
  /** The group that the gateway belongs to: what `exclude` names. */
  readonly group: string;
  readonly sessionToken: string;
  readonly syncToken: string;
}

/** What a connection to a gateway agreed on; found as `connection.session`. Holds no secrets. */
export interface GatewaySession {
  readonly connectionId: string;
  readonly group: string;
  /** Milliseconds. */
  readonly heartbeatInterval: number;
  /** Milliseconds. */
  readonly extendLeaseInterval: number;
  /** Milliseconds; 0 when no reports are wanted. */
  readonly statusInterval: number;
}
