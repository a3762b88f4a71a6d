import fc from 'fast-check';
import { json, jsonCodec } from '../../src/codecs/json.js';
import { codecLaws } from '../laws/codec.js';

const nested = (levels: number, inner = ''): string => '['.repeat(levels) + inner + ']'.repeat(levels);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

codecLaws('json', {
  operator: (config) => json(config),
  peer: () => jsonCodec,
  messages: fc
    .jsonValue({ stringUnit: 'grapheme' })
    .filter((message) => !JSON.stringify(message).includes('__proto__')),
  arrives: (message) => JSON.parse(JSON.stringify(message)) as unknown,
  typical: [{ kind: 'say', text: 'grüß dich' }, { kind: 'say', text: 'ho' }, [1, { a: null }]],
  malformed: ['', '{', '{"a":1}}', 'undefined', nested(513), '['.repeat(100_000), new Uint8Array([0x22, 0xff, 0x22])],
  poisonous: [
    '{"__proto__":{"evil":1},"a":1}',
    '[{"a":{"\\u005f_proto__":{"evil":1}}}]',
    '{"__\\u0070roto__":{"__proto__":{"evil":1}}}',
    bytes('{"__PROTO__":{"__pr\\u006fto\\u005F_":{"evil":1}}}'),
  ],
  unsendable: [undefined, () => 1, Symbol('x'), 1n],
});

describe('jsonCodec', () => {
  it('writes text', () => {
    expect(jsonCodec.encode({ a: [1, 'ü', null] })).toBe('{"a":[1,"ü",null]}');
  });

  it('reads bytes as UTF-8', () => {
    expect(jsonCodec.decode(bytes('{"a":"grüß 🚢"}'))).toEqual({ a: 'grüß 🚢' });
    expect(jsonCodec.decode(Buffer.from('[1]'))).toEqual([1]);
  });

  it('refuses bytes that are no UTF-8, also in the middle of a character, and reads on', () => {
    expect(() => jsonCodec.decode(new Uint8Array([0x22, 0xc3, 0x28, 0x22]))).toThrow();
    expect(() => jsonCodec.decode(new Uint8Array([0x22, 0xe2, 0x82]))).toThrow();
    expect(jsonCodec.decode(bytes('"ok"'))).toBe('ok');
  });

  it('reads what is nested 512 levels deep, and nothing deeper', () => {
    expect(jsonCodec.decode(nested(512))).toHaveLength(1);
    expect(jsonCodec.decode('{"a":'.repeat(512) + '1' + '}'.repeat(512))).toHaveProperty('a.a.a');
    expect(() => jsonCodec.decode(nested(513))).toThrow('nested more than 512 levels deep');
    expect(() => jsonCodec.decode('{"a":'.repeat(513) + '1' + '}'.repeat(513))).toThrow('512 levels');
    expect(() => jsonCodec.decode('[{"a":'.repeat(257) + '1' + '}]'.repeat(257))).toThrow('512 levels');
  });

  it('counts no brackets that stand in text, whatever quotes and backslashes stand beside them', () => {
    const text = '["\\{['.repeat(300);
    expect(jsonCodec.decode(JSON.stringify([text, { [text]: text }]))).toEqual([text, { [text]: text }]);
    expect(jsonCodec.decode(nested(512, JSON.stringify('[[[')))).toHaveLength(1);
    expect(() => jsonCodec.decode(nested(513, JSON.stringify(']]]')))).toThrow('512 levels');
  });

  it('counts levels, not brackets', () => {
    const wide = `[${Array.from({ length: 2_000 }, () => '[]').join()}]`;
    expect(jsonCodec.decode(wide)).toHaveLength(2_000);
  });

  it('keeps the rest of an object that has a __proto__ key, and text that only mentions it', () => {
    expect(jsonCodec.decode('{"__proto__":1,"a":{"b":[{"__proto__":2,"c":3}]}}')).toEqual({ a: { b: [{ c: 3 }] } });
    expect(jsonCodec.decode('{"a":"__proto__","__proto":1,"\\u00e9":"\\u005f"}')).toEqual({
      a: '__proto__',
      __proto: 1,
      é: '_',
    });
  });

  it('knows a __proto__ key however one of its letters is spelled', () => {
    const letters = '__proto__'.split('');
    for (const at of letters.keys()) {
      const code = letters[at]!.charCodeAt(0).toString(16).padStart(4, '0');
      for (const spelled of [`\\u${code}`, `\\u${code.toUpperCase()}`]) {
        const key = letters.map((letter, index) => (index === at ? spelled : letter)).join('');
        expect(jsonCodec.decode(`[{"${key}":{"evil":1},"a":1}]`)).toStrictEqual([{ a: 1 }]);
      }
    }
  });

  it('says what cannot be sent', () => {
    expect(() => jsonCodec.encode(undefined)).toThrow('json: no JSON for undefined');
    const circle: unknown[] = [];
    circle.push(circle);
    expect(() => jsonCodec.encode(circle)).toThrow(TypeError);
  });
});
