import { once } from 'node:events';
import { VirtualTimeScheduler } from 'rxjs';
import { WebSocket } from 'ws';
import { ReadyState } from '../../src/core/connection.js';
import { malformedFrames, rawFrame, type ServerConnection } from '../../src/testing.js';
import type { WebSocketLike } from '../../src/transports/socketLike.js';
import type { WebSocketConfig } from '../../src/transports/webSocket.js';
import type { Recording } from '../laws/recording.js';
import { aProxy, aServer, dialled, endAll } from './servers.js';

afterEach(endAll);

interface Live {
  readonly recording: Recording;
  readonly peer: ServerConnection;
}

/** An open connection and the server's end of it. */
async function live(config: Partial<WebSocketConfig> = {}): Promise<Live> {
  const server = await aServer();
  const recording = dialled({ url: server.url, ...config });
  await recording.opened();
  return { recording, peer: await server.waitForConnection() };
}

/** How a connection ended that the other end closed. */
async function ending({ recording }: Live): Promise<readonly unknown[]> {
  const [connecting, open, ...rest] = await recording.ended();
  expect([connecting, open]).toEqual(['connecting', 'open']);
  return rest;
}

describe('a server that closes', () => {
  it.each([
    [1000, 'complete'],
    [1001, 'ConnectionClosedError'],
    [1002, 'ConnectionClosedError'],
    [1003, 'ConnectionClosedError'],
    [1007, 'ConnectionClosedError'],
    [1008, 'ConnectionClosedError'],
    [1009, 'ConnectionClosedError'],
    [1010, 'ConnectionClosedError'],
    [1011, 'ConnectionClosedError'],
    [1012, 'ConnectionClosedError'],
    [1013, 'ConnectionClosedError'],
    [1014, 'ConnectionClosedError'],
    [3000, 'ConnectionClosedError'],
    [3999, 'ConnectionClosedError'],
    [4000, 'ConnectionClosedError'],
    [4999, 'ConnectionClosedError'],
  ])('with %d: the event has the code and the reason, the end is %s', async (code, end) => {
    const connection = await live();
    connection.peer.close(code, 'grüße');
    expect(await ending(connection)).toEqual([`close ${code} grüße`, end]);
    const { recording } = connection;
    expect(recording.events.at(-1)).toMatchObject({ wasClean: true });
    if (end !== 'complete') expect(recording.error).toMatchObject({ name: end, code, reason: 'grüße' });
    // The answer repeats the code (RFC 6455 section 5.5.1).
    expect(await connection.peer.closed).toMatchObject({ code });
  });

  it('without a code: 1005, and an error, for nobody said that all is well', async () => {
    const connection = await live();
    connection.peer.closeWithoutCode();
    expect(await ending(connection)).toEqual(['close 1005', 'ConnectionClosedError']);
    expect(connection.recording.events.at(-1)).toMatchObject({ wasClean: true });
  });

  // RFC 6455 section 7.4.2 and the registry of IANA.
  it.each([0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1999, 2000, 2999, 5000, 65_535])(
    'with %d, which must not be on the wire: 1006, and the reason says so',
    async (code) => {
      const connection = await live();
      connection.peer.close(code, 'grüße');
      const why = `Invalid WebSocket frame: invalid status code ${code}`;
      expect(await ending(connection)).toEqual([`close 1006 ${why}`, 'ConnectionClosedError']);
      expect(connection.recording.events.at(-1)).toMatchObject({ wasClean: false, reason: why });
      expect(await connection.peer.closed).toMatchObject({ code: 1002 });
    },
  );

  it('and leaves TCP open: the close is told after closeTimeout', async () => {
    const connection = await live({ closeTimeout: 20 });
    connection.peer.close(1001, 'moving');
    // It reads no more, and so it never sees the answer that would make it hang up.
    connection.peer.freeze();
    expect(await ending(connection)).toEqual(['close 1001 moving', 'ConnectionClosedError']);
  });
});

describe('a connection breaks', () => {
  const lost = ['close 1006', 'ConnectionClosedError'];

  it.each<[string, (peer: ServerConnection) => void]>([
    ['by a FIN without a close frame', (peer) => peer.drop()],
    ['by a reset', (peer) => peer.reset()],
  ])('%s: 1006', async (_how, act) => {
    const connection = await live();
    act(connection.peer);
    expect(await ending(connection)).toEqual(lost);
    expect(connection.recording.events.at(-1)).toMatchObject({ code: 1006, reason: '', wasClean: false });
    expect(connection.recording.error).toMatchObject({ code: 1006, reason: '' });
  });

  it('by a reset, and what had arrived before is delivered', async () => {
    const connection = await live();
    connection.peer.send('before');
    await connection.recording.has('message');
    connection.peer.reset();
    expect(await ending(connection)).toEqual(['before', ...lost]);
  });

  it('in the middle of a frame: 1006, and no half message', async () => {
    const server = await aServer();
    const proxy = await aProxy(server);
    const recording = dialled(proxy.url);
    await recording.opened();
    proxy.cutAfter(100);
    (await server.waitForConnection()).send('x'.repeat(1_000));
    expect(await recording.ended()).toEqual(['connecting', 'open', ...lost]);
  });

  it('while we close: our code stands, not clean', async () => {
    const connection = await live();
    (await connection.recording.opened()).close(4000, 'enough');
    connection.peer.reset();
    expect(await ending(connection)).toEqual(['close 4000 enough', 'ConnectionClosedError']);
    expect(connection.recording.events.at(-1)).toMatchObject({ wasClean: false });
  });
});

