import type { Socket } from 'node:net';
import { VirtualTimeScheduler } from 'rxjs';
import { WebSocket } from 'ws';
import type { ServerConnection } from '../../src/testing.js';
import type { WebSocketConfig } from '../../src/transports/webSocket.js';
import type { FrameConnection, Recording } from '../laws/recording.js';
import { aServer, dialled, endAll } from './servers.js';

afterEach(endAll);

interface Watched {
  readonly recording: Recording;
  readonly connection: FrameConnection;
  readonly peer: ServerConnection;
  /** The size of each write to the operating system since the connection opened. */
  readonly writes: readonly number[];
}

type Write = (chunk: Buffer, encoding: string, done: () => void) => void;
type WriteMany = (chunks: readonly { readonly chunk: Buffer }[], done: () => void) => void;

/** An open connection over a TCP socket that is watched. */
async function watched(config: Partial<WebSocketConfig> = {}): Promise<Watched> {
  const writes: number[] = [];
  const watch = ({ socket }: { readonly socket: Socket }): void => {
    const tcp = socket as unknown as { _write: Write; _writev: WriteMany };
    const { _write, _writev } = tcp;
    tcp._write = (chunk, ...rest) => {
      writes.push(chunk.length);
      _write.call(tcp, chunk, ...rest);
    };
    tcp._writev = (chunks, done) => {
      writes.push(chunks.reduce((sum, { chunk }) => sum + chunk.length, 0));
      _writev.call(tcp, chunks, done);
    };
  };
  const server = await aServer();
  const recording = dialled({
    url: server.url,
    createSocket: (url) => new WebSocket(url, { perMessageDeflate: false }).on('upgrade', watch),
    ...config,
  });
  const connection = await recording.opened();
  return { recording, connection, peer: await server.waitForConnection(), writes };
}

/** What a masked frame of so many bytes takes on the wire: 2 bytes, the mask, the payload. */
const framed = (length: number): number => 6 + length;

describe('sends of one turn', () => {
  it('leave in one write', async () => {
    const { connection, peer, writes } = await watched();
    const texts = Array.from({ length: 50 }, (_, at) => `message ${at + 10}`);
    for (const text of texts) connection.send(text);
    expect(writes).toEqual([]);
    await Promise.resolve();
    expect(writes).toEqual([50 * framed(10)]);
    await peer.waitForMessage(50);
    expect(peer.received).toEqual(texts);
  });

  it('leave before the next turn begins, also when there is only one', async () => {
    const { connection, writes } = await watched();
    connection.send('alone');
    await Promise.resolve();
    expect(writes).toEqual([framed(5)]);
  });

  it('are told apart from those of the next turn', async () => {
    const { connection, peer, writes } = await watched();
    for (const turn of [1, 2, 3]) {
      connection.send(`turn ${turn}`);
      connection.send(`turn ${turn}`);
      await Promise.resolve();
    }
    expect(writes).toEqual([2 * framed(6), 2 * framed(6), 2 * framed(6)]);
    await peer.waitForMessage(6);
  });

  it('may answer messages: the answers to all that came at once are one write', async () => {
    const { recording, peer, writes } = await watched();
    const answers = recording.has('message', 3);
    const connection = await recording.opened();
    // One chunk of TCP, three messages.
    peer.send('a');
    peer.send('b');
    peer.send('c');
    await answers;
    for (const text of recording.messages) connection.send(text);
    await peer.waitForMessage(3);
    expect(writes).toEqual([3 * framed(1)]);
  });

  it('with a large one among them leave at once, in order', async () => {
    const { connection, peer, writes } = await watched();
    const large = new Uint8Array(20_000);
    connection.send('before');
    connection.send(large);
    expect(writes).toEqual([framed(6) + 2 + framed(20_000)]);
    connection.send('after');
    await peer.waitForMessage(3);
    expect(peer.received.map(({ length }) => length)).toEqual([6, 20_000, 5]);
  });

  it('go with the close frame of a close() in the same turn', async () => {
    const { recording, connection, peer, writes } = await watched();
    connection.send('one');
    connection.send('two');
    connection.close(4000, 'bye');
    await Promise.resolve();
    expect(writes).toEqual([2 * framed(3) + framed(2 + 3)]);
    expect(await peer.closed).toEqual({ code: 4000, reason: 'bye' });
    expect(peer.received).toEqual(['one', 'two']);
    await recording.ended();
  });

  it('go with the close frame when it is unsubscribed in the same turn', async () => {
    const { recording, connection, peer, writes } = await watched();
    connection.send('one');
    recording.unsubscribe();
    await Promise.resolve();
    expect(writes).toEqual([framed(3) + framed(2)]);
    expect(await peer.closed).toMatchObject({ code: 1000 });
    expect(peer.received).toEqual(['one']);
  });

  it('are not lost when the socket is abandoned in the same turn', async () => {
    const scheduler = new VirtualTimeScheduler();
    const { recording, connection, peer } = await watched({ scheduler, closeTimeout: 0 });
    connection.send('one');
    recording.unsubscribe();
    scheduler.flush();
    await peer.closed;
    expect(peer.received).toEqual(['one']);
  });

  it('do no harm when the connection breaks meanwhile', async () => {
    const { recording, connection, peer } = await watched();
    peer.reset();
    connection.send('into the void');
    expect(await recording.ended()).toContain('close 1006');
    expect(connection.bufferedAmount).toBe(0);
  });
});
