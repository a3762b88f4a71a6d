import type { SchedulerLike, Subscriber } from 'rxjs';
import { clockOf, type Deadline } from '../core/clock.js';
import { checkClose } from '../core/closeCodes.js';
import { CLOSED, type Connection, connectionId, expectOpen, type Frame, isOpen, OPEN } from '../core/connection.js';
import { ConnectionClosedError, DialError, type DialFailure } from '../core/errors.js';
import type { ConnectionEvent } from '../core/event.js';
import { expected } from '../core/expect.js';
import type { MakeWire, SocketState, Wire, WireEnd } from './wire.js';

export interface SocketConnectionConfig {
  /** How long to wait for the peer's leave, in milliseconds. */
  readonly closeTimeout: number;
  readonly scheduler?: SchedulerLike | undefined;
  /** Called before the `open` event. */
  readonly opened?: () => void;
}

/** One socket and the subscriber that hears of it: the connection of every transport that has sockets. */
export class SocketConnection<Socket extends SocketState> implements Connection<Frame, undefined>, WireEnd {
  readonly id = connectionId();
  readonly session = undefined;
  declare readonly ping?: () => void;
  declare readonly pause?: () => void;
  declare readonly resume?: () => void;
  declare readonly isPaused?: () => boolean;
  readonly #socket: Socket;
  readonly #wire: Wire;
  readonly #subscriber: Subscriber<ConnectionEvent<Frame, Frame, undefined>>;
  readonly #config: SocketConnectionConfig;
  #isOpen = false;
  #over = false;
  /** What we closed with, once we did: the peer's echo cannot change it. */
  #farewell: { readonly code: number; readonly reason: string } | undefined;
  #patience: Deadline | undefined;
  /** What this end found wrong with the peer's frames: the platform only says that the connection was lost. */
  #fault = '';

  constructor(
    socket: Socket,
    makeWire: MakeWire<Socket>,
    subscriber: Subscriber<ConnectionEvent<Frame, Frame, undefined>>,
    readonly url: string,
    config: SocketConnectionConfig,
  ) {
    this.#socket = socket;
    this.#subscriber = subscriber;
    this.#config = config;
    this.#wire = makeWire(socket, this, config.scheduler);
    Object.assign(this, this.#wire.abilities);
    // The consumer is gone: takes leave, and makes sure that the socket is gone soon too.
    subscriber.add(() => {
      if (this.#over) return;
      this.#over = true;
      if (!this.#farewell) this.#leave(1000, '');
    });
    if (socket.readyState === OPEN) this.opened();
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  get readyState(): number {
    return this.#over ? CLOSED : this.#socket.readyState;
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  send(frame: Frame): void {
    expectOpen(this);
    // Of an object browsers would make the text '[object Object]'.
    expected(frame.constructor !== Object, 'send', 'message', 'encoded, as by json()', frame);
    this.#wire.send(frame);
  }

  close(code = 1000, reason = ''): void {
    checkClose(code, reason);
    if (this.#over || this.#patience) return;
    // Once the peer has taken leave its code stands, as by the standard.
    if (isOpen(this)) this.#farewell = { code, reason };
    this.#leave(code, reason);
  }

  opened(): void {
    if (this.#over) return;
    this.#isOpen = true;
    this.#config.opened?.();
    this.#subscriber.next({ type: 'open', connection: this });
  }

  heard(data: Frame): void {
    if (!this.#over) this.#subscriber.next({ type: 'message', connection: this, data });
  }

  answered(roundTrip: number): void {
    if (!this.#over) this.#subscriber.next({ type: 'pong', connection: this, roundTrip });
  }

  failed(why: string, failure: DialFailure): void {
    if (this.#isOpen) this.#fault ||= why;
    else if (!this.#over) {
      this.#over = true;
      this.#subscriber.error(new DialError(this.url, why, failure));
      this.#wire.abandon?.();
    }
  }

  ended(code: number, reason: string, wasClean: boolean): void {
    this.#patience?.cancel();
    if (this.#over) return;
    if (!this.#isOpen) {
      this.failed(`closed with code ${code}${reason && `: ${reason}`}`, {});
      return;
    }
    this.#over = true;
    const end = this.#farewell ?? { code, reason: reason || this.#fault };
    this.#subscriber.next({ type: 'close', connection: this, ...end, wasClean });
    if (end.code === 1000) this.#subscriber.complete();
    else this.#subscriber.error(new ConnectionClosedError(end.code, end.reason));
  }

  #leave(code: number, reason: string): void {
    this.#patience = clockOf(this.#config.scheduler).deadline(() => {
      this.ended(1006, '', false);
      this.#wire.abandon?.();
    });
    this.#patience.in(this.#config.closeTimeout);
    this.#wire.close(code, reason);
  }
}
