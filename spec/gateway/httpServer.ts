import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { listen, unlisten } from '../../src/testing/listen.js';

/** A request as it came over the wire. */
export interface Asked {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Uint8Array;
}

/** A bare HTTP server of one test. */
export interface HttpServer {
  readonly url: string;
  readonly asked: readonly Asked[];
}

const ends: (() => Promise<void>)[] = [];

/** Starts a server that answers each request as it is told; `closeServers` ends it. */
export async function httpServer(
  answer: (response: ServerResponse, asked: Asked, nth: number) => void,
): Promise<HttpServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const one = { method: request.method, path: request.url, headers: request.headers, body: new Uint8Array(body) };
      asked.push(one);
      answer(response, one, asked.length);
    });
  });
  await listen(server);
  ends.push(async () => {
    const closed = unlisten(server);
    server.closeAllConnections();
    await closed;
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** An address where nobody listens. */
export async function deadUrl(): Promise<string> {
  const server = await listen(createServer());
  const { port } = server.address() as AddressInfo;
  await unlisten(server);
  return `http://127.0.0.1:${port}`;
}

/** Ends the servers of a test. */
export async function closeServers(): Promise<void> {
  await Promise.all(ends.splice(0).map(async (end) => end()));
}
