import fc from 'fast-check';
import { HandshakeError } from '../../src/core/errors.js';
import { redact } from '../../src/core/redact.js';
import { isSecret } from '../../src/core/redactText.js';

/** Names under which secrets are found. */
const names = [
  'token',
  'accessToken',
  'refresh_token',
  'x-csrf-token',
  'apiKey',
  'API_KEY',
  'signing-key',
  'privateKeys',
  'password',
  'passwd',
  'passphrase',
  'client_secret',
  'Authorization',
  'proxy-authorization',
  'Set-Cookie',
  'cookies',
  'credentials',
  'jwt',
  'sessionId',
  'session_id',
  'basicAuth',
  'connect.sid',
  'pin',
];

/** A secret: recognisable in any output, in no other value. */
const secret = fc.stringMatching(/^[A-Za-z0-9+/=_.-]{12,24}$/).map((text) => `S3CR3T${text}`);
/** A secret with whatever is in it. */
const wildSecret = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }).map((text) => `S3CR3T${text}S3CR3T`);

/** A value with a secret somewhere in it, and others around. */
const planted = (leaf: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.tuple(fc.jsonValue(), tie('tree'), fc.jsonValue()),
      fc.record({ before: fc.jsonValue(), nested: tie('tree') }),
      tie('tree').map((tree) => new Map([['of', tree]])),
      tie('tree').map((tree) => Object.assign(new Error('failed'), { cause: tree })),
      tie('tree').map((tree) => JSON.stringify({ tree })),
    ),
  })).tree;

const written = (value: unknown): string => JSON.stringify(redact(value));

