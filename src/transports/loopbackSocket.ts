import type { Clock, Deadline } from '../core/clock.js';
import { expectOpen, type Frame, ReadyState } from '../core/connection.js';
import { byteLength } from '../core/byteLength.js';
import type { Wire, WireEnd } from './wire.js';

/** Something under way to an end; what is sent later stands behind it. */
interface Parcel {
  readonly due: number;
  readonly frame: Frame;
  readonly arrive: (here: LoopbackSocket) => void;
}

/** One end of a link within the process: a socket and its wire, with a scheduler and a fixed latency in place of the network. */
export class LoopbackSocket implements Wire {
  readyState: number = ReadyState.CONNECTING;
  /** The other end. */
  peer!: LoopbackSocket;
  #end: WireEnd | undefined;
  readonly #arrival: Deadline;
  /** What is under way to this end. */
  readonly #parcels = new Set<Parcel>();
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

  /** Tells `end` what happens from now on. */
  listen(end: WireEnd): Wire {
    this.#end = end;
    return this;
  }

  get bufferedAmount(): number {
    let bytes = 0;
    for (const { frame } of this.peer.#parcels) bytes += byteLength(frame);
    return bytes;
  }

  send(data: Frame): void {
    // A network would copy too: what the sender does with its bytes afterwards is its own business.
    const frame = typeof data === 'string' ? data : new Uint8Array(data);
    this.tell((peer) => peer.#end?.heard(frame), frame);
  }

  readonly abilities = {
    ping: (): void => {
      if (this.#end) expectOpen(this.#end);
      const pingedAt = this.clock.now();
      this.tell((peer) => peer.tell(() => this.#end?.answered(this.clock.now() - pingedAt)));
    },
    pause: (): void => {
      this.#paused = true;
    },
    resume: (): void => {
      if (this.#paused && this.#parcels.size > 0) this.#arrival.in(0);
      this.#paused = false;
    },
    isPaused: (): boolean => this.#paused,
  };

  close(code: number, reason: string): void {
    if (this.readyState === ReadyState.CONNECTING) {
      this.abandon();
      return;
    }
    this.readyState = ReadyState.CLOSING;
    this.tell((peer) => peer.#leftBy(code, reason));
    // Who does not read does not hear the peer's leave either.
    this.abilities.resume();
  }

  /** Breaks the connection: the other end hears of it behind what is still under way. */
  abandon(): void {
    this.tell((peer) => peer.lost());
    this.lost();
  }

  /** Begins: from now on it can send. */
  open(): void {
    this.readyState = ReadyState.OPEN;
    this.#end?.opened();
  }

  /** Is closed, and what is under way to it is lost. */
  lost(code = 1006, reason = ''): void {
    if (this.readyState === ReadyState.CLOSED) return;
    this.readyState = ReadyState.CLOSED;
    this.#parcels.clear();
    this.#arrival.cancel();
    this.gone(this);
    this.#end?.ended(code, reason, code !== 1006);
  }

  /** Lets something happen at the other end after the latency, behind everything that is under way. */
  tell(arrive: (peer: LoopbackSocket) => void, frame: Frame = ''): void {
    const { peer, latency } = this;
    if (peer.readyState === ReadyState.CLOSED) return;
    peer.#parcels.add({ due: this.clock.now() + latency, frame, arrive });
    if (peer.#parcels.size === 1) peer.#arrival.in(latency);
  }

  #deliver(): void {
    for (const parcel of this.#parcels) {
      if (this.#paused) return;
      const wait = parcel.due - this.clock.now();
      if (wait > 0) {
        this.#arrival.in(wait);
        return;
      }
      this.#parcels.delete(parcel);
      parcel.arrive(this);
    }
  }

  #leftBy(code: number, reason: string): void {
    // The answer to a leave is the same leave.
    this.tell((peer) => peer.#leftBy(code, reason));
    this.lost(code, reason);
  }
}
