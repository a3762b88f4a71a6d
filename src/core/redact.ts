import { HIDDEN, isSecret, redactText } from './redactText.js';

/** How far a value is copied: loggers get a sketch of it, not the whole. */
const DEEPEST = 8;
const MOST_ENTRIES = 100;
const MOST_NODES = 2_000;

/**
 * A copy of a value that can be logged: what has the name of a secret is hidden, at any depth and in texts too.
 *
 * Bounded: at most 8 levels, 100 entries each, 2,000 values, 1,000 characters a text. Bytes become their number; of an
 * error remain name, message, code and causes. Never throws: what cannot be read says so.
 *
 * @example
 * redact({ user: 'ada', token: 'abc', list: ['key=abc'] }); // { user: 'ada', token: '[redacted]', list: ['key=[redacted]'] }
 */
export function redact(value: unknown): unknown {
  let nodes = 0;
  const above = new Set<unknown>();

  const list = (items: readonly unknown[]): unknown[] => {
    // Header lists, and the entries of a Map, have a name before each value.
    const copied = items.slice(0, MOST_ENTRIES).map((item, at) => {
      const before = items[at - 1];
      return typeof before === 'string' && isSecret(before) ? HIDDEN : copy(item);
    });
    return items.length > MOST_ENTRIES ? [...copied, `… ${items.length - MOST_ENTRIES} more`] : copied;
  };
  const structure = (of: object): unknown => {
    if (of instanceof ArrayBuffer || ArrayBuffer.isView(of)) return `[${of.byteLength} bytes]`;
    if ('toJSON' in of) return copy((of as { toJSON(): unknown }).toJSON());
    if (Symbol.iterator in of) return list([...(of as Iterable<unknown>)]);
    const names = of instanceof Error ? ['name', 'message', 'code', 'cause', 'errors'] : Object.keys(of);
    const entries = names
      .filter((name) => name in of)
      .slice(0, MOST_ENTRIES)
      .map((name) => [
        redactText(name),
        isSecret(name) ? HIDDEN : attempt(() => copy((of as Readonly<Record<string, unknown>>)[name])),
      ]);
    if (names.length > MOST_ENTRIES) entries.push(['…', `${names.length - MOST_ENTRIES} more`]);
    return Object.fromEntries(entries) as unknown;
  };
  const copy = (of: unknown): unknown => {
    if (++nodes > MOST_NODES) return '…';
    if (typeof of === 'string') return redactText(of);
    if (typeof of === 'function') return '[function]';
    if (typeof of === 'bigint' || typeof of === 'symbol') return String(of);
    if (typeof of !== 'object' || of === null) return of;
    if (above.has(of)) return '[circular]';
    if (above.size === DEEPEST) return '…';
    above.add(of);
    const copied = attempt(() => structure(of));
    above.delete(of);
    return copied;
  };
  return copy(value);
}

/** What `read` gives, unless it throws. */
function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return '[unreadable]';
  }
}
