import { BehaviorSubject, EMPTY, filter, merge, mergeMap, type Observable, Subject, throwError } from 'rxjs';
import { autoProvider } from '../../src/cluster/autoProvider.js';
import type { CircuitBreakerConfig } from '../../src/cluster/circuitBreaker.js';
import { clusterProvider } from '../../src/cluster/clusterProvider.js';
import type { ConnectionProvider, ProviderEvent } from '../../src/cluster/connectionProvider.js';
import { httpSyncProvider } from '../../src/cluster/httpSyncProvider.js';
import type { ClusterNode, PartitionMap } from '../../src/cluster/partitionMap.js';
import { singleServerProvider } from '../../src/cluster/singleServerProvider.js';
import { json } from '../../src/codecs/json.js';
import { constant } from '../../src/core/backoff.js';
import type { ConnectionEvents } from '../../src/core/event.js';
import { openTimeout } from '../../src/operators/openTimeout.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { type MockPollingServer, mockPollingServer } from '../../src/testing/mockPollingServer.js';
import { type MockServer, mockServer } from '../../src/testing/mockServer.js';
import { httpPolling } from '../../src/transports/httpPolling.js';
import { webSocket } from '../../src/transports/webSocket.js';

type Provider = ConnectionProvider<string, string>;

/** What a provider tells, in short; `until` resolves when it has told so much. */
function heard(provider: Provider): { readonly told: string[]; until(line: string, times?: number): Promise<void> } {
  const told: string[] = [];
  const waits = new Set<() => void>();
  const line = (event: ProviderEvent<string>): string => {
    switch (event.type) {
      case 'message':
        return `${event.node} says ${event.data}`;
      case 'partitionMapUpdated':
        return `map ${event.map.version}`;
      case 'error':
        return `error ${(event.error as Error).name}${event.node === undefined ? '' : ` of ${event.node}`}`;
      case 'dropped':
        return `dropped ${event.message as string}`;
      default:
        return `${event.type} ${event.node}`;
    }
  };
  const look = (): void => waits.forEach((wait) => wait());
  provider.events$.subscribe({
    next(event) {
      told.push(line(event));
      look();
    },
    complete() {
      told.push('complete');
      look();
    },
  });
  return {
    told,
    until: async (wanted, times = 1) =>
      new Promise((resolve) => {
        const wait = (): void => {
          if (told.filter((each) => each === wanted).length < times) return;
          waits.delete(wait);
          resolve();
        };
        waits.add(wait);
        wait();
      }),
  };
}

const socket = (url: string, maxAttempts = Infinity): ConnectionEvents<string, string> =>
  webSocket(url).pipe(json<string>(), openTimeout({ within: 1_000 }), reconnect({ delay: constant(5), maxAttempts }));

function mapOf(owners: readonly string[], nodes: Readonly<Record<string, string>>, version = 1): PartitionMap {
  return {
    epoch: 'e',
    version,
    nodes: new Map(Object.entries(nodes).map(([id, url]) => [id, { id, url }])),
    partitions: owners.map((owner) => ({ owner, replicas: [] })),
  };
}

const cluster = (
  partitionMap$: Observable<PartitionMap>,
  connect: (node: ClusterNode) => ConnectionEvents<string, string> = ({ url }) => socket(url),
): Provider => clusterProvider({ key: (message) => message, hash: Number, partitionMap$, connect, retryAfter: 20 });

let server: MockServer;
let other: MockServer;
let http: MockPollingServer;
const providers: Provider[] = [];
const rejections: unknown[] = [];
const reject = (reason: unknown): void => void rejections.push(reason);

beforeEach(async () => {
  [server, other, http] = await Promise.all([mockServer(), mockServer(), mockPollingServer()]);
  process.on('unhandledRejection', reject);
});
afterEach(async () => {
  for (const provider of providers.splice(0)) provider.close();
  await Promise.all([server.close(), other.close(), http.close()]);
  // Whatever was rejected without a listener is reported after a turn.
  await new Promise(setImmediate);
  process.off('unhandledRejection', reject);
  expect(rejections.splice(0)).toEqual([]);
});

