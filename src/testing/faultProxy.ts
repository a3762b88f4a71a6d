import { asyncScheduler, type SchedulerLike } from 'rxjs';
import type { Duration } from '../core/duration.js';
import { serve, TcpProxy } from './tcpProxy.js';
import type { Direction, Where } from './toxics.js';
import type { WaitOptions } from './waiting.js';

/** Configures {@link faultProxy}. */
export interface FaultProxyOptions {
  /** Where the proxy leads: a URL (`ws`, `http`, `tcp` …) or a port of this machine. */
  readonly target: string | number;
  /** A free one by default. */
  readonly port?: number;
  /** 0 to 1, for the jitter; `Math.random` by default. */
  readonly random?: () => number;
  /** For delays and waits; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/** A TCP proxy on real sockets that can do to a connection what networks do. Faults are for all connections, those to come included, until `heal()`. */
export interface FaultProxy {
  /** The target's, with the proxy's host and port. */
  readonly url: string;
  readonly port: number;
  /** How many connections are live. */
  readonly connections: number;
  /** How many connections there were. */
  readonly dials: number;
  /** Bytes handed on since the beginning. */
  readonly bytes: Readonly<Record<Direction, number>>;

  /** Every byte arrives this much later, give or take the jitter; order is kept. */
  latency(delay: Duration, jitter?: Duration, where?: Where): void;
  bandwidth(bytesPerSecond: number, where?: Where): void;
  /** Bytes arrive in pieces of at most this many, each in a turn of the event loop of its own. */
  slice(bytes: number, where?: Where): void;
  /** Nothing arrives any more, neither bytes nor an end, and nobody is told; new connections are made and then silent too. What is held back arrives after `heal()`. */
  silence(where?: Where): void;
  /** Resets the live connections (RST), on both sides. */
  reset(): void;
  /** Ends the live connections without a close frame (FIN), on both sides. */
  cut(): void;
  /** Lets so many more bytes pass in one direction (`down` by default), then cuts or resets the connection of the last one; once. */
  cutAfter(bytes: number, options?: { readonly direction?: Direction; readonly by?: 'cut' | 'reset' }): void;
  /** New connections are refused; live ones stay. */
  refuse(): void;
  /** Ends all faults; resolves when new connections are accepted. */
  heal(): Promise<void>;
  /** Resolves when the condition holds; it is looked at after every connection, transfer and end. */
  waitUntil(condition: () => boolean, options?: WaitOptions): Promise<void>;
  /** Destroys everything and resolves when the port is free. Safe to call twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Reads a target. */
function targetUrl(target: string | number): URL {
  try {
    return new URL(typeof target === 'number' ? `tcp://127.0.0.1:${target}` : target);
  } catch {
    throw new TypeError(`faultProxy: expected \`target\` to be a URL or a port, got '${target}'`);
  }
}

/**
 * Starts a TCP proxy on a free loopback port that leads to a target and fails as told.
 *
 * @example
 * const proxy = await faultProxy({ target: server.url });
 * const subscription = webSocket(proxy.url).pipe(heartbeat({ interval: '1s', timeout: '1s' })).subscribe();
 * proxy.silence();
 */
export async function faultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { scheduler = asyncScheduler, random = Math.random } = options;
  const target = targetUrl(options.target);
  return new TcpProxy(await serve(options.port), { target, scheduler, random });
}
