import { expected } from './expect.js';

/** What to do after a connection ended. `refreshAuth` retries after new credentials were fetched, `slow` retries after a long wait. */
export type CloseAction = 'stop' | 'retry' | 'slow' | 'refreshAuth';

/** Close codes, and HTTP statuses of refused upgrades, to what is done about them: single codes or ranges such as `'4500-4999'`. */
export type CloseCodes = Readonly<Record<number | `${number}-${number}`, CloseAction>>;

/** What is done about a code when nothing else is said: the reasons are in `closeCodeRules`. All other codes are retried. */
const defaults: CloseCodes = {
  401: 'refreshAuth',
  1000: 'stop',
  '1002-1004': 'stop',
  '1007-1010': 'stop',
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

/** What a table says about a code. Single codes come before ranges, as integer keys always come first. */
function listed(table: CloseCodes, code: number): CloseAction | undefined {
  const key = Object.keys(table).find((codes) => {
    const [low, high = low] = codes.split('-').map(Number) as [number, number?];
    return code >= low && code <= high;
  });
  return table[key as `${number}-${number}`];
}

/** What to do about a close code or an HTTP status: the table's word, a single code's before a range's, else the default rules'. */
export function closeAction(code: number, table: CloseCodes = {}): CloseAction {
  return listed(table, code) ?? listed(defaults, code) ?? 'retry';
}

/** A code or a range, and what is done about it. */
const ENTRY = /^\d{3,4}(-\d{3,4})?: (stop|retry|slow|refreshAuth)$/;

/** Checks a table: a misspelt action must not mean retries for ever. */
export function checkCloseCodes(table: CloseCodes): void {
  for (const [codes, action] of Object.entries(table)) {
    const entry = `${codes}: ${action}`;
    const what = "codes such as '4500-4599: slow' (stop|retry|slow|refreshAuth)";
    expected(ENTRY.test(entry), 'reconnect', 'closeCodes', what, entry);
  }
}

/** Whether a close code may be sent: 1000 or 3000–4999. */
export function isSendable(code: number | undefined): boolean {
  return /^(1000|[34]\d{3})$/.test(String(code));
}

/** Checks what `connection.close()` was given: 1000 or 3000–4999, and a reason of at most 123 bytes (RFC 6455 section 5.5). */
export function checkClose(code: number, reason: string): void {
  expected(isSendable(code), 'close', 'code', '1000 or 3000-4999', code);
  const bytes = new TextEncoder().encode(reason).length;
  expected(bytes <= 123, 'close', 'reason', 'at most 123 bytes', bytes);
}