const polling = (): ConnectionEvents<string, string> =>
  httpPolling({ url: http.url, interval: 5, closeTimeout: 100 }).pipe(
    json<string>(),
    reconnect({ delay: constant(5) }),
  );
const auto = (): Provider =>
  autoProvider(
    [webSocket(server.url).pipe(json<string>()), httpPolling({ url: http.url, interval: 5 }).pipe(json<string>())],
    {
      after: 1,
      reconnect: { delay: constant(5) },
    },
  );

const kinds: [string, string, () => Provider][] = [
  ['singleServerProvider', 'default', () => singleServerProvider(socket(server.url))],
  ['httpSyncProvider', 'http', () => httpSyncProvider(polling())],
  ['autoProvider', 'default', auto],
  ['clusterProvider', 'a', () => cluster(new BehaviorSubject(mapOf(['a', 'a'], { a: server.url })))],
];
const dials = (): number => server.dials + http.dials;
const live = (): number => server.connections.length + http.sessions.length;
/** Resolves when no server has a connection any more. */
const noneLeft = async (): Promise<unknown> =>
  Promise.all([
    server.waitUntil(() => server.connections.length === 0),
    http.waitUntil(() => http.sessions.length === 0),
  ]);

describe.each(kinds)('%s', (_name, node, make) => {
  let provider: Provider;
  let told: string[];
  let until: (line: string, times?: number) => Promise<void>;
  const links = (): string[] => told.filter((line) => /^(re|dis)?connected/.test(line));

  beforeEach(() => {
    provider = make();
    providers.push(provider);
    ({ told, until } = heard(provider));
  });

  it('does nothing before it is told to connect, and then tells that it is connected once (P2, P3)', async () => {
    expect([provider.isConnected, provider.connectedNodes, told, dials()]).toEqual([false, [], [], 0]);
    await provider.connect();
    expect([provider.isConnected, provider.connectedNodes, dials()]).toEqual([true, [node], 1]);
    expect(links()).toEqual([`connected ${node}`]);
  });

  it('makes one connection for two calls, also when it is connected already (P12)', async () => {
    const first = provider.connect();
    await Promise.all([first, provider.connect()]);
    await provider.connect();
    expect([dials(), live(), links()]).toEqual([1, 1, [`connected ${node}`]]);
    provider.close();
    await noneLeft();
  });

  it('exchanges messages', async () => {
    server.echo();
    http.reply((message) => message);
    await provider.connect();
    provider.send('1');
    await until(`${node} says 1`);
    provider.getAnyConnection().send('2');
    await until(`${node} says 2`);
    provider.getConnection('3').send('3');
    await until(`${node} says 3`);
  });

  it('really reconnects when it is forced to, more than once, and lets go of the old connection (P1, P4, P13)', async () => {
    server.echo();
    http.reply((message) => message);
    await provider.connect();
    await provider.forceReconnect();
    await provider.forceReconnect();
    const again = [`disconnected ${node}`, `reconnected ${node}`];
    expect(links()).toEqual([`connected ${node}`, ...again, ...again]);
    expect([provider.connectedNodes, dials()]).toEqual([[node], 3]);
    provider.send('7');
    await until(`${node} says 7`);
    await server.waitUntil(() => server.connections.length <= 1);
    await http.waitUntil(() => http.sessions.length <= 1);
    expect(live()).toBe(1);
  });

  it('forced to reconnect while it connects has one connection in the end, and both who wait are told (P13)', async () => {
    const first = provider.connect();
    await Promise.all([first, provider.forceReconnect()]);
    expect(links()).toEqual([`connected ${node}`]);
    await server.waitUntil(() => server.connections.length <= 1);
    await http.waitUntil(() => http.sessions.length <= 1);
    expect([provider.isConnected, live()]).toEqual([true, 1]);
  });

  it('stays closed (P15)', async () => {
    await provider.connect();
    provider.close();
    provider.close();
    expect(told.slice(-2)).toEqual([`disconnected ${node}`, 'complete']);
    await expect(provider.connect()).rejects.toMatchObject({ name: 'NotOpenError' });
    await expect(provider.forceReconnect()).rejects.toMatchObject({ name: 'NotOpenError' });
    expect(() => provider.send('1')).toThrow(expect.objectContaining({ name: 'NotOpenError' }));
    await noneLeft();
    expect([provider.isConnected, dials()]).toEqual([false, 1]);
  });

  it('closed while it connects leaves nothing behind (P23, P24)', async () => {
    const connecting = provider.connect();
    provider.close();
    await expect(connecting).rejects.toMatchObject({ name: 'NotOpenError' });
    await noneLeft();
    // Another one connects, polls a few times and goes: time enough for the first to come to life.
    http.reply((message) => message);
    const witness = httpSyncProvider(polling());
    const { until: seen } = heard(witness);
    await witness.connect();
    for (const message of ['1', '2', '3']) {
      witness.send(message);
      await seen(`http says ${message}`);
    }
    witness.close();
    await noneLeft();
    expect([links(), live(), provider.isConnected]).toEqual([[], 0, false]);
  });

  it('may be closed by whoever is told something', async () => {
    provider.events$.subscribe(({ type }) => {
      if (type === 'disconnected') provider.close();
    });
    await provider.connect();
    await expect(provider.forceReconnect()).rejects.toMatchObject({ name: 'NotOpenError' });
    await noneLeft();
    expect(dials()).toBe(1);
  });

  it('may be left alone with its failures', () => {
    provider.close();
    void provider.connect();
    void provider.forceReconnect();
  });
});

