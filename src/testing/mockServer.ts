import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { asyncScheduler, Subscription, timer } from 'rxjs';
import { WebSocketServer } from 'ws';
import { type Frame, ReadyState } from '../core/connection.js';
import type { Duration } from '../core/duration.js';
import { expectCount, expectDuration } from '../core/expect.js';
import { cutOff, DialScript, hang, refuse } from './dialScript.js';
import type {
  Answer,
  DialScriptOptions,
  MockServer,
  MockServerOptions,
  Payload,
  ServerConnection,
} from './mockServerTypes.js';
import { SocketConnection, type ServerConnectionOwner } from './serverConnection.js';
import { type Wait, waitForOneOf, Waiting, type Wanted, type WaitOptions } from './waiting.js';

const MIB = 1024 * 1024;

class SocketServer implements MockServer, ServerConnectionOwner {
  readonly url: string;
  readonly port: number;
  readonly waiting: Waiting;
  readonly received: Frame[] = [];
  dials = 0;
  connections: readonly SocketConnection[] = [];
  readonly #opened: SocketConnection[] = [];
  readonly #script = new DialScript();
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Subscription();
  readonly #upgrades: WebSocketServer;
  readonly #scheduler;
  readonly #answerPings: boolean;
  #reply: ((message: Frame, connection: ServerConnection) => Answer) | undefined;
  #greet: ((connection: ServerConnection) => Answer) | undefined;
  #delay = 0;
  /** The dials that wait for `thaw()`. */
  #heldBack: (() => void)[] | undefined;
  #failure: { readonly error: unknown } | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly http: Server,
    { path = '/', protocols, maxPayload = MIB, compression = false, answerPings = true, ...options }: MockServerOptions,
  ) {
    this.port = (http.address() as AddressInfo).port;
    this.url = `ws://127.0.0.1:${this.port}${path}`;
    this.#answerPings = answerPings;
    this.#reply = options.reply;
    this.#greet = options.greet;
    this.#scheduler = options.scheduler ?? asyncScheduler;
    this.waiting = new Waiting('mockServer', this.#scheduler);
    this.#upgrades = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      autoPong: false,
      maxPayload,
      perMessageDeflate: compression,
      ...(protocols && {
        handleProtocols: (offered: Set<string>) => [...offered].find((one) => protocols.includes(one)) ?? false,
      }),
    });
    http.on('connection', (socket: Socket) => this.#track(socket));
    http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
      this.#dialled(request, socket, head),
    );
  }

  accept(): void {
    this.#script.clear();
  }

  acceptAfter(delay: Duration, options?: DialScriptOptions): void {
    const ms = expectDuration('mockServer', 'acceptAfter', delay, true);
    this.#script.add((_socket, accept) => this.#later(ms, accept), options);
  }

  refuse(status: number, headers?: Readonly<Record<string, string | number>>, options?: DialScriptOptions): void {
    this.#script.add(refuse(status, headers), options);
  }

  hang(options?: DialScriptOptions): void {
    this.#script.add(hang, options);
  }

  closeBeforeOpen(options?: DialScriptOptions): void {
    this.#script.add(cutOff, options);
  }

  greet(script: (connection: ServerConnection) => Answer): void {
    this.#greet = script;
  }

  reply(script: (message: Frame, connection: ServerConnection) => Answer): void {
    this.#reply = script;
  }

  echo(): void {
    this.reply((message) => message);
  }

  delay(delay: Duration): void {
    this.#delay = expectDuration('mockServer', 'delay', delay, true);
  }

  broadcast(payload: Payload): void {
    for (const connection of this.connections) if (connection.readyState === ReadyState.OPEN) connection.send(payload);
  }

  drain(notice: Payload, { refuse: status }: { readonly refuse?: number } = {}): void {
    this.broadcast(notice);
    if (status !== undefined) this.refuse(status, {}, { times: Infinity });
  }

  freeze(): void {
    this.#heldBack ??= [];
    for (const connection of this.connections) connection.freeze();
  }

  thaw(): void {
    const heldBack = this.#heldBack ?? [];
    this.#heldBack = undefined;
    for (const connection of this.connections) connection.thaw();
    for (const dial of heldBack) dial();
  }

  async waitForConnection(nth?: number, options?: WaitOptions): Promise<ServerConnection> {
    if (nth !== undefined) expectCount('mockServer', 'nth', nth, 1);
    return this.#until<ServerConnection>(
      {
        look: () => (nth === undefined ? this.connections.at(-1) : this.#opened[nth - 1]),
        wanted: nth === undefined ? 'a connection' : `connection number ${nth}`,
        found: () => `${this.#opened.length} opened so far`,
      },
      options,
    );
  }

  async waitForMessage(wanted?: Wanted, options?: WaitOptions): Promise<Frame> {
    return this.#until(waitForOneOf(this.received, wanted), options);
  }

  async waitUntil(condition: () => boolean, options?: WaitOptions): Promise<void> {
    const { found } = waitForOneOf(this.received);
    await this.#until({ look: () => condition() || undefined, wanted: String(condition), found }, options);
  }

  close(): Promise<void> {
    this.#closed ??= new Promise<void>((resolve, reject) => {
      this.#timers.unsubscribe();
      this.http.close(() => {
        this.waiting.end();
        if (this.#failure) reject(this.#failure.error as Error);
        else resolve();
      });
      for (const socket of this.#sockets) socket.destroy();
    });
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  message(connection: SocketConnection, message: Frame): void {
    this.received.push(message);
    this.#say(connection, this.#delay, () => this.#reply?.(message, connection));
    this.waiting.changed();
  }

  ping(connection: SocketConnection, data: Uint8Array): void {
    if (this.#answerPings) this.#later(this.#delay, () => connection.pong(data));
    this.waiting.changed();
  }

  closed(connection: SocketConnection): void {
    this.connections = this.connections.filter((other) => other !== connection);
    this.waiting.changed();
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
  }

  #dialled(request: IncomingMessage, socket: Socket, head: Buffer): void {
    this.dials++;
    const accept = (): void => {
      this.#upgrades.handleUpgrade(request, socket, head, (webSocket) => {
        this.#open(new SocketConnection(this.#opened.length + 1, webSocket, socket, request, this));
      });
    };
    const act = this.#script.next();
    const dial = (): void => (act ? act(socket, accept) : accept());
    if (this.#heldBack) this.#heldBack.push(dial);
    else dial();
    this.waiting.changed();
  }

  #open(connection: SocketConnection): void {
    this.#opened.push(connection);
    this.connections = [...this.connections, connection];
    this.#say(connection, 0, () => this.#greet?.(connection));
    this.waiting.changed();
  }

  #say(connection: SocketConnection, delay: number, script: () => Answer): void {
    try {
      const payload = script();
      if (payload === undefined) return;
      this.#later(delay, () => {
        if (connection.readyState === ReadyState.OPEN) connection.send(payload);
      });
    } catch (error) {
      this.#failure ??= { error };
      this.waiting.fail(error);
    }
  }

  #later(delay: number, act: () => void): void {
    if (delay === 0) act();
    else this.#timers.add(timer(delay, this.#scheduler).subscribe(act));
  }

  async #until<Value>(wait: Wait<Value>, options?: WaitOptions): Promise<Value> {
    const found = (): string => `${wait.found()} (dials: ${this.dials}, open connections: ${this.connections.length})`;
    return this.waiting.until({ ...wait, found }, options);
  }
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
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return new SocketServer(http, options);
}
