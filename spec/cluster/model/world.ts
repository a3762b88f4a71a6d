import { Subject, type Subscription } from 'rxjs';
import type { ClusterNode } from '../../../src/cluster/partitionMap.js';
import { routeByPartition } from '../../../src/cluster/routeByPartition.js';
import { RoutingMetrics } from '../../../src/cluster/routingMetrics.js';
import { constant } from '../../../src/core/backoff.js';
import { isNamed } from '../../../src/core/errors.js';
import type { ConnectionEvent, ConnectionEvents } from '../../../src/core/event.js';
import { drainHandover } from '../../../src/operators/drainHandover.js';
import { openTimeout } from '../../../src/operators/openTimeout.js';
import { reconnect } from '../../../src/operators/reconnect.js';
import { ADDRESSES, Cluster, mayTake } from './cluster.js';
import { Ledger, type Numbered } from './ledger.js';
import type { Answer } from './link.js';
import { MapFeed } from './mapFeed.js';
import { Patience } from './patience.js';
import { Peer, type Surroundings } from './peer.js';
import type { Setting } from './setting.js';
import { VirtualTime } from './virtualTime.js';

/** Longer than any message, its refusal and the answer to a question take, in milliseconds. */
const IDLE = 150;

/** All deadlines, and the questions that they lead to, come within this many milliseconds. */
const REST = 5_000;

/** A client that routes, in virtual time, and everything around it. */
export class World implements Surroundings {
  readonly scheduler = new VirtualTime();
  readonly ledger = new Ledger();
  readonly metrics = new RoutingMetrics();
  readonly cluster: Cluster;
  readonly feed: MapFeed;
  readonly peers: readonly Peer[];
  readonly latency: number;
  settling = 0;
  hasLeft = false;
  /** What the consumer does when it is told of an event of this type: it sends, or leaves. */
  reaction: { readonly to: string; readonly keys: readonly string[]; readonly leaves: boolean } | undefined;
  private readonly patience: Patience;
  private readonly outgoing$ = new Subject<Numbered>();
  private readonly subscription: Subscription;
  private hasEnded = false;
  private hasSaidLast = false;
  private moments = 0;

  constructor(readonly setting: Setting) {
    const { scheduler, metrics } = this;
    const { partitions, nodes, buffer, overflow, fallback, retryAfter, breaks } = setting;
    this.latency = setting.latency;
    this.patience = new Patience(retryAfter);
    this.cluster = new Cluster(ADDRESSES.slice(0, nodes), partitions);
    this.peers = ADDRESSES.map((url) => new Peer(url, this));
    this.feed = new MapFeed(this.cluster, this.ledger, scheduler, this.latency);
    this.subscription = this.outgoing$
      .pipe(
        routeByPartition({
          key: ({ key }) => key,
          partitionMap$: this.feed.maps$,
          connect: (node) => this.connect(node),
          settled: ({ url, id }) => this.peer(url).settled(id),
          notOwner: (answer) => ('refused' in answer ? [answer.refused] : undefined),
          refresh: () => this.ledger.count('told of a wrong owner'),
          ...{ buffer, overflow, fallback, retryAfter, metrics, scheduler, idle: IDLE },
          ...(breaks && { circuitBreaker: breaks }),
        }),
      )
      .subscribe({
        next: (event) => this.heard(event),
        error: (error: unknown) => this.ended(error),
        complete: () => this.ended(),
      });
  }

  get isOver(): boolean {
    return this.hasLeft || this.hasEnded;
  }

  peer(url: string): Peer {
    return this.peers[ADDRESSES.indexOf(url)]!;
  }

  send(keys: readonly string[]): void {
    for (const key of keys) if (this.outgoing$.observed) this.outgoing$.next(this.ledger.accept(key));
  }

  /** Everything that is at fault works again; when all has come to rest nothing waits. */
  rest(): void {
    this.settling = 0;
    this.feed.answers = 'answers';
    for (const peer of this.peers) peer.heal();
    if (this.cluster.addresses.length === 0) this.cluster.join(ADDRESSES[0]!, []);
    this.cluster.spread();
    this.cluster.change();
    this.feed.tell(this.cluster.now);
    this.scheduler.advance(REST);
    if (this.isOver) return;
    const { faults } = this.ledger;
    const [waiting, underWay] = [this.ledger.in('waiting'), this.ledger.in('under way')];
    if (waiting + underWay > 0) faults.push(`at rest ${waiting} wait and ${underWay} are under way`);
    const maps = [this.feed.applied, this.cluster.now].map((map) => `${map?.version} of ${map?.epoch}`);
    if (maps[0] !== maps[1]) faults.push(`at rest the map is ${maps.join(', not ')}`);
  }

