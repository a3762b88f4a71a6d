import { config as rxjs } from 'rxjs';
import { createWebSocketClient } from '../../src/client/createWebSocketClient.js';
import type { WebSocketClient } from '../../src/client/webSocketClient.js';
import type { WebSocketConfig } from '../../src/client/webSocketConfig.js';
import { WS_ERROR_CODES } from '../../src/client/webSocketError.js';
import { mockServer, type MockServer } from '../../src/testing/mockServer.js';
import { hear, type Heard } from './heard.js';

let server: MockServer;
const clients: WebSocketClient[] = [];
const rejections: unknown[] = [];
const reject = (reason: unknown): void => void rejections.push(reason);

beforeEach(async () => {
  server = await mockServer();
  process.on('unhandledRejection', reject);
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.disconnect()));
  await server.close();
  // Whatever was rejected without a listener is reported after a turn.
  await new Promise(setImmediate);
  process.off('unhandledRejection', reject);
  expect(rejections.splice(0)).toEqual([]);
});

/** Retries at once, and as often as a test may need. */
const quick = { enabled: true, maxAttempts: 50, initialDelay: 1, maxDelay: 5, jitter: false } as const;
const once = { enabled: false } as const;

function make(config: Partial<WebSocketConfig> = {}): { client: WebSocketClient; heard: Heard } {
  const client = createWebSocketClient({ url: server.url, reconnect: quick, ...config });
  clients.push(client);
  return { client, heard: hear(client) };
}
const codeOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (error as { code: unknown }).code,
  );

describe('a client', () => {
  it('tells what happens with its time, and stands accordingly', async () => {
    const { client, heard } = make({ protocols: ['chat'] });
    expect(client.state).toEqual({
      status: 'disconnected',
      url: null,
      protocols: [],
      reconnectAttempts: 0,
      lastError: null,
      connectedAt: null,
    });
    const before = Date.now();

    const connected = client.connect();
    expect(client.state).toMatchObject({ status: 'connecting', url: server.url, protocols: ['chat'] });
    await connected;
    expect(client.state).toMatchObject({ status: 'connected', url: server.url, protocols: ['chat'] });
    (await server.waitForConnection()).send({ text: 'ahoy' });
    await heard.until('message {"text":"ahoy"}');
    const left = client.disconnect(4000, 'bye');
    expect(client.state.status).toBe('disconnected');
    await left;

    expect(heard.told).toEqual(['connected', 'message {"text":"ahoy"}', 'disconnected 4000 bye']);
    expect(heard.events[0]).toEqual({
      type: 'connected',
      url: server.url,
      protocols: ['chat'],
      timestamp: expect.any(Number),
    });
    for (const { timestamp } of heard.events) {
      expect(timestamp).toBeGreaterThanOrEqual(before);
      expect(timestamp).toBeLessThanOrEqual(Date.now());
    }
    expect(client.state).toMatchObject({ status: 'disconnected', url: null, connectedAt: null });
    expect(await (await server.waitForConnection(1)).closed).toEqual({ code: 4000, reason: 'bye' });
  });

  it('connects to where it is told, with the protocols that it is told', async () => {
    const other = await mockServer();
    const { client } = make({ protocols: ['a'] });

    await client.connect(`${other.url}?token=secret`, ['b']);

    expect((await other.waitForConnection()).protocol).toBe('b');
    expect(client.state).toMatchObject({ url: expect.not.stringContaining('secret'), protocols: ['b'] });
    expect(client.state.connectedAt).toBeInstanceOf(Date);
    await client.disconnect();
    await other.close();
  });

  it('gives messages to all who subscribed until they unsubscribe, with type, id and time', async () => {
    const { client, heard } = make();
    const got: unknown[] = [];
    const leave = client.subscribe<{ readonly n: number }>(({ data }) => got.push(['first', data.n]));
    client.subscribe(({ type, id, data, timestamp }) => got.push([type, id, data, typeof timestamp]));
    await client.connect();

    server.broadcast({ type: 'chat', id: 'm1', n: 1 });
    await heard.until('message {"type":"chat","id":"m1","n":1}');
    leave();
    server.broadcast({ type: 5, n: 2 });
    await heard.until('message {"type":5,"n":2}');

    expect(got).toEqual([
      ['first', 1],
      ['chat', 'm1', { type: 'chat', id: 'm1', n: 1 }, 'number'],
      ['message', undefined, { type: 5, n: 2 }, 'number'],
    ]);
  });

  it('delivers nothing after disconnect, whatever is still on its way', async () => {
    const { client, heard } = make();
    await client.connect();
    const connection = await server.waitForConnection();
    connection.freeze();
    connection.send('"late"');
    connection.send('not JSON');

    const left = client.disconnect();
    connection.thaw();
    await left;

    expect(heard.told).toEqual(['connected', 'disconnected 1000']);
    expect(client.stats).toMatchObject({ messagesReceived: 0, bytesReceived: 14, errors: 0 });
  });

  it('answers calls that cannot be with what was wrong', async () => {
    const { client, heard } = make();

    await expect(client.connect('http:/\n/')).rejects.toThrow(TypeError);
    await expect(client.disconnect(1001)).rejects.toThrow('close: expected `code` to be 1000 or 3000-4999, got 1001');
    expect(await codeOf(client.send('too early'))).toBe(WS_ERROR_CODES.SEND_FAILED);
    await client.connect();
    expect(await codeOf(client.connect())).toBe(WS_ERROR_CODES.CONNECTION_FAILED);
    expect(client.state.status).toBe('connected');
    expect(server.dials).toBe(1);
    expect(heard.told).toEqual(['error WS_SEND_FAILED', 'connected', 'error WS_CONNECTION_FAILED']);
    await client.disconnect();
    await client.disconnect();
    expect(heard.told.at(-1)).toBe('disconnected 1000');
  });
});

