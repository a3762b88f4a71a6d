import { Agent } from 'node:http';
import { createConnection, type NetConnectOpts } from 'node:net';
import { inspect } from 'node:util';
import {
  defer,
  EMPTY,
  lastValueFrom,
  map,
  Observable,
  of,
  retry,
  Subject,
  throwError,
  timer,
  VirtualTimeScheduler,
} from 'rxjs';
import { withoutSecrets } from '../../src/core/url.js';
import { webSocket, type WebSocketConfig } from '../../src/transports/webSocket.js';
import { Recording } from '../laws/recording.js';
import { selfSigned } from './selfSigned.js';
import { aServer, aTlsServer, atTheEnd, dialled, endAll } from './servers.js';

afterEach(endAll);

type Address = WebSocketConfig['url'];

/** Virtual time, and how to let it pass up to a moment. */
function virtualTime(): { readonly scheduler: VirtualTimeScheduler; readonly passes: (time: number) => void } {
  const scheduler = new VirtualTimeScheduler();
  const passes = (time: number): void => {
    scheduler.maxFrames = time;
    scheduler.flush();
  };
  return { scheduler, passes };
}

describe('an address', () => {
  it.each<[string, (url: string) => Address]>([
    ['a text', (url) => url],
    ['a promise', async (url) => Promise.resolve(url)],
    ['an Observable', (url) => of(url)],
    ['an Observable of many, the first counts', (url) => of(url, 'ws://127.0.0.1:1')],
    ['an Observable that takes its time', (url) => timer(1).pipe(map(() => url))],
    ['a function that gives a text', (url) => () => url],
    ['a function that gives a promise', (url) => async () => Promise.resolve(url)],
    ['a function that gives an Observable', (url) => () => of(url)],
  ])('may be %s, in a config or alone', async (_what, address) => {
    const server = await aServer();
    for (const config of [address(server.url), { url: address(server.url) }]) {
      const recording = dialled(config);
      expect((await recording.opened()).url).toBe(server.url);
      expect(recording.events[0]).toEqual({ type: 'connecting', url: server.url });
      expect(recording.types).toEqual(['connecting', 'open']);
    }
    expect(server.dials).toBe(2);
  });

  it('may be one of http, as platforms allow it', async () => {
    const server = await aServer();
    await dialled(server.url.replace('ws:', 'http:')).opened();
  });

  it.each<[string, (next: () => string) => Address]>([
    ['function', (next) => next],
    ['function of promises', (next) => async () => Promise.resolve(next())],
    ['Observable', (next) => defer(() => of(next()))],
  ])('is asked anew on every dial: a %s', async (_what, address) => {
    const server = await aServer();
    let asked = 0;
    const source$ = webSocket({ url: address(() => `${server.url}?token=${++asked}`) });
    const recording = new Recording(source$.pipe(retry(1)));
    atTheEnd(async () => recording.unsubscribe());
    await recording.opened();
    expect(asked).toBe(1);
    (await server.waitForConnection(1)).close(1012);
    const second = await server.waitForConnection(2);
    expect([(await server.waitForConnection(1)).url, second.url]).toEqual(['/?token=1', '/?token=2']);
  });

  it('is needed no longer once it is found', async () => {
    const server = await aServer();
    const address$ = new Subject<string>();
    const recording = dialled(address$);
    expect(address$.observed).toBe(true);
    address$.next(server.url);
    expect(address$.observed).toBe(false);
    await recording.opened();
    expect(server.dials).toBe(1);
  });
});

