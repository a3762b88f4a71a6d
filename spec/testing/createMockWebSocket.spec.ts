import { WebSocketError } from '../../src/client/webSocketError.js';
import { createMockWebSocket } from '../../src/testing/createMockWebSocket.js';
import { createSpyWebSocket } from '../../src/testing/createSpyWebSocket.js';
import { hear } from '../client/heard.js';

const url = 'wss://example.com/';
const timers = (): string[] => process.getActiveResourcesInfo().filter((name) => name === 'Timeout');

describe('createMockWebSocket', () => {
  it('connects to anything, in the next turn', async () => {
    const client = createMockWebSocket();
    const { told } = hear(client);

    const connected = client.connect(url, ['chat']);
    expect(client.state).toMatchObject({ status: 'connecting', url, protocols: ['chat'] });
    await connected;

    expect(client.state).toMatchObject({ status: 'connected', url, protocols: ['chat'] });
    expect(told).toEqual(['connected']);
  });

  it('remembers what was sent, and counts it', async () => {
    const client = createMockWebSocket<{ readonly type: string }>();
    await client.connect(url);
    await client.send({ type: 'test' });

    expect(client.sentMessages).toEqual([{ type: 'test' }]);
    expect(client.stats).toMatchObject({ messagesSent: 1 });
  });

  it('refuses to send while it is disconnected, as the client does', async () => {
    const client = createMockWebSocket();

    const refused = client.send({ type: 'test' });

    await expect(refused).rejects.toThrow(WebSocketError);
    await expect(refused).rejects.toMatchObject({ code: 'WS_SEND_FAILED', recoverable: true });
    expect(client.sentMessages).toEqual([]);
  });

  it('queues while it connects, as the client does', async () => {
    const client = createMockWebSocket({ queueSize: 1 });
    void client.connect(url);
    const dropped = client.send(1);
    await client.send(2);

    await expect(dropped).rejects.toMatchObject({ code: 'WS_SEND_FAILED' });
    expect(client.sentMessages).toEqual([2]);
  });

  it('simulates messages, as they are', async () => {
    const client = createMockWebSocket<string>();
    const { told } = hear(client);
    const got: unknown[] = [];
    const leave = client.subscribe((message) => got.push(message));
    const message = { type: 'chat', data: 'hi', timestamp: 5, id: 'm' };
    await client.connect(url);

    client.simulateMessage(message);
    leave();
    client.simulateMessage({ ...message, data: 'ho' });

    expect(got).toEqual([message]);
    expect(told).toEqual(['connected', 'message "hi"', 'message "ho"']);
    expect(client.stats.messagesReceived).toBe(2);
  });

  it('simulates events, and the state follows', () => {
    const client = createMockWebSocket();
    const { events } = hear(client);
    const reconnecting = { type: 'reconnecting', attempt: 2, delay: 50, maxAttempts: 5, timestamp: 9 } as const;

    client.simulateEvent(reconnecting);
    expect(client.state).toMatchObject({ status: 'reconnecting', reconnectAttempts: 2 });
    client.simulateEvent({ type: 'reconnected', attempts: 2, totalDelay: 70, timestamp: 11 });

    client.simulateEvent({ type: 'message', data: 1, timestamp: 12 });

    expect(events[0]).toEqual(reconnecting);
    expect(client.state).toMatchObject({ status: 'connected', reconnectAttempts: 0, connectedAt: new Date(11) });
  });

  it('simulates errors', () => {
    const client = createMockWebSocket();
    const { told } = hear(client);
    const error = new WebSocketError('out of luck', 'MY_CODE', true);

    client.simulateError(error);

    expect(told).toEqual(['error MY_CODE']);
    expect(client.state.lastError).toBe(error);
    expect(client.stats.errors).toBe(1);
  });

  it('simulates the end of a connection, of a dial, and of none', async () => {
    const client = createMockWebSocket();
    const { told } = hear(client);
    await client.connect(url);
    client.simulateDisconnect(1006, 'gone');
    expect(client.state).toMatchObject({ status: 'disconnected', url: null });
    const connected = client.connect(url);
    client.simulateDisconnect(1006, '');
    await expect(connected).rejects.toMatchObject({ code: 'WS_CONNECTION_FAILED' });
    client.simulateDisconnect(4000, 'anyway');

    expect(told).toEqual([
      'connected',
      'disconnected 1006 gone (unclean)',
      'error WS_CONNECTION_FAILED',
      'disconnected 4000 anyway (unclean)',
    ]);
  });

  it('reconnects where that is configured', async () => {
    const client = createMockWebSocket({ reconnect: { enabled: true, initialDelay: 1, jitter: false } });
    const { told, until } = hear(client);
    await client.connect(url);
    client.simulateDisconnect(1012, 'restart');
    await until('reconnected');

    expect(told).toEqual(['connected', 'disconnected 1012 restart (unclean)', 'reconnecting 1', 'reconnected']);
    await client.disconnect(4000, 'bye');
    expect(told.at(-1)).toBe('disconnected 4000 bye');
  });

  it('is as new after a reset', async () => {
    const client = createMockWebSocket();
    const { told } = hear(client);
    await client.connect(url);
    await client.send(1);

    client.reset();
    client.simulateDisconnect(1006, '');

    expect(client.state.status).toBe('disconnected');
    expect([client.sentMessages, client.stats.messagesSent]).toEqual([[], 0]);
    expect(told).toEqual(['connected']);
    await client.connect(url);
    expect(client.state.status).toBe('connected');
    client.reset();
  });

  it('ends what it was about when it is reset, in silence', async () => {
    const client = createMockWebSocket({ reconnect: { enabled: true, jitter: false } });
    const { told } = hear(client);
    await client.connect(url);
    const before = timers();
    client.simulateDisconnect(1012, '');
    const waiting = client.send(1);
    client.reset();
    expect(timers()).toEqual(before);
    await expect(waiting).rejects.toMatchObject({ code: 'WS_SEND_FAILED' });
    const refused = client.connect(url);
    client.reset();
    await expect(refused).rejects.toMatchObject({ code: 'WS_CONNECTION_FAILED' });
    expect(told).toEqual(['connected', 'disconnected 1012 (unclean)', 'reconnecting 1']);
  });

  it('leaves no timer behind when it is reset while it connects', () => {
    const before = timers();
    const client = createMockWebSocket();
    void client.connect(url);
    client.reset();

    expect(timers()).toEqual(before);
  });
});

