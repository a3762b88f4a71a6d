import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filter, firstValueFrom, map, Subject } from 'rxjs';
import type { ConnectionProvider, ProviderEvent } from '../../src/cluster/connectionProvider.js';
import { httpSyncProvider } from '../../src/cluster/httpSyncProvider.js';
import { singleServerProvider } from '../../src/cluster/singleServerProvider.js';
import { json } from '../../src/codecs/json.js';
import { msgpackCodec } from '../../src/codecs/msgpack.js';
import { constant } from '../../src/core/backoff.js';
import type { Frame } from '../../src/core/connection.js';
import type { ConnectionEvent, ConnectionEvents } from '../../src/core/event.js';
import { handshake } from '../../src/operators/handshake.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { sendFrom } from '../../src/operators/sendFrom.js';
import { open } from '../../src/testing/letters.js';
import { mockConnection } from '../../src/testing/mockConnection.js';
import { mockPollingServer } from '../../src/testing/mockPollingServer.js';
import { type MockServer, mockServer } from '../../src/testing/mockServer.js';
import { httpPolling } from '../../src/transports/httpPolling.js';
import { webSocket } from '../../src/transports/webSocket.js';
import { HandScheduler } from '../core/handScheduler.js';
import { faults } from './faults.js';

const root = join(__dirname, '../..');

describe('the faults of those before', () => {
  it('are all there, in order', () => {
    expect(faults.map(([number]) => number)).toEqual(Array.from({ length: 32 }, (_, at) => at + 1));
  });

  it.each(faults.map(([number, what, ...tests]) => ({ number, what, tests })))(
    'P$number, $what: is tested',
    ({ tests }) => {
      expect(tests.length).toBeGreaterThan(0);
      const missing = tests.filter(([file, words]) => !readFileSync(join(root, file), 'utf8').includes(words));
      expect(missing).toEqual([]);
    },
  );
});

describe('what waits', () => {
  it('P18: what was held back is let go one by one, as far as there is room', async () => {
    const scheduler = new HandScheduler();
    const connection = mockConnection<string>('a');
    connection.bufferedAmount = 11;
    let most = 0;
    const send = connection.send.bind(connection);
    connection.send = (message) => {
      send(message);
      connection.bufferedAmount += 4;
      most = Math.max(most, connection.bufferedAmount);
    };
    const sent = Array.from({ length: 100 }, (_, at) => `${at}`);
    const events$ = new Subject<ConnectionEvent<string>>();
    const hold = events$.pipe(sendFrom(sent, { highWater: 10, buffer: 100, scheduler })).subscribe();
    events$.next(open(connection));
    expect(connection.sent).toEqual([]);
    while (connection.sent.length < sent.length) {
      const before = connection.sent.length;
      // The network takes two messages.
      connection.bufferedAmount = Math.max(0, connection.bufferedAmount - 8);
      await scheduler.advance(50);
      expect(connection.sent.length - before).toBeLessThanOrEqual(3);
    }
    expect(connection.sent).toEqual(sent);
    expect(most).toBeLessThanOrEqual(14);
    hold.unsubscribe();
  });
});

describe('what is sent', () => {
  const value = {
    bytes: new Uint8Array([1, 2, 3]),
    at: new Date(1_763_700_000_001),
    none: undefined,
    large: 2n ** 63n - 1n,
    nested: { list: [new Uint8Array([4]), { at: new Date(0), none: undefined }] },
  };

  it.each([false, true])('P22: bytes, dates, maps and large integers arrive (shared: %s)', (shared) => {
    const codec = (): ReturnType<ReturnType<typeof msgpackCodec>> =>
      msgpackCodec({ shared })(mockConnection<Frame>('a'));
    const [here, there] = [codec(), codec()];
    for (let times = 0; times < 3; times++) {
      expect(there.decode(here.encode(value))).toEqual(value);
      expect(there.decode(here.encode({ map: new Map([['a', new Map([['b', new Date(1)]])]]) }))).toEqual({
        map: { a: { b: new Date(1) } },
      });
    }
  });

  it('P22: an integer that JSON has no form for is refused, and not changed in silence', () => {
    const sent = mockConnection<Frame>('a');
    const events$ = new Subject<ConnectionEvent<Frame, Frame, undefined>>();
    let refusal: unknown;
    events$.pipe(json<unknown>()).subscribe((event) => {
      if (event.type !== 'open') return;
      try {
        event.connection.send({ large: 2n ** 63n });
      } catch (error) {
        refusal = error;
      }
    });
    events$.next(open(sent) as ConnectionEvent<Frame, Frame, undefined>);
    expect([refusal, sent.sent]).toEqual([expect.any(TypeError), []]);
  });
});

