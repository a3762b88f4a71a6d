import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { SchedulerLike } from 'rxjs';
import type { Duration } from '../core/duration.js';
import { expectBetween, expectCount, expectDuration } from '../core/expect.js';
import { Link } from './link.js';
import { handlesFreed, listen, unlisten } from './listen.js';
import { type Direction, noToxics, type Toxics, type Where } from './toxics.js';
import { Waiting, type WaitOptions } from './waiting.js';

/** What a proxy is made with. */
export interface TcpProxyConfig {
  readonly target: URL;
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
}

/** The workings of a fault proxy. */
export class TcpProxy {
  readonly url: string;
  readonly port: number;
  readonly bytes = { up: 0, down: 0 };
  dials = 0;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #toxics: Readonly<Record<Direction, Toxics>> = { up: noToxics(), down: noToxics() };
  readonly #links = new Set<Link>();
  readonly #waiting: Waiting;
  #server: Server | undefined;
  #refusing = false;
  #listening: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    server: Server,
    private readonly config: TcpProxyConfig,
  ) {
    const { target, scheduler } = config;
    this.port = (server.address() as AddressInfo).port;
    this.#target = { host: target.hostname.replace(/^\[|\]$/g, ''), port: portOf(target) };
    this.url = `${target.protocol}//127.0.0.1:${this.port}${target.pathname}${target.search}`;
    this.#waiting = new Waiting('faultProxy', scheduler);
    this.#serve(server);
  }

  get connections(): number {
    return this.#links.size;
  }

  latency(delay: Duration, jitter: Duration = 0, where?: Where): void {
    const latency = expectDuration('faultProxy', 'latency', delay, true);
    this.#set({ latency, jitter: expectDuration('faultProxy', 'jitter', jitter, true) }, where);
  }

  bandwidth(bytesPerSecond: number, where?: Where): void {
    this.#set({ bandwidth: expectBetween('faultProxy', 'bandwidth', bytesPerSecond, 1, Infinity) }, where);
  }

  slice(bytes: number, where?: Where): void {
    this.#set({ slice: expectCount('faultProxy', 'slice', bytes, 1) }, where);
  }

  silence(where?: Where): void {
    this.#set({ silent: true }, where);
  }

  reset(): void {
    for (const link of this.#links) link.reset();
  }

  cut(): void {
    for (const link of this.#links) link.cut();
  }

  cutAfter(
    bytes: number,
    { direction = 'down', by = 'cut' }: { direction?: Direction; by?: 'cut' | 'reset' } = {},
  ): void {
    this.#set({ left: expectCount('faultProxy', 'cutAfter', bytes, 0), cutBy: by }, direction);
  }

  refuse(): void {
    this.#refusing = true;
    // Takes effect at once; what is already connected stays.
    this.#server?.close();
    this.#server = undefined;
  }

  async heal(): Promise<void> {
    for (const toxics of Object.values(this.#toxics)) Object.assign(toxics, noToxics());
    for (const link of this.#links) link.hurry();
    this.#refusing = false;
    if (!this.#closed && !this.#server) await (this.#listening ??= this.#listenAgain());
  }

  async waitUntil(condition: () => boolean, options?: WaitOptions): Promise<void> {
    const found = (): string =>
      `connections: ${this.connections}, dials: ${this.dials}, bytes up: ${this.bytes.up}, down: ${this.bytes.down}`;
    await this.#waiting.until({ look: () => condition() || undefined, wanted: String(condition), found }, options);
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#end());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #set(change: Partial<Toxics>, where: Where = 'both'): void {
    if (where !== 'down') Object.assign(this.#toxics.up, change);
    if (where !== 'up') Object.assign(this.#toxics.down, change);
    for (const link of this.#links) link.changed();
  }

  async #end(): Promise<void> {
    const links = [...this.#links];
    const unbound = this.#server && unlisten(this.#server);
    this.refuse();
    this.#waiting.end();
    for (const link of links) link.destroy();
    await Promise.all([unbound, ...links.map((link) => link.gone)]);
    await handlesFreed();
  }

  async #listenAgain(): Promise<void> {
    const server = await serve(this.port).finally(() => (this.#listening = undefined));
    if (this.#refusing || this.#closed) server.close();
    else this.#serve(server);
  }

  #serve(server: Server): void {
    this.#server = server;
    server.on('connection', (client: Socket) => this.#connected(client));
  }

  #connected(client: Socket): void {
    this.dials++;
    const upstream = connect({ ...this.#target, allowHalfOpen: true });
    const link: Link = new Link(client, upstream, {
      toxics: this.#toxics,
      scheduler: this.config.scheduler,
      random: this.config.random,
      passed: (direction, bytes) => {
        this.bytes[direction] += bytes;
        this.#waiting.changed();
      },
    });
    this.#links.add(link);
    this.#waiting.changed();
    void link.gone.then(() => {
      this.#links.delete(link);
      this.#waiting.changed();
    });
  }
}

function portOf({ port, protocol }: URL): number {
  return port ? Number(port) : protocol === 'wss:' || protocol === 'https:' ? 443 : 80;
}

/** The listening half of a proxy. */
export async function serve(port = 0): Promise<Server> {
  // Each direction of a connection ends on its own.
  return listen(createServer({ allowHalfOpen: true, noDelay: true }), port);
}
