import { ProtocolError } from '../core/errors.js';
import { inWords } from '../core/inWords.js';

/** Reads a field that a peer sent: gives the value anew, or throws a `ProtocolError` with the field's name. */
export type Field<Value> = (value: unknown, name: string) => Value;

/** A field that may be absent; nil counts as absent. */
export interface OptionalField<Value> {
  readonly optional: Field<Value>;
}

/** The fields of an object, so that none can be forgotten and none is optional by mistake. */
export type Fields<Shape> = {
  readonly [Name in keyof Shape]-?: object extends Pick<Shape, Name>
    ? OptionalField<Exclude<Shape[Name], undefined>>
    : Field<Shape[Name]>;
};

/** The fields of every kind of message. */
export type Kinds<Message extends { readonly kind: string }> = {
  readonly [Kind in Message['kind']]: Fields<Omit<Extract<Message, { readonly kind: Kind }>, 'kind'>>;
};

/** A text of at most so many UTF-16 code units; an identifier or a name unless it is told otherwise. */
export function string(longest = 1_024): Field<string> {
  return (value, name) => {
    if (typeof value !== 'string' || value.length > longest) {
      throw unlike(name, `a text of at most ${longest} characters`, value);
    }
    return value;
  };
}

/** Binary data, never as a Buffer: methods of the same name do other things there. */
export const bytes: Field<Uint8Array> = (value, name) => {
  if (!(value instanceof Uint8Array)) throw unlike(name, 'binary data', value);
  return value.constructor === Uint8Array ? value : new Uint8Array(value.buffer, value.byteOffset, value.length);
};

export const boolean: Field<boolean> = (value, name) => {
  if (typeof value !== 'boolean') throw unlike(name, 'true or false', value);
  return value;
};

/** A whole number from 0 to 2^53 - 1. */
export const whole: Field<number> = (value, name) => {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw unlike(name, 'a whole number from 0', value);
  return value as number;
};

/** One of a few words. */
export function word<Word extends string>(words: Readonly<Record<Word, unknown>>): Field<Word> {
  return (value, name) => {
    if (typeof value !== 'string' || !Object.hasOwn(words, value)) {
      throw unlike(name, `one of '${Object.keys(words).join("', '")}'`, value);
    }
    return value as Word;
  };
}

/** A list of at most so many. */
export function list<Value>(field: Field<Value>, most: number): Field<readonly Value[]> {
  return (value, name) => {
    if (!Array.isArray(value)) throw unlike(name, 'a list', value);
    if (value.length > most)
      throw new ProtocolError(`expected \`${name}\` to hold at most ${most}, got ${value.length}`);
    const each = `${name}[]`;
    return value.map((part) => field(part, each));
  };
}

export function optional<Value>(field: Field<Value>): OptionalField<Value> {
  return { optional: field };
}

/** An object with these fields; others are left behind. */
export function object<Shape extends object>(fields: Fields<Shape>): Field<Shape> {
  const entries = Object.entries<Field<unknown> | OptionalField<unknown>>(fields);
  return (value, name) => {
    if (typeof value !== 'object' || value === null) throw unlike(name, 'a map', value);
    const shape: Record<string, unknown> = {};
    for (const [key, field] of entries) {
      const part = (value as Record<string, unknown>)[key];
      if (typeof field === 'function') shape[key] = field(part, inside(name, key));
      else if (part !== undefined && part !== null) shape[key] = field.optional(part, inside(name, key));
    }
    return shape as Shape;
  };
}

/** A message, told from the others by its `kind`. */
export function union<Message extends { readonly kind: string }>(kinds: Kinds<Message>): Field<Message> {
  const shapes = new Map(
    Object.entries(kinds).map(([kind, fields]) => [kind as unknown, object(fields as Fields<object>)]),
  );
  return (value) => {
    const kind = (value as { kind?: unknown } | null | undefined)?.kind;
    const shape = shapes.get(kind);
    if (shape === undefined) throw unlike('kind', 'known', kind, inWords(kind));
    return { kind, ...shape(value, kind as string) } as Message;
  };
}

function inside(name: string, key: string): string {
  return name === '' ? key : `${name}.${key}`;
}

/** Texts are not shown: they may be secrets. */
function unlike(
  name: string,
  what: string,
  value: unknown,
  got = typeof value === 'string' ? `a text of ${value.length}` : inWords(value),
): ProtocolError {
  return new ProtocolError(`expected \`${name}\` to be ${what}, got ${got}`);
}