describe('a listener', () => {
  it('that throws hurts no other, and is reported', async () => {
    const reported: unknown[] = [];
    rxjs.onUnhandledError = (error) => reported.push(error);
    const { client } = make();
    const fault = new Error('a listener failed');
    client.subscribeToEvents(() => {
      throw fault;
    });
    client.subscribe(() => {
      throw fault;
    });
    const { told, until } = hear(client);

    await client.connect();
    server.broadcast('1');
    await until('message 1');
    await client.disconnect();
    // rxjs reports in a turn of its own.
    await new Promise((resolve) => setTimeout(resolve));
    rxjs.onUnhandledError = null;

    expect(told).toEqual(['connected', 'message 1', 'disconnected 1000']);
    expect(reported).toEqual([fault, fault, fault, fault]);
  });

  it('may act on the client: all hear the same, in the same order', async () => {
    const { client, heard: first } = make();
    client.subscribeToEvents(({ type }) => {
      if (type === 'connected') {
        // Refused, and told so, in the midst of the telling.
        void client.send(() => 1);
        void client.disconnect();
      }
      if (type === 'disconnected' && server.dials === 1) void client.connect();
    });
    const last = hear(client);

    await client.connect();
    await last.until('connected', 2);
    await last.until('disconnected 1000', 2);

    const told = ['connected', 'error WS_INVALID_MESSAGE', 'disconnected 1000'];
    expect(last.told).toEqual([...told, ...told]);
    expect(first.told).toEqual(last.told);
  });
});

