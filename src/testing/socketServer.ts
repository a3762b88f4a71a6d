import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { asyncScheduler } from 'rxjs';
import type { WebSocketServer } from 'ws';
import { type Frame, ReadyState } from '../core/connection.js';
import type { Duration } from '../core/duration.js';
import { expectCount, expectDuration } from '../core/expect.js';
import { cutOff, type DialAct, hang, refuse } from './dialAct.js';
import { unlisten } from './listen.js';
import type { DialScriptOptions, Greeting, MockServerOptions, Reply } from './mockServerOptions.js';
import { ScriptQueue } from './scriptQueue.js';
import type { Payload, ServerConnection } from './serverConnection.js';
import { ServerScript } from './serverScript.js';
import { SocketConnection, type SocketConnectionOwner } from './socketConnection.js';
import { upgrades } from './upgrades.js';
import { type Wait, waitForOneOf, Waiting, type Wanted, type WaitOptions } from './waiting.js';

/** The workings of a mock server. */
export class SocketServer implements SocketConnectionOwner {
  readonly url: string;
  readonly port: number;
  readonly waiting: Waiting;
  readonly received: Frame[] = [];
  dials = 0;
  connections: readonly SocketConnection[] = [];
  readonly #opened: SocketConnection[] = [];
  readonly #dialScript = new ScriptQueue<DialAct>('mockServer');
  readonly #script: ServerScript;
  readonly #sockets = new Set<Socket>();
  readonly #upgrades: WebSocketServer;
  /** What waits for `thaw()`. */
  #frozen: (() => void)[] | undefined;
  #failure: Error | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly http: Server,
    options: MockServerOptions,
  ) {
    const { path = '/', scheduler = asyncScheduler, answerPings = true, greet, reply } = options;
    this.port = (http.address() as AddressInfo).port;
    this.url = `ws://127.0.0.1:${this.port}${path}`;
    this.waiting = new Waiting('mockServer', scheduler);
    this.#script = new ServerScript(scheduler, (error) => {
      this.#failure ??= error;
      this.waiting.fail(error);
    });
    Object.assign(this.#script, { answerPings, greet, reply });
    this.#upgrades = upgrades(options);
    http.on('connection', (socket) => this.#track(socket));
    http.on('upgrade', (request, socket: Socket, head) => this.#dialled(request, socket, head));
  }

  accept(): void {
    this.#dialScript.clear();
  }

  acceptAfter(delay: Duration, options?: DialScriptOptions): void {
    const wait = expectDuration('mockServer', 'acceptAfter', delay, true);
    this.#dialScript.add((_socket, accept) => this.#script.after(wait, accept), options);
  }

  refuse(status: number, headers?: Readonly<Record<string, string | number>>, options?: DialScriptOptions): void {
    this.#dialScript.add(refuse(status, headers), options);
  }

  hang(options?: DialScriptOptions): void {
    this.#dialScript.add(hang, options);
  }

  closeBeforeOpen(options?: DialScriptOptions): void {
    this.#dialScript.add(cutOff, options);
  }

  greet(script: Greeting): void {
    this.#script.greet = script;
  }

  reply(script: Reply): void {
    this.#script.reply = script;
  }

  echo(): void {
    this.reply((message) => message);
  }

  delay(delay: Duration): void {
    this.#script.delay = expectDuration('mockServer', 'delay', delay, true);
  }

  broadcast(payload: Payload): void {
    for (const connection of this.connections.filter(isOpen)) connection.send(payload);
  }

  drain(notice: Payload, { refuse: status }: { readonly refuse?: number } = {}): void {
    this.broadcast(notice);
    if (status !== undefined) this.refuse(status, {}, { times: Infinity });
  }

  freeze(): void {
    this.#frozen ??= [];
    for (const connection of this.connections) connection.freeze();
  }

  thaw(): void {
    const waiting = this.#frozen ?? [];
    this.#frozen = undefined;
    for (const connection of this.connections) connection.thaw();
    for (const act of waiting) act();
  }

  async waitForConnection(nth?: number, options?: WaitOptions): Promise<ServerConnection> {
    if (nth !== undefined) expectCount('mockServer', 'nth', nth, 1);
    const look = (): ServerConnection | undefined =>
      nth === undefined ? this.connections.filter(isOpen).at(-1) : this.#opened[nth - 1];
    const wanted = nth === undefined ? 'a connection' : `connection number ${nth}`;
    return this.#until({ look, wanted, found: () => `${this.#opened.length} opened so far` }, options);
  }

  async waitForMessage(wanted?: Wanted, options?: WaitOptions): Promise<Frame> {
    return this.#until(waitForOneOf(this.received, wanted), options);
  }

  async waitUntil(condition: () => boolean, options?: WaitOptions): Promise<void> {
    const { found } = waitForOneOf(this.received);
    await this.#until({ look: () => condition() || undefined, wanted: String(condition), found }, options);
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#end());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  message(connection: SocketConnection, message: Frame): void {
    this.received.push(message);
    this.#script.message(connection, message);
    this.waiting.changed();
  }

  ping(connection: SocketConnection, data: Uint8Array): void {
    this.#script.ping(connection, data);
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
    const upgrade = (): void =>
      this.#upgrades.handleUpgrade(request, socket, head, (webSocket) => {
        this.#open(new SocketConnection(this.#opened.length + 1, webSocket, socket, request, this));
      });
    const act = this.#dialScript.next();
    this.#unlessFrozen(() => (act ? act(socket, () => this.#unlessFrozen(upgrade)) : upgrade()));
    this.waiting.changed();
  }

  #open(connection: SocketConnection): void {
    this.#opened.push(connection);
    this.connections = [...this.connections, connection];
    this.#script.opened(connection);
    this.waiting.changed();
  }

  #unlessFrozen(act: () => void): void {
    if (this.#frozen) this.#frozen.push(act);
    else act();
  }

  async #until<Value>(wait: Wait<Value>, options?: WaitOptions): Promise<Value> {
    const found = (): string => `${wait.found()} (dials: ${this.dials}, open connections: ${this.connections.length})`;
    return this.waiting.until({ ...wait, found }, options);
  }

  async #end(): Promise<void> {
    this.#script.end();
    this.waiting.end();
    const ended = unlisten(this.http);
    for (const socket of this.#sockets) socket.destroy();
    await ended;
    if (this.#failure) throw this.#failure;
  }
}

function isOpen({ readyState }: ServerConnection): boolean {
  return readyState === ReadyState.OPEN;
}
