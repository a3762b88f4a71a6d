import { defer, type Observable, type ObservableInput, take, throwIfEmpty } from 'rxjs';
import { expected } from '../core/expect.js';
import { withoutSecrets } from '../core/url.js';

/** Where to dial: an address, or what gives one anew on every dial, so that a token in it is fresh. */
export type Address = string | ObservableInput<string> | (() => string | ObservableInput<string>);

/** Throws a TypeError for what is no WebSocket address, and `tell`s of a text: one that was fetched may be a token. */
export function checkAddress(
  address: unknown,
  tell: (text: string) => string = withoutSecrets,
): asserts address is string {
  const base = (globalThis as { location?: { href: string } }).location?.href;
  const url = typeof address === 'string' && URL.canParse(address, base) && new URL(address, base);
  const got = typeof address === 'string' ? tell(address) : address;
  const proper = url && /^(ws|http)s?:$/.test(url.protocol);
  expected(proper, 'webSocket', 'url', "an address such as 'wss://example.com'", got);
  expected(url && !url.hash, 'webSocket', 'url', 'an address without a fragment', got);
}

/** Finds the address of one dial; at once where it is at hand. */
export function addressOf(address: Address): Observable<string> {
  return defer(() => {
    const given = typeof address === 'function' ? address() : address;
    return Object(given) === given ? (given as ObservableInput<string>) : [given as string];
  }).pipe(take(1), throwIfEmpty());
}