describe('a server that says nothing any more', () => {
  /** A socket whose end can be looked at, and a connection over it to a frozen server in virtual time. */
  const frozen = async () => {
    const scheduler = new VirtualTimeScheduler();
    const sockets: WebSocket[] = [];
    const createSocket = (url: string): WebSocketLike => {
      const socket = new WebSocket(url, { perMessageDeflate: false });
      sockets.push(socket);
      return socket;
    };
    const connection = await live({ createSocket, scheduler });
    connection.peer.freeze();
    const passes = (time: number): void => {
      scheduler.maxFrames = time;
      scheduler.flush();
    };
    const socket = sockets[0]!;
    const gone = once(socket, 'close');
    return { ...connection, passes, socket, gone };
  };

  it('is let go at once when we unsubscribe, and its socket is gone after closeTimeout', async () => {
    const { recording, passes, socket, gone } = await frozen();
    recording.unsubscribe();
    expect(recording.story).toEqual(['connecting', 'open']);
    passes(1_999);
    expect(socket.readyState).toBe(ReadyState.CLOSING);
    expect(socket.listenerCount('close')).toBeGreaterThan(0);
    let isGone = false;
    void gone.then(() => (isGone = true));
    await Promise.resolve();
    expect(isGone).toBe(false);
    passes(2_000);
    await gone;
    expect(socket.readyState).toBe(ReadyState.CLOSED);
  });

  it('is given up after closeTimeout when we close: our code, not clean', async () => {
    const { recording, passes, gone } = await frozen();
    (await recording.opened()).close();
    passes(1_999);
    expect(recording.types).not.toContain('close');
    passes(2_000);
    expect(recording.story).toEqual(['connecting', 'open', 'close 1000', 'complete']);
    expect(recording.events.at(-1)).toMatchObject({ wasClean: false });
    await gone;
  });

  it('is let go although much waits to be sent', async () => {
    const { recording, passes, gone } = await frozen();
    const connection = await recording.opened();
    for (let sent = 0; sent < 16; sent++) connection.send(new Uint8Array(2 ** 20));
    recording.unsubscribe();
    passes(2_000);
    await gone;
  });

  it('half-open: nothing is told, and unsubscribing returns at once', async () => {
    const server = await aServer();
    const proxy = await aProxy(server);
    const recording = dialled({ url: proxy.url, closeTimeout: 5 });
    const connection = await recording.opened();
    const peer = await server.waitForConnection();
    proxy.silence();
    peer.reset();
    await peer.closed;
    connection.send('into the void');
    recording.unsubscribe();
    expect(recording.story).toEqual(['connecting', 'open']);
  });
});

describe('a server that sends what it must not', () => {
  const tooLong = rawFrame({ opcode: 2, payload: new Uint8Array(1_025) });
  const cases: [string, Uint8Array, number, string][] = [
    ['a reserved opcode', malformedFrames.badOpcode, 1002, 'Invalid WebSocket frame: invalid opcode 3'],
    ['a reserved bit', malformedFrames.reservedBit, 1002, 'Invalid WebSocket frame: RSV1 must be clear'],
    ['text that is not UTF-8', malformedFrames.badUtf8, 1007, 'Invalid WebSocket frame: invalid UTF-8 sequence'],
    ['a masked frame', malformedFrames.masked, 1002, 'Invalid WebSocket frame: MASK must be clear'],
    ['a stray continuation', malformedFrames.strayContinuation, 1002, 'Invalid WebSocket frame: invalid opcode 0'],
    ['a ping in two parts', malformedFrames.fragmentedPing, 1002, 'Invalid WebSocket frame: FIN must be set'],
    ['a long ping', malformedFrames.longPing, 1002, 'Invalid WebSocket frame: invalid payload length 126'],
    ['half a close code', malformedFrames.shortClose, 1002, 'Invalid WebSocket frame: invalid payload length 1'],
    [
      'a length beyond numbers',
      malformedFrames.hugeLength,
      1009,
      'Unsupported WebSocket frame: payload length > 2^53 - 1',
    ],
    ['more than maxPayload', tooLong, 1009, 'Max payload size exceeded'],
  ];

  it.each(cases)('%s: 1006 with what is wrong as its reason; what came before is delivered', async (...row) => {
    const [, frame, told, reason] = row;
    const connection = await live({ maxPayload: 1_024 });
    connection.peer.send('before');
    connection.peer.sendRaw(frame);
    connection.peer.sendRaw(rawFrame({ opcode: 1, payload: 'behind' }));
    expect(await ending(connection)).toEqual(['before', `close 1006 ${reason}`, 'ConnectionClosedError']);
    expect(connection.recording.error).toMatchObject({ code: 1006, reason });
    expect(await connection.peer.closed).toMatchObject({ code: told });
  });

  it('frames in many pieces are none of that', async () => {
    const server = await aServer();
    const proxy = await aProxy(server);
    proxy.slice(1);
    const recording = dialled(proxy.url);
    await recording.opened();
    const peer = await server.waitForConnection();
    peer.sendRaw(rawFrame({ opcode: 1, fin: false, payload: 'Gr' }));
    peer.sendRaw(rawFrame({ opcode: 0, fin: false, payload: new Uint8Array([0xc3]) }));
    peer.sendRaw(rawFrame({ opcode: 9, payload: 'in between' }));
    peer.sendRaw(rawFrame({ opcode: 0, payload: new Uint8Array([0xbc, 0xc3, 0x9f, 0x65]) }));
    await recording.has('message');
    expect(recording.messages).toEqual(['Grüße']);
  });
});