describe('an address that is not found', () => {
  const why = new Error('no token for secret');

  it.each<[string, Address, string, unknown]>([
    [
      'a function throws',
      () => {
        throw why;
      },
      why.message,
      why,
    ],
    ['a promise is rejected', async () => Promise.reject(why), why.message, why],
    ['an Observable fails', throwError(() => why), why.message, why],
    ['what fails is no Error', throwError(() => 'sold out'), 'sold out', 'sold out'],
    ['an Observable ends without one', EMPTY, 'no elements in sequence', expect.any(Error)],
  ])('is a DialError without `connecting`: %s', async (_how, url, message, cause) => {
    const recording = dialled({ url });
    expect(await recording.ended()).toEqual(['DialError']);
    expect(recording.error).toMatchObject({ url: 'an address still to be found', cause });
    expect((recording.error as Error).message).toBe(`could not connect to an address still to be found: ${message}`);
  });

  it.each<[string, unknown]>([
    ['no address', 'tomorrow'],
    ['no WebSocket address', 'ftp://user:secret@127.0.0.1/?token=secret'],
    ['a fragment', 'ws://127.0.0.1/#secret'],
    ['no text', { token: 1 }],
    ['nothing', undefined],
  ])('is a DialError when it is %s, and tells no secrets', async (_what, address) => {
    const recording = dialled(() => of(address as string));
    expect(await recording.ended()).toEqual(['DialError']);
    expect(recording.error).toMatchObject({ cause: { name: 'TypeError' } });
    expect(inspect(recording.error, { depth: 5 })).not.toMatch(/secret/);
  });

  it('in connectTimeout is given up', async () => {
    const { scheduler, passes } = virtualTime();
    let asking = 0;
    const address$ = new Observable<string>(() => {
      asking += 1;
      return () => (asking -= 1);
    });
    const recording = dialled({ url: address$, scheduler });
    passes(9_999);
    expect([asking, recording.story]).toEqual([1, []]);
    passes(10_000);
    expect([asking, recording.story]).toEqual([0, ['DialError']]);
    expect((recording.error as Error).message).toMatch(/: no answer within 10000 ms$/);
  });

  it('in time leaves less of connectTimeout for the dial', async () => {
    const server = await aServer();
    server.hang();
    const { scheduler, passes } = virtualTime();
    const address$ = timer(9_000, scheduler).pipe(map(() => server.url));
    const recording = dialled({ url: address$, scheduler });
    passes(9_999);
    expect(recording.story).toEqual(['connecting']);
    passes(10_000);
    expect(recording.story).toEqual(['connecting', 'DialError']);
  });

  it('before we unsubscribe is not looked for any longer, and nothing is dialed', async () => {
    const server = await aServer();
    const address$ = new Subject<string>();
    const { scheduler } = virtualTime();
    const recording = dialled({ url: address$, scheduler });
    recording.unsubscribe();
    expect(address$.observed).toBe(false);

    const promised = Promise.resolve(server.url);
    const other = dialled({ url: promised, scheduler });
    other.unsubscribe();
    await promised;
    expect(recording.story.concat(other.story)).toEqual([]);
    expect(scheduler.actions).toEqual([]);
    expect(server.dials).toBe(0);
  });
});

describe('webSocket() refuses when it is made', () => {
  it.each<[string, unknown, string]>([
    ['no address', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a number', 80, '80'],
    ['an empty text', '', "''"],
    ['a name', 'example.com', "'example.com'"],
    ['a name and a port', 'localhost:8080', "'localhost:8080'"],
    ['another protocol', 'ftp://example.com', "'ftp://example.com/'"],
    ['no host', 'ws://', "'ws://'"],
    ['one with a fragment', 'ws://example.com/#top', "'ws://example.com/'"],
  ])('an address that is %s', (_what, url, got) => {
    const message = `webSocket: expected \`url\` to be as 'wss://example.com', without a fragment, got ${got}`;
    expect(() => webSocket(url as string)).toThrow(new TypeError(message));
    expect(() => webSocket({ url: url as string })).toThrow(new TypeError(message));
  });

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'undefined'],
    ['a number', 80, '80'],
    ['a promise of nothing', Promise.resolve(), 'undefined'],
  ])('on the dial a function that gives %s', async (_what, given, got) => {
    await expect(lastValueFrom(webSocket(() => given as string))).rejects.toMatchObject({
      name: 'DialError',
      cause: new TypeError(`webSocket: expected \`url\` to be as 'wss://example.com', without a fragment, got ${got}`),
    });
  });

  it.each([
    'nonsense://user:secret@example.com/?token=secret',
    'wss//user:secret@example.com/path?token=secret#secret',
    'user:secret@example.com',
    'ws://example.com:999999/?token=secret',
  ])('%s, without telling its secrets', (url) => {
    expect(() => webSocket(url)).toThrow(TypeError);
    expect(() => webSocket(url)).not.toThrow(/secret/);
  });

  it.each<[string, Partial<Record<keyof WebSocketConfig, unknown>>]>([
    ['a connectTimeout of 0', { connectTimeout: 0 }],
    ['a connectTimeout that is no duration', { connectTimeout: 'soon' }],
    ['a closeTimeout below 0', { closeTimeout: -1 }],
    ['a maxPayload of 0', { maxPayload: 0 }],
    ['half a byte as maxPayload', { maxPayload: 0.5 }],
    ['a subprotocol with a space', { protocols: 'v1 v2' }],
    ['a subprotocol without a name', { protocols: [''] }],
    ['the same subprotocol twice', { protocols: ['v1', 'v2', 'v1'] }],
  ])('%s', (_what, config) => {
    expect(() => webSocket({ url: 'ws://127.0.0.1', ...config } as WebSocketConfig)).toThrow(TypeError);
  });
});

describe('withoutSecrets', () => {
  it.each([
    ['wss://example.com', 'wss://example.com/'],
    ['wss://user:secret@example.com:8443/a/b?token=secret&x=1&x=2#secret', 'wss://example.com:8443/a/b?…'],
    ['loopback://user:secret@local', 'loopback://local'],
    ['/socket?token=secret', '/socket'],
    ['user:secret@example.com/path', 'example.com/path'],
    ['wss//user:s@cret@example.com?token=secret', 'example.com'],
    ['', ''],
  ])('%s → %s', (url, shown) => {
    expect(withoutSecrets(url)).toBe(shown);
  });
});

