import { BufferOverflowError } from '../core/errors.js';

/** What gives way when more would wait than may: the oldest of all messages, the newest, or everything. */
export type Overflow = 'drop-oldest' | 'drop-newest' | 'error';

/** A message that waits. */
export interface Waiting<Out> {
  readonly message: Out;
  readonly hash: number;
  /** Whether it was sent before, to a node that did not own its key: then it goes before those that never were. */
  readonly again: boolean;
}

/** The messages of one partition. */
interface Lane<Out> {
  readonly again: Waiting<Out>[];
  readonly first: Waiting<Out>[];
}

/** A queue for each partition that needs one; together they hold a bounded number of messages. */
export class PartitionQueues<Out> {
  private readonly lanes = new Map<number, Lane<Out>>();
  /** All that wait, in the order in which they came. */
  private readonly all = new Set<Waiting<Out>>();

  constructor(
    private readonly buffer: number,
    private readonly overflow: Overflow,
    private readonly partitionOf: (hash: number) => number,
  ) {}

  /** How many messages wait. */
  get size(): number {
    return this.all.size;
  }

  /** Whether a partition has a queue, if only an empty one: then nothing may be sent past it. */
  has(partition: number): boolean {
    return this.lanes.size > 0 && this.lanes.has(partition);
  }

  /** The partitions that have a queue. */
  partitions(): number[] {
    return [...this.lanes.keys()];
  }

  /**
   * Puts a message at the end of its queue. Gives back what had to give way: another message, this one, or none. Where that is an error, this
   * one is among those that waited until then.
   */
  push(waiting: Waiting<Out>): Waiting<Out> | undefined {
    const full = this.all.size >= this.buffer;
    if (full && this.overflow === 'error') {
      this.all.add(waiting);
      throw new BufferOverflowError(this.buffer);
    }
    if (full && (this.overflow === 'drop-newest' || this.buffer === 0)) return waiting;
    const [oldest] = full ? this.all : [];
    if (oldest) this.remove(oldest);
    this.all.add(waiting);
    this.queueOf(waiting).push(waiting);
    return oldest;
  }

  /** Takes the first message of a partition. Its queue stays until `close`, so that none is sent past it meanwhile. */
  take(partition: number): Waiting<Out> | undefined {
    const lane = this.lanes.get(partition);
    const waiting = lane?.again.shift() ?? lane?.first.shift();
    if (waiting) this.all.delete(waiting);
    return waiting;
  }

  /** Puts a message that was taken back to the head of its queue. */
  putBack(waiting: Waiting<Out>): void {
    this.all.add(waiting);
    this.queueOf(waiting).unshift(waiting);
  }

  /** Whether a message still waits. */
  holds(waiting: Waiting<Out>): boolean {
    return this.all.has(waiting);
  }

  /** Removes the queue of a partition if it is empty. */
  close(partition: number): boolean {
    const lane = this.lanes.get(partition);
    if (!lane || lane.again.length + lane.first.length > 0) return false;
    return this.lanes.delete(partition);
  }

  /** Sorts what waits anew, now that `partitionOf` says something else, and keeps the order that each key has. */
  rehash(): void {
    const lanes = [...this.lanes.values()];
    this.lanes.clear();
    // A key lies in one old queue only, so queue after queue keeps its order.
    for (const { again, first } of lanes)
      for (const waiting of [...again, ...first]) this.queueOf(waiting).push(waiting);
  }

  /** Takes all that wait, the oldest first. */
  clear(): Waiting<Out>[] {
    const all = [...this.all];
    this.all.clear();
    this.lanes.clear();
    return all;
  }

  private queueOf({ hash, again }: Waiting<Out>): Waiting<Out>[] {
    const partition = this.partitionOf(hash);
    let lane = this.lanes.get(partition);
    if (!lane) this.lanes.set(partition, (lane = { again: [], first: [] }));
    return again ? lane.again : lane.first;
  }

  private remove(waiting: Waiting<Out>): void {
    this.all.delete(waiting);
    const queue = this.queueOf(waiting);
    queue.splice(queue.indexOf(waiting), 1);
  }
}