/** A provider whose events are written down. */
function observed(provider: Provider): { readonly provider: Provider } & ReturnType<typeof heard> {
  providers.push(provider);
  return { provider, ...heard(provider) };
}

describe('a WebSocket provider', () => {
  it.each(kinds.filter(([name]) => name !== 'httpSyncProvider'))(
    'throws where there is no connection: %s',
    async (_name, _node, make) => {
      const { provider } = observed(make());
      const notOpen = expect.objectContaining({ name: 'NotOpenError', readyState: 3 }) as Error;
      const throws = (): void => {
        expect(() => provider.send('1')).toThrow(notOpen);
        expect(() => provider.getAnyConnection()).toThrow(notOpen);
        expect(() => provider.getConnection('1')).toThrow(notOpen);
      };
      throws();
      const connecting = provider.connect();
      throws();
      await connecting;
      provider.close();
      throws();
    },
  );

  it('forced to reconnect while a handshake hangs is connected once, and nothing says otherwise later (P8, P13)', async () => {
    server.hang();
    server.echo();
    const { provider, told, until } = observed(singleServerProvider(socket(server.url)));
    const connecting = provider.connect();
    await server.waitUntil(() => server.dials === 1);
    await provider.forceReconnect();
    await connecting;
    for (const message of ['1', '2']) {
      provider.send(message);
      await until(`default says ${message}`);
    }
    expect(told).toEqual(['connected default', 'default says 1', 'default says 2']);
    expect(server.connections).toHaveLength(1);
  });

  it('gives up once, by an error and a rejection, and connects when it is asked again (P14, P17)', async () => {
    server.refuse(503, {}, { times: Infinity });
    const { provider, told } = observed(singleServerProvider(socket(server.url, 2)));
    await expect(provider.connect()).rejects.toMatchObject({ name: 'DialError', status: 503 });
    expect([told, server.dials]).toEqual([['error DialError'], 3]);
    server.accept();
    await provider.connect();
    expect(told).toEqual(['error DialError', 'connected default']);
  });

  it('gives up once after it was connected, and is connected again by force (P4, P14)', async () => {
    const { provider, told, until } = observed(singleServerProvider(socket(server.url, 0)));
    await provider.connect();
    (await server.waitForConnection()).drop();
    await until('error ConnectionClosedError');
    expect([provider.isConnected, told.slice(1)]).toEqual([
      false,
      ['disconnected default', 'error ConnectionClosedError'],
    ]);
    await provider.forceReconnect();
    expect(told.slice(3)).toEqual(['reconnected default']);
  });

  it('follows a connection that is lost and comes back by itself', async () => {
    const { provider, told, until } = observed(singleServerProvider(socket(server.url)));
    await provider.connect();
    (await server.waitForConnection()).drop();
    await until('disconnected default');
    await provider.connect();
    expect(told).toEqual(['connected default', 'disconnected default', 'reconnected default']);
  });

  it('is disconnected and no failure where the server says goodbye', async () => {
    const { provider, told, until } = observed(singleServerProvider(socket(server.url)));
    await provider.connect();
    (await server.waitForConnection()).close(1000);
    await until('disconnected default');
    expect(told).toEqual(['connected default', 'disconnected default']);
    await provider.connect();
    expect(told[2]).toBe('reconnected default');
  });

  it('tells of a frame that cannot be read, and reads on', async () => {
    const { provider, told, until } = observed(singleServerProvider(socket(server.url)));
    await provider.connect();
    const peer = await server.waitForConnection();
    peer.send('{');
    peer.send('"good"');
    await until('default says good');
    expect(told[1]).toMatch(/^error \w+ of default$/);
  });
});