describe('a message that is sent', () => {
  it('waits for the connection, and is on its way when the promise resolves', async () => {
    const { client } = make();
    void client.connect();

    const sent = Promise.all([client.send(1), client.send({ two: 2 })]);
    expect(client.stats.messagesSent).toBe(0);
    await sent;
    await client.send([3]);

    await (await server.waitForConnection()).waitForMessage(3);
    expect(server.received).toEqual(['1', '{"two":2}', '[3]']);
    expect(client.stats).toMatchObject({ messagesSent: 3, bytesSent: 13 });
  });

  it('is sent as it was when it was sent', async () => {
    const { client } = make();
    const message = { text: 'then' };
    void client.connect();
    const sent = client.send(message);
    message.text = 'now';
    await sent;

    expect(await (await server.waitForConnection()).waitForMessage()).toBe('{"text":"then"}');
  });

  it('is refused when it has no form on the wire, and the connection lives', async () => {
    const { client, heard } = make();
    await client.connect();

    const refused = client.send(() => 1);
    await expect(refused).rejects.toMatchObject({ code: 'WS_INVALID_MESSAGE', recoverable: false });
    await client.send('ok');

    expect(heard.told).toEqual(['connected', 'error WS_INVALID_MESSAGE']);
    expect(client.state.status).toBe('connected');
  });

  it('is rejected when the client is disconnected while it waits', async () => {
    const { client, heard } = make();
    server.hang();
    const connected = client.connect();
    const sent = client.send(1);

    await client.disconnect();

    await expect(connected).rejects.toMatchObject({ code: 'WS_CONNECTION_FAILED', recoverable: true });
    await expect(sent).rejects.toMatchObject({ code: 'WS_SEND_FAILED', recoverable: true });
    expect(heard.told).toEqual(['disconnected 1000 (unclean)', 'error WS_SEND_FAILED']);
  });
});

