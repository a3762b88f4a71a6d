import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { asyncScheduler, firstValueFrom, type SchedulerLike, Subject, VirtualTimeScheduler } from 'rxjs';
import { parseRetryAfter } from '../../src/transports/socketLike.js';
import { aProxy, aServer, aTcpServer, dialled, endAll } from './servers.js';

afterEach(endAll);

/** The error of a dial, and that it is all that was told after `connecting`. */
const failure = async (recording: ReturnType<typeof dialled>): Promise<Error> => {
  expect(await recording.ended()).toEqual(['connecting', 'DialError']);
  return recording.error as Error;
};

describe('a server that refuses the dial', () => {
  it.each([200, 301, 400, 401, 403, 404, 429, 500, 503])('with the status %d: the error has it', async (status) => {
    const server = await aServer();
    server.refuse(status, { Location: 'http://127.0.0.1:1/' });
    const error = await failure(dialled(server.url));
    const url = server.url.slice(0, -1);
    expect(error).toMatchObject({ status, retryAfter: undefined, url: `${url}/` });
    expect(error.message).toBe(`could not connect to ${url}/: the server answered ${status}`);
  });

  it('and keeps TCP open: it is left', async () => {
    const left = new Subject<void>();
    const url = await aTcpServer((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 503 Later\r\nContent-Length: 1000\r\n\r\nhalf a bo'));
      socket.once('close', () => left.next());
    });
    const gone = firstValueFrom(left);
    expect(await failure(dialled(url))).toMatchObject({ status: 503 });
    await gone;
  });

  it.each([
    ['in seconds', '7', 7_000],
    ['as a date', 'Thu, 01 Jan 2026 00:00:42 GMT', 42_000],
    ['as a date that is past', 'Wed, 31 Dec 2025 23:59:59 GMT', undefined],
    ['as something else', 'soon', undefined],
  ])('with Retry-After %s', async (_how, header, retryAfter) => {
    const server = await aServer();
    server.refuse(429, { 'Retry-After': header });
    const scheduler: SchedulerLike = {
      now: () => Date.UTC(2026, 0, 1),
      schedule: asyncScheduler.schedule.bind(asyncScheduler),
    };
    expect(await failure(dialled({ url: server.url, scheduler }))).toMatchObject({ status: 429, retryAfter });
  });

  it.each<[unknown, number | undefined]>([
    ['0', 0],
    [' 12 ', 12_000],
    ['1.5', undefined],
    ['-1', undefined],
    ['', undefined],
    [undefined, undefined],
    [['1', '2'], undefined],
    ['Thu, 01 Jan 1970 00:00:10 GMT', 9_000],
    ['Thursday, 01-Jan-70 00:00:10 GMT', 9_000],
  ])('reads the Retry-After %p', (header, expected) => {
    expect(parseRetryAfter(header, 1_000)).toBe(expected);
  });
});

