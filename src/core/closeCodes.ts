/** What to do after a connection ended. `refreshAuth` retries after new credentials were fetched, `slow` retries after a long wait. */
export type CloseAction = 'stop' | 'retry' | 'slow' | 'refreshAuth';

/** Close codes, and HTTP statuses of refused upgrades, to what is done about them: single codes or ranges such as `'4500-4999'`. */
export type CloseCodes = Readonly<Record<number | `${number}-${number}`, CloseAction>>;

/** One row of the default table. */
export interface CloseCodeRule {
  readonly codes: number | `${number}-${number}`;
  readonly action: CloseAction;
  readonly why: string;
}

/**
 * What is done about each code when nothing else is said. The first row that fits counts; a code in no row is retried.
 * Meanings: RFC 6455 section 7.4.1 and the IANA WebSocket Close Code registry; 44xx follow the HTTP statuses they imitate.
 */
export const closeCodeRules: readonly CloseCodeRule[] = [
  { codes: 401, action: 'refreshAuth', why: 'the upgrade was refused for its credentials' },
  { codes: 1000, action: 'stop', why: 'both sides are done' },
  { codes: 1001, action: 'retry', why: 'the server goes away, as on a deploy: another one serves' },
  { codes: 1002, action: 'stop', why: 'the peer saw a protocol error: the same bytes would be refused again' },
  { codes: 1003, action: 'stop', why: 'the peer cannot take this kind of data, and will not learn to by waiting' },
  { codes: 1004, action: 'stop', why: 'reserved: a peer that sends it does not speak this protocol' },
  { codes: 1005, action: 'retry', why: 'closed without a code: nothing speaks against another try' },
  { codes: 1006, action: 'retry', why: 'the link broke' },
  { codes: 1007, action: 'stop', why: 'our data was not what it claimed to be' },
  { codes: 1008, action: 'stop', why: 'our conduct was refused, and would be the same again' },
  { codes: 1009, action: 'stop', why: 'a message was too big, and would be again' },
  { codes: 1010, action: 'stop', why: 'the server lacks an extension that we insist on' },
  { codes: 1011, action: 'slow', why: 'the server failed: it may recover, and hurry would not help it' },
  { codes: 1012, action: 'retry', why: 'the service restarts' },
  { codes: 1013, action: 'slow', why: 'the server is overloaded and asks for patience' },
  { codes: 1014, action: 'retry', why: 'a proxy did not reach its server' },
  { codes: 1015, action: 'stop', why: 'TLS failed: a certificate that does not verify will not in a second' },
  { codes: 3000, action: 'refreshAuth', why: 'unauthorized (IANA)' },
  { codes: 3003, action: 'stop', why: 'forbidden (IANA)' },
  { codes: 3008, action: 'retry', why: 'the server gave up waiting (IANA)' },
  { codes: 4400, action: 'stop', why: 'bad request, by the HTTP status' },
  { codes: 4401, action: 'refreshAuth', why: 'unauthorized, by the HTTP status' },
  { codes: 4403, action: 'stop', why: 'forbidden, by the HTTP status' },
  { codes: 4429, action: 'slow', why: 'too many requests, by the HTTP status' },
];

/** Whether a row's code or range covers `code`. */
function covers(codes: number | string, code: number): boolean {
  const [low, high] = String(codes).split('-').map(Number);
  return low !== undefined && (high === undefined ? code === low : code >= low && code <= high);
}

/** What to do about a close code or an HTTP status: the table's word, else the default rules', else `retry`. */
export function closeAction(code: number, table: CloseCodes = {}): CloseAction {
  const own = table[code] ?? Object.entries(table).find(([codes]) => covers(codes, code))?.[1];
  return own ?? closeCodeRules.find(({ codes }) => covers(codes, code))?.action ?? 'retry';
}

/** Checks what `connection.close()` was given: 1000 or 3000–4999, and a reason of at most 123 bytes (RFC 6455 section 5.5). */
export function checkClose(code: number, reason: string): void {
  if (code !== 1000 && !(Number.isInteger(code) && code >= 3000 && code <= 4999)) {
    throw new TypeError(`close: expected \`code\` to be 1000 or a whole number between 3000 and 4999, got ${code}`);
  }
  const bytes = new TextEncoder().encode(reason).length;
  if (bytes > 123) throw new TypeError(`close: expected \`reason\` to be at most 123 bytes, got ${bytes}`);
}