describe('reconnect', () => {
  it('tells of each attempt, and of the success', async () => {
    const { client, heard } = make();
    await client.connect();
    server.refuse(503, {}, { times: 2 });
    (await server.waitForConnection()).drop();
    await heard.until('reconnected');

    expect(heard.told).toEqual([
      'connected',
      'disconnected 1006 (unclean)',
      'reconnecting 1',
      'error WS_CONNECTION_FAILED',
      'reconnecting 2',
      'error WS_CONNECTION_FAILED',
      'reconnecting 3',
      'reconnected',
    ]);
    const { timestamp, ...reconnected } = heard.events.at(-1)!;
    expect(reconnected).toEqual({ type: 'reconnected', attempts: 3, totalDelay: 1 + 2 + 4 });
    expect(heard.events[2]).toMatchObject({ attempt: 1, delay: 1, maxAttempts: 50 });
    expect(client.state).toMatchObject({ status: 'connected', reconnectAttempts: 0, lastError: null });
    expect(client.stats).toMatchObject({ reconnects: 1, errors: 2 });
    expect(timestamp).toBe(client.state.connectedAt?.getTime());
  });

  it('shows where it stands already when the loss is told', async () => {
    const { client, heard } = make({ reconnect: { ...quick, initialDelay: 60_000, maxDelay: 60_000 } });
    const states: unknown[] = [];
    client.subscribeToEvents(() => states.push(client.state.status));
    await client.connect();
    (await server.waitForConnection()).drop();
    await heard.until('reconnecting 1');

    expect(states).toEqual(['connected', 'reconnecting', 'reconnecting']);
    expect(client.state).toMatchObject({ url: server.url, reconnectAttempts: 1, connectedAt: null });
    await client.disconnect();
    expect(heard.told.at(-1)).toBe('disconnected 1000 (unclean)');
  });

  it('is given up after maxAttempts: the last failure is the cause', async () => {
    const { client, heard } = make({ reconnect: { ...quick, maxAttempts: 2 } });
    server.refuse(503, {}, { times: 3 });

    await expect(client.connect()).rejects.toMatchObject({
      name: 'WebSocketError',
      message: expect.stringMatching(/^gave up after attempt 2: could not connect to /) as string,
      code: 'WS_MAX_RECONNECTS',
      recoverable: false,
      cause: { code: 'WS_CONNECTION_FAILED', recoverable: true, cause: { name: 'DialError', status: 503 } },
    });

    expect(heard.told).toEqual([
      'error WS_CONNECTION_FAILED',
      'reconnecting 1',
      'error WS_CONNECTION_FAILED',
      'reconnecting 2',
      'error WS_MAX_RECONNECTS',
    ]);
    expect(client.state).toMatchObject({ status: 'failed', lastError: { code: 'WS_MAX_RECONNECTS' } });
    expect(server.dials).toBe(3);
    await client.connect();
    expect(client.state.status).toBe('connected');
  });

  it('has no limit with 0', async () => {
    const { client } = make({ reconnect: { ...quick, maxAttempts: 0, maxDelay: 1 } });
    server.refuse(503, {}, { times: 12 });

    await client.connect();

    expect(server.dials).toBe(13);
  });

  it('does not happen when it is off: the end of a connection is no failure then, that of a dial is', async () => {
    const { client, heard } = make({ reconnect: once });
    await client.connect();
    (await server.waitForConnection()).close(1012, 'restart');
    await heard.until('disconnected 1012 restart');
    expect(client.state).toMatchObject({ status: 'disconnected', url: null, lastError: null });
    server.refuse(503);
    await expect(client.connect()).rejects.toMatchObject({ code: 'WS_CONNECTION_FAILED', recoverable: true });

    expect(heard.told).toEqual(['connected', 'disconnected 1012 restart', 'error WS_CONNECTION_FAILED']);
    expect(client.state).toMatchObject({ status: 'failed', lastError: { code: 'WS_CONNECTION_FAILED' } });
  });

  it.each([
    [1002, 'WS_PROTOCOL_ERROR'],
    [1007, 'WS_PROTOCOL_ERROR'],
    [1009, 'WS_PROTOCOL_ERROR'],
    [4403, 'WS_CONNECTION_FAILED'],
  ])('does not happen after code %i, which is %s', async (code, kind) => {
    const { client, heard } = make();
    await client.connect();
    (await server.waitForConnection()).close(code);
    await heard.until(`error ${kind}`);

    expect(heard.told).toEqual(['connected', `disconnected ${code}`, `error ${kind}`]);
    expect(client.state).toMatchObject({ status: 'failed', lastError: { recoverable: false } });
    expect(server.dials).toBe(1);
  });

  it('does not happen after the peer closed with 1000', async () => {
    const { client, heard } = make();
    await client.connect();
    (await server.waitForConnection()).close(1000, 'done');
    await heard.until('disconnected 1000 done');

    expect(client.state.status).toBe('disconnected');
    expect(heard.told).toEqual(['connected', 'disconnected 1000 done']);
  });

  it('is ended by disconnect, and what was lost stays lost', async () => {
    const { client, heard } = make({ reconnect: { ...quick, initialDelay: 60_000, maxDelay: 60_000 } });
    await client.connect();
    (await server.waitForConnection()).drop();
    await heard.until('reconnecting 1');
    const waiting = client.send(1);

    await client.disconnect();

    await expect(waiting).rejects.toThrow('not sent');
    expect(client.state.status).toBe('disconnected');
    expect(server.dials).toBe(1);
  });
});

describe('queueSize', () => {
  it('bounds what waits: the oldest gives way and is told so', async () => {
    const { client, heard } = make({ queueSize: 2 });
    void client.connect();
    const [first, ...others] = [1, 2, 3].map((message) => client.send(message));

    await expect(first).rejects.toMatchObject({ code: 'WS_SEND_FAILED', message: 'not sent: the queue was full' });
    await Promise.all(others);

    await (await server.waitForConnection()).waitForMessage(2);
    expect(server.received).toEqual(['2', '3']);
    expect(heard.told).toEqual(['error WS_SEND_FAILED', 'connected']);
  });

  it('of 0 lets nothing wait', async () => {
    const { client } = make({ queueSize: 0 });
    const connected = client.connect();

    expect(await codeOf(client.send(1))).toBe('WS_SEND_FAILED');
    await connected;
    await client.send(2);

    expect(await (await server.waitForConnection()).waitForMessage()).toBe('2');
  });
});

