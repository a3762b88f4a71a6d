import { from, type ObservableInput, type Subscriber, take } from 'rxjs';
import { operate } from '../core/operate.js';
import { withoutSecrets } from '../core/url.js';

/** Where to dial: an address, or what gives one anew on every dial, so that a token in it is fresh. */
export type Address = string | ObservableInput<string> | (() => string | ObservableInput<string>);

/** Throws a TypeError for a text that is no WebSocket address. */
export function checkAddress(address: unknown): asserts address is string {
  const base = (globalThis as { location?: { href: string } }).location?.href;
  const url = typeof address === 'string' && URL.canParse(address, base) && new URL(address, base);
  if (!url || !/^(ws|http)s?:$/.test(url.protocol) || url.hash) {
    const got = withoutSecrets(String(address));
    throw new TypeError(`webSocket: expected \`url\` to be a ws: or wss: address without a fragment, got '${got}'`);
  }
}

/** Finds the address of one dial; at once where it is at hand. */
export function findAddress(
  address: Address,
  subscriber: Subscriber<unknown>,
  found: (address: string) => void,
  failed: (cause: unknown) => void,
): void {
  const attempt = (act: () => void): void => {
    try {
      act();
    } catch (cause) {
      failed(cause);
    }
  };
  attempt(() => {
    const given = typeof address === 'function' ? address() : address;
    if (typeof given === 'string') {
      found(given);
      return;
    }
    let none = true;
    operate<string, unknown>({
      source: from(given).pipe(take(1)),
      subscriber,
      next: (value) => {
        none = false;
        attempt(() => found(value));
      },
      error: failed,
      complete: () => {
        if (none) failed(new Error('the source of the address completed without one'));
      },
    });
  });
}