describe('autoProvider', () => {
  const ways = (): ConnectionEvents<string, string>[] => [
    webSocket(server.url).pipe(json<string>()),
    httpPolling({ url: http.url, interval: 5, closeTimeout: 100 }).pipe(json<string>()),
  ];

  it('goes another way while the best one is blocked, and tells that it is connected (P2)', async () => {
    server.closeBeforeOpen({ times: Infinity });
    http.reply((message) => message);
    const { provider, told, until } = observed(autoProvider(ways(), { after: 1, reconnect: { delay: constant(5) } }));
    await provider.connect();
    provider.send('1');
    await until('default says 1');
    expect(told).toEqual(['connected default', 'default says 1']);
  });

  it('comes back to the best one without a gap', async () => {
    server.refuse(503);
    server.echo();
    const config = { after: 1, probe: 20, stableAfter: 1, linger: 20, reconnect: { delay: constant(5) } };
    const { provider, told, until } = observed(autoProvider(ways(), config));
    await provider.connect();
    await server.waitForConnection();
    await http.waitUntil(() => http.sessions.length === 0);
    provider.send('1');
    await until('default says 1');
    expect(told).toEqual(['connected default', 'default says 1']);
  });
});

describe('httpSyncProvider', () => {
  it('gives a connection before there is one, and sends in order what waited (P7)', async () => {
    const { provider } = observed(httpSyncProvider(polling()));
    const connection = provider.getAnyConnection();
    expect([connection.readyState, connection.bufferedAmount, connection.protocol]).toEqual([3, 0, '']);
    connection.send('1');
    provider.events$.subscribe(({ type }) => {
      if (type === 'connected') provider.send('3');
    });
    provider.getConnection('k').send('2');
    await provider.connect();
    provider.send('4');
    const peer = await http.waitForSession();
    await http.waitUntil(() => peer.received.length === 4);
    expect(peer.received).toEqual(['"1"', '"2"', '"3"', '"4"']);
    expect([connection.readyState, connection.url]).toEqual([1, http.url]);
    expect(provider.getAnyConnection()).toBe(connection);
  });

  it('has a bounded queue (P30)', () => {
    const { provider } = observed(httpSyncProvider(polling(), { buffer: 2 }));
    for (const message of ['1', '2']) provider.send(message);
    expect(() => provider.send('3')).toThrow(expect.objectContaining({ name: 'BufferOverflowError', buffer: 2 }));
    expect(() => httpSyncProvider(polling(), { buffer: -1 })).toThrow(
      'httpSyncProvider: expected `buffer` to be a whole number of at least 0, got -1',
    );
  });

  it('lets messages wait for a connection that has taken all it could', async () => {
    const narrow$ = httpPolling({ url: http.url, interval: 5, buffer: 1, closeTimeout: 100 }).pipe(json<string>());
    const { provider, told } = observed(httpSyncProvider(narrow$));
    for (const message of ['1', '2', '3']) provider.send(message);
    await provider.connect();
    const peer = await http.waitForSession();
    await http.waitUntil(() => peer.received.length === 3);
    expect([peer.received, told]).toEqual([['"1"', '"2"', '"3"'], ['connected http']]);
  });

  it('lets messages wait that are sent when the open connection has taken all it can', async () => {
    const narrow$ = httpPolling({ url: http.url, interval: 5, buffer: 1, closeTimeout: 100 }).pipe(json<string>());
    const { provider, told } = observed(httpSyncProvider(narrow$, { buffer: 3 }));
    await provider.connect();
    for (const message of ['1', '2', '3', '4']) provider.send(message);
    expect(() => provider.send('5')).toThrow(expect.objectContaining({ name: 'BufferOverflowError', buffer: 3 }));
    const peer = await http.waitForSession();
    await http.waitUntil(() => peer.received.length === 4);
    expect([peer.received, told]).toEqual([['"1"', '"2"', '"3"', '"4"'], ['connected http']]);
  });

  it('tells of a message that waited and cannot be sent, and sends those behind it', async () => {
    const { provider, told } = observed(httpSyncProvider(polling()));
    provider.send(1n as unknown as string);
    provider.send('2');
    await provider.connect();
    const peer = await http.waitForSession();
    await http.waitUntil(() => peer.received.length === 1);
    expect([peer.received, told]).toEqual([['"2"'], ['error TypeError of http', 'connected http']]);
  });

  it('keeps what waits through a reconnection by force, and says what still waits when it is closed', async () => {
    const { provider, told, until } = observed(httpSyncProvider(polling()));
    provider.send('1');
    await provider.forceReconnect();
    const peer = await http.waitForSession();
    await http.waitUntil(() => peer.received.length === 1);
    provider.getAnyConnection().close();
    await until('disconnected http');
    for (const message of ['2', '3']) provider.send(message);
    provider.close();
    expect(told).toEqual(['connected http', 'disconnected http', 'dropped 2', 'dropped 3', 'complete']);
  });

  it('goes on polling after a reconnection by force that failed at first (P4)', async () => {
    http.reply((message) => message);
    const { provider, told, until } = observed(httpSyncProvider(polling()));
    await provider.connect();
    http.refuse(503);
    await provider.forceReconnect();
    provider.send('1');
    await until('http says 1');
    expect(told).toEqual(['connected http', 'disconnected http', 'reconnected http', 'http says 1']);
  });

  it('closes its connection and not itself where its connection is closed', async () => {
    const { provider, until } = observed(httpSyncProvider(polling()));
    await provider.connect();
    provider.getAnyConnection().close();
    await until('disconnected http');
    await provider.connect();
    expect(provider.isConnected).toBe(true);
  });
});

