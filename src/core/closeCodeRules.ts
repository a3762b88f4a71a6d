import { closeAction, type CloseAction } from './closeCodes.js';

/** One row of the default table. */
export interface CloseCodeRule {
  readonly code: number;
  readonly action: CloseAction;
  readonly why: string;
}

/** A file of its own, so that a client's bundle has the actions and not the reasons. */
const reasons: Readonly<Record<number, string>> = {
  401: 'the upgrade was refused for its credentials',
  1000: 'both sides are done',
  1001: 'the server goes away, as on a deploy: another one serves',
  1002: 'the peer saw a protocol error: the same bytes would be refused again',
  1003: 'the peer cannot take this kind of data, and will not learn to by waiting',
  1004: 'reserved: a peer that sends it does not speak this protocol',
  1005: 'closed without a code: nothing speaks against another try',
  1006: 'the link broke',
  1007: 'our data was not what it claimed to be',
  1008: 'our conduct was refused, and would be the same again',
  1009: 'a message was too big, and would be again',
  1010: 'the server lacks an extension that we insist on',
  1011: 'the server failed: it may recover, and hurry would not help it',
  1012: 'the service restarts',
  1013: 'the server is overloaded and asks for patience',
  1014: 'a proxy did not reach its server',
  1015: 'TLS failed: a certificate that does not verify will not in a second',
  3000: 'unauthorized (IANA)',
  3003: 'forbidden (IANA)',
  3008: 'the server gave up waiting (IANA)',
  4400: 'bad request, by the HTTP status',
  4401: 'unauthorized, by the HTTP status',
  4403: 'forbidden, by the HTTP status',
  4429: 'too many requests, by the HTTP status',
};

/**
 * What is done about each code when nothing else is said, and why; a code that is not listed is retried.
 * Meanings: RFC 6455 section 7.4.1 and the IANA WebSocket Close Code registry; 44xx follow the HTTP statuses they imitate.
 */
export const closeCodeRules: readonly CloseCodeRule[] = /* @__PURE__ */ Object.keys(reasons).map((key) => {
  const code = Number(key);
  return { code, action: closeAction(code), why: reasons[code] ?? '' };
});
