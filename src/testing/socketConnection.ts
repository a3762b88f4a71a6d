import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { type Frame, ReadyState } from '../core/connection.js';
import { NotOpenError } from '../core/errors.js';
import { closeFrame } from './rawFrames.js';
import type { Payload, ServerClose, ServerConnection } from './serverConnection.js';
import { waitForOneOf, type Wanted, type Waiting, type WaitOptions } from './waiting.js';

/** What a connection tells its server. */
export interface SocketConnectionOwner {
  readonly waiting: Waiting;
  message(connection: SocketConnection, message: Frame): void;
  ping(connection: SocketConnection, data: Uint8Array): void;
  closed(connection: SocketConnection): void;
}

/** One client of a mock server, on a real socket. */
export class SocketConnection implements ServerConnection {
  readonly url: string;
  readonly headers: ServerConnection['headers'];
  readonly received: Frame[] = [];
  readonly closed: Promise<ServerClose>;
  pings = 0;
  #closing = false;
  #frozen = false;

  constructor(
    readonly id: number,
    private readonly socket: WebSocket,
    private readonly tcp: Socket,
    request: IncomingMessage,
    private readonly owner: SocketConnectionOwner,
  ) {
    this.url = request.url ?? '/';
    this.headers = request.headers;
    socket.on('message', (data, isBinary) => {
      const bytes = data as Buffer;
      const message = isBinary ? new Uint8Array(bytes) : bytes.toString();
      this.received.push(message);
      owner.message(this, message);
    });
    socket.on('ping', (data: Uint8Array) => {
      this.pings++;
      owner.ping(this, data);
    });
    // A client's bad frames and a reset end in a close event too.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        owner.closed(this);
      });
    });
  }

  get protocol(): string {
    return this.socket.protocol;
  }

  get readyState(): number {
    // The socket is told of its end only later.
    if (this.tcp.destroyed) return ReadyState.CLOSED;
    const { readyState } = this.socket;
    return this.#closing && readyState === ReadyState.OPEN ? ReadyState.CLOSING : readyState;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  send(payload: Payload): void {
    this.#mustBeOpen();
    const frame = typeof payload === 'string' || payload instanceof Uint8Array ? payload : JSON.stringify(payload);
    this.socket.send(frame);
  }

  sendRaw(bytes: Uint8Array): void {
    if (!this.tcp.writable) throw new NotOpenError(this.readyState, this.url);
    this.tcp.write(bytes);
  }

  ping(): void {
    this.#mustBeOpen();
    this.socket.ping();
  }

  pong(data: Uint8Array): void {
    if (this.readyState === ReadyState.OPEN) this.socket.pong(data);
  }

  close(code = 1000, reason = ''): void {
    this.#mustBeOpen();
    this.#closing = true;
    // By hand only where `ws` refuses to: it would answer the client's answer, and nothing may follow a close frame.
    if (isOrdinary(code, reason)) this.socket.close(code, reason);
    else this.sendRaw(closeFrame(code, reason));
  }

  closeWithoutCode(): void {
    this.#mustBeOpen();
    this.#closing = true;
    this.socket.close();
  }

  drop(): void {
    this.tcp.destroy();
  }

  reset(): void {
    this.tcp.resetAndDestroy();
  }

  freeze(): void {
    if (this.#frozen) return;
    this.#frozen = true;
    this.socket.pause();
    // What is written meanwhile stays here: a frozen process says nothing.
    this.tcp.cork();
  }

  thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    this.tcp.uncork();
    this.socket.resume();
  }

  async waitForMessage(wanted?: Wanted, options?: WaitOptions): Promise<Frame> {
    return this.owner.waiting.until(waitForOneOf(this.received, wanted), options);
  }

  #mustBeOpen(): void {
    if (this.readyState !== ReadyState.OPEN) throw new NotOpenError(this.readyState, this.url);
  }
}

/** Whether RFC 6455 section 7.4 allows it on the wire, in a frame of 125 bytes. */
function isOrdinary(code: number, reason: string): boolean {
  const isCode = (code >= 1000 && code <= 1014 && !(code >= 1004 && code <= 1006)) || (code >= 3000 && code <= 4999);
  return isCode && Buffer.byteLength(reason) <= 123;
}
