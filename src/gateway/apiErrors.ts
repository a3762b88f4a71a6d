import { LONGEST_HINT } from '../core/duration.js';
import { HIDDEN, redactText } from '../core/redactText.js';
import { withoutSecrets } from '../core/url.js';
import { parseRetryAfter } from '../transports/socketLike.js';
import { type ApiFailure, AuthError, ConnectionLimitError, GatewayApiError } from './errors.js';
import type { BodyCodec } from './gatewayWire.js';
import type { HttpAnswer } from './http.js';

/** So much of what a server says goes into a message, in characters. */
const LONGEST_TEXT = 200;

const byStatus: Readonly<Record<number, typeof GatewayApiError>> = { 401: AuthError, 429: ConnectionLimitError };

/** The error of a request to the API, without the secrets that may show in it. */
export function apiError(path: string, what: string, text = '', failure?: ApiFailure): GatewayApiError {
  const Class = byStatus[failure?.status ?? 0] ?? GatewayApiError;
  return new Class(`${withoutSecrets(path)} ${what}${text && `: ${legible(text)}`}`, failure);
}

/** The error of an answer with a status that is no success. */
export function statusError(path: string, { status, headers, body }: HttpAnswer, now: number): GatewayApiError {
  const wait = parseRetryAfter(headers['retry-after'], now);
  const retryAfter = wait === undefined ? undefined : Math.min(wait, LONGEST_HINT);
  // Four bytes a character at most, and some to spare: a secret that is cut in half may not look like one.
  const text = new TextDecoder().decode(body.subarray(0, 8 * LONGEST_TEXT));
  return apiError(path, `answered ${status}`, text, { status, retryAfter });
}

/** The error of a request that got no answer. */
export function noAnswerError(path: string, cause: unknown): GatewayApiError {
  // `fetch` only says that it failed; why is in the cause, which says nothing but a code where several addresses were tried.
  const { cause: inner = cause } = (cause ?? {}) as { readonly cause?: unknown };
  const { message, code } = (inner ?? {}) as { readonly message?: unknown; readonly code?: unknown };
  const why = [message, code].find((text) => typeof text === 'string' && text !== '') ?? inner;
  return apiError(path, 'gave no answer', String(why), { cause });
}

/** Reads an answer; what does not decode is a `GatewayApiError` with the decoder's error as its cause. */
export function decodeAnswer<Value>(path: string, codec: BodyCodec<Value>): (body: Uint8Array) => Value {
  return (body) => {
    try {
      return codec.decode(body);
    } catch (cause) {
      throw apiError(path, 'gave an answer that cannot be read', (cause as Error).message, { cause });
    }
  };
}

/** One line that shows no secrets. */
function legible(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  // A hashed key that has no prefix looks like any other digest.
  return redactText(line.replace(/\b[\da-f]{64}\b/gi, HIDDEN)).slice(0, LONGEST_TEXT);
}
