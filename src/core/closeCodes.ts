import { expected, expectOneOf } from './expect.js';

/** What to do after a connection ended. `refreshAuth` retries after new credentials were fetched, `slow` retries after a long wait. */
export type CloseAction = 'stop' | 'retry' | 'slow' | 'refreshAuth';

/** Close codes, and HTTP statuses of refused upgrades, to what is done about them: single codes or ranges such as `'4500-4999'`. */
export type CloseCodes = Readonly<Record<number | `${number}-${number}`, CloseAction>>;

/** What is done about a code when nothing else is said: the reasons are in `closeCodeRules`. All other codes are retried. */
const defaults: Readonly<Record<Exclude<CloseAction, 'retry'>, readonly number[]>> = {
  stop: [1000, 1002, 1003, 1004, 1007, 1008, 1009, 1010, 1015, 3003, 4400, 4403],
  slow: [1011, 1013, 4429],
  refreshAuth: [401, 3000, 4401],
};

/** What to do about a close code or an HTTP status: the table's word, a single code's before a range's, else the default rules'. */
export function closeAction(code: number, table: CloseCodes = {}): CloseAction {
  const key = Object.keys(table).find((range) => {
    const [low = NaN, high = NaN] = range.split('-').map(Number);
    return code >= low && code <= high;
  });
  const listed = Object.entries(defaults).find(([, codes]) => codes.includes(code));
  return table[code] ?? table[key as `${number}-${number}`] ?? ((listed?.[0] ?? 'retry') as CloseAction);
}

const actions: readonly CloseAction[] = ['stop', 'retry', 'slow', 'refreshAuth'];

/** Checks a table: a misspelt action must not mean retries for ever. */
export function checkCloseCodes(table: CloseCodes): void {
  for (const [codes, action] of Object.entries(table)) {
    expected(
      /^\d{3,4}(-\d{3,4})?$/.test(codes),
      'reconnect',
      'closeCodes',
      "of codes and ranges such as '4500-4599'",
      codes,
    );
    expectOneOf('reconnect', `closeCodes[${codes}]`, action, actions);
  }
}

/** Whether a close code may be sent: 1000 or 3000–4999. */
export function isSendable(code: number | undefined): boolean {
  return /^(1000|[34]\d{3})$/.test(String(code));
}

/** Checks what `connection.close()` was given: 1000 or 3000–4999, and a reason of at most 123 bytes (RFC 6455 section 5.5). */
export function checkClose(code: number, reason: string): void {
  expected(isSendable(code), 'close', 'code', '1000 or a whole number between 3000 and 4999', code);
  const bytes = new TextEncoder().encode(reason).length;
  expected(bytes <= 123, 'close', 'reason', 'at most 123 bytes', bytes);
}
