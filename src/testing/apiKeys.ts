import { createHash } from 'node:crypto';

const PREFIX = /^signkey-\w+-/;

/** The form of a signing key that may go over the wire; what looks hashed already is left as it is. */
function hashed(key: string): string {
  const prefix = PREFIX.exec(key)?.[0] ?? '';
  const body = key.slice(prefix.length);
  if (/^[\da-f]{64}$/i.test(body)) return key;
  return prefix + createHash('sha256').update(body, 'hex').digest('hex');
}

/** Why the header Authorization is refused; undefined when it is not. */
export function apiKeyFault(
  keys: readonly string[] | undefined,
  authorization: string | undefined,
): string | undefined {
  if (!keys) return undefined;
  if (authorization === undefined) return 'missing Authorization header';
  return keys.some((key) => authorization === `Bearer ${hashed(key)}`) ? undefined : 'authentication failed';
}