describe('clusterProvider', () => {
  const both = (): Record<string, string> => ({ a: server.url, b: other.url });
  const text = (peer: MockServer): string => peer.received.join('');

  it('is connected to every node of the map, and sends to the owner of a key', async () => {
    const { provider, told, until } = observed(cluster(new BehaviorSubject(mapOf(['a', 'b'], both()))));
    await provider.connect();
    await until('connected a');
    await until('connected b');
    expect([...provider.connectedNodes].sort()).toEqual(['a', 'b']);
    for (const message of ['1', '2', '3']) provider.send(message);
    provider.send('5', '2');
    provider.getConnection('1').send('6');
    expect(provider.getConnection('1').url).toBe(other.url);
    expect(provider.getConnection('2').url).toBe(server.url);
    await other.waitUntil(() => other.received.length === 3);
    await server.waitUntil(() => server.received.length === 2);
    expect([text(server), text(other)]).toEqual(['"2""5"', '"1""3""6"']);
    other.broadcast('"7"');
    await until('b says 7');
    expect([server.dials, other.dials, told[0]]).toEqual([1, 1, 'map 1']);
  });

  it('reconnects all nodes when it is forced to (P1)', async () => {
    const { provider, told, until } = observed(cluster(new BehaviorSubject(mapOf(['a', 'b'], both()))));
    await provider.connect();
    for (const node of ['a', 'b']) await until(`connected ${node}`);
    await provider.forceReconnect();
    for (const node of ['a', 'b']) await until(`reconnected ${node}`);
    expect(told.filter((line) => line.startsWith('disconnected')).sort()).toEqual(['disconnected a', 'disconnected b']);
    for (const message of ['1', '2']) provider.send(message);
    await other.waitForMessage();
    await server.waitForMessage();
  });

  it('rejects where no node is reachable, and connects when it is asked again (P17)', async () => {
    for (const peer of [server, other]) peer.refuse(503, {}, { times: Infinity });
    const once = ({ url }: ClusterNode): ConnectionEvents<string, string> => socket(url, 0);
    const { provider, told } = observed(cluster(new BehaviorSubject(mapOf(['a', 'b'], both())), once));
    await expect(provider.connect()).rejects.toMatchObject({ name: 'DialError', status: 503 });
    expect([...told].sort()).toEqual(['error DialError', 'error DialError of a', 'error DialError of b', 'map 1']);
    for (const peer of [server, other]) peer.accept();
    await provider.connect();
    expect(provider.isConnected).toBe(true);
  });

  it('is connected where one node is reachable, and with the other when that is back (P6, P17)', async () => {
    server.refuse(503, {}, { times: 2 });
    const once = ({ url }: ClusterNode): ConnectionEvents<string, string> => socket(url, 0);
    const { provider, until } = observed(cluster(new BehaviorSubject(mapOf(['a', 'b'], both())), once));
    await provider.connect();
    provider.send('2');
    await until('connected a');
    await server.waitForMessage();
    expect([...provider.connectedNodes].sort()).toEqual(['a', 'b']);
  });

  describe('with a circuit breaker', () => {
    /** Node a owns 2, and can be dialled again every 5 ms; b echoes. */
    const breaking = (circuitBreaker: CircuitBreakerConfig, maps: Observable<PartitionMap>) => {
      const circuits: unknown[] = [];
      const provider = clusterProvider<string, string, undefined>({
        key: String,
        hash: Number,
        partitionMap$: maps,
        connect: ({ url }) => webSocket(url).pipe(json<string>(), reconnect({ delay: constant(5) })),
        retryAfter: 5,
        fallback: 'any',
        circuitBreaker,
        onState: ({ id, circuit }) => circuits.push(`${id} ${circuit ?? 'none'}`),
      });
      server.refuse(503, {}, { times: Infinity });
      server.echo();
      other.echo();
      return { circuits, ...observed(provider) };
    };

    it('dials, sends to and names no node whose circuit is open (P29)', async () => {
      const partitionMap$ = new BehaviorSubject(mapOf(['a', 'b'], both()));
      const { provider, until, circuits } = breaking({ failures: 3, resetAfter: '1h' }, partitionMap$);
      await provider.connect();
      await until('error DialError of a');
      for (let times = 1; times <= 20; times++) {
        provider.send('2');
        await until('b says 2', times);
      }
      expect(provider.getConnection('2').url).toBe(other.url);
      expect([server.dials, provider.connectedNodes]).toEqual([3, ['b']]);
      expect(circuits).toEqual(expect.arrayContaining(['a open', 'b closed']));
    });

    it('dials it once when the time has come, and is connected to it when that succeeds', async () => {
      const partitionMap$ = new BehaviorSubject(mapOf(['a', 'b'], both()));
      const { provider, until, told } = breaking({ failures: 3, resetAfter: 20 }, partitionMap$);
      await provider.connect();
      await until('error DialError of a', 3);
      expect(server.dials).toBe(5);
      server.accept();
      await until('connected a');
      expect(told.filter((line) => line === 'connected a')).toHaveLength(1);
      await until('connected b');
      expect(provider.getConnection('2').url).toBe(server.url);
    });

    it('dials it at once when the cluster was started anew', async () => {
      const partitionMap$ = new BehaviorSubject(mapOf(['a', 'b'], both()));
      const { provider, until } = breaking({ failures: 1, resetAfter: '1h' }, partitionMap$);
      await provider.connect();
      await until('error DialError of a');
      server.accept();
      partitionMap$.next({ ...mapOf(['a', 'b'], both()), epoch: 'f' });
      await until('connected a');
    });
  });

  it('connects again to a node that said goodbye', async () => {
    const { provider, told, until } = observed(cluster(new BehaviorSubject(mapOf(['a', 'a'], { a: server.url }))));
    await provider.connect();
    (await server.waitForConnection()).close(1000);
    await until('reconnected a');
    expect(told.slice(2)).toEqual(['disconnected a', 'error NotOpenError of a', 'reconnected a']);
  });

  it('tells that a node is disconnected before it tells why', async () => {
    const cut$ = new Subject<never>();
    const { provider, told } = observed(
      cluster(new BehaviorSubject(mapOf(['a', 'a'], { a: server.url })), ({ url }) => merge(socket(url), cut$)),
    );
    await provider.connect();
    cut$.error(new RangeError('cut'));
    expect([provider.isConnected, told.slice(2)]).toEqual([false, ['disconnected a', 'error RangeError of a']]);
  });

  it('has hope for a node that failed once and was open since (P17)', async () => {
    const fail$ = new Subject<string>();
    const connect = ({ id, url }: ClusterNode): ConnectionEvents<string, string> => {
      const failure$ = fail$.pipe(filter((failed) => failed === id));
      return merge(socket(url), failure$.pipe(mergeMap(() => throwError(() => new RangeError('failed')))));
    };
    const { provider, told, until } = observed(cluster(new BehaviorSubject(mapOf(['a', 'b'], both())), connect));
    await provider.connect();
    for (const node of ['a', 'b']) await until(`connected ${node}`);
    fail$.next('a');
    await until('reconnected a');
    for (const peer of [server, other]) {
      peer.refuse(503, {}, { times: Infinity });
      for (const connection of peer.connections) connection.drop();
    }
    await until('disconnected a', 2);
    await until('disconnected b');
    const connecting = provider.connect();
    fail$.next('b');
    expect(told.at(-1)).toBe('error RangeError of b');
    server.accept();
    await connecting;
    expect(provider.connectedNodes).toEqual(['a']);
  });

  it('rejects where there is no map (P11, P17)', async () => {
    await expect(observed(cluster(EMPTY)).provider.connect()).rejects.toMatchObject({ name: 'DialError' });
    const failed = observed(cluster(throwError(() => new RangeError('no map'))));
    await expect(failed.provider.connect()).rejects.toThrow('no map');
    expect(failed.told).toEqual(['error RangeError']);
  });

  it('keeps the connection of a node that is given another name (P20)', async () => {
    const maps = new BehaviorSubject(mapOf(['seed', 'seed'], { seed: server.url }));
    const { provider, told, until } = observed(cluster(maps));
    await provider.connect();
    maps.next(mapOf(['a', 'a'], { a: server.url }, 2));
    expect(provider.connectedNodes).toEqual(['a']);
    provider.send('1');
    (await server.waitForConnection()).send('"2"');
    await until('a says 2');
    expect([told, server.dials]).toEqual([['map 1', 'connected seed', 'map 2', 'a says 2'], 1]);
  });

  it('reconnects a node that is given another name while it reconnects (P21)', async () => {
    const maps = new BehaviorSubject(mapOf(['seed', 'seed'], { seed: server.url }));
    const { provider, until } = observed(cluster(maps));
    await provider.connect();
    (await server.waitForConnection()).drop();
    await until('disconnected seed');
    maps.next(mapOf(['a', 'a'], { a: server.url }, 2));
    await until('connected a');
    provider.send('1');
    await server.waitForMessage();
  });

  it('lets go of a node that is not in the map any more, and tells so (P20)', async () => {
    const maps = new BehaviorSubject(mapOf(['a', 'a'], both()));
    const { provider, told, until } = observed(cluster(maps));
    await provider.connect();
    for (const node of ['a', 'b']) await until(`connected ${node}`);
    maps.next(mapOf(['a', 'a'], { a: server.url }, 2));
    await other.waitUntil(() => other.connections.length === 0);
    expect([provider.connectedNodes, told.slice(-2)]).toEqual([['a'], ['disconnected b', 'map 2']]);
  });

  it('tells of a map once, and of none that is older', async () => {
    const maps = new Subject<PartitionMap>();
    const { provider, told } = observed(cluster(maps));
    const connecting = provider.connect();
    for (const version of [2, 1, 2]) maps.next(mapOf(['a', 'a'], { a: server.url }, version));
    await connecting;
    expect(told).toEqual(['map 2', 'connected a']);
  });

  it('tells of messages that gave way', async () => {
    const partitionMap$ = new BehaviorSubject(mapOf(['a', 'b'], both()));
    other.hang();
    const { provider, until } = observed(
      clusterProvider({ key: String, hash: Number, partitionMap$, connect: ({ url }) => socket(url), buffer: 1 }),
    );
    await provider.connect();
    for (const message of ['1', '3']) provider.send(message);
    await until('dropped 1');
  });

  it('tells of messages that still wait when it is forced to reconnect, gives up or is closed', async () => {
    const { provider, told, until } = observed(
      cluster(new BehaviorSubject(mapOf(['a', 'b'], both())), ({ url }) => socket(url, 0)),
    );
    other.hang({ times: Infinity });
    await provider.connect();
    for (const message of ['1', '3']) provider.send(message);
    await provider.forceReconnect();
    expect(told.slice(2)).toEqual(['dropped 1', 'dropped 3', 'disconnected a', 'map 1', 'reconnected a']);

    provider.send('5');
    for (const peer of [server, other]) peer.refuse(503, {}, { times: Infinity });
    (await server.waitForConnection(2)).drop();
    await until('disconnected a', 2);
    await expect(provider.connect()).rejects.toMatchObject({ name: 'DialError' });
    expect(told.slice(-2)).toEqual(['dropped 5', 'error DialError']);

    server.accept();
    await provider.connect();
    provider.send('7');
    provider.close();
    expect(told.slice(-3)).toEqual(['dropped 7', 'disconnected a', 'complete']);
  });

  it('tells of all that waits where it is forced to reconnect by whoever is told, and is connected once', async () => {
    const { provider, told, until } = observed(cluster(new BehaviorSubject(mapOf(['a', 'b'], both()))));
    other.hang({ times: Infinity });
    await provider.connect();
    for (const message of ['1', '3']) provider.send(message);
    provider.events$.subscribe(({ type }) => {
      if (type === 'dropped') void provider.forceReconnect();
    });
    await provider.forceReconnect();
    provider.send('2');
    await server.waitForMessage();
    expect(told.slice(2)).toEqual(['dropped 1', 'dropped 3', 'disconnected a', 'map 1', 'reconnected a']);
    other.accept();
    await until('connected b');
  });

  it('connects anew where whoever is told of the only node that failed forces it to', async () => {
    let dials = 0;
    const connect = ({ url }: ClusterNode): ConnectionEvents<string, string> => {
      if (++dials === 1) throw new RangeError('not yet');
      return socket(url);
    };
    const { provider, told } = observed(cluster(new BehaviorSubject(mapOf(['a'], { a: server.url })), connect));
    provider.events$.subscribe(({ type }) => {
      if (type === 'error') void provider.forceReconnect();
    });
    await provider.connect();
    expect([dials, told.at(-1)]).toEqual([2, 'connected a']);
  });

  it('is connected where the first node of the map fails at once (P17)', async () => {
    const connect = ({ id, url }: ClusterNode): ConnectionEvents<string, string> => {
      if (id === 'a') throw new RangeError('no way to a');
      return socket(url);
    };
    const { provider } = observed(cluster(new BehaviorSubject(mapOf(['a', 'b'], both())), connect));
    await provider.connect();
    expect(provider.connectedNodes).toEqual(['b']);
  });

  it('sends a message again by its own key where the node that was asked is not the owner (P16)', async () => {
    const { provider, until } = observed(
      clusterProvider({
        key: String,
        hash: Number,
        partitionMap$: new BehaviorSubject(mapOf(['a', 'b'], both())),
        connect: ({ url }) => socket(url),
        notOwner: (answer) => (answer.startsWith('not mine: ') ? [answer.slice(-1)] : undefined),
      }),
    );
    server.reply(() => '"not mine: 5"');
    await provider.connect();
    await until('connected a');
    provider.send('5', '2');
    await other.waitForMessage('"5"');
    expect(text(server)).toBe('"5"');
  });

  it('checks its options when it is made', () => {
    const options = { key: 'id', partitionMap$: EMPTY, connect: socket } as unknown as Parameters<
      typeof clusterProvider
    >[0];
    expect(() => clusterProvider(options)).toThrow("routeByPartition: expected `key` to be a function, got 'id'");
  });
});