describe('a provider', () => {
  let server: MockServer;
  const providers: ConnectionProvider<string, string>[] = [];

  beforeEach(async () => {
    server = await mockServer();
  });
  afterEach(async () => {
    for (const provider of providers.splice(0)) provider.close();
    await server.close();
  });

  /** A provider, all that it tells, and a wait for something of that. */
  function observed(provider: ConnectionProvider<string, string>) {
    providers.push(provider);
    const told: string[] = [];
    const line = (event: ProviderEvent<string>): string =>
      event.type === 'message' ? event.data : event.type === 'error' ? (event.error as Error).name : event.type;
    provider.events$.subscribe((event) => told.push(line(event)));
    const until = async (wanted: string): Promise<unknown> =>
      firstValueFrom(provider.events$.pipe(map(line), filter((one) => one === wanted))); // prettier-ignore
    return { provider, told, until };
  }

  it('P19: after reconnections by force each message is told once', async () => {
    const http = await mockPollingServer();
    const sources: ConnectionEvents<string, string>[] = [
      webSocket(server.url).pipe(json<string>(), reconnect({ delay: constant(5) })),
      httpPolling({ url: http.url, interval: 5, closeTimeout: 100 }).pipe(json<string>(), reconnect()),
    ];
    for (const [at, source$] of sources.entries()) {
      const { provider, told, until } = observed((at ? httpSyncProvider : singleServerProvider)(source$));
      await provider.connect();
      for (let times = 0; times < 3; times++) await provider.forceReconnect();
      // Whoever is still listening somewhere is told too.
      for (const message of ['1', '2', '3']) {
        const arrived = until(message);
        const frame = JSON.stringify(message);
        server.broadcast(frame);
        for (const session of http.sessions) session.send(frame);
        await arrived;
      }
      expect(told.filter((one) => /^\d$/.test(one))).toEqual(['1', '2', '3']);
      provider.close();
    }
    await http.close();
  });

  /** Says a token first, and is open when the server has taken it. */
  const authorized = (token: () => string): ConnectionEvents<string, string> =>
    webSocket(server.url).pipe(
      json<string>(),
      handshake({
        within: '5s',
        exchange: async (connection, messages$) => {
          connection.send(token());
          const answer = await firstValueFrom(messages$);
          if (answer !== 'welcome') throw Object.assign(new Error(answer), { code: Number(answer) });
          return answer;
        },
      }),
    );

  it('P7: what waited goes after the credentials, and before what is sent later', async () => {
    server.reply((message) => (message === '"token"' ? '"welcome"' : undefined));
    const outgoing$ = new Subject<string>();
    const later$ = new Subject<void>();
    const hold = authorized(() => 'token')
      .pipe(sendFrom(outgoing$))
      .subscribe(({ type }) => {
        if (type === 'open') outgoing$.next('2');
        if (type === 'open') later$.next();
      });
    const later = firstValueFrom(later$);
    outgoing$.next('1');
    await later;
    outgoing$.next('3');
    await server.waitUntil(() => server.received.length === 4);
    expect(server.received).toEqual(['"token"', '"1"', '"2"', '"3"']);
    hold.unsubscribe();
  });

  it('P28: who is refused has no connection, is told once, and is not asked again', async () => {
    server.reply(() => '4403');
    const source$ = authorized(() => 'wrong').pipe(reconnect({ delay: constant(5) }));
    const { provider, told } = observed(singleServerProvider(source$));
    await expect(provider.connect()).rejects.toMatchObject({ name: 'HandshakeError', code: 4403 });
    expect(() => provider.send('1')).toThrow(expect.objectContaining({ name: 'NotOpenError' }));
    await server.waitUntil(() => server.connections.length === 0);
    expect([told, server.dials, server.received]).toEqual([['HandshakeError'], 1, ['"wrong"']]);
  });

  it('P28: refused credentials are not tried again: new ones are', async () => {
    server.reply((message) => (message === '"new"' ? '"welcome"' : message === '"old"' ? '4401' : message));
    let token = 'old';
    const refreshAuth = async (): Promise<void> => {
      token = 'new';
      return Promise.resolve();
    };
    const source$ = authorized(() => token).pipe(reconnect({ delay: constant(5), refreshAuth }));
    const { provider, told, until } = observed(singleServerProvider(source$));
    await provider.connect();
    const answer = until('1');
    provider.send('1');
    await answer;
    const gone = until('disconnected');
    for (const connection of server.connections) connection.drop();
    await gone;
    expect(server.received).toEqual(['"old"', '"new"', '"1"']);
    expect(told).toEqual(['connected', '1', 'disconnected']);
  });
});
