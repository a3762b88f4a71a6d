import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { type FaultProxy, faultProxy, type MockServer, mockServer, type MockServerOptions } from '../../src/testing.js';
import { webSocket } from '../../src/transports/webSocket.js';
import { Recording } from '../laws/recording.js';
import { tcpHandles } from '../testing/wsClient.js';

const ends: (() => Promise<unknown>)[] = [];

/** Runs when the test is over. */
export function atTheEnd(end: () => Promise<unknown>): void {
  ends.unshift(end);
}

/** A mock server for one test. */
export async function aServer(options?: MockServerOptions): Promise<MockServer> {
  const server = await mockServer(options);
  atTheEnd(() => server.close());
  return server;
}

/** A fault proxy for one test. */
export async function aProxy(server: MockServer): Promise<FaultProxy> {
  const proxy = await faultProxy({ target: server.url });
  atTheEnd(() => proxy.close());
  return proxy;
}

/** A TCP server for one test that does with each connection as it is told; its address. */
export async function aTcpServer(serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  atTheEnd(async () => {
    for (const socket of sockets) socket.destroy();
    await once(server.close(), 'close');
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An encrypted WebSocket server for one test, which echoes; its address. */
export async function aTlsServer(identity: { readonly cert: string; readonly key: string }): Promise<string> {
  const https = createHttpsServer(identity);
  const server = new WebSocketServer({ server: https });
  server.on('connection', (socket) => socket.on('message', (data: Buffer) => socket.send(data.toString())));
  await once(https.listen(0, '127.0.0.1'), 'listening');
  atTheEnd(async () => {
    for (const socket of server.clients) socket.terminate();
    await once(https.close(), 'close');
  });
  return `wss://127.0.0.1:${(https.address() as AddressInfo).port}/`;
}

/** What a subscriber of a WebSocket is told, for one test. */
export function dialled(config: Parameters<typeof webSocket>[0]): Recording {
  const recording = new Recording(webSocket(config));
  atTheEnd(async () => recording.unsubscribe());
  return recording;
}

/** For `afterEach`: ends what the test began, and checks that no socket is left. */
export async function endAll(): Promise<void> {
  for (const end of ends.splice(0)) await end();
  expect(await tcpHandles()).toEqual([]);
}
