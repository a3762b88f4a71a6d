import { createServer } from 'node:http';
import type { Frame } from '../core/connection.js';
import type { Duration } from '../core/duration.js';
import { listen } from './listen.js';
import type { DialScriptOptions, Greeting, MockServerOptions, Reply } from './mockServerOptions.js';
import type { Payload, ServerConnection } from './serverConnection.js';
import { SocketServer } from './socketServer.js';
import type { Wanted, WaitOptions } from './waiting.js';

/** A WebSocket server under script. Scripts for dials queue up; when none is left, dials are accepted. */
export interface MockServer {
  readonly url: string;
  readonly port: number;
  /** How many upgrade requests came, whatever became of them. */
  readonly dials: number;
  /** The live ones, oldest first. */
  readonly connections: readonly ServerConnection[];
  /** The messages of all connections in the order of their arrival. */
  readonly received: readonly Frame[];

  /** Forgets the scripts for dials: the next ones are accepted. */
  accept(): void;
  /** The next dial is accepted only after a while. */
  acceptAfter(delay: Duration, options?: DialScriptOptions): void;
  /** The next dial is answered with an HTTP status instead of an upgrade. */
  refuse(status: number, headers?: Readonly<Record<string, string | number>>, options?: DialScriptOptions): void;
  /** The next dial is connected and never answered. */
  hang(options?: DialScriptOptions): void;
  /** The next dial is cut off before it is answered. */
  closeBeforeOpen(options?: DialScriptOptions): void;

  /** What is sent to each new connection at once. */
  greet(script: Greeting): void;
  /** What is answered to each message; an error thrown here rejects every wait and `close()`. */
  reply(script: Reply): void;
  /** Answers each message with itself. */
  echo(): void;
  /** Answers (of `reply`, `echo` and to pings) are sent this much later from now on. */
  delay(delay: Duration): void;
  /** Sends to all live connections. */
  broadcast(payload: Payload): void;
  /** Sends a drain notice to all live connections; with `refuse`, dials are answered with that status until `accept()`. */
  drain(notice: Payload, options?: { readonly refuse?: number }): void;
  /** Freezes all connections; dials are left unanswered until `thaw()`. */
  freeze(): void;
  thaw(): void;

  /** Resolves with the nth connection since the beginning (counting from 1); by default with the newest live one, or else the next. */
  waitForConnection(nth?: number, options?: WaitOptions): Promise<ServerConnection>;
  /** Resolves with the first message of any connection that fits, also one that came before; by default with the first of all. */
  waitForMessage(wanted?: Wanted, options?: WaitOptions): Promise<Frame>;
  /** Resolves when the condition holds; it is looked at after every dial, open, message, ping and close. */
  waitUntil(condition: () => boolean, options?: WaitOptions): Promise<void>;

  /** Drops all connections and resolves when the port is free. Safe to call twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a real WebSocket server on a free loopback port, under script.
 *
 * Unless told otherwise it accepts every dial, answers pings and nothing else. `close()` it when the test is over.
 *
 * @example
 * const server = await mockServer();
 * server.refuse(503, { 'Retry-After': 1 });
 * const subscription = webSocket(server.url).pipe(reconnect()).subscribe();
 * const connection = await server.waitForConnection();
 * connection.send('hello');
 * connection.close(1012, 'restart');
 */
export async function mockServer(options: MockServerOptions = {}): Promise<MockServer> {
  const http = createServer((_request, response) => {
    response.writeHead(426, { 'Content-Type': 'text/plain' }).end('Upgrade Required');
  });
  return new SocketServer(await listen(http, options.port), options);
}
