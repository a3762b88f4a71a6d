import { defer, type Subscriber } from 'rxjs';
import type { Clock, Deadline } from '../core/clock.js';
import { DialError } from '../core/errors.js';
import type { ConnectionEvent, ConnectionEvents } from '../core/event.js';
import { guarded, receiver } from '../core/operate.js';
import { withoutSecrets } from '../core/url.js';
import { breakCircuit } from './breakCircuit.js';
import { type CircuitBreaker, circuitBreaker, type CircuitBreakerConfig, type CircuitState } from './circuitBreaker.js';
import type { NodeState, NodeStatus } from './nodeStatus.js';
import type { ClusterNode } from './partitionMap.js';
import { Passage } from './passage.js';

/** How often a connection that is to be closed is looked at until its last bytes are with the network, in milliseconds. */
const LOOK = 10;

/** What a member works with, and whom it tells. */
export interface PoolHost<In, Out, Session> {
  readonly connect: (node: ClusterNode) => ConnectionEvents<In, Out, Session>;
  /** How long, in milliseconds, an open connection that is not needed any more is kept. */
  readonly idle: number;
  /** How long, in milliseconds, a node whose stream has ended is left alone. */
  readonly retryAfter: number;
  /** When a node is not dialled for longer than that; never by default. */
  readonly circuitBreaker?: CircuitBreakerConfig | undefined;
  readonly clock: Clock;
  /** Its end closes every connection; what a callback throws becomes its error. */
  readonly subscriber: Subscriber<ConnectionEvent<In, Out, Session>>;
  /** Told of every event of a node. */
  readonly heard: (member: PoolMember<In, Out, Session>, event: ConnectionEvent<In, Out, Session>) => void;
  /** Told when a node that could not be sent to perhaps can be now, or the other way round. */
  readonly changed: () => void;
  /** Told when a stream has ended or was let go. */
  readonly over: (member: PoolMember<In, Out, Session>, end?: { readonly error: unknown }) => void;
  readonly onState?: ((status: NodeStatus) => void) | undefined;
}

/** One node of a pool, with the one connection stream that it has. */
export class PoolMember<In, Out, Session> implements NodeStatus {
  state: NodeState = 'idle';
  cause: unknown;
  /** Over which it can be sent to now. */
  passage: Passage<Out, Session> | undefined;
  /** Whether the map has a use for it. */
  needed = true;
  /** Whether it is hopeless to wait for it alone: it was lost or not reached, and is not open again. */
  troubled = false;
  private life: Subscriber<unknown> | undefined;
  private readonly idle: Deadline;
  private readonly retry: Deadline;
  private readonly breaker: CircuitBreaker | undefined;

  constructor(
    private node: ClusterNode,
    private readonly host: PoolHost<In, Out, Session>,
  ) {
    this.idle = host.clock.deadline(guarded(host.subscriber, () => this.leave()));
    this.retry = host.clock.deadline(guarded(host.subscriber, () => this.revive()));
    this.breaker = host.circuitBreaker && circuitBreaker(host.circuitBreaker);
  }

  get id(): string {
    return this.node.id;
  }

  get url(): string {
    return this.node.url;
  }

  get circuit(): CircuitState | undefined {
    return this.breaker?.state;
  }

  /** Whether its stream goes on. */
  get live(): boolean {
    return this.life !== undefined;
  }

  /** Takes the name that the map gives it now: the connection goes on. */
  rename(node: ClusterNode): void {
    const renamed = node.id !== this.id;
    this.node = node;
    if (renamed && this.live) this.tell();
  }

  /** Dials, unless it has done so or failed not long ago, or its circuit is open. */
  ensure(): void {
    const { host, breaker } = this;
    if (this.state !== 'idle' && this.state !== 'closed') return;
    if (breaker?.allows(host.clock.now()) === false) {
      this.end({ error: new DialError(withoutSecrets(this.url), 'its circuit is open') });
      return;
    }
    const life = receiver<ConnectionEvent<In, Out, Session>, unknown>({
      subscriber: host.subscriber,
      next: (event) => this.heard(event),
      error: (error) => this.end({ error }),
      complete: () => this.end(),
    });
    this.life = life;
    this.become('connecting');
    if (life.closed) return;
    const events$ = defer(() => host.connect(this.node));
    (breaker ? events$.pipe(breakCircuit(breaker, host.clock)) : events$).subscribe(life);
  }

  /** The map has a use for it. */
  keep(): void {
    this.needed = true;
    this.idle.cancel();
  }

  /** The map has no use for it any more: what is under way has `idle` to settle. */
  letGo(): void {
    if (this.needed && this.passage) this.idle.in(this.host.idle);
    this.needed = false;
    if (!this.passage) this.release();
  }

  /** The cluster was started anew: that it had failed means nothing any more. */
  restart(): void {
    this.breaker?.reset();
    this.revive();
  }

  private revive(): void {
    this.retry.cancel();
    if (this.state !== 'failed') return;
    this.become('idle');
    this.host.changed();
  }

  /** Hangs up. */
  close(): void {
    this.idle.cancel();
    this.retry.cancel();
    this.passage = undefined;
    this.life?.unsubscribe();
    this.life = undefined;
  }

  private leave(): void {
    const { passage } = this;
    if (passage?.open && passage.connection.bufferedAmount > 0) this.idle.in(LOOK);
    else this.release();
  }

  private release(): void {
    const { passage, live } = this;
    this.close();
    if (live || this.state === 'failed') this.become('closed');
    if (passage) this.host.heard(this, { type: 'retired', connection: passage.connection, reason: 'expired' });
    this.host.over(this);
  }

  private heard(event: ConnectionEvent<In, Out, Session>): void {
    const { host, life } = this;
    const isCurrent = 'connection' in event && event.connection === this.passage?.connection;
    // Who is told that a connection is gone may send at once, and not into it.
    if (isCurrent && event.type === 'close') this.passage = undefined;
    const lost = event.type === 'reconnecting' || (isCurrent && event.type === 'retired');
    if (lost) {
      this.passage = undefined;
      this.become('reconnecting', event.type === 'reconnecting' ? event.cause : undefined);
    } else if (event.type === 'connecting' && !this.passage) this.become('connecting');
    host.heard(this, event);
    if (life !== this.life || !life || life.closed) return;
    if (event.type === 'open') {
      this.passage = new Passage(event.connection);
      this.become('open');
      host.changed();
    } else if (lost && this.needed) host.changed();
    else if (lost) this.release();
  }

  private end(end?: { readonly error: unknown }): void {
    const { host, needed, breaker } = this;
    this.close();
    this.become(needed ? 'failed' : 'closed', end?.error);
    const opensIn = breaker ? breaker.until - host.clock.now() : 0;
    if (needed && !host.subscriber.closed) this.retry.in(Math.max(host.retryAfter, opensIn));
    host.over(this, end);
    host.changed();
  }

  private become(state: NodeState, cause?: unknown): void {
    if (state === this.state && cause === this.cause) return;
    this.state = state;
    this.cause = cause;
    if (state === 'reconnecting' || state === 'failed') this.troubled = true;
    else if (state === 'open' || state === 'closed') this.troubled = false;
    this.tell();
  }

  private tell(): void {
    const { id, state, cause, circuit } = this;
    this.host.onState?.({ id, url: withoutSecrets(this.url), state, cause, circuit });
  }
}
