import { EventEmitter } from 'node:events';
import WebSocket from 'ws';
import { fromWebSocket } from '../../src/transports/fromWebSocket.js';
import { webSocket } from '../../src/transports/webSocket.js';

const errorOf = (address: Parameters<typeof webSocket>[0]): Promise<Error> =>
  new Promise((resolve) => webSocket(address).subscribe({ error: resolve }));

/** A standard socket that is told what happens. */
function standardSocket() {
  const emitter = new EventEmitter();
  const socket = {
    readyState: 1,
    protocol: '',
    bufferedAmount: 0,
    url: 'ws://127.0.0.1',
    binaryType: 'blob',
    closed: [] as unknown[],
    send: () => undefined,
    close: (...how: unknown[]) => void socket.closed.push(how),
    addEventListener: (type: string, listener: (event: never) => void) => void emitter.on(type, listener as () => void),
  };
  return { socket, tell: (type: string, event: object) => emitter.emit(type, event) };
}

describe('a WebSocket transport', () => {
  it('says nothing of a text that was fetched as an address and is none', async () => {
    const error = await errorOf(() => 'Bearer hunter2');
    expect(error.message).toMatch(/got 'another text'$/);
    expect(JSON.stringify([error.message, String(error.cause)])).not.toContain('hunter2');
  });

  it('says nothing of a subprotocol that is none: tokens travel there', () => {
    expect(() => webSocket({ url: 'ws://127.0.0.1', protocols: ['bearer', 'hunter2/=='] })).toThrow(
      "webSocket: expected `protocols` to be different names without spaces or commas, got 'another text'",
    );
  });

  it('refuses headers that are a promise', async () => {
    const error = await errorOf({ url: 'ws://127.0.0.1:9', headers: (async () => ({ a: 'b' })) as never });
    expect(error.message).toMatch(/expected `headers` to be an object or a function that gives one, got a promise$/);
  });

  it('hears the errors of a socket that it was given, also before it is subscribed and when it is closing', async () => {
    const socket = new WebSocket('ws://127.0.0.1:9');
    const adopted$ = fromWebSocket(socket);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.terminate();
    const error = await new Promise<Error>((resolve) => adopted$.subscribe({ error: resolve }));
    expect(error.name).toBe('DialError');
    await closed;
  });

  it('lets the code stand with which the peer took leave first', () => {
    const { socket, tell } = standardSocket();
    const seen: unknown[] = [];
    fromWebSocket(socket).subscribe({
      next(event) {
        seen.push(event.type);
        if (event.type !== 'open') return;
        socket.readyState = 2;
        event.connection.close(1000);
        tell('close', { code: 4401, reason: 'who are you', wasClean: true });
      },
      error: (error: unknown) => seen.push((error as Error).message),
    });
    expect(seen).toEqual(['connecting', 'open', 'close', 'the connection was closed with code 4401: who are you']);
  });
});