describe('createSpyWebSocket', () => {
  it('remembers what was done with a client, and what it told', async () => {
    const mock = createMockWebSocket<string>();
    const spy = createSpyWebSocket(mock);
    const got: string[] = [];
    spy.subscribe(({ data }) => got.push(data));

    await spy.connect(url, ['a']);
    await spy.send('hello');
    mock.simulateMessage({ type: 'x', data: 'hi', timestamp: 1 });
    await spy.disconnect(4000, 'bye');
    await spy.connect();

    expect(spy.connections).toEqual([{ url, protocols: ['a'] }, {}]);
    expect(spy.connectionsTo(url)).toHaveLength(1);
    expect(spy.disconnections).toEqual([{ code: 4000, reason: 'bye' }]);
    expect(spy.sentMessages).toEqual(['hello']);
    expect(spy.receivedMessages).toEqual([{ type: 'x', data: 'hi', timestamp: 1 }]);
    expect(spy.events.map(({ type }) => type)).toEqual(['connected', 'message', 'disconnected', 'connected']);
    expect(got).toEqual(['hi']);
    expect(spy.state).toBe(mock.state);
    expect(spy.stats).toMatchObject({ messagesSent: 1, messagesReceived: 1 });
  });

  it('remembers what was refused too, and forgets it when it is told to', async () => {
    const spy = createSpyWebSocket(createMockWebSocket());
    await expect(spy.send(1)).rejects.toThrow(WebSocketError);
    expect(spy.sentMessages).toEqual([1]);

    spy.reset();

    expect([spy.sentMessages, spy.events]).toEqual([[], []]);
  });
});
