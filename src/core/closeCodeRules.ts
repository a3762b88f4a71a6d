import { closeAction, type CloseAction } from './closeCodes.js';

/** One row of the default table. */
export interface CloseCodeRule {
  readonly code: number;
  readonly action: CloseAction;
  readonly why: string;
}

/** A file of its own, so that a client's bundle has the actions and not the reasons. */
const reasons: Readonly<Record<number, string>> = {
  401: 'the upgrade was refused: credentials',
  1000: 'both sides are done',
  1001: 'the server goes away',
  1002: 'protocol error, and would be again',
  1003: 'the peer cannot take this kind of data',
  1004: 'reserved',
  1005: 'closed without a code',
  1006: 'the link broke',
  1007: 'our data was broken, and would be again',
  1008: 'our conduct was refused',
  1009: 'a message was too big, and would be again',
  1010: 'the server lacks an extension',
  1011: 'the server failed: hurry would not help it',
  1012: 'the service restarts',
  1013: 'the server is overloaded',
  1014: 'a proxy did not reach its server',
  1015: 'TLS failed, and would again',
  3000: 'unauthorized (IANA)',
  3003: 'forbidden (IANA)',
  3008: 'timeout (IANA)',
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
