import { defer, type Observable, type ObservableInput, take, throwIfEmpty } from 'rxjs';
import { expected } from '../core/expect.js';
import { withoutSecrets } from '../core/url.js';

/** Where to dial: an address, or what gives one anew on every dial, so that a token in it is fresh. */
export type Address = string | ObservableInput<string> | (() => string | ObservableInput<string>);

/** Throws a TypeError for what is no WebSocket address, and says of a text what it is `told` to: one that was fetched may be a token. */
export function checkAddress(address: unknown, told?: string): asserts address is string {
  const base = (globalThis as { location?: { href: string } }).location?.href;
  const isText = typeof address === 'string';
  const url = isText && URL.canParse(address, base) && new URL(address, base);
  expected(
    url && /^(ws|http)s?:$/.test(url.protocol) && !url.hash,
    'webSocket',
    'url',
    "as 'wss://example.com', without a fragment",
    isText ? (told ?? withoutSecrets(address)) : address,
  );
}

/** Finds the address of one dial; at once where it is at hand. */
export function addressOf(address: Address): Observable<string> {
  return defer(() => {
    const given = typeof address === 'function' ? address() : address;
    return Object(given) === given ? (given as ObservableInput<string>) : [given as string];
  }).pipe(take(1), throwIfEmpty());
}