describe('connectionTimeout', () => {
  it('ends a dial that is not answered', async () => {
    const { client, heard } = make({ connectionTimeout: 30, reconnect: once });
    server.hang();

    await expect(client.connect()).rejects.toMatchObject({ code: 'WS_CONNECTION_TIMEOUT', recoverable: true });

    expect(heard.told).toEqual(['error WS_CONNECTION_TIMEOUT']);
  });

  it('holds for each attempt', async () => {
    const { client, heard } = make({ connectionTimeout: 30 });
    server.hang({ times: 2 });

    await client.connect();

    expect(heard.told).toEqual([
      'error WS_CONNECTION_TIMEOUT',
      'reconnecting 1',
      'error WS_CONNECTION_TIMEOUT',
      'reconnecting 2',
      'connected',
    ]);
  });
});

describe('serializer', () => {
  const numbers = {
    serialize: (message: unknown) => new Uint8Array([Number(message)]).buffer,
    deserialize: (data: string | ArrayBuffer) => {
      if (typeof data === 'string') throw new Error('no text, please');
      return new Uint8Array(data)[0];
    },
  };

  it('makes frames of messages and messages of frames', async () => {
    const { client, heard } = make({ serializer: numbers });
    server.echo();
    await client.connect();
    await client.send(7);
    await heard.until('message 7');

    expect(server.received).toEqual([Buffer.from([7])]);
  });

  it('is given a buffer of its own, and may give text or bytes', async () => {
    const lengths: number[] = [];
    const serializer = {
      serialize: (message: unknown) => (message === 'text' ? 'text' : new Uint8Array(3)),
      deserialize: (data: string | ArrayBuffer) => lengths.push(typeof data === 'string' ? -1 : data.byteLength),
    };
    const { client, heard } = make({ serializer });
    server.echo();
    await client.connect();
    await client.send('text');
    await client.send('bytes');
    await heard.until('message 2');

    expect(lengths).toEqual([-1, 3]);
  });

  it('that cannot read a frame is an error, and the connection lives', async () => {
    const { client, heard } = make({ serializer: numbers });
    await client.connect();
    server.broadcast('text');
    await heard.until('error WS_INVALID_MESSAGE');
    server.broadcast(new Uint8Array([1]));
    await heard.until('message 1');

    expect(client.state).toMatchObject({ status: 'connected', lastError: { recoverable: true } });
    expect(client.stats).toMatchObject({ messagesReceived: 1, bytesReceived: 5, errors: 1 });
  });

  it('that gives what is no frame makes the message invalid', async () => {
    const { client } = make({ serializer: { ...numbers, serialize: () => ({}) as string } });
    await client.connect();

    await expect(client.send(1)).rejects.toMatchObject({
      code: 'WS_INVALID_MESSAGE',
      message: 'serializer: expected text or bytes, got [object Object]',
    });
  });
});

describe('heartbeat', () => {
  it('finds a frozen peer, and the client reconnects', async () => {
    const { client, heard } = make({ heartbeat: { enabled: true, interval: 20, timeout: 20 } });
    await client.connect();
    const connection = await server.waitForConnection();
    await server.waitUntil(() => connection.pings > 0);
    connection.freeze();
    await heard.until('reconnected');

    expect(heard.told).toEqual([
      'connected',
      'disconnected 1006 no answer to a ping within 20 ms (unclean)',
      'error WS_HEARTBEAT_TIMEOUT',
      'reconnecting 1',
      'reconnected',
    ]);
  });

  it('asks by a message where it is given one; answers are not delivered and count as life', async () => {
    const heartbeat = {
      enabled: true,
      interval: 10,
      timeout: 500,
      pingMessage: { type: 'ping' },
      pongMessage: { type: 'pong', of: { server: 1 } },
    } as const;
    const { client, heard } = make({ heartbeat });
    let pings = 0;
    server.reply(() => {
      pings++;
      return { type: 'pong', of: { server: 1, at: pings } };
    });
    await client.connect();
    await server.waitUntil(() => pings >= 2);
    server.broadcast({ type: 'pong', of: { server: 2 } });
    await heard.until('message {"type":"pong","of":{"server":2}}');

    expect(server.received.slice(0, 2)).toEqual(['{"type":"ping"}', '{"type":"ping"}']);
    expect(heard.told).toEqual(['connected', 'message {"type":"pong","of":{"server":2}}']);
    expect(client.stats).toMatchObject({ messagesSent: 0, messagesReceived: 1 });
  });

  it('is off unless it is enabled', async () => {
    const beat = { interval: 5, timeout: 500 };
    await make({ heartbeat: { ...beat, enabled: false } }).client.connect();
    const quiet = await server.waitForConnection(1);
    await make({ heartbeat: { ...beat, enabled: true } }).client.connect();
    const asked = await server.waitForConnection(2);
    await server.waitUntil(() => asked.pings > 2);

    expect(quiet.pings).toBe(0);
  });
});

