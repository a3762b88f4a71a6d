import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { EMPTY, firstValueFrom, from, lastValueFrom, NEVER, of } from 'rxjs';
import { ProtocolError } from '../../src/core/errors.js';
import { AuthError, ConnectionLimitError, GatewayApiError } from '../../src/gateway/errors.js';
import type { GatewayWire } from '../../src/gateway/gatewayWire.js';
import type { HttpAnswer, HttpRequest } from '../../src/gateway/http.js';
import type { StartAnswer } from '../../src/gateway/messages.js';
import { hashSigningKey, signingKeys } from '../../src/gateway/signingKeys.js';
import { startConnection, type StartConnectionConfig } from '../../src/gateway/startConnection.js';
import { msgpackWire } from '../../src/gateway/wire.js';
import { httpServer, type HttpServer, closeServers, deadUrl } from './httpServer.js';
import { jsonWire } from './jsonWire.js';

const KEY = `signkey-test-${'12345678'.repeat(4)}`;
const FALLBACK = `signkey-test-${'abcdef01'.repeat(4)}`;
const FIRST = `Bearer ${hashSigningKey(KEY)}`;
const SECOND = `Bearer ${hashSigningKey(FALLBACK)}`;
const ANSWER: StartAnswer = {
  connectionId: 'id',
  endpoint: 'wss://gateway.example.com/connect',
  group: 'blue',
  sessionToken: 'session',
  syncToken: 'sync',
};

type Answering = Parameters<typeof httpServer>[0];

afterEach(closeServers);

const config = (api: Partial<StartConnectionConfig> = {}): StartConnectionConfig => ({
  apiUrl: 'http://127.0.0.1:9',
  keys: signingKeys(),
  wire: jsonWire,
  ...api,
});
const found =
  (wire: GatewayWire = jsonWire, answer = ANSWER): Answering =>
  (response) =>
    void response.end(wire.startAnswer.encode(answer));
/** A server, and how a start request to it ends. */
const starting = async (
  answering: Answering,
  api: Partial<StartConnectionConfig> = {},
): Promise<HttpServer & { outcome(exclude?: readonly string[]): Promise<unknown> }> => {
  const server = await httpServer(answering);
  const start = startConnection(config({ apiUrl: server.url, ...api }));
  return { ...server, outcome: (exclude = []) => lastValueFrom(start(exclude)).catch((error: unknown) => error) };
};
/** How a start request ends that this answer is given to. */
const outcomeOf = async (
  post: StartConnectionConfig['post'],
  api: Partial<StartConnectionConfig> = {},
): Promise<unknown> =>
  lastValueFrom(startConnection(config({ ...api, ...(post && { post }) }))([])).catch((error: unknown) => error);
const answered = (status: number, body: string | Uint8Array = '', headers = {}): HttpAnswer => ({
  status,
  headers,
  body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
});

