import { jsonCodec } from '../codecs/json.js';
import { expected } from '../core/expect.js';
import type { ReplyStatus, WorkReply, WorkRequest } from './messages.js';

/** How a piece of work ended, in the words of HTTP. */
export interface WorkResult {
  /** 200 by default. 206 says that steps are left to do, any other 2xx that all is done, everything else is an error. */
  readonly status?: number;
  /** Bytes go as they are, a string as UTF-8, everything else as JSON; `null` by default. */
  readonly body?: unknown;
  /** Whether trying again would be in vain; false by default. */
  readonly noRetry?: boolean;
  /** When to try again: in so many seconds, at a date, or a text as the header Retry-After has it. */
  readonly retryAfter?: string | number | Date;
  /** The version of the work's own protocol; 1 by default. */
  readonly requestVersion?: number;
}

/** The longest text that can say when to try again: an error of somebody else's may have a field of that name with anything in it. */
const LONGEST_WHEN = 64;

const utf8 = /* @__PURE__ */ new TextEncoder();

/** The reply to a request by the result of its work. Throws for what is no result, a version that is none, and a body without a JSON form. */
export function workReply(request: WorkRequest, result: unknown, sdkVersion: string): WorkReply {
  expected(typeof (result ?? {}) === 'object', 'serveRequests', 'result', 'an object such as { body }', result);
  const { status, body, noRetry, retryAfter, requestVersion = 1 } = (result ?? {}) as WorkResult;
  const isVersion = Number.isSafeInteger(requestVersion) && requestVersion >= 0;
  expected(isVersion, 'serveRequests', 'requestVersion', 'a whole number of at least 0', requestVersion);
  return replyTo(request, sdkVersion, {
    status: statusOf(status),
    body: bytesOf(body ?? null),
    noRetry,
    retryAfter,
    requestVersion,
  });
}

/** The reply to a request whose work threw. Never throws, whatever was thrown. */
export function errorReply(request: WorkRequest, error: unknown, sdkVersion: string): WorkReply {
  try {
    return replyTo(request, sdkVersion, factsOf(error));
  } catch {
    return replyTo(request, sdkVersion, factsOf({ message: 'what was thrown cannot be read' }));
  }
}

interface Facts {
  readonly status: ReplyStatus;
  readonly body: Uint8Array;
  readonly noRetry?: unknown;
  readonly retryAfter?: unknown;
  readonly requestVersion?: number | undefined;
}

function replyTo(
  { requestId, accountId, envId, appId, runId, systemTraceCtx, userTraceCtx }: WorkRequest,
  sdkVersion: string,
  { status, body, noRetry, retryAfter, requestVersion = 1 }: Facts,
): WorkReply {
  const ids = { requestId, accountId, envId, appId, runId, systemTraceCtx, userTraceCtx };
  const reply = { ...ids, status, body, noRetry: noRetry === true, sdkVersion, requestVersion };
  const when = retryAfterText(retryAfter);
  return when === undefined ? reply : { ...reply, retryAfter: when };
}

function statusOf(status = 200): ReplyStatus {
  if (status === 206) return 'notCompleted';
  return status >= 200 && status < 300 ? 'done' : 'error';
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return utf8.encode(typeof body === 'string' ? body : (jsonCodec.encode(body) as string));
}

/** Seconds or an HTTP date; undefined for what is neither. */
function retryAfterText(retryAfter: unknown): string | undefined {
  if (typeof retryAfter === 'string') return retryAfter.length <= LONGEST_WHEN ? retryAfter : undefined;
  if (typeof retryAfter === 'number' && retryAfter >= 0 && retryAfter < Infinity) return String(Math.ceil(retryAfter));
  // By its brand, for a date may come from another realm; one that is no date has no time.
  if (Object.prototype.toString.call(retryAfter) !== '[object Date]') return undefined;
  const date = retryAfter as Date;
  return Number.isNaN(date.getTime()) ? undefined : date.toUTCString();
}

/** What is told of an error. Anything can be thrown, also what throws when it is looked at. */
function factsOf(error: unknown): Facts {
  const { name, message, noRetry, retryAfter } = Object(error) as Partial<Record<string, unknown>>;
  const told = {
    name: typeof name === 'string' ? name : 'Error',
    message: typeof message === 'string' ? message : String(error),
  };
  return { status: 'error', body: utf8.encode(JSON.stringify(told)), noRetry, retryAfter };
}
