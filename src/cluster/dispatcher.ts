import type { Subscriber } from 'rxjs';
import type { Clock, Deadline } from '../core/clock.js';
import type { ConnectionEvent } from '../core/event.js';
import { guarded } from '../core/operate.js';
import type { PartitionQueues, Waiting } from './partitionQueues.js';
import type { Passage } from './passage.js';
import type { PoolMember } from './poolMember.js';
import type { RoutingMetrics } from './routingMetrics.js';
import type { Reach, RoutingTable } from './routingTable.js';
import type { Barrier, Settling } from './settling.js';

/** How often a connection is looked at that is congested, or left and not yet idle, in milliseconds. */
const LOOK = 10;

/** What a dispatcher works with. */
export interface DispatcherConfig<In, Out, Session> {
  readonly queues: PartitionQueues<Out>;
  readonly settling: Settling<Out, Session>;
  readonly reach: Reach;
  readonly metrics: RoutingMetrics;
  readonly clock: Clock;
  readonly subscriber: Subscriber<ConnectionEvent<In, Out, Session>>;
}

/** A connection that may take a message, and what its node is to the message's key. */
interface Way<Out, Session> {
  readonly passage: Passage<Out, Session>;
  readonly as: Reach;
}

/** Sends each message to the best node that can take it, or lets it wait: never past an earlier one of its partition. */
export class Dispatcher<In, Out, Session> {
  /** Over what the last message of each partition went; more than one where another map had other partitions. */
  private last: (readonly Passage<Out, Session>[] | undefined)[] = [];
  /** What partitions wait for that are on their way from one connection to another, or were refused something. */
  private readonly barriers = new Map<number, readonly Barrier[]>();
  /** Which nodes refused a partition, until there is a newer map or they are asked again. */
  private readonly refusals = new Map<number, Set<PoolMember<In, Out, Session>>>();
  private readonly flushing = new Set<number>();
  private readonly look: Deadline;

  constructor(
    private readonly config: DispatcherConfig<In, Out, Session>,
    private table: RoutingTable<PoolMember<In, Out, Session>>,
  ) {
    this.look = config.clock.deadline(guarded(config.subscriber, () => this.flush()));
  }

  /** Follows another map. */
  follow(table: RoutingTable<PoolMember<In, Out, Session>>): void {
    const same = table.isLike(this.table);
    this.table = table;
    this.refusals.clear();
    if (same) return;
    // A key may have gone over any of the connections, also one that another has taken over from.
    const any = [...new Set(this.last.flatMap((passages = []) => passages))].filter(({ open }) => open);
    this.last = Array.from(table.owners, () => any);
    this.barriers.clear();
    this.config.queues.rehash();
  }

  /** Sends a message, or lets it wait. */
  send(message: Out, hash: number): void {
    const partition = this.table.partitionOf(hash);
    if (!this.config.queues.has(partition)) {
      const passage = this.table.owners[partition]?.passage;
      if (passage && this.last[partition] === passage.alone && passage.send(message)) {
        this.config.metrics.direct += 1;
        return;
      }
      const way = this.route(partition);
      if (way && this.sentOver(way, partition, message)) {
        this.demand(partition);
        return;
      }
    }
    this.wait({ message, hash, again: false });
  }

  /** Sends a message again that `refusedBy` did not own, after those that are sent again already and before all others. */
  sendAgain(message: Out, hash: number, refusedBy: PoolMember<In, Out, Session>): boolean {
    const partition = this.table.partitionOf(hash);
    this.config.metrics.wrongOwner += 1;
    this.config.settling.renew();
    this.refusals.set(partition, (this.refusals.get(partition) ?? new Set()).add(refusedBy));
    // What was sent after it may be refused too, and not be back yet.
    this.last[partition] = this.last[partition]?.slice();
    this.wait({ message, hash, again: true });
    return this.table.owners[partition] === refusedBy;
  }

  /** Asks nodes again that refused. */
  forgive(): void {
    this.refusals.clear();
  }

  /** Sends what waits and can be sent. */
  flush(): void {
    for (const partition of this.config.queues.partitions()) this.flushPartition(partition);
  }

  stop(): void {
    this.look.cancel();
  }

  private wait(waiting: Waiting<Out>): void {
    const { queues, metrics, subscriber } = this.config;
    const partition = this.table.partitionOf(waiting.hash);
    const dropped = queues.push(waiting);
    if (dropped) metrics.dropped += 1;
    this.flushPartition(partition);
    if (queues.holds(waiting)) metrics.buffered += 1;
    // The last thing that is done: who is told may send again because of it.
    if (dropped) subscriber.next({ type: 'dropped', message: dropped.message, reason: 'overflow' });
  }

  private flushPartition(partition: number): void {
    if (this.flushing.has(partition)) return;
    this.flushing.add(partition);
    try {
      this.sendWaiting(partition);
    } finally {
      this.flushing.delete(partition);
      this.config.queues.close(partition);
      // Where nothing waits, more may be sent another way meanwhile.
      if (!this.config.queues.has(partition)) this.barriers.delete(partition);
    }
    // The last thing that is done: what opens at once flushes again.
    this.demand(partition);
  }

  /** Sends what waits of a partition, one after the other. */
  private sendWaiting(partition: number): void {
    const { queues, subscriber } = this.config;
    while (!subscriber.closed) {
      const way = this.route(partition);
      const waiting = way && queues.take(partition);
      if (!waiting) return;
      if (this.sentOver(way, partition, waiting.message)) continue;
      queues.putBack(waiting);
      this.lookAgain();
      return;
    }
  }

  /** Over what a partition's messages go now. */
  private route(partition: number): Way<Out, Session> | undefined {
    const refusedBy = this.refusals.get(partition);
    for (const { member, as } of this.table.candidates(partition, this.config.reach)) {
      const { passage } = member;
      if (refusedBy?.has(member)) continue;
      if (!passage?.open) {
        // One that was never dialled, or is being for the first time, is not known to be out of reach.
        if (!passage && !member.troubled) return undefined;
        continue;
      }
      if (this.hasSettled(partition, passage) && !passage.congested) return { passage, as };
      this.lookAgain();
      return undefined;
    }
    return undefined;
  }

  /** Whether nothing of a partition is under way that has to be handled, or come back, before more goes over a connection. */
  private hasSettled(partition: number, passage: Passage<Out, Session>): boolean {
    const last = this.last[partition];
    if (last && last !== passage.alone) {
      const barriers = this.barriers.get(partition) ?? last.map((old) => this.config.settling.leave(old));
      if (!barriers.every(({ done }) => done)) {
        this.barriers.set(partition, barriers);
        return false;
      }
    }
    this.barriers.delete(partition);
    return true;
  }

  /** Dials the nodes that could take a partition's messages, up to the first that gives hope. */
  private demand(partition: number): void {
    if (this.config.subscriber.closed) return;
    const refusedBy = this.refusals.get(partition);
    for (const { member } of this.table.candidates(partition, this.config.reach)) {
      if (refusedBy?.has(member)) continue;
      member.ensure();
      if (!member.troubled) return;
    }
  }

  private lookAgain(): void {
    if (this.look.due === Infinity && !this.config.subscriber.closed) this.look.in(LOOK);
  }

  private sentOver({ passage, as }: Way<Out, Session>, partition: number, message: Out): boolean {
    this.last[partition] = passage.alone;
    if (!passage.send(message)) return false;
    this.config.metrics[as === 'owner' ? 'direct' : as === 'any' ? 'fallback' : 'replica'] += 1;
    return true;
  }
}
