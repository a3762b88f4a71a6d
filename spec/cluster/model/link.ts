import { filter, type Observable, Subject, type Subscriber, take } from 'rxjs';
import { checkClose } from '../../../src/core/closeCodes.js';
import { type Connection, ReadyState } from '../../../src/core/connection.js';
import { BufferOverflowError, ConnectionClosedError, DialError, NotOpenError } from '../../../src/core/errors.js';
import type { ConnectionEvent } from '../../../src/core/event.js';
import { HIGH_WATER } from '../../../src/core/trySend.js';
import type { Numbered } from './ledger.js';
import type { Peer } from './peer.js';

/** What a node says. */
export type Answer = { readonly refused: Numbered } | { readonly handled: number };

/** Refusals of one key that are on their way back, and when the last one arrived. */
interface Refusals {
  pending: number;
  until: number;
}

/** A link to a node: what is sent is handled in order, a while later; what is under way when it breaks is lost. */
export class Link implements Connection<Numbered, undefined> {
  readonly url: string;
  readonly protocol = '';
  readonly session = undefined;
  readyState: number = ReadyState.CONNECTING;
  isDraining = false;
  /** Messages that were sent, and neither handled nor given back. */
  private readonly underWay = new Set<Numbered>();
  private readonly inbox: { readonly message: Numbered; readonly moment: number }[] = [];
  private readonly refusals = new Map<string, Refusals>();
  private readonly handled$ = new Subject<number>();
  private questions = 0;

  constructor(
    readonly id: string,
    private readonly peer: Peer,
    private readonly subscriber: Subscriber<ConnectionEvent<Answer, Numbered, undefined>>,
  ) {
    this.url = peer.url;
    subscriber.add(() => this.hungUp());
  }

  get bufferedAmount(): number {
    return this.peer.stall === 'congested' ? HIGH_WATER + 1 : 0;
  }

  dial(): void {
    const { peer, subscriber, url } = this;
    subscriber.next({ type: 'connecting', url });
    this.later(peer.latency, () => {
      peer.count(`dial: ${peer.dial}`);
      if (peer.dial === 'refuse') subscriber.error(new DialError(url, 'refused'));
      if (peer.dial !== 'open') return;
      this.readyState = ReadyState.OPEN;
      subscriber.next({ type: 'open', connection: this });
    });
  }

  send(message: Numbered): void {
    const { peer } = this;
    if (this.readyState !== ReadyState.OPEN) throw new NotOpenError(this.readyState, this.url);
    if (peer.stall === 'full') throw new BufferOverflowError(1);
    peer.sent(message);
    this.underWay.add(message);
    this.carry(message);
  }

  close(code = 1000, reason = ''): void {
    checkClose(code, reason);
    this.break(code);
  }

  /** Emits when what was sent so far has been handled; ends with the link. */
  settled(): Observable<unknown> {
    const n = -++this.questions;
    this.peer.count('asked if all is handled');
    this.carry({ key: '', n, isQuestion: true });
    return this.handled$.pipe(
      filter((handled) => handled === n),
      take(1),
    );
  }

  /** Asks the client to come back over another link. */
  drain(): void {
    if (this.readyState !== ReadyState.OPEN || this.isDraining) return;
    this.isDraining = true;
    this.peer.count('drains');
    this.subscriber.next({ type: 'draining', connection: this });
  }

  break(code: number): void {
    if (this.readyState !== ReadyState.OPEN) return;
    this.peer.count('links broken');
    this.end();
    this.subscriber.next({ type: 'close', connection: this, code, reason: '', wasClean: code !== 1006 });
    if (code === 1000) this.subscriber.complete();
    else this.subscriber.error(new ConnectionClosedError(code, ''));
  }

  /** Handles what has arrived, unless the node does nothing. */
  handle(): void {
    const { peer, inbox } = this;
    while (!peer.stall && inbox.length > 0 && this.readyState === ReadyState.OPEN) {
      const { message, moment } = inbox.shift()!;
      if (message.isQuestion) {
        this.later(peer.latency + peer.settling, () => this.handled$.next(message.n));
      } else if (peer.takes(message.key) && !this.isOutOfTurn(message.key, moment)) {
        this.underWay.delete(message);
        peer.handled(message);
      } else this.refuse(message);
    }
  }

  private carry(message: Numbered): void {
    const moment = this.peer.moment();
    this.later(this.peer.latency, () => {
      this.inbox.push({ message, moment });
      this.handle();
    });
  }

  /** Whether the client could not know yet, when it sent a message of this key, that one before it was refused. */
  private isOutOfTurn(key: string, moment: number): boolean {
    const { pending, until } = this.refusals.get(key) ?? { pending: 0, until: 0 };
    return pending > 0 || moment < until;
  }

  private refuse(message: Numbered): void {
    const { peer, refusals } = this;
    const refused = refusals.get(message.key) ?? { pending: 0, until: 0 };
    refusals.set(message.key, refused);
    refused.pending += 1;
    this.later(peer.latency, () => {
      refused.pending -= 1;
      refused.until = peer.moment();
      this.underWay.delete(message);
      peer.returned(message);
      this.subscriber.next({ type: 'message', connection: this, data: { refused: message } });
    });
  }

  private hungUp(): void {
    if (this.readyState === ReadyState.OPEN) {
      this.peer.hungUp(this.underWay.size);
      this.end();
    }
    this.readyState = ReadyState.CLOSED;
    this.peer.left(this);
  }

  private end(): void {
    this.readyState = ReadyState.CLOSED;
    for (const message of this.underWay) this.peer.lost(message);
    this.underWay.clear();
    this.handled$.complete();
  }

  private later(after: number, act: () => void): void {
    this.subscriber.add(this.peer.scheduler.schedule(act, after));
  }
}
