import { createServer } from 'node:http';
import type { Frame } from '../core/connection.js';
import { listen } from './listen.js';
import type { MockPollingServerOptions } from './mockPollingServerOptions.js';
import type { PollingPeer } from './pollingPeer.js';
import { PollingServer } from './pollingServer.js';
import type { ScriptOptions } from './scriptQueue.js';
import type { WaitOptions } from './waiting.js';

/** An HTTP server under script that speaks the wire of `httpPolling`. Scripts for requests queue up; when none is left, all is well. */
export interface MockPollingServer {
  readonly url: string;
  readonly port: number;
  /** How many requests asked for a session, whatever became of them. */
  readonly dials: number;
  /** How many requests came. */
  readonly requests: number;
  /** The most requests that were under way at the same time. */
  readonly mostAtOnce: number;
  /** The live ones, oldest first. */
  readonly sessions: readonly PollingPeer[];
  /** The HTTP headers of the last request. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;

  /** Called with each new session before its first answer. */
  greet(script: (peer: PollingPeer) => void): void;
  /** What is answered to each message. */
  reply(script: (message: Frame, peer: PollingPeer) => Frame | undefined): void;
  /** The next requests are answered with this status and not looked at. */
  fail(status: number, headers?: Readonly<Record<string, string>>, options?: ScriptOptions): void;
  /** The next requests for a session are answered with this status. */
  refuse(status: number, headers?: Readonly<Record<string, string>>, options?: ScriptOptions): void;
  /** The next request has its TCP connection cut, and is not looked at. */
  cut(options?: ScriptOptions): void;
  /** The next request is taken in, and its answer is lost on the way. */
  loseAnswer(options?: ScriptOptions): void;
  /** The next request is never answered. */
  hang(options?: ScriptOptions): void;
  /** The next answer stops in the middle. */
  stall(options?: ScriptOptions): void;
  /** The next answer is this page instead. */
  answer(page: string, options?: ScriptOptions): void;
  /** Forgets all scripts. */
  recover(): void;

  /** Resolves with the nth session since the beginning, 1 by default. */
  waitForSession(nth?: number, options?: WaitOptions): Promise<PollingPeer>;
  /** Resolves when the condition holds; it is looked at with every request, and when a session ends. */
  waitUntil(condition: () => boolean, options?: WaitOptions): Promise<void>;

  /** Destroys all connections and resolves when the port is free. Safe to call twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a real HTTP server on a free loopback port for clients with `httpPolling`, under script.
 *
 * @example
 * const server = await mockPollingServer();
 * const subscription = httpPolling({ url: server.url }).pipe(reconnect()).subscribe();
 * const peer = await server.waitForSession();
 * server.loseAnswer();
 * peer.send('hello');
 */
export async function mockPollingServer(options: MockPollingServerOptions = {}): Promise<MockPollingServer> {
  const http = createServer();
  return new PollingServer(await listen(http, options.port), options);
}
