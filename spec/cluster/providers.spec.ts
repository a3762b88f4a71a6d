import { BehaviorSubject, type Observable } from 'rxjs';
import { autoProvider } from '../../src/cluster/autoProvider.js';
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
    const { requests } = http;
    await new Promise(setImmediate);
    expect([links(), live(), http.requests - requests]).toEqual([[], 0, 0]);
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