describe('startConnection', () => {
  it.each([
    ['JSON', jsonWire],
    ['msgpack', msgpackWire],
  ])('asks where to connect, in %s', async (_what, wire) => {
    const keys = signingKeys({ key: KEY, env: 'pr-7' });
    const { asked, outcome } = await starting(found(wire), { keys, wire });
    expect(await outcome(['red', 'green'])).toEqual(ANSWER);
    expect(asked).toMatchObject([
      {
        method: 'POST',
        path: '/v0/connect/start',
        headers: { 'content-type': wire.contentType, authorization: FIRST, 'x-inngest-env': 'pr-7' },
      },
    ]);
    expect(wire.startRequest.decode(asked[0]?.body as Uint8Array)).toEqual({ exclude: ['red', 'green'] });
  });

  it('says nothing of a key and of an environment where there is none', async () => {
    const { asked, outcome } = await starting(found());
    expect(await outcome()).toEqual(ANSWER);
    expect(asked[0]?.headers).not.toHaveProperty('authorization');
    expect(asked[0]?.headers).not.toHaveProperty('x-inngest-env');
  });

  it('sends no bytes when nothing is excluded and the wire has none for that', async () => {
    const terse = { ...jsonWire, startRequest: { ...jsonWire.startRequest, encode: () => new Uint8Array() } };
    const { asked, outcome } = await starting(found(), { wire: terse });
    expect(await outcome()).toEqual(ANSWER);
    expect(asked).toMatchObject([{ body: new Uint8Array(), headers: { 'content-length': '0' } }]);
  });

  it.each([
    ['', undefined, '/v0/connect/start'],
    ['/', undefined, '/v0/connect/start'],
    ['/api//', '/begin?a=b', '/api/begin?a=b'],
  ])("asks at the address '…%s', path %s", async (end, startPath, path) => {
    const server = await httpServer(found());
    const start = startConnection(config({ apiUrl: server.url + end, ...(startPath && { startPath }) }));
    await firstValueFrom(start([]));
    expect(server.asked).toMatchObject([{ path }]);
  });

  it('asks anew on every subscription', async () => {
    const server = await httpServer(found());
    const start$ = startConnection(config({ apiUrl: server.url }))([]);
    expect(server.asked).toHaveLength(0);
    await firstValueFrom(start$);
    await firstValueFrom(start$);
    expect(server.asked).toHaveLength(2);
  });

  it('gives another endpoint where it is told one', async () => {
    const rewriteEndpoint = ({ endpoint, group }: StartAnswer): string =>
      endpoint.replace('gateway.example.com', `${group}.test`);
    const { outcome } = await starting(found(), { rewriteEndpoint });
    expect(await outcome()).toEqual({ ...ANSWER, endpoint: 'wss://blue.test/connect' });
  });

  describe('with signing keys', () => {
    const accepting =
      (accepted: string | undefined): Answering =>
      (response, asked, nth) => {
        if (asked.headers.authorization === accepted) found()(response, asked, nth);
        else response.writeHead(401).end('authentication failed');
      };

    it('asks with the fallback at once when the key is refused, and begins with it the next time', async () => {
      const keys = signingKeys({ key: KEY, fallback: FALLBACK });
      const { asked, outcome } = await starting(accepting(SECOND), { keys });
      expect(await outcome()).toEqual(ANSWER);
      expect(await outcome()).toEqual(ANSWER);
      expect(asked.map(({ headers }) => headers.authorization)).toEqual([FIRST, SECOND, SECOND]);
    });

    it('errors when both are refused', async () => {
      const keys = signingKeys({ key: KEY, fallback: FALLBACK });
      const { asked, outcome } = await starting(accepting('nobody'), { keys });
      expect(await outcome()).toEqual(
        new AuthError('/v0/connect/start answered 401: authentication failed', { status: 401 }),
      );
      expect(asked.map(({ headers }) => headers.authorization)).toEqual([FIRST, SECOND]);
    });

    it('errors when the only one is refused, and never asks without it', async () => {
      const { asked, outcome } = await starting(accepting(undefined), { keys: signingKeys({ key: KEY }) });
      expect(await outcome()).toMatchObject({ name: 'AuthError' });
      expect(await outcome()).toMatchObject({ name: 'AuthError' });
      expect(asked.map(({ headers }) => headers.authorization)).toEqual([FIRST, FIRST]);
    });
  });

  describe('errors', () => {
    it.each<[number, string, typeof GatewayApiError, Record<string, string | number>, object]>([
      [401, '/v0/connect/start answered 401: no', AuthError, {}, { status: 401, retryAfter: undefined }],
      [429, '/v0/connect/start answered 429: no', ConnectionLimitError, { 'Retry-After': 7 }, { retryAfter: 7_000 }],
      [429, '/v0/connect/start answered 429: no', ConnectionLimitError, {}, { status: 429, retryAfter: undefined }],
      [500, '/v0/connect/start answered 500: no', GatewayApiError, {}, { status: 500, retryAfter: undefined }],
      [503, '/v0/connect/start answered 503: no', GatewayApiError, { 'Retry-After': 0 }, { retryAfter: 0 }],
      [
        503,
        '/v0/connect/start answered 503: no',
        GatewayApiError,
        { 'Retry-After': 'soon' },
        { retryAfter: undefined },
      ],
      [307, '/v0/connect/start answered 307: no', GatewayApiError, { Location: '/' }, { status: 307 }],
    ])('by the status %i', async (status, message, Class, headers, facts) => {
      const { outcome } = await starting((response) => response.writeHead(status, headers).end('no'));
      const error = await outcome();
      expect(error).toBeInstanceOf(Class);
      expect(error).toMatchObject({ name: Class.name, message, status, ...facts });
    });

    it('with a Retry-After of an hour at most', async () => {
      const error = await outcomeOf(() => of(answered(429, '', { 'retry-after': '9'.repeat(400) })));
      expect(error).toMatchObject({ message: '/v0/connect/start answered 429', retryAfter: 3_600_000 });
    });

    it('by an answer that is cut off', async () => {
      const { outcome } = await starting((response) => response.end(jsonWire.startAnswer.encode(ANSWER).slice(0, -1)));
      expect(await outcome()).toEqual(
        new GatewayApiError('/v0/connect/start gave an answer that cannot be read: no JSON', {
          cause: expect.any(ProtocolError),
        }),
      );
    });

    it('by an answer without an endpoint', async () => {
      const { outcome } = await starting((response) => response.end('{"connectionId":"id"}'));
      expect(await outcome()).toMatchObject({ name: 'GatewayApiError', cause: { name: 'ProtocolError' } });
    });

    it.each([
      ['https://gateway.example.com/', "'https://gateway.example.com/'"],
      ['gateway.example.com', "'gateway.example.com'"],
      ['wss://', "'wss://'"],
      ['', "''"],
      ['http://ada:planted@host/?token=planted', "'http://host/?…'"],
    ])("by the endpoint '%s'", async (endpoint, shown) => {
      const lax = { ...jsonWire, startAnswer: { ...jsonWire.startAnswer, decode: () => ({ ...ANSWER, endpoint }) } };
      const error = new GatewayApiError(`/v0/connect/start led to no WebSocket: ${shown}`);
      expect(await outcomeOf(() => of(answered(200)), { wire: lax })).toEqual(error);
      const body = jsonWire.startAnswer.encode(ANSWER);
      expect(await outcomeOf(() => of(answered(200, body)), { rewriteEndpoint: () => endpoint })).toEqual(error);
    });

    it('when nobody listens, and says so', async () => {
      const apiUrl = await deadUrl();
      const error = await lastValueFrom(startConnection(config({ apiUrl }))([])).catch((one: unknown) => one);
      expect(error).toMatchObject({ name: 'GatewayApiError', status: undefined, cause: { message: 'fetch failed' } });
      expect((error as Error).message).toMatch(/^\/v0\/connect\/start gave no answer: connect ECONNREFUSED/);
    });

    it.each<[string, () => ReturnType<NonNullable<StartConnectionConfig['post']>>, string]>([
      [
        'throws',
        () => {
          throw new Error('broken');
        },
        'broken',
      ],
      [
        'rejects',
        async () => Promise.reject(new Error('', { cause: { code: 'ETIMEDOUT', message: '' } })),
        'ETIMEDOUT',
      ],
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what others throw may be anything
      ['rejects with nothing', async () => Promise.reject(), 'undefined'],
      ['ends without an answer', () => EMPTY, 'it was given up'],
    ])('when the post %s', async (_what, post, why) => {
      expect(await outcomeOf(post)).toMatchObject({
        name: 'GatewayApiError',
        message: `/v0/connect/start gave no answer: ${why}`,
      });
    });

    it('with what a callback throws', async () => {
      const body = jsonWire.startAnswer.encode(ANSWER);
      const broken = new Error('broken');
      const rewriteEndpoint = (): string => {
        throw broken;
      };
      expect(await outcomeOf(() => of(answered(200, body)), { rewriteEndpoint })).toBe(broken);
    });

    it('when the request cannot be encoded', async () => {
      const start = startConnection(config());
      await expect(firstValueFrom(start([7 as never]))).rejects.toMatchObject({ name: 'ProtocolError' });
    });

    it('shows one line of at most 200 characters of what the server said', async () => {
      const error = (await outcomeOf(() => of(answered(500, `a\r\n\tb\u001b[31m ${'€'.repeat(9_999)}`)))) as Error;
      expect(error.message).toBe(`/v0/connect/start answered 500: a b [31m ${'€'.repeat(191)}`);
    });

    it.each([
      ['a hashed key', 'bad key signkey-test-ddcbc45ed538344900 given', 'bad key [redacted] given'],
      ['a hashed key that has no prefix', `bad key ${FIRST.slice(-64)} given`, 'bad key [redacted] given'],
      ['a header', '{"authorization":"Bearer planted"}', '{"authorization":[redacted]}'],
      ['a token', 'see https://x.test/?token=planted', 'see https://x.test/?token=[redacted]'],
    ])('hides %s that the server repeats', async (_what, said, shown) => {
      const error = (await outcomeOf(() => of(answered(400, said)))) as Error;
      expect(error.message).toBe(`/v0/connect/start answered 400: ${shown}`);
    });

    it('does not show the query of the path', async () => {
      const post = (): never => {
        throw new Error('to https://x.test/?token=planted');
      };
      expect(await outcomeOf(post, { startPath: '/start?token=planted' })).toMatchObject({
        message: '/start gave no answer: to https://x.test/?token=[redacted]',
      });
    });
  });

  describe('lets go of a request', () => {
    const hanging = async (api: Partial<StartConnectionConfig> = {}) => {
      let arrived: (response: ServerResponse) => void;
      const arrival = new Promise<ServerResponse>((resolve) => (arrived = resolve));
      const server = await httpServer((response) => arrived(response));
      return { arrival, start$: startConnection(config({ apiUrl: server.url, ...api }))([]) };
    };

    it('that is not answered in time', async () => {
      const { arrival, start$ } = await hanging({ timeout: 200 });
      const outcome = lastValueFrom(start$).catch((error: unknown) => error);
      const closed = once(await arrival, 'close');
      expect(await outcome).toEqual(new GatewayApiError('/v0/connect/start gave no answer within 200 ms'));
      await closed;
    });

    it('that nobody waits for any more', async () => {
      const { arrival, start$ } = await hanging();
      const subscription = start$.subscribe();
      const closed = once(await arrival, 'close');
      subscription.unsubscribe();
      await closed;
    });
  });

  it('takes the first answer of a post of its own, whatever gives it', async () => {
    const requests: HttpRequest[] = [];
    const answer = answered(200, jsonWire.startAnswer.encode(ANSWER));
    const posts = [
      async () => Promise.resolve(answer),
      () => [answer, answered(500)],
      () => from([answer, NEVER as never]),
    ];
    for (const given of posts) {
      const post = (request: HttpRequest) => {
        requests.push(request);
        return given();
      };
      expect(await outcomeOf(post)).toEqual(ANSWER);
    }
    const body = jsonWire.startRequest.encode({ exclude: [] });
    const url = 'http://127.0.0.1:9/v0/connect/start';
    expect(requests).toEqual(Array(3).fill({ url, headers: { 'Content-Type': 'application/json' }, body }));
  });

  it.each<[Partial<Record<keyof StartConnectionConfig, unknown>>, string]>([
    [
      { apiUrl: 'ws://host' },
      "gatewayPost: expected `apiUrl` to be an http: or https: address without credentials, query and fragment, got 'ws://host/'",
    ],
    [
      { apiUrl: 'https://ada:planted@host' },
      "gatewayPost: expected `apiUrl` to be an http: or https: address without credentials, query and fragment, got 'https://host/'",
    ],
    [
      { apiUrl: 'https://host?token=planted' },
      "gatewayPost: expected `apiUrl` to be an http: or https: address without credentials, query and fragment, got 'https://host/?…'",
    ],
    [
      { apiUrl: undefined },
      'gatewayPost: expected `apiUrl` to be an http: or https: address without credentials, query and fragment, got undefined',
    ],
    [{ startPath: 'start' }, "startConnection: expected `startPath` to be a path that begins with '/', got 'start'"],
    [{ timeout: 0 }, "gatewayPost: expected `timeout` to be above 0 ms, or a text such as '10s', got 0"],
    [{ rewriteEndpoint: 'wss://x' }, "startConnection: expected `rewriteEndpoint` to be a function, got 'wss://x'"],
    [{ post: 7 }, 'gatewayPost: expected `post` to be a function, got 7'],
  ])('refuses the config %j', (api, message) => {
    expect(() => startConnection(config(api as Partial<StartConnectionConfig>))).toThrow(new TypeError(message));
  });
});
