import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { Packr, Unpackr } from 'msgpackr';
import { of } from 'rxjs';
import { msgpack, msgpackCodec, type MsgpackCodecConfig } from '../../src/codecs/msgpack.js';
import type { Codec } from '../../src/codecs/codec.js';
import type { Frame } from '../../src/core/connection.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import { mockConnection } from '../../src/testing/mockConnection.js';
import { codecLaws } from '../laws/codec.js';

const codecFor = (config: MsgpackCodecConfig = {}, protocol = ''): Codec<unknown> =>
  msgpackCodec(config)(mockConnection<Frame>('a', { protocol }));
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const shown = (frame: Frame): string => Buffer.from(frame as Uint8Array).toString('hex');
const nested = (levels: number): Uint8Array => hex('91'.repeat(levels - 1) + '90');

const key = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((name) => name !== '__proto__');

/** Everything that arrives as it was sent: what JSON has, and binary data, dates, large integers. */
const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.double().map((value) => (Object.is(value, -0) ? 0 : value)),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.constantFrom(null, true, false, 31, 32, 63, 64, 127, 128, 255, 256, 65535, 65536, -1, -32, -33, -128, -129),
    fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 64n - 1n }),
    fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) - 1n }),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(key, tie('value'), { maxKeys: 20 }),
  ),
}));

const typical = [
  { kind: 'say', text: 'grüß dich', at: 1_763_700_000_000 },
  { kind: 'say', text: 'ho', at: 1_763_700_000_001 },
  { kind: 'list', items: [{ id: 1, on: true }, { id: 2, on: false }], bytes: new Uint8Array([1, 2, 3]) }, // prettier-ignore
];

const malformed: Frame[] = [
  '{"a":1}',
  hex(''),
  hex('c1'),
  hex('81 a1 61 c1'),
  hex('00 00'),
  hex('80 80'),
  ...['91', '81 a1 61', 'a5 61', 'd9', 'd9 05 61', 'cc', 'cd 01', 'cf 01 02', 'cb 00'].map(hex),
  ...['c4', 'c4 05 00', 'c6 ff ff ff ff 00', 'db ff ff ff ff 61', 'dd ff ff ff ff 00', 'df ff ff ff ff 00'].map(hex),
  hex('dc ff ff ' + '90'.repeat(1_000)),
  // Extensions that are not known, and those of msgpackr: records, bundled strings, references, sets, typed arrays, patterns, errors.
  ...[
    'd4 01 00',
    'c7 03 05 01 02 03',
    'c8 00 01 07 00',
    'c9 00 00 00 01 07 00',
    'd5 07 00 00',
    'd8 07' + '00'.repeat(16),
  ].map(hex),
  ...['d4 72 40 91 a1 61 01', 'd5 72 40 00 91 a1 61 01', 'd6 62 00 00 00 00', 'd6 69 00 00 00 01 90'].map(hex),
  ...['d6 70 00 00 00 01', 'd4 73 00 90', 'c7 02 74 01 00', 'd4 78 00 92 a1 61 a0', 'd4 65 00 92 a1 61 a0'].map(hex),
  ...['d4 42 01', 'd4 ff ff', 'd7 07' + '00'.repeat(8), 'c7 0c 07' + '00'.repeat(12)].map(hex),
  hex('c7 0c ff 00000000 7fffffffffffffff'),
  hex('81 80 01'),
  hex('81 91 a9 5f5f70726f746f5f5f 01'),
  nested(513),
  nested(100_000),
  hex('81 a1 61'.repeat(100_000)),
];

const poisonous = [
  hex('81 a9 5f5f70726f746f5f5f 81 a4 6576696c 01'),
  hex('82 a1 61 91 81 d9 09 5f5f70726f746f5f5f 81 a4 6576696c 01 a1 62 01'),
];

const circle: Record<string, unknown> = {};
circle['again'] = [circle];

const unsendable = [
  undefined,
  () => 1,
  Symbol('x'),
  2n ** 64n,
  -(2n ** 63n) - 1n,
  new Date(NaN),
  { a: [() => 1] },
  new Float64Array(1),
  { a: [new DataView(new ArrayBuffer(1))] },
  new Map([['a', new Set([new Uint16Array(1)])]]),
  circle,
];

