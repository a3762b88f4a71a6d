import { createHash } from 'node:crypto';
import { catchError, defer, type Observable } from 'rxjs';
import { expected } from '../core/expect.js';
import { isGatewayError } from './errors.js';

/** Which environment a worker belongs to; the name is the one that the API of Inngest Connect reads. Sent only where there is one. */
export const ENVIRONMENT_HEADER = 'X-Inngest-Env';

export interface SigningKeysConfig {
  /** Such as `signkey-prod-12ab…`. Without one no `Authorization` is sent at all, as in development. */
  readonly key?: string | undefined;
  /** What takes its place when the API refuses it. */
  readonly fallback?: string | undefined;
  /** The name of the environment; needed with keys that begin with `signkey-branch-`. */
  readonly env?: string | undefined;
}

/** What proves to the API who asks. The keys themselves cannot be got out of it. */
export interface SigningKeys {
  /** Attempts something with the headers of the current key and, should the API refuse that, at once with those of the other one. */
  authorize<T>(attempt: (headers: Readonly<Record<string, string>>) => Observable<T>): Observable<T>;
}

const PREFIX = /^signkey-\w+-/;

/**
 * The form in which a signing key goes over the wire: its prefix, and the SHA-256 of the bytes that its hex digits stand for.
 *
 * @example
 * hashSigningKey('signkey-test-12345678123456781234567812345678'); // 'signkey-test-ddcbc45e…'
 */
export function hashSigningKey(key: string): string {
  return hashed('hashSigningKey', 'key', key);
}

/**
 * Keeps the signing keys, and remembers which of them is in use.
 *
 * On an `AuthError` the keys change places and the attempt is made a second time, at once; its error is the one that is passed on. They
 * stay changed, whatever came of it, so that the next call begins with the key that was tried last. Without a `fallback` there is one
 * attempt, and the key stays.
 *
 * Throws a TypeError for a key that is none, and for a branch's key without an `env`. No error shows a key.
 */
export function signingKeys({ key, fallback, env }: SigningKeysConfig = {}): SigningKeys {
  expected(key !== undefined || fallback === undefined, 'signingKeys', 'key', 'there with a `fallback`', key);
  // What a header cannot hold would only be noticed by the first request, and be retried for ever.
  expected(!env || /^[\x21-\x7e]+$/.test(env), 'signingKeys', 'env', 'a name in ASCII without spaces', env);

  const headersOf = (option: string, value: string | undefined): Readonly<Record<string, string>> => {
    const authorization = value === undefined ? undefined : `Bearer ${hashed('signingKeys', option, value)}`;
    expected(!value?.startsWith('signkey-branch-') || env, 'signingKeys', 'env', "there with a branch's key", env);
    return Object.freeze({
      ...(authorization && { Authorization: authorization }),
      ...(env && { [ENVIRONMENT_HEADER]: env }),
    });
  };
  const primary = headersOf('key', key);
  const secondary = fallback === undefined ? primary : headersOf('fallback', fallback);
  let current = primary;

  return {
    authorize: (attempt) =>
      defer(() => {
        const tried = current;
        return attempt(tried).pipe(
          catchError((error: unknown) => {
            if (primary === secondary || !isGatewayError(error, 'AuthError')) throw error;
            // Not the opposite of `current`: another call may have failed and changed it meanwhile.
            current = tried === primary ? secondary : primary;
            return attempt(current);
          }),
        );
      }),
  };
}

function hashed(who: string, option: string, key: string): string {
  const prefix = PREFIX.exec(key)?.[0] ?? '';
  const digits = key.slice(prefix.length);
  if (!/^(?:[\da-f]{2})+$/i.test(digits)) {
    throw new TypeError(
      `${who}: expected \`${option}\` to be pairs of hex digits after a prefix such as 'signkey-prod-', got a text of ${key.length}`,
    );
  }
  return prefix + createHash('sha256').update(digits, 'hex').digest('hex');
}
