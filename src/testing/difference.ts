import type { Connection } from '../core/connection.js';

/** Whether a value is a connection, whoever made it. */
export function isConnection(value: unknown): value is Connection<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { id?: unknown }).id === 'string' &&
    typeof (value as { send?: unknown }).send === 'function' &&
    typeof (value as { close?: unknown }).close === 'function'
  );
}

/** What a matcher such as jest's `expect.any(Number)` looks like from outside. */
export interface Matcher {
  asymmetricMatch(value: unknown): boolean;
  /** What it says of itself. */
  toAsymmetricMatcher?(): string;
}

/** Whether a value is a {@link Matcher}. */
export function isMatcher(value: object): value is Matcher {
  return typeof (value as { asymmetricMatch?: unknown }).asymmetricMatch === 'function';
}

const tagOf = (value: object): string => Object.prototype.toString.call(value);

/** An error is its name, its message and its own fields; where it was thrown does not count. */
function fieldsOf(value: object): readonly string[] {
  if (!(value instanceof Error)) return Object.keys(value);
  const own = Object.getOwnPropertyNames(value).filter((name) => name !== 'stack');
  return [...new Set(['name', 'message', ...own])];
}

/**
 * Where two values differ first, as a path such as `.data.kind` (`''`: the values themselves), or `undefined` when they are equal.
 * Connections are equal when their ids are, errors when name, message and own fields are, everything else when its content is.
 * A field that is undefined counts as absent. `expected` may hold matchers with an `asymmetricMatch` method.
 */
export function difference(actual: unknown, expected: unknown): string | undefined {
  const met = new Map<object, Set<object>>();

  function compare(one: unknown, other: unknown, path: string): string | undefined {
    if (Object.is(one, other)) return undefined;
    if (typeof other === 'object' && other !== null && isMatcher(other)) {
      return other.asymmetricMatch(one) ? undefined : path;
    }
    if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return path;
    if (met.get(one)?.has(other)) return undefined;
    met.set(one, (met.get(one) ?? new Set()).add(other));
    if (isConnection(one) || isConnection(other)) {
      return isConnection(one) && isConnection(other) && one.id === other.id ? undefined : path;
    }
    if (tagOf(one) !== tagOf(other)) return path;
    if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime() ? undefined : path;
    if (one instanceof RegExp && other instanceof RegExp) return String(one) === String(other) ? undefined : path;
    if (one instanceof Map && other instanceof Map) return compare([...one], [...other], path);
    if (one instanceof Set && other instanceof Set) return compare([...one], [...other], path);
    if (one instanceof ArrayBuffer && other instanceof ArrayBuffer) {
      return compare(new Uint8Array(one), new Uint8Array(other), path);
    }
    const names = new Set([...fieldsOf(one), ...fieldsOf(other)]);
    for (const name of names) {
      const inner = Array.isArray(one) ? `${path}[${name}]` : `${path}.${name}`;
      const found = compare(
        (one as Readonly<Record<string, unknown>>)[name],
        (other as Readonly<Record<string, unknown>>)[name],
        inner,
      );
      if (found !== undefined) return found;
    }
    if (Array.isArray(one) && Array.isArray(other) && one.length !== other.length) return `${path}.length`;
    return undefined;
  }

  return compare(actual, expected, '');
}

/** Whether two values are equal as {@link difference} sees it. */
export function isSame(actual: unknown, expected: unknown): boolean {
  return difference(actual, expected) === undefined;
}