describe('no server', () => {
  it('listens: the error has the cause', async () => {
    const server = await aServer();
    await server.close();
    const error = await failure(dialled(server.url));
    expect(error.message).toBe(`could not connect to ${server.url}: connect ECONNREFUSED 127.0.0.1:${server.port}`);
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('listens on any address of a name: the error says so too', async () => {
    const server = await aServer();
    await server.close();
    const lookup = (_host: string, _options: object, found: (error: null, addresses: object[]) => void): void =>
      found(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ]);
    const url = `ws://several.test:${server.port}/`;
    const error = await failure(dialled({ url, tls: { lookup } }));
    expect(error.message).toBe(`could not connect to ${url}: ECONNREFUSED`);
  });

  it('has the name', async () => {
    const lookup = (_host: string, _options: object, found: (error: Error) => void): void =>
      found(Object.assign(new Error('getaddrinfo ENOTFOUND nobody.test'), { code: 'ENOTFOUND' }));
    const error = await failure(dialled({ url: 'ws://nobody.test', tls: { lookup } }));
    expect(error.message).toBe('could not connect to ws://nobody.test/: getaddrinfo ENOTFOUND nobody.test');
  });
});

describe('a server that does not answer', () => {
  it('is given up after connectTimeout, to the millisecond', async () => {
    const server = await aServer();
    const proxy = await aProxy(server);
    server.hang();
    const scheduler = new VirtualTimeScheduler();
    const recording = dialled({ url: proxy.url, connectTimeout: '3s', scheduler });
    await server.waitUntil(() => server.dials === 1);
    scheduler.maxFrames = 2_999;
    scheduler.flush();
    expect(recording.story).toEqual(['connecting']);
    scheduler.maxFrames = 3_000;
    scheduler.flush();
    expect((await failure(recording)).message).toMatch(/: no answer within 3000 ms$/);
    await proxy.waitUntil(() => proxy.connections === 0);
  });

  it('is left to itself when we unsubscribe', async () => {
    const server = await aServer();
    const proxy = await aProxy(server);
    server.hang();
    const recording = dialled(proxy.url);
    await server.waitUntil(() => server.dials === 1);
    recording.unsubscribe();
    await proxy.waitUntil(() => proxy.connections === 0);
    expect(recording.story).toEqual(['connecting']);
  });

  it('opens the connection in time: connectTimeout is over with `open`', async () => {
    const server = await aServer();
    const scheduler = new VirtualTimeScheduler();
    const recording = dialled({ url: server.url, scheduler });
    await recording.opened();
    scheduler.flush();
    expect(scheduler.actions).toEqual([]);
    expect(recording.story).toEqual(['connecting', 'open']);
  });
});

describe('a server that hangs up before the connection is open', () => {
  it('by a FIN', async () => {
    const server = await aServer();
    server.closeBeforeOpen();
    expect((await failure(dialled(server.url))).message).toMatch(/: socket hang up$/);
  });

  it('by a reset', async () => {
    const url = await aTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    expect((await failure(dialled(url))).message).toMatch(/ECONNRESET/);
  });
});

describe('a server that answers nonsense', () => {
  /** What a correct server answers, but for `lines`. */
  const upgrade = (lines: (key: string) => readonly string[]) => (socket: Socket) =>
    socket.once('data', (request) => {
      const key = /^sec-websocket-key: (.*)$/im.exec(request.toString())?.[1] ?? '';
      const digest = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      const head = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', ...lines(digest), '', ''];
      socket.write(head.join('\r\n'));
    });
  const accept = (digest: string) => `Sec-WebSocket-Accept: ${digest}`;

  it.each<[string, (socket: Socket) => void, RegExp]>([
    ['no HTTP', (socket) => socket.write('SSH-2.0-OpenSSH\r\n'), /Parse Error/],
    ['half an answer', (socket) => socket.end('HTTP/1.1 101 Swi'), /Parse Error|socket hang up/],
    ['another key', upgrade(() => ['Upgrade: websocket', accept('wrong')]), /Invalid Sec-WebSocket-Accept header/],
    ['another protocol', upgrade((digest) => ['Upgrade: h2c', accept(digest)]), /Invalid Upgrade header/],
    [
      'a subprotocol nobody asked for',
      upgrade((digest) => ['Upgrade: websocket', accept(digest), 'Sec-WebSocket-Protocol: v1']),
      /Server sent a subprotocol but none was requested/,
    ],
    [
      'compression nobody offered',
      upgrade((digest) => ['Upgrade: websocket', accept(digest), 'Sec-WebSocket-Extensions: permessage-deflate']),
      /no extension was requested/,
    ],
  ])('%s', async (_what, serve, why) => {
    expect((await failure(dialled(await aTcpServer(serve)))).message).toMatch(why);
  });

  it('none of the subprotocols that we offer', async () => {
    const server = await aServer({ protocols: ['v9'] });
    const recording = dialled({ url: server.url, protocols: ['v1', 'v2'] });
    expect((await failure(recording)).message).toMatch(/Server sent no subprotocol$/);
  });
});
