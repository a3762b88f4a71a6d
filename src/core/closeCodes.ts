/** What to do after a connection ended. `refreshAuth` retries after new credentials were fetched, `slow` retries after a long wait. */
export type CloseAction = 'stop' | 'retry' | 'slow' | 'refreshAuth';

/** Close codes, and HTTP statuses of refused upgrades, to what is done about them: single codes or ranges such as `'4500-4999'`. */
export type CloseCodes = Readonly<Record<number | `${number}-${number}`, CloseAction>>;

/** What is done about a code when nothing else is said: the reasons are in `closeCodeRules`. All other codes are retried. */
const defaults: CloseCodes = {
  401: 'refreshAuth',
  1000: 'stop',
  1002: 'stop',
  1003: 'stop',
  1004: 'stop',
  1007: 'stop',
  1008: 'stop',
  1009: 'stop',
  1010: 'stop',
  1011: 'slow',
  1013: 'slow',
  1015: 'stop',
  3000: 'refreshAuth',
  3003: 'stop',
  4400: 'stop',
  4401: 'refreshAuth',
  4403: 'stop',
  4429: 'slow',
};

/** Whether a range covers a code; a single code is found without it. */
function covers(range: string, code: number): boolean {
  const [low = NaN, high = NaN] = range.split('-').map(Number);
  return code >= low && code <= high;
}

/** What to do about a close code or an HTTP status: the table's word, a single code's before a range's, else the default rules'. */
export function closeAction(code: number, table: CloseCodes = {}): CloseAction {
  const own = table[code] ?? Object.entries(table).find(([range]) => covers(range, code))?.[1];
  return own ?? defaults[code] ?? 'retry';
}

/** Whether a close code may be sent: 1000 or 3000–4999. */
export function isSendable(code: number | undefined): boolean {
  return code === 1000 || (Number.isInteger(code) && Number(code) >= 3000 && Number(code) <= 4999);
}

/** Checks what `connection.close()` was given: 1000 or 3000–4999, and a reason of at most 123 bytes (RFC 6455 section 5.5). */
export function checkClose(code: number, reason: string): void {
  if (!isSendable(code)) {
    throw new TypeError(`close: expected \`code\` to be 1000 or a whole number between 3000 and 4999, got ${code}`);
  }
  const bytes = new TextEncoder().encode(reason).length;
  if (bytes > 123) throw new TypeError(`close: expected \`reason\` to be at most 123 bytes, got ${bytes}`);
}
