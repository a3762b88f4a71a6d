import { createWebSocketClient } from '../../src/client/createWebSocketClient.js';
import type { WebSocketClient } from '../../src/client/webSocketClient.js';
import type { WebSocketConfig } from '../../src/client/webSocketConfig.js';
import { createMockWebSocket } from '../../src/testing/createMockWebSocket.js';
import { mockServer, type MockServer } from '../../src/testing/mockServer.js';
import { hear, type Heard } from './heard.js';

/** What another client of this kind was seen to do wrong, measured; none of it happens here. */
describe('a client does not', () => {
  let server: MockServer;
  const clients: WebSocketClient[] = [];

  beforeEach(async () => {
    server = await mockServer();
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.disconnect()));
    await server.close();
    expect(process.getActiveResourcesInfo()).not.toContain('TCPSocketWrap');
  });

  const quick = { enabled: true, maxAttempts: 5, initialDelay: 1, jitter: false } as const;
  const make = (config: Partial<WebSocketConfig> = {}): { client: WebSocketClient; heard: Heard } => {
    const client = createWebSocketClient({ url: server.url, reconnect: quick, ...config });
    clients.push(client);
    return { client, heard: hear(client) };
  };

  it('S1: give up after one failed attempt', async () => {
    const { client, heard } = make();
    await client.connect();
    server.refuse(503, {}, { times: 4 });
    (await server.waitForConnection()).drop();
    await heard.until('reconnected');

    expect(heard.told.filter((line) => line.startsWith('reconnecting'))).toHaveLength(5);
    expect(client.state.status).toBe('connected');
  });

  it('S2: stay away after a clean close of the server', async () => {
    const { client, heard } = make();
    await client.connect();
    (await server.waitForConnection()).close(1012, 'restart');
    await heard.until('reconnected');

    expect(heard.told).toEqual(['connected', 'disconnected 1012 restart', 'reconnecting 1', 'reconnected']);
  });

  it('S3: keep a socket that is silent, open and heard, while it says disconnected', async () => {
    const { client, heard } = make({ heartbeat: { enabled: true, interval: 15, timeout: 15 } });
    await client.connect();
    const frozen = await server.waitForConnection();
    frozen.freeze();
    frozen.send('"from beyond"');
    await heard.until('reconnected');
    frozen.thaw();
    await frozen.closed;
    await client.send('hello');
    await (await server.waitForConnection()).waitForMessage();

    expect(heard.told).not.toContain('message "from beyond"');
    expect(server.connections).toHaveLength(1);
  });

  it('S4: take the end of the old connection for that of the new one', async () => {
    const { client, heard } = make();
    await client.connect();
    const old = await server.waitForConnection();
    // It answers the farewell only when the next connection has opened.
    old.freeze();
    const left = client.disconnect(4000, 'first');
    await client.connect();
    old.thaw();
    await Promise.all([left, old.closed]);
    await client.send('hello');

    expect(client.state.status).toBe('connected');
    expect(heard.told).toEqual(['connected', 'disconnected 4000 first (unclean)', 'connected']);
    expect(await (await server.waitForConnection(2)).waitForMessage()).toBe('"hello"');
  });

  it('S5: queue what it can send', async () => {
    const { client } = make({ queueSize: 1 });
    await client.connect();
    await Promise.all([1, 2, 3].map((message) => client.send(message)));

    await (await server.waitForConnection()).waitForMessage(3);
    expect(server.received).toEqual(['1', '2', '3']);
  });

  it('S5: drop a message in silence', async () => {
    const { client, heard } = make({ queueSize: 1 });
    const connected = client.connect();
    const outcomes = Promise.allSettled([client.send(1), client.send(2)]);
    await connected;

    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(heard.told).toContain('error WS_SEND_FAILED');
  });

  it.each<[string, () => WebSocketClient]>([
    ['the client', () => make().client],
    ['its mock', createMockWebSocket],
  ])('S6: ignore a disconnect while it connects (%s)', async (_name, of) => {
    const client = of();
    const { told } = hear(client);
    const connected = client.connect(server.url);

    await client.disconnect();

    await expect(connected).rejects.toMatchObject({ code: 'WS_CONNECTION_FAILED' });
    expect(client.state.status).toBe('disconnected');
    expect(told).toEqual(['disconnected 1000 (unclean)']);
  });

  it.each<[string, () => WebSocketClient]>([
    ['the client', () => make().client],
    ['its mock', createMockWebSocket],
  ])('S6: connect twice at once (%s)', async (_name, of) => {
    const client = of();
    const { told } = hear(client);

    const outcomes = await Promise.allSettled([client.connect(server.url), client.connect(server.url)]);

    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(told.filter((line) => line === 'connected')).toHaveLength(1);
    expect(server.connections.length).toBeLessThanOrEqual(1);
    await client.disconnect();
  });

  it('S7: tell one timeout as three errors', async () => {
    const { client, heard } = make({ connectionTimeout: 30, reconnect: { enabled: false } });
    server.hang();

    await expect(client.connect()).rejects.toMatchObject({ code: 'WS_CONNECTION_TIMEOUT' });
    // The socket is gone, and nothing more is said about it.
    await server.waitUntil(() => server.connections.length === 0);
    await new Promise(setImmediate);

    expect(heard.told).toEqual(['error WS_CONNECTION_TIMEOUT']);
    expect(client.stats.errors).toBe(1);
  });
});
