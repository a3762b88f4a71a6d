import { Observable, type SchedulerLike, type Subscriber } from 'rxjs';
import { checkClose } from '../../src/core/closeCodes.js';
import { type Connection, type Frame, ReadyState } from '../../src/core/connection.js';
import { ConnectionClosedError, DialError, NotOpenError } from '../../src/core/errors.js';
import type { ConnectionEvent, ConnectionEvents } from '../../src/core/event.js';

/** What the peer says. */
export type FromPeer =
  | { readonly kind: 'welcome' | 'refused' | 'pong' }
  | { readonly kind: 'draining'; readonly within?: number }
  | { readonly kind: 'data'; readonly number: number };

/** What the client says. */
export type ToPeer = { readonly kind: 'ping' } | { readonly kind: 'number'; readonly number: number };

/** What the peer does next. Times are in milliseconds after what was done before; 0 is in the same turn. */
export type Act =
  | { readonly after: number; readonly act: 'say'; readonly message: FromPeer }
  | { readonly after: number; readonly act: 'data' | 'garbage' | 'freeze' }
  | { readonly after: number; readonly act: 'close'; readonly code: number };

/** One connection as the peer would have it. */
export interface Life {
  /** When the dial is answered. */
  readonly after: number;
  readonly dial: 'open' | 'refuse' | 'hang';
  /** The status of a refusal. */
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  readonly acts: readonly Act[];
  /** How long pings and leaves take to be answered. */
  readonly latency: number;
}

/** When no more lives are written down: a peer that does its duty. */
const PLAIN: Life = {
  after: 1,
  dial: 'open',
  status: undefined,
  retryAfter: undefined,
  acts: [{ after: 0, act: 'say', message: { kind: 'welcome' } }],
  latency: 1,
};

/** How long a frozen peer's leave is waited for. */
const CLOSE_TIMEOUT = 25;

/** A transport in virtual time that keeps the laws and whose peer follows a script; it watches over its connections. */
export class ScriptedPeer {
  /** How many connections are live: dialled, and neither ended nor let go. */
  live = 0;
  /** The most that were live at the same time. */
  mostLive = 0;
  /** What the client sent, over whatever connection. */
  readonly numbers: number[] = [];
  /** The data that each connection delivered. */
  readonly delivered = new Map<string, number[]>();
  readonly events$: ConnectionEvents<Frame, Frame, undefined>;
  dials = 0;
  data = 0;

  /** How many dials there were while none was allowed. */
  forbidden = 0;

  constructor(lives: readonly Life[], scheduler: SchedulerLike, isAllowed: () => boolean) {
    this.events$ = new Observable((subscriber) => {
      if (!isAllowed()) this.forbidden++;
      const life = lives[this.dials] ?? PLAIN;
      const connection = new ScriptedConnection(`p${++this.dials}`, life, this, scheduler, subscriber);
      this.mostLive = Math.max(this.mostLive, ++this.live);
      subscriber.add(() => {
        this.live--;
        connection.readyState = ReadyState.CLOSED;
      });
      connection.dial();
    });
  }
}

class ScriptedConnection implements Connection<Frame, undefined> {
  readonly url: string;
  readonly protocol = '';
  readonly bufferedAmount = 0;
  readonly session = undefined;
  readyState: number = ReadyState.CONNECTING;
  #isFrozen = false;

  constructor(
    readonly id: string,
    private readonly life: Life,
    private readonly peer: ScriptedPeer,
    private readonly scheduler: SchedulerLike,
    private readonly subscriber: Subscriber<ConnectionEvent<Frame, Frame, undefined>>,
  ) {
    this.url = `script://${id}`;
  }

  send(frame: Frame): void {
    if (this.readyState !== ReadyState.OPEN) throw new NotOpenError(this.readyState, this.url);
    const message = JSON.parse(frame as string) as ToPeer;
    if (message.kind === 'number') this.peer.numbers.push(message.number);
    else this.#later(this.life.latency, () => this.#say({ kind: 'pong' }));
  }

  close(code = 1000, reason = ''): void {
    checkClose(code, reason);
    if (this.readyState !== ReadyState.OPEN) return;
    this.readyState = ReadyState.CLOSING;
    this.#later(this.#isFrozen ? CLOSE_TIMEOUT : this.life.latency, () => this.#end(code));
  }

  dial(): void {
    const { dial, after, status, retryAfter } = this.life;
    this.subscriber.next({ type: 'connecting', url: this.url });
    if (dial === 'hang') return;
    this.#later(after, () => {
      if (dial === 'refuse') this.subscriber.error(new DialError(this.url, 'refused', { status, retryAfter }));
      else this.#open();
    });
  }

  #open(): void {
    this.readyState = ReadyState.OPEN;
    this.peer.delivered.set(this.id, []);
    this.subscriber.next({ type: 'open', connection: this });
    this.#play(0);
  }

  #play(at: number): void {
    const next = this.life.acts[at];
    if (!next) return;
    this.#later(next.after, () => {
      if (this.#isFrozen) return;
      if (next.act === 'freeze') this.#isFrozen = true;
      else if (next.act === 'close') this.#end(next.code);
      else if (next.act === 'garbage') this.#deliver('{');
      else if (next.act === 'say') this.#say(next.message);
      else {
        const number = ++this.peer.data;
        this.peer.delivered.get(this.id)?.push(number);
        this.#say({ kind: 'data', number });
      }
      this.#play(at + 1);
    });
  }

  #say(message: FromPeer): void {
    if (!this.#isFrozen) this.#deliver(JSON.stringify(message));
  }

  #deliver(data: Frame): void {
    if (this.readyState !== ReadyState.CLOSED) this.subscriber.next({ type: 'message', connection: this, data });
  }

  #end(code: number): void {
    this.readyState = ReadyState.CLOSED;
    this.subscriber.next({ type: 'close', connection: this, code, reason: '', wasClean: code !== 1006 });
    if (code === 1000) this.subscriber.complete();
    else this.subscriber.error(new ConnectionClosedError(code, ''));
  }

  /** Does something after a while, unless the connection is over by then. */
  #later(after: number, act: () => void): void {
    if (this.subscriber.closed) return;
    if (after === 0) act();
    else this.subscriber.add(this.scheduler.schedule(act, after));
  }
}
