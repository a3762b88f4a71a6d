import { lastValueFrom, of } from 'rxjs';
import { ProtocolError } from '../../src/core/errors.js';
import { AuthError, ConnectionLimitError, GatewayApiError } from '../../src/gateway/errors.js';
import { flushReply, isRefusal } from '../../src/gateway/flushReply.js';
import type { GatewayApiConfig } from '../../src/gateway/gatewayPost.js';
import type { WorkReply } from '../../src/gateway/messages.js';
import { hashSigningKey, signingKeys } from '../../src/gateway/signingKeys.js';
import { msgpackWire } from '../../src/gateway/wire.js';
import { httpServer, closeServers } from './httpServer.js';
import { jsonWire } from './jsonWire.js';

const REPLY: WorkReply = {
  requestId: 'r1',
  accountId: 'account',
  envId: 'env',
  appId: 'app',
  runId: 'run',
  systemTraceCtx: new TextEncoder().encode('{"trace":1}'),
  userTraceCtx: Uint8Array.of(0, 255),
  status: 'done',
  body: new TextEncoder().encode('{"answer":42}'),
  noRetry: false,
  sdkVersion: 'test',
  requestVersion: 1,
};

afterEach(closeServers);

const outcomeOf = async (api: Partial<GatewayApiConfig>, reply = REPLY): Promise<unknown> => {
  const flush = flushReply({ apiUrl: 'http://127.0.0.1:9', keys: signingKeys(), wire: jsonWire, ...api });
  return lastValueFrom(flush(reply)).catch((error: unknown) => error);
};
const confirming = (requestId: string): Partial<GatewayApiConfig> => ({
  post: () => of({ status: 200, headers: {}, body: jsonWire.flushAnswer.encode({ requestId }) }),
});

describe('flushReply', () => {
  it.each([
    ['JSON', jsonWire],
    ['msgpack', msgpackWire],
  ])('posts a reply as it is, in %s, and gives the id that the API confirms', async (_what, wire) => {
    const { url, asked } = await httpServer((response, { body }) => {
      response.end(wire.flushAnswer.encode({ requestId: wire.flushRequest.decode(body).requestId }));
    });
    expect(await outcomeOf({ apiUrl: url, wire })).toBe('r1');
    expect(asked).toMatchObject([
      { method: 'POST', path: '/v0/connect/flush', headers: { 'content-type': wire.contentType } },
    ]);
    expect(wire.flushRequest.decode(asked[0]?.body as Uint8Array)).toEqual(REPLY);
  });

  it('posts to another path where it is told one', async () => {
    const { url, asked } = await httpServer((response) => response.end(jsonWire.flushAnswer.encode(REPLY)));
    expect(await outcomeOf({ apiUrl: `${url}/api/`, flushPath: '/replies' })).toBe('r1');
    expect(asked).toMatchObject([{ path: '/api/replies' }]);
  });

  it('posts with the fallback key at once when the key is refused', async () => {
    const [key, fallback] = ['signkey-test-01', 'signkey-test-02'] as const;
    const { url, asked } = await httpServer((response, _asked, nth) => {
      if (nth === 1) response.writeHead(401).end();
      else response.end(jsonWire.flushAnswer.encode(REPLY));
    });
    expect(await outcomeOf({ apiUrl: url, keys: signingKeys({ key, fallback }) })).toBe('r1');
    const sent = asked.map(({ headers }) => headers.authorization);
    expect(sent).toEqual([key, fallback].map((one) => `Bearer ${hashSigningKey(one)}`));
  });

  it('errors when the API confirms another request', async () => {
    const error = await outcomeOf(confirming('r2'));
    expect(error).toEqual(new GatewayApiError("/v0/connect/flush confirmed another request: 'r2' for 'r1'"));
    expect(isRefusal(error)).toBe(false);
  });

  it('errors when the answer cannot be read', async () => {
    const error = await outcomeOf({ post: () => of({ status: 200, headers: {}, body: new Uint8Array() }) });
    expect(error).toMatchObject({ name: 'GatewayApiError', cause: { name: 'ProtocolError' } });
    expect(isRefusal(error)).toBe(false);
  });

  it.each([
    [400, 'GatewayApiError', true],
    [403, 'GatewayApiError', true],
    [404, 'GatewayApiError', true],
    [413, 'GatewayApiError', true],
    [499, 'GatewayApiError', true],
    [307, 'GatewayApiError', false],
    [401, 'AuthError', false],
    [408, 'GatewayApiError', false],
    [429, 'ConnectionLimitError', false],
    [500, 'GatewayApiError', false],
    [503, 'GatewayApiError', false],
  ])('errors by the status %i with a %s; refused for good: %s', async (status, name, refused) => {
    const { url } = await httpServer((response) => response.writeHead(status).end('no'));
    const error = await outcomeOf({ apiUrl: url });
    expect(error).toMatchObject({ name, status, message: `/v0/connect/flush answered ${status}: no` });
    expect(isRefusal(error)).toBe(refused);
  });

  it('asks nobody to take a reply that cannot be encoded', async () => {
    const error = await outcomeOf(confirming('r1'), { ...REPLY, status: 'odd' as never });
    expect(error).toMatchObject({ name: 'ProtocolError' });
    expect(isRefusal(error)).toBe(true);
  });

  it('refuses a path that is none', async () => {
    await expect(outcomeOf({ flushPath: '' })).rejects.toThrow(
      new TypeError("flushReply: expected `flushPath` to be a path that begins with '/', got ''"),
    );
  });
});

describe('isRefusal', () => {
  it.each<[string, unknown, boolean]>([
    ['the error of another copy of the package', { name: 'GatewayApiError', status: 400 }, true],
    ['no answer', new GatewayApiError('down'), false],
    ['a key that is refused', new AuthError('no', { status: 401 }), false],
    ['too many connections', new ConnectionLimitError('no', { status: 429 }), false],
    ['a reply that cannot be encoded', new ProtocolError('odd'), true],
    ['another error', new Error('400'), false],
    ['nothing', undefined, false],
  ])('knows %s', (_what, error, refused) => {
    expect(isRefusal(error)).toBe(refused);
  });
});
