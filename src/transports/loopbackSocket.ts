import type { Clock, Deadline } from '../core/clock.js';
import { type Frame, ReadyState } from '../core/connection.js';
import type { NodeSocket } from './socketLike.js';

const utf8 = /* @__PURE__ */ new TextEncoder();

/** Something under way to an end; what is sent later stands behind it. */
interface Parcel {
  readonly due: number;
  readonly frame: Frame;
  readonly arrive: () => void;
  next: Parcel | undefined;
}

/** One end of a link within the process: a socket as those of `ws`, with a wire of fixed latency in place of the network. */
export class LoopbackSocket implements NodeSocket {
  readyState: number = ReadyState.CONNECTING;
  binaryType = 'nodebuffer';
  /** The other end. */
  peer!: LoopbackSocket;
  readonly #listeners: Record<string, ((...args: never[]) => void) | undefined> = {};
  readonly #arrival: Deadline;
  #first: Parcel | undefined;
  #last: Parcel | undefined;
  #paused = false;

  constructor(
    private readonly clock: Clock,
    private readonly latency: number,
    readonly protocol: string,
    /** Called when it is closed for good. */
    private readonly gone: (socket: LoopbackSocket) => void,
  ) {
    this.#arrival = clock.deadline(() => this.#deliver());
  }

  get bufferedAmount(): number {
    let bytes = 0;
    for (let parcel = this.peer.#first; parcel; parcel = parcel.next) {
      bytes += typeof parcel.frame === 'string' ? utf8.encode(parcel.frame).length : parcel.frame.length;
    }
    return bytes;
  }

  on(event: string, listener: (...args: never[]) => void): void {
    this.#listeners[event] = listener;
  }

  send(data: Frame): void {
    // A network would copy too: what the sender does with its bytes afterwards is its own business.
    const frame = typeof data === 'string' ? data : new Uint8Array(data);
    const { peer } = this;
    this.tell(() => peer.#emit('message', frame, typeof frame !== 'string'), frame);
  }

  ping(said = ''): void {
    const { peer } = this;
    this.tell(() => peer.tell(() => this.#emit('pong', said)));
  }

  close(code: number, reason: string): void {
    this.readyState = ReadyState.CLOSING;
    const { peer } = this;
    this.tell(() => peer.#leftBy(code, reason));
  }

  /** Breaks the connection: the other end hears of it behind what is still under way. */
  terminate(): void {
    const { peer } = this;
    this.tell(() => peer.lost());
    this.lost();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (this.#paused && this.#first) this.#arrival.in(0);
    this.#paused = false;
  }

  /** Begins: from now on it can send. */
  open(): void {
    this.readyState = ReadyState.OPEN;
    this.#emit('open');
  }

  /** Is closed, and what is under way to it is lost. */
  lost(code = 1006, reason = ''): void {
    if (this.readyState === ReadyState.CLOSED) return;
    this.readyState = ReadyState.CLOSED;
    this.#first = this.#last = undefined;
    this.#arrival.cancel();
    this.gone(this);
    this.#emit('close', code, reason);
  }

  /** Lets something happen at the other end after the latency, behind everything that is under way. */
  tell(arrive: () => void, frame: Frame = ''): void {
    const { peer, latency } = this;
    if (peer.readyState === ReadyState.CLOSED) return;
    const parcel: Parcel = { due: this.clock.now() + latency, frame, arrive, next: undefined };
    if (peer.#last) peer.#last.next = parcel;
    else peer.#first = parcel;
    peer.#last = parcel;
    if (peer.#first === parcel) peer.#arrival.in(latency);
  }

  #deliver(): void {
    for (let parcel = this.#first; parcel && !this.#paused; parcel = this.#first) {
      const wait = parcel.due - this.clock.now();
      if (wait > 0) {
        this.#arrival.in(wait);
        return;
      }
      this.#first = parcel.next;
      if (!this.#first) this.#last = undefined;
      parcel.arrive();
    }
  }

  #leftBy(code: number, reason: string): void {
    // The answer to a leave is the same leave.
    this.tell(() => this.peer.#leftBy(code, reason));
    this.lost(code, reason);
  }

  #emit(event: string, ...args: unknown[]): void {
    this.#listeners[event]?.(...(args as never[]));
  }
}
