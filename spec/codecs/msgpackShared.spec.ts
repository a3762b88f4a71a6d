import { msgpackCodec } from '../../src/codecs/msgpack.js';
import type { Codec } from '../../src/codecs/codec.js';
import type { Frame } from '../../src/core/connection.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

const codecFor = (make = msgpackCodec): Codec<unknown> => make({ shared: true })(mockConnection<Frame>('a'));
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const shown = (frame: Frame): string => Buffer.from(frame as Uint8Array).toString('hex');
const size = (frame: Frame): number => frame.length;

/** What a frame announces that announces `structures`, before the message 1. */
const announcing = (structures: unknown): Uint8Array => {
  const frame = msgpackCodec()(mockConnection<Frame>('a')).encode(structures) as Uint8Array;
  return new Uint8Array([0xc1, ...frame, 1]);
};

describe('msgpack with shared structures', () => {
  it('announces a structure when it is met for the second time, before the message, and names it from then on', () => {
    const { encode } = codecFor();
    expect(shown(encode({ a: 1, b: 'x' }))).toBe('82' + 'a16101' + 'a162a178');
    expect(shown(encode({ a: 2, b: 'y' }))).toBe('c1' + '91' + '92a161a162' + '40' + '02' + 'a179');
    expect(shown(encode({ a: 3, b: 'z' }))).toBe('40' + '03' + 'a17a');
  });

  it('announces within one message, and several at once', () => {
    const { encode } = codecFor();
    const frame = encode([{ a: 1 }, { b: 1 }, { a: 2 }, { b: 2 }]);
    expect(shown(frame)).toBe('c1' + '92' + '91a161' + '91a162' + '94' + '81a16101' + '81a16201' + '4002' + '4102');
    expect(codecFor().decode(frame)).toEqual([{ a: 1 }, { b: 1 }, { a: 2 }, { b: 2 }]);
  });

  it('tells objects apart that differ in the order or the number of their keys', () => {
    const { encode } = codecFor();
    const { decode } = codecFor();
    const messages = [{ a: 1, b: 2 }, { b: 1, a: 2 }, { a: 1 }, {}, { a: 1, b: 2, c: 3 }, { __keys__: 1, a: 2 }, { a: 1, __keys__: 2 }]; // prettier-ignore
    for (const message of [...messages, ...messages, ...messages]) {
      const decoded = decode(encode(message)) as object;
      expect(decoded).toEqual(message);
      expect(Object.keys(decoded)).toEqual(Object.keys(message));
    }
  });

  it('writes 64 to 127 in two bytes, because their bytes name structures', () => {
    const { encode, decode } = codecFor();
    expect([63, 64, 127, 128].map((number) => shown(encode(number)))).toEqual(['3f', 'cc40', 'cc7f', 'cc80']);
    for (let number = 0; number < 300; number++) expect(decode(encode(number))).toBe(number);
  });

  it('keeps undefined, in objects and arrays', () => {
    const { encode, decode } = codecFor();
    for (let times = 0; times < 3; times++) {
      expect(decode(encode({ a: undefined, b: [undefined] }))).toStrictEqual({ a: undefined, b: [undefined] });
    }
  });

  describe('where objects of the same keys come often', () => {
    const real = globalThis.Function;
    const made = jest.fn<unknown, unknown[]>((...text) => Reflect.construct(real, text));

    /** A codec of a module that has not tried to make functions yet. */
    const freshCodec = (): Codec<unknown> => {
      let codec: Codec<unknown> | undefined;
      jest.isolateModules(() => {
        codec = codecFor(
          jest.requireActual<{ msgpackCodec: typeof msgpackCodec }>('../../src/codecs/msgpack.js').msgpackCodec,
        );
      });
      // Only now: tools that load modules make functions too.
      globalThis.Function = made as never;
      return codec!;
    };

    beforeEach(() => made.mockClear());

    afterEach(() => {
      globalThis.Function = real;
    });

    it('reads them with a function made for it as it does without', () => {
      const { encode, decode } = freshCodec();
      const keys = [
        'a',
        'b c',
        '"',
        "'",
        '\\',
        '${x}',
        '`',
        '\n',
        '\u2028',
        'constructor',
        'return',
        '',
        'ü',
        '1',
        '-1',
      ];
      const message = Object.fromEntries(keys.map((key, index) => [key, index]));
      for (let times = 0; times < 100; times++) {
        const decoded = decode(encode(message)) as object;
        expect(decoded).toStrictEqual(message);
        expect(Object.keys(decoded)).toEqual(Object.keys(message));
      }
      expect(made).toHaveBeenCalledTimes(1);
      expect(made).toHaveReturnedTimes(1);
    });

    it('takes no key for code', () => {
      const { encode, decode } = freshCodec();
      const evil = ['"', "'", '`'].flatMap((quote) => [
        `a${quote}:globalThis.evil=1,${quote}b`,
        `${quote}:1}};globalThis.evil=1;{//`,
        `\\${quote}:(globalThis.evil=1)`,
      ]);
      for (const key of [...evil, '[globalThis.evil=1]', '...(globalThis.evil=1)', '*/globalThis.evil=1/*']) {
        for (let times = 0; times < 70; times++) expect(decode(encode({ [key]: times }))).toEqual({ [key]: times });
      }
      expect(made).toHaveReturnedTimes(12);
      expect(globalThis).not.toHaveProperty('evil');
    });

    it('reads on where functions cannot be made of text, and tries it once only', () => {
      const { encode, decode } = freshCodec();
      made.mockImplementation(() => {
        throw new EvalError("Refused to evaluate a string as JavaScript because 'unsafe-eval' is not allowed");
      });
      for (let at = 0; at < 100; at++) {
        expect(decode(encode({ at, kind: 'x' }))).toEqual({ at, kind: 'x' });
        expect(decode(encode({ other: at }))).toEqual({ other: at });
      }
      expect(made).toHaveBeenCalledTimes(1);
    });
  });

  it('announces with the next message what one that could not be encoded would have', () => {
    const { encode } = codecFor();
    const { decode } = codecFor();
    const send = (message: unknown): unknown => decode(encode(message));
    send({ a: 1 });
    expect(() => encode([{ a: 1 }, { a: 1 }, { b: 1 }, { b: 2 }, { bad: () => 1 }])).toThrow(TypeError);
    for (let times = 0; times < 3; times++) {
      for (const message of [{ c: 1 }, { a: 1 }, { b: 1 }]) expect(send(message)).toEqual(message);
    }
  });

  it('never shares a list of keys with __proto__ in it', () => {
    const { encode } = codecFor();
    const { decode } = codecFor();
    const message = JSON.parse('{"__proto__":{"evil":1},"a":1}') as object;
    for (let times = 0; times < 5; times++) {
      const frame = encode(message);
      expect(shown(frame)).toContain(Buffer.from('__proto__').toString('hex'));
      const decoded = decode(frame) as object;
      expect(decoded).toStrictEqual({ __proto_: { evil: 1 }, a: 1 });
    }
  });

  it('is not led astray by keys that msgpackr uses itself', () => {
    const { encode } = codecFor();
    const { decode } = codecFor();
    const messages: object[] = [{ a: 1 }, { a: 1, __keys__: 1, constructor: 1, prototype: 1, map: 1, evil: 1 }, { __keys__: 1 }, { a: 1, __keys__: 1, length: 2, x: 3 }, {}]; // prettier-ignore
    for (let times = 0; times < 4; times++) {
      for (const message of messages) expect(decode(encode(message))).toStrictEqual(message);
    }
    for (const part of [Array, Array.prototype, Array.prototype.map, Object.prototype]) expect(part).not.toHaveProperty('evil'); // prettier-ignore
  });

  describe('knows its limits', () => {
    it('shares 32 structures, and sends all other objects with their keys', () => {
      const { encode } = codecFor();
      const { decode } = codecFor();
      const messages = Array.from({ length: 70 }, (_, at) => ({ [`key${at}`]: at, common: true }));
      for (const message of [...messages, ...messages, ...messages]) expect(decode(encode(message))).toEqual(message);
      const sizes = messages.map((message) => size(encode(message)));
      expect(sizes.filter((bytes) => bytes < 5)).toHaveLength(32);
      expect(sizes.slice(32).every((bytes) => bytes > 10)).toBe(true);
      for (const late of [{ late: 1 }, { key1: 1, late: 1 }]) {
        for (let times = 0; times < 3; times++) expect(decode(encode(late))).toEqual(late);
      }
    });

    it('does not use them up on objects that serve as dictionaries', () => {
      const { encode } = codecFor();
      const { decode } = codecFor();
      for (let at = 0; at < 5_000; at++) decode(encode({ [`user${at}`]: at, [`other${at}`]: 1 }));
      const message = { kind: 'say', text: 'hi' };
      for (let times = 0; times < 3; times++) expect(decode(encode(message))).toEqual(message);
      expect(size(encode(message))).toBe(1 + 4 + 3);
    });

    it('forgets what came once, when it came long ago', () => {
      const { encode } = codecFor();
      const { decode } = codecFor();
      const message = { kind: 'say', text: 'hi' };
      decode(encode(message));
      for (let at = 0; at < 1_025; at++) decode(encode({ [`key${at}`]: at }));
      expect([encode(message), encode(message), encode(message)].map((frame) => frame[0])).toEqual([0x82, 0xc1, 0x40]);
    });

    it('goes on sharing what is shared when it forgets what came once only', () => {
      const { encode } = codecFor();
      const { decode } = codecFor();
      const shared = [{ a: 1, b: 2 }, { a: 1, c: 2 }, { a: 1 }];
      for (const message of [...shared, ...shared]) decode(encode(message));
      for (let at = 0; at < 20_000; at++) decode(encode({ a: 1, [`key${at}`]: at }));
      for (const message of shared) {
        const frame = encode(message);
        expect(frame[0]).toBeGreaterThanOrEqual(0x40);
        expect(frame[0]).toBeLessThan(0x43);
        expect(decode(frame)).toEqual(message);
      }
    });

    it('shares no list of more than 256 keys', () => {
      const { encode } = codecFor();
      const { decode } = codecFor();
      for (const count of [256, 257]) {
        const message = Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 1]));
        for (let times = 0; times < 3; times++) expect(decode(encode(message))).toEqual(message);
        expect(size(encode(message)) === 1 + count).toBe(count === 256);
      }
    });

    it('announces no more than the other end remembers, however long the keys are', () => {
      const { encode } = codecFor();
      const { decode } = codecFor();
      const messages = Array.from({ length: 40 }, (_, at) => ({ [`${at}`.padEnd(3_000, 'ü')]: at }));
      for (const message of [...messages, ...messages, ...messages]) expect(decode(encode(message))).toEqual(message);
      const short = messages.filter((message) => size(encode(message)) < 5);
      expect(short.length).toBeGreaterThan(5);
      expect(short.length).toBeLessThan(20);
    });
  });

  describe('takes for malformed', () => {
    it.each([
      ['a structure that nobody announced', '40 01', 'structure 0 was not announced'],
      ['the last one that there can be', '7f', 'structure 63 was not announced'],
      ['one within a message', '91 41 01', 'structure 1 was not announced'],
      ['an announcement without a message', 'c1 91 91 a1 61', 'ends before its message'],
      ['an announcement that is cut off', 'c1 91 91 a1', 'ends before its message'],
      ['an announcement that is no list', 'c1 01 01', 'no list of lists of keys'],
      ['an announcement of what is no list', 'c1 91 a1 61 01', 'no list of lists of keys'],
      ['an announcement of what is no key', 'c1 91 91 05 01', 'no list of lists of keys'],
      ['an announcement of __proto__', 'c1 91 91 a9 5f5f70726f746f5f5f 01', 'no list of lists of keys'],
      ['an announcement that uses a structure', 'c1 91 91 a1 61 c1 91 40 a1 61 01', 'begins nothing that is known'],
      ['two announcements in a row', 'c1 90 c1 90 01', 'begins nothing that is known'],
      ['a structure without all of its values', 'c1 91 92 a1 61 a1 62 40 01', 'ends before its message'],
    ])('%s', (_, frame, why) => {
      const { decode } = codecFor();
      expect(() => decode(hex(frame))).toThrow(expect.objectContaining({ name: 'ProtocolError' }));
      expect(() => codecFor().decode(hex(frame))).toThrow(why);
    });

    it('more than 32 structures, in one announcement or in several', () => {
      const keys = Array.from({ length: 33 }, (_, at) => [`k${at}`]);
      expect(() => codecFor().decode(announcing(keys))).toThrow('more than 32 structures');
      const { decode } = codecFor();
      for (const each of keys.slice(0, 32)) expect(decode(announcing([each]))).toBe(1);
      expect(() => decode(announcing([['one more']]))).toThrow('more than 32 structures');
      expect(decode(hex('5f05'))).toEqual({ k31: 5 });
    });

    it('more than 64 KiB of announcements, in one or in several', () => {
      expect(() => codecFor().decode(announcing([['x'.repeat(65_531)]]))).toThrow('more than 65536 bytes');
      const { decode } = codecFor();
      expect(decode(announcing([['x'.repeat(65_000)]]))).toBe(1);
      expect(decode(announcing([['y'.repeat(500)]]))).toBe(1);
      expect(() => decode(announcing([['z'.repeat(500)]]))).toThrow('more than 65536 bytes');
    });

    it('a structure of more than 256 keys', () => {
      const keys = Array.from({ length: 257 }, (_, at) => `k${at}`);
      expect(codecFor().decode(announcing([keys.slice(1)]))).toBe(1);
      expect(() => codecFor().decode(announcing([keys]))).toThrow('no list of lists of keys');
    });

    it('structures nested too deep', () => {
      const deep = (levels: number): Uint8Array =>
        new Uint8Array([...hex('c1 91 91 a1 61'), ...Array<number>(levels).fill(0x40), 1]);
      expect(codecFor().decode(deep(512))).toHaveProperty('a.a.a');
      expect(() => codecFor().decode(deep(513))).toThrow('nested more than 512 levels deep');
    });

    it('nothing that was announced well before a message that was not: it counts', () => {
      const { decode } = codecFor();
      expect(() => decode(hex('c1 91 91 a1 61 40'))).toThrow('ends before its message');
      expect(decode(hex('40 07'))).toEqual({ a: 7 });
    });
  });

  it('takes less than 0.55 of the bytes of JSON for messages of 256 bytes', () => {
    const { encode } = codecFor();
    const message = (at: number): object => ({
      id: `9f3c${at}a7b1e0d2`,
      kind: 'chat.message',
      room: 'harbour',
      author: { id: 4_711 + at, name: 'Grace', admin: false },
      sentAt: 1_763_700_000_000 + at,
      text: 'the quick brown fox jumps over the lazy dog',
      tags: ['one', 'two'],
      edited: false,
    });
    for (let at = 0; at < 3; at++) encode(message(at));
    expect(size(encode(message(4))) / JSON.stringify(message(4)).length).toBeLessThan(0.55);
  });
});
