import { byteLength } from '../core/byteLength.js';
import type { Clock } from '../core/clock.js';
import { CLOSED, type Frame, OPEN, ReadyState } from '../core/connection.js';
import { BufferOverflowError, messageOf } from '../core/errors.js';
import type { PollExchange, Farewell, PollAnswer } from './pollExchange.js';
import { type LaneOwner, type PlannedRequest, RequestLane } from './requestLane.js';
import { closeCodeOf, isForgotten, isPassing, type RequestFailure } from './requestFailure.js';
import type { Wire, WireEnd } from './wire.js';

/** How requests follow each other, in milliseconds. */
export interface Pace {
  readonly interval: number;
  readonly timeout: number;
  /** How long the server may hold back an answer; 0 where it is not asked to. */
  readonly wait: number;
  readonly tries: number;
  /** How many frames may wait. */
  readonly buffer: number;
  /** Bytes of the frames of one request, unless a single one has more. */
  readonly maxPayload: number;
  readonly random: () => number;
}

/** The longest wait before a request is repeated for the first time, in milliseconds; it doubles up to the other. */
const FIRST_REPEAT = 1_000;
const LAST_REPEAT = 10_000;

/** A socket made of requests: what is sent goes with the next one, what is received comes with answers. */
export class PollingSocket implements Wire, LaneOwner {
  readonly protocol = '';
  readyState: number = ReadyState.CONNECTING;
  bufferedAmount = 0;
  id: unknown;
  #end!: WireEnd;
  #queue: Frame[] = [];
  #sequence = 0;
  #farewell: Farewell | undefined;
  /** Where frames are asked for. */
  readonly #poll: RequestLane;
  /** Where frames are sent: the same, unless answers may be held back. */
  readonly #send: RequestLane;

  constructor(
    private readonly pace: Pace,
    clock: Clock,
    exchange: PollExchange,
  ) {
    const lane = (): RequestLane => new RequestLane(this, clock, exchange, pace.timeout);
    this.#poll = lane();
    this.#send = pace.wait > 0 ? lane() : this.#poll;
  }

  /** Tells `end` what happens from now on. */
  listen(end: WireEnd): Wire {
    this.#end = end;
    return this;
  }

  /** Opens the session. */
  connect(): void {
    this.#poll.begin();
  }

  send(frame: Frame): void {
    const { buffer } = this.pace;
    if (this.#queue.length >= buffer) throw new BufferOverflowError(buffer);
    // A socket would copy too: what the sender does with its bytes afterwards is its own business.
    this.#queue.push(typeof frame === 'string' ? frame : new Uint8Array(frame));
    this.bufferedAmount += byteLength(frame);
    this.#send.in(0);
  }

  close(code: number, reason: string): void {
    if (this.readyState !== OPEN) {
      this.abandon();
      return;
    }
    this.readyState = ReadyState.CLOSING;
    this.#farewell = { code, reason };
    // Frames that are under way may have arrived: their answer is waited for. A poll has nothing to lose, its id stands.
    if (!this.#poll.request?.sequence) this.#poll.stop();
    this.#send.in(0);
  }

  abandon(): void {
    this.#finish(1006, '', false);
  }

  plan(lane: RequestLane): PlannedRequest {
    const { wait } = this.pace;
    const sends = lane === this.#send;
    const frames = sends ? this.#take() : [];
    const close = sends && this.#queue.length === 0 ? this.#farewell : undefined;
    const sequence = frames.length > 0 || close ? ++this.#sequence : 0;
    if (lane === this.#poll || this.#farewell) {
      return { frames, sequence, wait: this.readyState === OPEN ? wait : 0, close };
    }
    return { frames, sequence, wait: undefined, close };
  }

  answered(lane: RequestLane, request: PlannedRequest, answer: PollAnswer, took: number): void {
    const { frames = [], id, more = false, close = request.close } = Object(answer) as PollAnswer;
    if (request.wait !== undefined && id !== undefined) this.id = id;
    if (this.readyState === ReadyState.CONNECTING) {
      this.readyState = OPEN;
      this.#end.opened();
    }
    for (const frame of frames) this.#end.heard(frame);
    if (close) this.#finish(close.code, close.reason, true);
    else if (this.readyState !== CLOSED) {
      const { interval, wait } = this.pace;
      // A server that holds nothing back is not to be asked without a pause.
      const pause = wait === 0 ? interval : request.wait === 0 || frames.length > 0 ? 0 : Math.max(0, interval - took);
      if (lane === this.#send && (this.#queue.length > 0 || this.#farewell)) lane.in(0);
      else if (lane === this.#poll && !this.#farewell) lane.in(more ? 0 : pause);
    }
  }

  failed(error: unknown, failures: number): number | undefined {
    const { interval, timeout, tries, random } = this.pace;
    const { status, retryAfter } = Object(error) as RequestFailure;
    const isOpening = this.readyState === ReadyState.CONNECTING;
    if (!isOpening && failures < tries && isPassing(status)) {
      const backoff = Math.min(Math.min(interval, FIRST_REPEAT) * 2 ** (failures - 1), LAST_REPEAT);
      return Math.max(backoff * (0.5 + random() / 2), Math.min(retryAfter ?? 0, timeout));
    }
    if (isOpening || !isForgotten(status)) {
      this.#end.failed(messageOf(error), { status, retryAfter, cause: error });
    }
    this.#finish(closeCodeOf(status), '', false);
    return undefined;
  }

  /** The frames of the next request. */
  #take(): Frame[] {
    let bytes = 0;
    let count = 0;
    for (const frame of this.#queue) {
      const length = byteLength(frame);
      if (count > 0 && bytes + length > this.pace.maxPayload) break;
      bytes += length;
      count++;
    }
    this.bufferedAmount -= bytes;
    return this.#queue.splice(0, count);
  }

  #finish(code: number, reason: string, wasClean: boolean): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.#poll.stop();
    this.#send.stop();
    this.#queue = [];
    this.bufferedAmount = 0;
    this.#end.ended(code, reason, wasClean);
  }
}