for (const shared of [false, true]) {
  codecLaws(shared ? 'msgpack, shared' : 'msgpack, plain', {
    operator: (config) => msgpack({ ...config, shared }),
    peer: () => codecFor({ shared }),
    messages: values.value,
    typical,
    malformed,
    poisonous,
    unsendable,
  });
}

describe('msgpack', () => {
  it('is plain unless it is told otherwise', () => {
    const connection = mockConnection<Frame>('a');
    of<ConnectionEvent<Frame>>({ type: 'open', connection })
      .pipe(msgpack<{ a: number }>())
      .subscribe((event) => {
        for (const a of [1, 2, 3]) if (event.type === 'open') event.connection.send({ a });
      });
    expect(connection.sent.map(shown)).toEqual(['81a16101', '81a16102', '81a16103']);
  });

  it('shares structures on the connections that a function picks', () => {
    const config = { shared: ({ protocol }: { protocol: string }) => protocol === 'v1.shared' };
    for (const [protocol, last] of [
      ['v1.shared', '4001'],
      ['v1', '81a16101'],
    ] as const) {
      // prettier-ignore
      const codec = codecFor(config, protocol);
      const frames = [1, 1, 1].map((a) => codec.encode({ a }));
      expect(shown(frames[2]!)).toBe(last);
    }
  });

  it('refuses another kind of option when it is made', () => {
    expect(() => msgpack({ shared: 'yes' as never })).toThrow(TypeError);
    expect(() => msgpack({ onMalformed: 'no' as never })).toThrow(TypeError);
  });
});