  /** The client says its last word; when the last node has taken leave it is over. */
  complete(): void {
    this.hasSaidLast = true;
    this.reaction = undefined;
    const isLive = this.peers.some(({ streams }) => streams > 0);
    this.outgoing$.complete();
    if (this.hasEnded === isLive) this.ledger.faults.push('it is over before the last node is, or not even then');
    for (const peer of this.peers) peer.cut(1000);
    if (!this.hasEnded) this.ledger.faults.push('the last node takes leave, and it is not over');
  }

  /** The client leaves: nothing of it stays. */
  leave(): void {
    this.hasLeft = true;
    if (!this.hasEnded) this.ledger.count('left');
    this.feed.stop();
    this.subscription.unsubscribe();
    this.look();
    const { faults } = this.ledger;
    const live = this.peers.reduce((sum, peer) => sum + peer.live + peer.streams, 0);
    if (live > 0) faults.push(`${live} links and streams are left`);
    if (this.scheduler.actions.length > 0) faults.push(`${this.scheduler.actions.length} timers are left`);
    if (this.outgoing$.observed || this.feed.isObserved) faults.push('something is still observed');
  }

  /** What must be so between any two deeds. */
  look(): void {
    const { ledger, metrics, setting } = this;
    const waiting = ledger.in('waiting');
    if (!this.hasEnded && waiting > setting.buffer) ledger.faults.push(`${waiting} wait, and may be ${setting.buffer}`);
    if (!this.isOver) ledger.compare(metrics);
  }

  moment(): number {
    return ++this.moments;
  }

  holds(url: string, key: string): boolean {
    return this.cluster.holds(url, key, this.setting.fallback === 'replica');
  }

  sent(url: string, { n, key }: Numbered): void {
    const { ledger } = this;
    const { applied } = this.feed;
    const isOwner = mayTake(applied, key, false).includes(url);
    ledger.count(isOwner ? 'to the owner' : 'to a copy');
    if (this.isOver) ledger.faults.push(`${n} is sent after the end`);
    if (this.patience.isTried(n, url, applied, this.scheduler.now()))
      ledger.faults.push(`${n} goes back to ${url} too soon`);
    if (!mayTake(applied, key, this.setting.fallback === 'replica').includes(url))
      ledger.faults.push(`${n} of key ${key} goes to ${url}, which map ${applied?.version} does not say`);
  }

  returned(url: string, { n, key }: Numbered): void {
    const { applied } = this.feed;
    this.patience.begin(n, url, applied, this.scheduler.now(), mayTake(applied, key, false).includes(url));
  }

  private connect({ id, url }: ClusterNode): ConnectionEvents<Answer, Numbered, undefined> {
    const { scheduler, ledger, latency, setting } = this;
    const peer = this.peer(url);
    if (this.feed.applied?.nodes.get(id)?.url !== url)
      ledger.faults.push(`${id} at ${url} is dialled, and is not in the map`);
    const events$ = peer.events$.pipe(
      openTimeout({ within: 60, scheduler }),
      reconnect({ delay: constant(20), maxAttempts: setting.maxAttempts, stableAfter: 50, scheduler }),
      drainHandover({ linger: 4 * latency, scheduler }),
    );
    return peer.stream(events$);
  }

  private heard(event: ConnectionEvent<Answer, Numbered, undefined>): void {
    const { ledger, reaction } = this;
    if (event.type === 'dropped') {
      ledger.move(event.message as Numbered, 'waiting', 'dropped');
      ledger.count(`dropped: ${event.reason}`);
    } else if (event.type === 'retired') ledger.count(`retired: ${event.reason}`);
    else if (event.type === 'reconnecting') ledger.count('reconnecting');
    if (event.type === reaction?.to) {
      this.reaction = undefined;
      ledger.count('reactions');
      this.send(reaction.keys);
      if (reaction.leaves) this.leave();
    }
  }

  private ended(error?: unknown): void {
    this.hasEnded = true;
    const byOverflow = this.setting.overflow === 'error' && isNamed(error, 'BufferOverflowError');
    this.ledger.count(byOverflow ? 'ended by overflow' : 'completed');
    const { faults } = this.ledger;
    if (this.ledger.in('waiting') > 0) faults.push(`it ends, and ${this.ledger.in('waiting')} wait`);
    if (!byOverflow && !this.hasSaidLast) faults.push(`ends with ${String(error)}`);
  }
}
