import { asyncScheduler, catchError, defer, map, type Observable, type SchedulerLike, take, throwError } from 'rxjs';
import { throwIfEmpty, timeout as timeLimit } from 'rxjs';
import { clampDelay, type Duration } from '../core/duration.js';
import { expectDuration, expected, expectFunction } from '../core/expect.js';
import { withoutSecrets } from '../core/url.js';
import { apiError, noAnswerError, statusError } from './apiErrors.js';
import { fetchPost } from './fetchPost.js';
import type { GatewayWire } from './gatewayWire.js';
import type { HttpPost } from './http.js';
import type { SigningKeys } from './signingKeys.js';

export interface GatewayApiConfig {
  /** `https://api.example.com`; a path stands before `startPath` and `flushPath`. No credentials, no query. */
  readonly apiUrl: string;
  /** `/v0/connect/start` by default. */
  readonly startPath?: string;
  /** `/v0/connect/flush` by default. */
  readonly flushPath?: string;
  /** Go with every request. */
  readonly keys: SigningKeys;
  readonly wire: GatewayWire;
  /** Posts a request; with the platform's `fetch` by default. */
  readonly post?: HttpPost;
  /** How long an answer may take, for each key that is tried; 10 s by default. */
  readonly timeout?: Duration;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Posts to the API, once per subscription, and gives the body of the answer. Unsubscribing aborts the request.
 *
 * Errors with a `GatewayApiError`: an `AuthError` for the status 401 of the last key, a `ConnectionLimitError` for 429. Its message has
 * the path, the status and up to 200 characters of what the server said, without secrets. A Retry-After counts up to an hour.
 */
export function gatewayPost({
  apiUrl,
  keys,
  wire,
  post = fetchPost,
  timeout = 10_000,
  scheduler = asyncScheduler,
}: GatewayApiConfig): (path: string, body: Uint8Array) => Observable<Uint8Array> {
  const base = baseOf(apiUrl);
  const limit = expectDuration('gatewayPost', 'timeout', timeout);
  expectFunction('gatewayPost', 'post', post);

  return (path, body) =>
    keys.authorize((authorization) =>
      defer(() =>
        post({ url: base + path, headers: { 'Content-Type': wire.contentType, ...authorization }, body }),
      ).pipe(
        take(1),
        throwIfEmpty(() => new Error('it was given up')),
        catchError((cause: unknown) => throwError(() => noAnswerError(path, cause))),
        timeLimit({
          first: clampDelay(limit),
          scheduler,
          with: () => throwError(() => apiError(path, `gave no answer within ${limit} ms`)),
        }),
        map((answer) => {
          if (answer.status < 200 || answer.status > 299) throw statusError(path, answer, scheduler.now());
          return answer.body;
        }),
      ),
    );
}

/** Throws a TypeError for a path that does not begin with a slash. */
export function expectPath(who: string, option: string, path: string): void {
  expected(typeof path === 'string' && path.startsWith('/'), who, option, "a path that begins with '/'", path);
}

function baseOf(apiUrl: string): string {
  const { protocol, username, password, search, hash, origin, pathname } = new URL(
    URL.canParse(apiUrl) ? apiUrl : 'none:',
  );
  expected(
    /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === '',
    'gatewayPost',
    'apiUrl',
    'an http: or https: address without credentials, query and fragment',
    typeof apiUrl === 'string' ? withoutSecrets(apiUrl) : apiUrl,
  );
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}