describe('stats', () => {
  it('add up over connections, and uptime counts from the last one', async () => {
    const { client, heard } = make();
    expect(client.stats).toEqual({
      messagesSent: 0,
      messagesReceived: 0,
      bytesSent: 0,
      bytesReceived: 0,
      reconnects: 0,
      errors: 0,
      uptime: 0,
    });
    server.echo();
    await client.connect();
    await client.send('é');
    await heard.until('message "é"');
    (await server.waitForConnection()).drop();
    await heard.until('reconnected');
    await client.send('a');
    await heard.until('message "a"');

    expect(client.stats).toMatchObject({
      messagesSent: 2,
      messagesReceived: 2,
      bytesSent: 7,
      bytesReceived: 7,
      reconnects: 1,
      errors: 0,
    });
    expect(client.stats.uptime).toBeLessThanOrEqual(Date.now() - client.state.connectedAt!.getTime());
    await client.disconnect();
    expect(client.stats).toMatchObject({ messagesSent: 2, bytesSent: 7, uptime: 0 });
  });
});

describe('a configuration', () => {
  it.each<[string, object, string]>([
    ['url', { url: 'nowhere' }, 'webSocket: expected `url`'],
    ['protocols', { protocols: ['a b'] }, 'webSocket: expected `protocols`'],
    ['reconnect.enabled', { reconnect: {} }, '`reconnect.enabled` to be true or false, got undefined'],
    ['heartbeat.enabled', { heartbeat: { enabled: 'yes' } }, "`heartbeat.enabled` to be true or false, got 'yes'"],
    ['reconnect.maxAttempts', { reconnect: { enabled: true, maxAttempts: -1 } }, '`reconnect.maxAttempts`'],
    ['reconnect.initialDelay', { reconnect: { enabled: true, initialDelay: 0 } }, '`reconnect.initialDelay`'],
    ['reconnect.maxDelay', { reconnect: { enabled: true, maxDelay: 'soon' } }, '`reconnect.maxDelay`'],
    ['reconnect.backoffMultiplier', { reconnect: { enabled: true, backoffMultiplier: 0 } }, '`reconnect.backoffMult'],
    ['reconnect.jitter', { reconnect: { enabled: true, jitter: 1 } }, '`reconnect.jitter`'],
    ['heartbeat.interval', { heartbeat: { enabled: true, interval: -1 } }, '`heartbeat.interval`'],
    ['heartbeat.timeout', { heartbeat: { enabled: true, timeout: 0 } }, '`heartbeat.timeout`'],
    ['serializer', { serializer: { serialize: String } }, '`serializer.deserialize`'],
    ['connectionTimeout', { connectionTimeout: 0 }, '`connectionTimeout`'],
    ['queueSize', { queueSize: 1.5 }, '`queueSize`'],
  ])('that cannot be is a TypeError: %s', (_name, config, message) => {
    const making = (): unknown => createWebSocketClient({ url: 'ws://127.0.0.1', ...config });
    expect(making).toThrow(TypeError);
    expect(making).toThrow(message);
  });
});