describe('plain msgpack', () => {
  const { encode, decode } = codecFor();

  const spellings: readonly (readonly [unknown, string])[] = [
    [null, 'c0'],
    [false, 'c2'],
    [true, 'c3'],
    [0, '00'],
    [127, '7f'],
    [128, 'cc80'],
    [256, 'cd0100'],
    [65_536, 'ce00010000'],
    [2 ** 32, 'cb41f0000000000000'],
    [Number.MAX_SAFE_INTEGER, 'cb433fffffffffffff'],
    [-1, 'ff'],
    [-33, 'd0df'],
    [-129, 'd1ff7f'],
    [-32_769, 'd2ffff7fff'],
    [-(2 ** 31) - 1, 'cbc1e0000000200000'],
    [1.5, 'cb3ff8000000000000'],
    [2n ** 53n + 1n, 'd30020000000000001'],
    [2n ** 64n - 1n, 'cfffffffffffffffff'],
    [-(2n ** 63n), 'd38000000000000000'],
    ['', 'a0'],
    ['ü', 'a2c3bc'],
    ['a'.repeat(31), 'bf' + '61'.repeat(31)],
    ['a'.repeat(32), 'd920' + '61'.repeat(32)],
    ['ü'.repeat(31), 'd93e' + 'c3bc'.repeat(31)],
    ['a'.repeat(256), 'da0100' + '61'.repeat(256)],
    ['€'.repeat(100), 'da012c' + 'e282ac'.repeat(100)],
    [new Uint8Array([1, 2]), 'c4020102'],
    [new Uint8Array(256), 'c50100' + '00'.repeat(256)],
    [new Uint8Array(65_536), 'c600010000' + '00'.repeat(65_536)],
    [[], '90'],
    [Array(16).fill(1), 'dc0010' + '01'.repeat(16)],
    [{}, '80'],
    [{ a: [1], b: {} }, '82a1619101a16280'],
    [new Date(1_000), 'd6ff00000001'],
    [new Date(1_001), 'd7ff003d090000000001'],
    [new Date(-1), 'c70cff3b8b87c0ffffffffffffffff'],
  ];

  it.each(spellings.map(([message, bytes]) => [bytes.slice(0, 24), message, bytes] as const))(
    'writes as the specification has it, and reads back: %s',
    (_, message, bytes) => {
      expect(shown(encode(message))).toBe(bytes);
      expect(decode(hex(bytes))).toEqual(message);
    },
  );

  it.each([
    ['integers', 'cd0001', 1],
    ['numbers of four bytes', 'ca3fc00000', 1.5],
    ['64-bit integers that are exact', 'cf0000000000000005', 5],
    ['negative ones', 'd3ffffffffffffffff', -1],
    ['the least exact one', 'd3ffe0000000000000', -(2 ** 53)],
    ['text', 'db0000000161', 'a'],
    ['binary data', 'c60000000101', new Uint8Array([1])],
    ['arrays', 'dd0000000101', [1]],
    ['maps', 'df00000001a16101', { a: 1 }],
    ['number keys', '82050107a162', { 5: 1, 7: 'b' }],
    ['other keys that are no text', '82c001c302', { null: 1, true: 2 }],
    ['long keys', `81d920${'61'.repeat(32)}01`, { ['a'.repeat(32)]: 1 }],
    ['undefined, as msgpackr writes it', '92d4000001', [undefined, 1]],
  ])('reads other spellings than its own: %s', (_, bytes, message) => {
    expect(decode(hex(bytes))).toEqual(message);
  });

  it('reads what is nested 512 levels deep, and nothing deeper', () => {
    expect(decode(nested(512))).toHaveLength(1);
    expect(() => decode(nested(513))).toThrow('nested more than 512 levels deep');
    expect(decode(hex('81a161'.repeat(512) + '01'))).toHaveProperty('a.a.a');
    expect(() => decode(hex('81a161'.repeat(513) + '01'))).toThrow('512 levels');
  });

  it('makes no room for the values that a frame claims and does not have, however many lists claim them', () => {
    const claims = hex('dc f000'.repeat(500) + '00'.repeat(70_000));
    const made = jest.fn();
    const { Array } = globalThis;
    globalThis.Array = new Proxy(Array, {
      construct: (target, args: [number]) => {
        made(...args);
        return Reflect.construct(target, args);
      },
    });
    try {
      expect(decode(hex('91 01'))).toEqual([1]);
      expect(made.mock.calls).toEqual([[1]]);
      expect(() => decode(claims)).toThrow('the frame ends before its message does');
    } finally {
      globalThis.Array = Array;
    }
    expect(made).toHaveBeenCalledTimes(1);
  });

  it('writes what is nested 512 levels deep, and nothing deeper', () => {
    expect(encode(decode(nested(512)))).toEqual(Buffer.from(nested(512)));
    expect(() => encode([decode(nested(512))])).toThrow('nested more than 512 levels deep, or in itself');
  });

  it('leaves undefined out of objects, and makes it null in arrays', () => {
    expect(shown(encode({ a: undefined, b: 1 }))).toBe('81a16201');
    expect(shown(encode([undefined]))).toBe('91c0');
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`k${at}`, at % 2 ? undefined : at]));
    expect(decode(encode(many))).toEqual(JSON.parse(JSON.stringify(many)));
    const huge = Object.fromEntries(Array.from({ length: 70_000 }, (_, at) => [at, at ? at : undefined]));
    expect(Object.keys(decode(encode(huge)) as object)).toHaveLength(69_999);
  });

  it('writes the bytes of an ArrayBuffer and of a part of one', () => {
    const bytes = new Uint8Array([1, 2, 3, 4]);
    expect(decode(encode(bytes.buffer))).toEqual(bytes);
    expect(decode(encode(bytes.subarray(1, 3)))).toEqual(new Uint8Array([2, 3]));
  });

  it('gives binary data as a copy', () => {
    const frame = Buffer.from(hex('c403010203'));
    const data = decode(frame) as Uint8Array;
    expect(data).toBeInstanceOf(Uint8Array);
    expect(data.buffer).not.toBe(frame.buffer);
    frame.fill(0);
    expect([...data]).toEqual([1, 2, 3]);
  });

  it('writes maps, sets, and whatever says how with toJSON', () => {
    expect(decode(encode(new Map<unknown, unknown>([['a', 1], [2, new Set([1, 2])]])))).toEqual({ a: 1, 2: [1, 2] }); // prettier-ignore
    expect(decode(encode({ toJSON: 1, url: new URL('ws://a/') }))).toEqual({ toJSON: 1, url: 'ws://a/' });
    expect(decode(encode(Object.assign(Object.create(null), { a: 1 })))).toEqual({ a: 1 });
    expect(decode(encode({ constructor: 'x', hasOwnProperty: 1 }))).toEqual({ constructor: 'x', hasOwnProperty: 1 });
  });

  it('replaces half of a pair of code units', () => {
    expect(decode(encode('\ud83d!'))).toMatch(/^\ufffd+!$/);
    expect(decode(encode('a'.repeat(100) + '\udca2'))).toMatch(/^a{100}\ufffd+$/);
  });

  it('reads text of every length, with what is no ASCII or no UTF-8 at any place in it', () => {
    for (let size = 1; size < 40; size++) {
      for (let place = 0; place < size; place++) {
        for (const odd of ['\u007f', 'ü', '€', '🚢']) {
          const message = 'x'.repeat(place) + odd + 'y'.repeat(size - place - 1);
          expect(decode(encode(message))).toBe(message);
          expect(decode(new Uint8Array(encode(message) as Uint8Array))).toBe(message);
        }
        const bytes = Array.from({ length: size }, (_, at) => (at === place ? 0xff : 0x61));
        const frame = new Uint8Array(size < 32 ? [0xa0 | size, ...bytes] : [0xd9, size, ...bytes]);
        const text = 'a'.repeat(place) + '\ufffd' + 'a'.repeat(size - place - 1);
        expect(decode(frame)).toBe(text);
        expect(decode(Buffer.from(frame))).toBe(text);
      }
    }
  });

  it('tells keys apart that are alike at their ends', () => {
    const letters = ['a', 'z', "'"];
    const keys = [1, 2, 3, 4].flatMap((size) =>
      Array.from({ length: 3 ** size }, (_, index) =>
        Array.from({ length: size }, (_, at) => letters[Math.floor(index / 3 ** at) % 3]).join(''),
      ),
    );
    for (const key of [...keys, ...[...keys].reverse()])
      expect(decode(encode({ [key]: 1 }))).toStrictEqual({ [key]: 1 });
  });

  it('keeps a byte order mark', () => {
    expect(decode(encode('\ufeffa'))).toBe('\ufeffa');
    expect(decode(new Uint8Array(encode('\ufeff' + 'a'.repeat(50)) as Uint8Array))).toBe('\ufeff' + 'a'.repeat(50));
  });

  it('hands out frames that later ones leave alone', () => {
    const messages = Array.from({ length: 3_000 }, (_, at) => ({ at, text: 'x'.repeat(at % 300) }));
    const frames = messages.map((message) => encode(message));
    expect(frames.map((frame) => decode(frame))).toEqual(messages);
  });

  it('writes messages larger than its pieces of memory', () => {
    const list = Array<string>(70_000).fill('x');
    const message = { text: 'ü'.repeat(200_000), bytes: Buffer.alloc(300_000, 7), list };
    expect(isDeepStrictEqual(decode(encode(message)), message)).toBe(true);
    expect(decode(encode('after'))).toBe('after');
  });

  it('does not let a message be encoded inside another one', () => {
    const hook = { toJSON: () => encode('inner') };
    const nest = new (class {
      toJSON = hook.toJSON;
    })();
    expect(() => encode(nest)).toThrow('msgpack: a message cannot be encoded while another one is');
    expect(decode(encode('fine'))).toBe('fine');
  });

  it('reads and is read by msgpackr', () => {
    const reader = new Unpackr({ useRecords: false, int64AsType: 'auto' as 'bigint' });
    const writers = [true, false].map((variableMapSize) => new Packr({ useRecords: false, variableMapSize }));
    fc.assert(
      fc.property(values.value, (message) => {
        expect(reader.unpack(encode(message) as Uint8Array)).toEqual(message);
        for (const writer of writers) expect(decode(writer.pack(message))).toEqual(message);
      }),
      { numRuns: 300 },
    );
  });

  it('writes the same bytes where there are no Buffers, as in a browser', () => {
    const { Buffer } = globalThis;
    let browser: Codec<unknown> | undefined;
    jest.isolateModules(() => {
      delete (globalThis as { Buffer?: unknown }).Buffer;
      const { msgpackCodec: make } = jest.requireActual<{ msgpackCodec: typeof msgpackCodec }>(
        '../../src/codecs/msgpack.js',
      );
      browser = make()(mockConnection<Frame>('a'));
      globalThis.Buffer = Buffer;
    });
    expect(browser!.encode('ü')).not.toBeInstanceOf(Buffer);
    fc.assert(
      fc.property(values.value, (message) => {
        expect(shown(browser!.encode(message))).toBe(shown(encode(message)));
      }),
      { numRuns: 300 },
    );
  });

  it('reads frames that are no Buffers, as in a browser', () => {
    fc.assert(
      fc.property(values.value, (message) => {
        expect(decode(new Uint8Array(encode(message) as Uint8Array))).toEqual(message);
      }),
      { numRuns: 300 },
    );
  });
});
