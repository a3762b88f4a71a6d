import type { SchedulerLike, Subscriber } from 'rxjs';
import { type Clock, clockOf, type Deadline } from '../core/clock.js';
import { checkClose } from '../core/closeCodes.js';
import { type Connection, connectionId, type Frame, ReadyState } from '../core/connection.js';
import { ConnectionClosedError, DialError, type DialFailure, NotOpenError } from '../core/errors.js';
import type { ConnectionEvent } from '../core/event.js';
import { isNodeSocket, type NodeSocket, parseRetryAfter, type WebSocketLike } from './socketLike.js';
import { TickCork } from './tickCork.js';

/** A frame larger than this is written at once: gathering saves system calls, which a large frame needs anyway. */
const LARGE = 16_384;

export interface SocketConnectionConfig {
  /** How long to wait for the peer's leave, in milliseconds. */
  readonly closeTimeout: number;
  readonly scheduler: SchedulerLike;
  /** Called before the `open` event. */
  readonly opened?: () => void;
}

/** One socket and the subscriber that hears of it: the connection of every WebSocket transport. */
export class SocketConnection implements Connection<Frame, undefined> {
  readonly id = connectionId();
  readonly session = undefined;
  readonly ping?: () => void;
  readonly pause?: () => void;
  readonly resume?: () => void;
  readonly #clock: Clock;
  #opened = false;
  #over = false;
  /** What we closed with, once we did: the peer's echo cannot change it. */
  #farewell: { readonly code: number; readonly reason: string } | undefined;
  #patience: Deadline | undefined;
  /** What this end found wrong with the peer's frames: the platform only says that the connection was lost. */
  #fault = '';
  #cork: TickCork | undefined;

  constructor(
    private readonly socket: WebSocketLike | NodeSocket,
    private readonly subscriber: Subscriber<ConnectionEvent<Frame, Frame, undefined>>,
    readonly url: string,
    private readonly config: SocketConnectionConfig,
  ) {
    const { scheduler } = config;
    this.#clock = clockOf(scheduler);
    if (isNodeSocket(socket)) {
      this.ping = () => {
        this.#expectOpen();
        // The answer repeats what the ping said, so that no answer is taken for another one's.
        socket.ping(String(this.#clock.now()));
      };
      this.pause = () => socket.pause();
      this.resume = () => socket.resume();
      this.#listenInNode(socket, scheduler);
    } else {
      this.#listen(socket);
    }
    if (socket.readyState === ReadyState.OPEN) this.#open();
  }

  get protocol(): string {
    return this.socket.protocol;
  }

  get readyState(): number {
    if (this.#over) return ReadyState.CLOSED;
    return this.#farewell ? ReadyState.CLOSING : this.socket.readyState;
  }

  get bufferedAmount(): number {
    return this.socket.bufferedAmount;
  }

  send(frame: Frame): void {
    this.#expectOpen();
    // All writes of a turn go out in one system call: 2 to 5 times the throughput of bursts, nothing lost for a lone message.
    this.#cork?.hold();
    this.socket.send(frame as string);
    if (frame.length > LARGE) this.#cork?.release();
  }

  close(code = 1000, reason = ''): void {
    checkClose(code, reason);
    if (this.#over || this.#farewell) return;
    this.#farewell = { code, reason };
    this.#leave(code, reason);
  }

  /** The consumer is gone: takes leave, and makes sure that the socket is gone soon too. */
  hangUp(): void {
    if (this.#over) return;
    this.#over = true;
    if (!this.#farewell) this.#leave(1000, '');
  }

  #expectOpen(): void {
    if (this.#over || this.#farewell || this.socket.readyState !== ReadyState.OPEN) {
      throw new NotOpenError(this.readyState, this.url);
    }
  }

  #leave(code: number, reason: string): void {
    if (isNodeSocket(this.socket) && this.socket.readyState === ReadyState.CONNECTING) {
      this.socket.terminate();
    } else {
      this.socket.close(code, reason);
      // Who does not read does not hear the peer's leave either.
      this.resume?.();
    }
    if (this.socket.readyState === ReadyState.CLOSED) return;
    this.#patience = this.#clock.deadline(() => {
      this.#end(1006, '', false);
      this.#abandon();
    });
    this.#patience.in(this.config.closeTimeout);
  }

  #abandon(): void {
    this.#cork?.release();
    if (isNodeSocket(this.socket)) this.socket.terminate();
  }

  #open(): void {
    if (this.#over || this.#farewell || this.#opened) return;
    this.#opened = true;
    this.config.opened?.();
    this.subscriber.next({ type: 'open', connection: this });
  }

  #message(data: Frame): void {
    if (!this.#over) this.subscriber.next({ type: 'message', connection: this, data });
  }

  #pong(said: string): void {
    const roundTrip = this.#clock.now() - (said ? Number(said) : NaN);
    // A peer may send a pong that nobody asked for (RFC 6455 section 5.5.3).
    if (!this.#over && roundTrip >= 0) this.subscriber.next({ type: 'pong', connection: this, roundTrip });
  }

  #failed(why: string, failure: DialFailure): void {
    if (this.#opened) this.#fault ||= why;
    if (this.#over || this.#opened) return;
    this.#over = true;
    this.subscriber.error(new DialError(this.url, why, failure));
    this.#abandon();
  }

  #end(code: number, reason: string, wasClean: boolean): void {
    this.#patience?.cancel();
    if (this.#over) return;
    if (!this.#opened) {
      this.#failed(`closed before it was open (${code}${reason && ` ${reason}`})`, {});
      return;
    }
    this.#over = true;
    const end = this.#farewell ?? { code, reason: reason || this.#fault };
    this.subscriber.next({ type: 'close', connection: this, ...end, wasClean });
    if (end.code === 1000) this.subscriber.complete();
    else this.subscriber.error(new ConnectionClosedError(end.code, end.reason));
  }

  #listenInNode(socket: NodeSocket, scheduler: SchedulerLike): void {
    socket.binaryType = 'nodebuffer';
    socket.on('open', () => this.#open());
    socket.on('message', (data, isBinary) => this.#message(isBinary ? data : data.toString()));
    socket.on('pong', (said) => this.#pong(said.toString()));
    socket.on('upgrade', (response) => (this.#cork = new TickCork(response.socket)));
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      const { statusCode: status } = response;
      const retryAfter = parseRetryAfter(response.headers['retry-after'], scheduler.now());
      this.#failed(`the server answered ${status}`, { status, retryAfter });
    });
    // Where a name has several addresses and none answers, the error is an aggregate without a message.
    socket.on('error', (error) => this.#failed(error.message || String(error.code), { cause: error }));
    socket.on('close', (code, reason) => this.#end(code, reason.toString(), code !== 1006));
  }

  #listen(socket: WebSocketLike): void {
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => this.#open());
    socket.addEventListener('message', ({ data }) =>
      this.#message(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer)),
    );
    // The event itself is no cause to pass on: it leads to the socket, and so to the address with its secrets.
    socket.addEventListener('error', ({ message = '', error }) =>
      this.#failed(message || 'the platform does not say why', { cause: error }),
    );
    socket.addEventListener('close', ({ code, reason, wasClean }) => this.#end(code, reason, wasClean));
  }
}
