import { noop, type Observable } from 'rxjs';
import { createWebSocketClient } from '../../src/client/createWebSocketClient.js';
import { effects } from '../../src/client/effects.js';
import { WebSocketError } from '../../src/client/webSocketError.js';
import type { WebSocketEvent } from '../../src/client/webSocketEvent.js';
import { createMockWebSocket, type MockWebSocketClient } from '../../src/testing/createMockWebSocket.js';
import { mockServer } from '../../src/testing/mockServer.js';
import { hear } from './heard.js';

let client: MockWebSocketClient;
beforeEach(() => {
  client = createMockWebSocket();
});
afterEach(() => client.reset());

/** What an effect gives, in short, and how it ends. */
function run(effect: Observable<unknown>): { got: unknown[]; ended: Promise<void>; unsubscribe: () => void } {
  const got: unknown[] = [];
  let unsubscribe = noop;
  const ended = new Promise<void>((resolve) => {
    const end = (how: unknown): void => {
      got.push(how);
      resolve();
    };
    const subscription = effect.subscribe({
      next: (value) => got.push(value),
      error: end,
      complete: () => end('complete'),
    });
    unsubscribe = () => subscription.unsubscribe();
  });
  return { got, ended, unsubscribe };
}
const type = (event: WebSocketEvent): string => event.type;

describe('effects.connect', () => {
  it('does nothing before it is subscribed', () => {
    void effects.connect(client);
    expect(client.state.status).toBe('disconnected');
  });

  it('gives an action for each event, and completes when the client is disconnected', async () => {
    const { got, ended } = run(effects.connect(client, 'ws://there/', ['p'], type));
    expect(client.state).toMatchObject({ status: 'connecting', url: 'ws://there/', protocols: ['p'] });
    await hear(client).until('connected');
    client.simulateMessage({ type: 'x', data: 1, timestamp: 0 });
    await client.disconnect();
    await ended;
    await client.connect();

    expect(got).toEqual(['connected', 'message', 'disconnected', 'complete']);
  });

  it('goes on while the client reconnects, and completes when it gives up', async () => {
    const server = await mockServer();
    const reconnect = { enabled: true, maxAttempts: 1, initialDelay: 1, jitter: false };
    const real = createWebSocketClient({ url: server.url, reconnect });
    const { until } = hear(real);
    const { got, ended } = run(effects.connect(real, undefined, undefined, type));
    (await server.waitForConnection(1)).drop();
    const second = await server.waitForConnection(2);
    await until('reconnected');
    server.refuse(503, {}, { times: 2 });
    second.drop();
    await ended;
    await server.close();

    expect(got.slice(0, 4)).toEqual(['connected', 'disconnected', 'reconnecting', 'reconnected']);
    expect(got.slice(-2)).toEqual(['error', 'complete']);
    expect(real.state.status).toBe('failed');
  });

  it('completes after the error of a dial that failed, so that an epic lives on', async () => {
    const { got, ended } = run(effects.connect(client, undefined, undefined, type));
    client.simulateDisconnect(1006, '');
    await ended;

    expect(got).toEqual(['error', 'complete']);
  });

  it('disconnects when it is unsubscribed, and then listens no more', async () => {
    const { told, until } = hear(client);
    const { got, unsubscribe } = run(effects.connect(client, undefined, undefined, type));
    await until('connected');
    unsubscribe();
    await until('disconnected 1000');
    await client.connect();

    expect(got).toEqual(['connected']);
    expect(told).toEqual(['connected', 'disconnected 1000', 'connected']);
  });

  it('leaves the connection of another one alone when it finds the client connected', async () => {
    await client.connect();
    const { got, ended, unsubscribe } = run(effects.connect(client, undefined, undefined, type));
    await ended;
    unsubscribe();

    expect(got).toEqual(['error', 'complete']);
    expect(client.state.status).toBe('connected');
  });

  it('leaves it alone also when it is unsubscribed before it heard that it was refused', async () => {
    await client.connect();
    run(effects.connect(client)).unsubscribe();

    expect(client.state.status).toBe('connected');
  });

  it('is not ended by the farewell to the connection before', async () => {
    const server = await mockServer();
    const real = createWebSocketClient({ url: server.url });
    await real.connect();
    (await server.waitForConnection()).freeze();
    void real.disconnect();
    const { got, ended } = run(effects.connect(real, undefined, undefined, type));
    await real.send(1);
    await real.disconnect();
    await ended;
    await server.close();

    expect(got).toEqual(['disconnected', 'connected', 'disconnected', 'complete']);
  });

  it('errors for an address that is none, and for an action that cannot be made', async () => {
    const real = createWebSocketClient({ url: 'ws://127.0.0.1' });
    const nowhere = run(effects.connect(real, 'nowhere'));
    await nowhere.ended;
    const fault = new Error('no action');
    const failing = run(
      effects.connect(client, undefined, undefined, () => {
        throw fault;
      }),
    );
    await failing.ended;

    expect(nowhere.got).toEqual([expect.any(TypeError)]);
    expect(failing.got).toEqual([fault]);
    expect(client.state.status).toBe('disconnected');
  });
});