describe('a dial', () => {
  it.each<[string, WebSocketConfig['protocols'] | null, string]>([
    ['none', null, ''],
    ['one', 'v2', 'v2'],
    ['the one that the server speaks', ['v1', 'v2', 'v3'], 'v2'],
  ])('offers subprotocols: %s', async (_what, protocols, chosen) => {
    const server = await aServer({ protocols: ['v2'] });
    const recording = dialled({ url: server.url, ...(protocols && { protocols }) });
    expect((await recording.opened()).protocol).toBe(chosen);
    const offered = (await server.waitForConnection()).headers['sec-websocket-protocol'];
    expect(offered).toBe(protocols === null ? undefined : [protocols].flat().join(','));
  });

  it('carries headers, and asks a function for them anew', async () => {
    const server = await aServer();
    let token = 0;
    await dialled({ url: server.url, headers: { 'X-Token': 'fixed' } }).opened();
    const config: WebSocketConfig = { url: server.url, headers: () => ({ 'X-Token': `t${++token}` }) };
    await dialled(config).opened();
    await dialled(config).opened();
    const sent = [1, 2, 3].map(async (nth) => (await server.waitForConnection(nth)).headers['x-token']);
    expect(await Promise.all(sent)).toEqual(['fixed', 't1', 't2']);
  });

  it('fails with a DialError when there are no headers to be had', async () => {
    const headers = (): never => {
      throw new Error('no token');
    };
    const recording = dialled({ url: 'ws://127.0.0.1:1', headers });
    expect(await recording.ended()).toEqual(['connecting', 'DialError']);
    expect((recording.error as Error).message).toBe('could not connect to ws://127.0.0.1:1/: no token');
  });

  it('goes through the agent that is given', async () => {
    const server = await aServer();
    let connections = 0;
    const agent = Object.assign(new Agent(), {
      createConnection: (options: NetConnectOpts) => {
        connections += 1;
        return createConnection(options);
      },
    });
    await dialled({ url: server.url, agent }).opened();
    expect(connections).toBe(1);
  });

  it('offers no compression unless it is told to', async () => {
    const server = await aServer({ compression: true, reply: (message) => message });
    await dialled(server.url).opened();
    const recording = dialled({ url: server.url, compression: true });
    (await recording.opened()).send('x'.repeat(10_000));
    await recording.has('message');
    expect(recording.messages).toEqual(['x'.repeat(10_000)]);
    const offered = [1, 2].map(
      async (nth) => (await server.waitForConnection(nth)).headers['sec-websocket-extensions'],
    );
    expect(await Promise.all(offered)).toEqual([undefined, expect.stringContaining('permessage-deflate')]);
  });

  it.each<[string, Partial<WebSocketConfig>, number, number]>([
    ['1 MiB by default', {}, 2 ** 20, 2 ** 20 + 1],
    ['maxPayload', { maxPayload: 10 }, 10, 11],
  ])('takes messages of up to %s', async (_what, config, most, tooMuch) => {
    const server = await aServer();
    const recording = dialled({ url: server.url, ...config });
    await recording.opened();
    const peer = await server.waitForConnection();
    peer.send(new Uint8Array(most));
    await recording.has('message');
    peer.send(new Uint8Array(tooMuch));
    expect((await recording.ended()).slice(-2)).toEqual([
      'close 1006 Max payload size exceeded',
      'ConnectionClosedError',
    ]);
    expect(await peer.closed).toMatchObject({ code: 1009 });
  });

  it('takes messages of any size when maxPayload is Infinity', async () => {
    const server = await aServer();
    const recording = dialled({ url: server.url, maxPayload: Infinity });
    await recording.opened();
    (await server.waitForConnection()).send(new Uint8Array(3 * 2 ** 20));
    await recording.has('message');
  });
});

describe('an encrypted dial', () => {
  const identity = selfSigned();

  it('is refused when nobody vouches for the certificate', async () => {
    const recording = dialled(await aTlsServer(identity));
    expect(await recording.ended()).toEqual(['connecting', 'DialError']);
    expect(recording.error).toMatchObject({ cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
  });

  it('opens with the TLS options that it needs, and carries messages both ways', async () => {
    const url = await aTlsServer(identity);
    const recording = dialled({ url, tls: { ca: identity.cert } });
    const connection = await recording.opened();
    expect(connection.url).toBe(url);
    connection.send('one');
    connection.send('two');
    await recording.has('message', 2);
    connection.close();
    expect(await recording.ended()).toEqual(['connecting', 'open', 'one', 'two', 'close 1000', 'complete']);
  });

  it('is refused when the certificate is for another name', async () => {
    const url = await aTlsServer(identity);
    const recording = dialled({ url, tls: { ca: identity.cert, servername: 'example.com' } });
    expect(await recording.ended()).toEqual(['connecting', 'DialError']);
    expect(recording.error).toMatchObject({ cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
  });
});
