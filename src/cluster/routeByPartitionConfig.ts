import type { ObservableInput, SchedulerLike } from 'rxjs';
import type { Duration } from '../core/duration.js';
import type { ConnectionEvents } from '../core/event.js';
import type { CircuitBreakerConfig } from './circuitBreaker.js';
import type { NodeStatus } from './nodeStatus.js';
import type { ClusterNode, PartitionMap } from './partitionMap.js';
import type { Overflow } from './partitionQueues.js';
import type { RoutingMetrics } from './routingMetrics.js';
import type { Reach } from './routingTable.js';
import type { Settled } from './settling.js';

export interface RouteByPartitionConfig<In, Out, Session> {
  /** What decides where a message goes: messages with the same key keep their order. */
  readonly key: (message: NoInfer<Out>) => string;
  /** Maps as they become known. One that is not newer than the one in use is ignored. */
  readonly partitionMap$: ObservableInput<PartitionMap>;
  /** How a node is connected to. What belongs to one connection, and `reconnect`, stands in here. */
  readonly connect: (node: ClusterNode) => ConnectionEvents<In, Out, Session>;
  /** Spreads keys: gives a whole number from 0 to 2^32 - 1. FNV-1a over UTF-16 code units by default. */
  readonly hash?: (key: string) => number;
  /** How far a message may go while its owner cannot be reached: no further than the owner (the default), to those with a copy, or to any node. */
  readonly fallback?: Reach;
  /** How many messages may wait, those of all partitions together; 1,000 by default. */
  readonly buffer?: number;
  /** What gives way when more would wait: the oldest (the default), the newest, or everything: the stream errors with a `BufferOverflowError`. */
  readonly overflow?: Overflow;
  /** How long a connection is kept that no partition needs any more, for the answers that are still to come over it; 5 s by default. */
  readonly idle?: Duration;
  /** How long a node whose stream has ended is left alone; 5 s by default. So long, too, may a newer map take after a wrong-owner answer. */
  readonly retryAfter?: Duration;
  /** When a node that cannot be reached is left alone for longer than `retryAfter`, and its stream ended where it goes on; never by default. */
  readonly circuitBreaker?: CircuitBreakerConfig;
  /**
   * Tells when the node behind a connection has handled what it was sent, as by the answer to a ping: a partition that moves to another
   * connection waits for its first value, or its end. So does one that was refused something, also on its way to the same connection, and
   * every one when their number has changed. By default it waits until everything was handed to the network.
   */
  readonly settled?: Settled<NoInfer<Out>, NoInfer<Session>>;
  /** Recognises the answer of a node that does not own a key: gives the messages to send again. Such an answer is not delivered. */
  readonly notOwner?: (answer: NoInfer<In>) => readonly NoInfer<Out>[] | undefined;
  /** Asks for a newer map: called once, until there is one or `retryAfter` has passed, when the owner that the map names is not the owner. */
  readonly refresh?: () => void;
  /** Told how things stand with a node whenever that changes. */
  readonly onState?: (status: NodeStatus) => void;
  /** Counts where messages went. */
  readonly metrics?: RoutingMetrics;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}