describe('effects.disconnect', () => {
  it('gives no action and completes when it is done', async () => {
    await client.connect();
    const { told } = hear(client);
    const { got, ended } = run(effects.disconnect(client, 4000, 'bye'));
    await ended;

    expect(got).toEqual(['complete']);
    expect(told).toEqual(['disconnected 4000 bye']);
  });

  it('errors for a code that cannot be', async () => {
    const { got, ended } = run(effects.disconnect(client, 1001));
    await ended;

    expect(got).toEqual([expect.any(TypeError)]);
  });
});

describe('effects.send', () => {
  const success = (): string => 'sent';
  const failure = ({ code }: WebSocketError): string | null => code;

  it('gives the action of its success', async () => {
    await client.connect();
    const { got, ended } = run(effects.send(client, 1, success, failure));
    await ended;

    expect(got).toEqual(['sent', 'complete']);
    expect(client.sentMessages).toEqual([1]);
  });

  it('gives the action of its failure', async () => {
    const { got, ended } = run(effects.send(client, 1, success, failure));
    await ended;

    expect(got).toEqual(['WS_SEND_FAILED', 'complete']);
  });

  it('sends each time that it is subscribed', async () => {
    await client.connect();
    const twice$ = effects.send(client, 1);
    await Promise.all([run(twice$).ended, run(twice$).ended]);

    expect(client.sentMessages).toEqual([1, 1]);
  });

  it('completes without an action where none is asked for', async () => {
    const failed = run(effects.send(client, 1));
    await failed.ended;
    await client.connect();
    const sent = run(effects.send(client, 1));
    await sent.ended;

    expect([failed.got, sent.got]).toEqual([['complete'], ['complete']]);
  });

  it('makes a WebSocketError of whatever another client fails with', async () => {
    const other = { send: async () => Promise.reject(new Error('its own')) };
    const { got, ended } = run(effects.send(other, 1, success, (error) => error));
    await ended;

    expect(got[0]).toBeInstanceOf(WebSocketError);
    expect(got[0]).toMatchObject({ code: 'WS_SEND_FAILED', recoverable: true, cause: { message: 'its own' } });
  });
});

describe('effects.subscribe and effects.subscribeToEvents', () => {
  it('give actions until they are unsubscribed', async () => {
    const messages = run(effects.subscribe(client, ({ data }) => data));
    const events = run(effects.subscribeToEvents(client, type));
    await client.connect();
    client.simulateMessage({ type: 'x', data: 1, timestamp: 0 });
    messages.unsubscribe();
    events.unsubscribe();
    client.simulateMessage({ type: 'x', data: 2, timestamp: 0 });

    expect(messages.got).toEqual([1]);
    expect(events.got).toEqual(['connected', 'message']);
  });
});