describe('redact', () => {
  it('hides what has the name of a secret, at any depth, in texts of JSON, maps and causes too', () => {
    const leaf = fc
      .tuple(fc.constantFrom(...names), fc.oneof(wildSecret, fc.array(wildSecret), fc.record({ value: wildSecret })))
      .map(([name, hidden]) => ({ [name]: hidden }));

    fc.assert(
      fc.property(planted(leaf), (value) => {
        expect(written(value)).not.toContain('S3CR3T');
      }),
      { numRuns: 1_000 },
    );
  });

  it('hides secrets in texts: of queries, headers, addresses, and errors', () => {
    const text = fc.oneof(
      fc
        .tuple(fc.constantFrom(...names), secret)
        .map(([name, hidden]) => `wss://a.example/b?x=1&${name}=${hidden}&y=2`),
      fc.tuple(fc.constantFrom(...names), secret).map(([name, hidden]) => `sent ${name}: ${hidden} to a.example`),
      fc
        .tuple(fc.constantFrom(...names), wildSecret)
        .map(([name, hidden]) => `could not read ${JSON.stringify({ a: 1, [name]: hidden })} at 7`),
      secret.map((hidden) => `Authorization: Custom ${hidden} ${hidden}\r\nAccept: */*`),
      secret.map((hidden) => `Cookie: a=${hidden}; b=${hidden}`),
      secret.map((hidden) => `the header was bearer ${hidden}, it says`),
      secret.map((hidden) => `wss://user:${hidden.replace(/\//g, '')}@a.example/b`),
    );
    const carrier = text.chain((of) =>
      fc.constantFrom<unknown>(of, { of }, [of], new Error(of), new Error('outer', { cause: new Error(of) }), {
        error: { message: of },
      }),
    );

    fc.assert(
      fc.property(carrier, (value) => {
        expect(written(value)).not.toContain('S3CR3T');
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves everything else as it is', () => {
    const entry = {
      event: 'close',
      code: 1006,
      reason: 'the server restarts: try again',
      wasClean: false,
      nothing: null,
      missing: undefined,
      list: [1, 'two', { three: 3 }],
      url: 'wss://a.example:8443/chat?room=1#top',
      json: '{"kind":"say","text":"hello","id":7}',
      notJson: '{"kind": say}',
      monkeys: 3,
    };

    expect(redact(entry)).toEqual({ ...entry, monkeys: '[redacted]' });
    expect(redact('a token of friendship, and a basic thing')).toBe('a token of friendship, and a basic [redacted]');
  });

  it('says what it hid, and where', () => {
    const hidden = '[redacted]';

    expect(redact({ user: 'a', token: 'b', headers: ['Host', 'c', 'Cookie', 'd'] })).toEqual({
      user: 'a',
      token: hidden,
      headers: ['Host', 'c', 'Cookie', hidden],
    });
    expect(redact('wss://me:mine@a.example/?room=1&key=abc&x=y')).toBe(
      `wss://${hidden}@a.example/?room=1&key=${hidden}&x=y`,
    );
    expect(redact('it said {"room":1,"keys":["a","b"]}')).toBe(`it said {"room":1,"keys":${hidden}`);
    expect(redact(`key${' '.repeat(20)}= a`)).toBe(`key${' '.repeat(20)}= ${hidden}`);
    expect(redact("password: 'two words', room: 1")).toBe(`password: ${hidden}, room: 1`);
    expect(redact('Authorization: Bearer abc def\nHost: a')).toBe(`Authorization: ${hidden}\nHost: a`);
    expect(redact('the key signkey-prod-0123456789abcdef is wrong')).toBe(`the key ${hidden} is wrong`);
    expect(redact({ 'wss://me:mine@a.example': 1 })).toEqual({ [`wss://${hidden}@a.example`]: 1 });
    const twice = JSON.stringify(JSON.stringify({ password: 'a "quoted" word', room: 1 }));
    expect(redact(`it said ${twice}`)).toBe(`it said "{\\"password\\":${hidden}\\",\\"room\\":1}"`);
    expect(redact(`${'a'.repeat(987)} wss://me:mine@a.example`)).not.toContain('me:m');
    expect(redact('eyJhbGciOi.eyJzdWIiOi.sflKxwRJ is too old')).toBe(`${hidden} is too old`);
  });

  it('keeps of an error its name, message, code and causes', () => {
    const cause = Object.assign(new TypeError('token=abc is bad'), { code: 'ERR_BAD', request: { secret: 'abc' } });
    const error = new HandshakeError('no', 'auth', 4401, cause);

    expect(redact({ error })).toEqual({
      error: {
        name: 'HandshakeError',
        message: 'handshake failed (auth): no',
        code: 4401,
        cause: { name: 'TypeError', message: 'token=[redacted] is bad', code: 'ERR_BAD' },
      },
    });
    expect(redact(new AggregateError([new Error('one')], 'all'))).toMatchObject({ errors: [{ message: 'one' }] });
  });

  it('writes what a log cannot hold in words', () => {
    expect(
      redact({
        bytes: new Uint8Array(3),
        buffer: new ArrayBuffer(4),
        big: 12n,
        symbol: Symbol('s'),
        act: () => undefined,
        date: new Date(0),
        noDate: new Date(NaN),
        address: new URL('wss://a.example/?key=b'),
        set: new Set([1]),
        map: new Map<string, unknown>([
          ['a', 1],
          ['token', 'b'],
        ]),
      }),
    ).toEqual({
      bytes: '[3 bytes]',
      buffer: '[4 bytes]',
      big: '12',
      symbol: 'Symbol(s)',
      act: '[function]',
      date: '1970-01-01T00:00:00.000Z',
      noDate: null,
      address: 'wss://a.example/?key=[redacted]',
      set: [1],
      map: [
        ['a', 1],
        ['token', '[redacted]'],
      ],
    });
  });

  it('goes round no circle, but shows the same value twice', () => {
    const same = { a: 1 };
    const circle: Record<string, unknown> = { same, again: same };
    circle['self'] = circle;

    expect(redact(circle)).toEqual({ same, again: same, self: '[circular]' });
  });

  it('is bounded in depth, width, number and length', () => {
    let deep: unknown = 'bottom';
    for (let level = 0; level < 1_000; level++) deep = { deep };
    const wide = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`name${at}`, at]));
    const many = Array.from({ length: 90 }, () => Array.from({ length: 90 }, () => 1));

    expect(written(deep)).toBe(`${'{"deep":'.repeat(8)}"…"${'}'.repeat(8)}`);
    expect(Object.keys(redact(wide) as object)).toHaveLength(101);
    expect(redact(Array.from({ length: 105 }, () => 1))).toHaveLength(101);
    expect(written(many).match(/1/g)?.length).toBeLessThan(2_000);
    expect(redact('a'.repeat(5_000))).toBe(`${'a'.repeat(1_000)}…`);
    expect(redact(`password="${'a'.repeat(5_000)}"`)).toBe('password=[redacted]…');
    expect(written(`{"token":"${'S3CR3T'.repeat(10_000)}"}`)).not.toContain('S3CR3T');
  });

  it('never throws, and says what cannot be read', () => {
    const value = {
      get broken() {
        throw new Error('broken');
      },
      fine: 1,
    };
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();

    expect(redact(value)).toEqual({ broken: '[unreadable]', fine: 1 });
    expect(redact({ proxy: revoked.proxy })).toEqual({ proxy: '[unreadable]' });
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withNullPrototype: true,
        }),
        (any) => {
          redact(any);
        },
      ),
    );
  });

  it('makes no object that could do harm', () => {
    const copy = redact(JSON.parse('{"__proto__":{"polluted":true}}')) as Record<string, unknown>;

    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(copy['polluted']).toBeUndefined();
  });
});

describe('isSecret', () => {
  it.each(names)('is true of %s', (name) => {
    expect(isSecret(name)).toBe(true);
  });

  it.each(['kind', 'user', 'room', 'session', 'keyboard', 'code', 'url', 'passenger', 'author', 'side', 'type'])(
    'is false of %s',
    (name) => {
      expect(isSecret(name)).toBe(false);
    },
  );
});
