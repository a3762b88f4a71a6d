import { expectCount } from '../core/expect.js';
import type { ToGateway } from '../gateway/messages.js';
import type { Wait } from './waiting.js';

/** Which message of a worker is waited for: one of a kind, or one that passes a test. */
export type WantedMessage = ToGateway['kind'] | ((message: ToGateway) => boolean);

/** The message that is wanted. */
export type HeardMessage<Wanted extends WantedMessage> = Wanted extends ToGateway['kind']
  ? Extract<ToGateway, { readonly kind: Wanted }>
  : ToGateway;

/** How many of the last messages an error names. */
const SHOWN = 20;

/** What came, in words. */
export function heardInWords(received: readonly ToGateway[]): string {
  if (received.length === 0) return 'no message arrived';
  const kinds = received.slice(-SHOWN).map(({ kind }) => kind);
  return `${received.length} messages arrived${received.length > SHOWN ? `, the last ${SHOWN}` : ''}: ${kinds.join(', ')}`;
}

/** The wait for one of the messages that arrived or will arrive. */
export function messageWait<Wanted extends WantedMessage>(
  received: readonly ToGateway[],
  wanted: Wanted,
  nth = 1,
): Wait<HeardMessage<Wanted>> {
  expectCount('mockGateway', 'nth', nth, 1);
  const fits = (message: ToGateway): boolean =>
    typeof wanted === 'function' ? wanted(message) : message.kind === wanted;
  const what =
    typeof wanted === 'function' ? `a message that passes ${String(wanted)}` : `a message '${wanted as string}'`;
  let seen = 0;
  let found = 0;
  let last: ToGateway | undefined;
  return {
    // Looks only at what is new: there may be many messages, and a look after each.
    look: () => {
      while (found < nth && seen < received.length) {
        const message = received[seen++] as ToGateway;
        if (!fits(message)) continue;
        found++;
        last = message;
      }
      return found === nth ? (last as HeardMessage<Wanted>) : undefined;
    },
    wanted: nth === 1 ? what : `${what}, number ${nth}`,
    found: () => heardInWords(received),
  };
}
