import { isObservable } from 'rxjs';
import { isConnection, isMatcher } from './difference.js';

const LONGEST_TEXT = 100;
const MOST_PARTS = 8;
const DEEPEST = 3;

const cut = (text: string): string => (text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text);

function list(parts: readonly string[], [open, close]: readonly [string, string]): string {
  if (parts.length === 0) return `${open}${close}`;
  const shown = parts.length > MOST_PARTS ? [...parts.slice(0, MOST_PARTS), `… ${parts.length} in all`] : parts;
  const gap = open.endsWith('{') ? ' ' : '';
  return `${open}${gap}${shown.join(', ')}${gap}${close}`;
}

function bytes(value: Uint8Array): string {
  const shown = [...value.subarray(0, MOST_PARTS)].map((byte) => byte.toString(16).padStart(2, '0'));
  return `${value.length} bytes${shown.length ? ` ${shown.join(' ')}` : ''}${value.length > MOST_PARTS ? ' …' : ''}`;
}

/** An event reads as a sentence: its type, its connection, then its other fields by name. */
function event(value: Readonly<Record<string, unknown>>, depth: number): string {
  const { type, connection, ...rest } = value;
  const fields = Object.entries(rest)
    .filter(([, field]) => field !== undefined)
    .map(([name, field]) => ` ${name} ${shortForm(field, depth + 1)}`);
  return `${String(type)}${connection === undefined ? '' : ` ${shortForm(connection, depth + 1)}`}${fields.join('')}`;
}

const isEvent = (value: object): value is Readonly<Record<string, unknown>> =>
  typeof (value as { type?: unknown }).type === 'string' &&
  (isConnection((value as { connection?: unknown }).connection) ||
    ['connecting', 'reconnecting', 'dropped'].includes(String((value as { type?: unknown }).type)));

/** A value in one short line: connections by their id, errors by name and message, events as a sentence. */
export function shortForm(value: unknown, depth = 0): string {
  if (typeof value === 'string') return `'${cut(value)}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return value.name ? `function ${value.name}` : 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (isConnection(value)) return value.id;
  if (value instanceof Error) return cut(value.message ? `${value.name}: ${value.message}` : value.name);
  if (value instanceof Uint8Array) return bytes(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'no date' : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (isObservable(value)) return 'an Observable';
  if (depth >= DEEPEST) return Array.isArray(value) ? '[…]' : '{…}';
  const inner = (part: unknown): string => shortForm(part, depth + 1);
  if (isEvent(value)) return event(value, depth);
  if (Array.isArray(value)) return list(value.map(inner), ['[', ']']);
  if (value instanceof Map)
    return list(
      [...value].map(([key, part]) => `${inner(key)} → ${inner(part)}`),
      ['Map {', '}'],
    );
  if (value instanceof Set) return list([...value].map(inner), ['Set {', '}']);
  if (isMatcher(value)) return value.toAsymmetricMatcher?.() ?? 'a matcher';
  return list(
    Object.entries(value).map(([name, part]) => `${name}: ${inner(part)}`),
    ['{', '}'],
  );
}
