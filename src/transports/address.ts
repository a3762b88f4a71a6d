import { defer, type Observable, type ObservableInput, take, throwIfEmpty } from 'rxjs';
import { expected } from '../core/expect.js';
import { withoutSecrets } from '../core/url.js';

/** Where to dial: an address, or what gives one anew on every dial, so that a token in it is fresh. */
export type Address = string | ObservableInput<string> | (() => string | ObservableInput<string>);

/** Throws a TypeError for a text that is no WebSocket address, and calls it `name`: one that was fetched may be a token. */
export function checkAddress(
  address: unknown,
  name: string = withoutSecrets(String(address)),
): asserts address is string {
  const base = (globalThis as { location?: { href: string } }).location?.href;
  const url = typeof address === 'string' && URL.canParse(address, base) && new URL(address, base);
  expected(
    url && /^(ws|http)s?:$/.test(url.protocol) && !url.hash,
    'webSocket',
    'url',
    'a ws: or wss: address without a fragment',
    name,
  );
}

/** Finds the address of one dial; at once where it is at hand. */
export function addressOf(address: Address): Observable<string> {
  return defer(() => {
    const given = typeof address === 'function' ? address() : address;
    return typeof given === 'string' ? [given] : given;
  }).pipe(take(1), throwIfEmpty());
}
