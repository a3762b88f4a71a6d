import type { SchedulerLike } from 'rxjs';
import type { WorkReply, WorkRequest } from '../gateway/messages.js';
import { type Wait, Waiting, type WaitOptions } from './waiting.js';

/** A reply that came. */
export interface DeliveredReply {
  readonly reply: WorkReply;
  /** Over which way: a connection such as `'group-1 #2'`, or `'flush'`. */
  readonly from: string;
}

/** All that is known of one request. */
export class WorkRecord {
  /** The request as it was last sent; undefined where there is only a reply that nobody asked for. */
  request: WorkRequest | undefined;
  /** The connections it was sent to, one for each time. */
  readonly sentTo: string[] = [];
  /** The connections it was acknowledged on, one for each time. */
  readonly ackedBy: string[] = [];
  /** The ids of its lease, the newest last. */
  readonly leaseIds: string[] = [];
  /** How often the lease was extended. */
  extensions = 0;
  /** How often an extension was refused. */
  nacks = 0;
  /** How often the lease ran out. */
  expiries = 0;
  /** All replies; the first is the one that counts. */
  readonly replies: DeliveredReply[] = [];
  #waiting: Waiting | undefined;
  #over = false;

  constructor(
    readonly requestId: string,
    private readonly scheduler: SchedulerLike,
  ) {}

  /** The reply that was accepted. */
  get reply(): DeliveredReply | undefined {
    return this.replies[0];
  }

  async waitForAck(options?: WaitOptions): Promise<this> {
    return this.#until('an acknowledgement', () => (this.ackedBy.length > 0 ? this : undefined), options);
  }

  async waitForReply(options?: WaitOptions): Promise<WorkReply> {
    return this.#until('a reply', () => this.reply?.reply, options);
  }

  async waitForExpiry(nth = 1, options?: WaitOptions): Promise<this> {
    return this.#until(`expiry number ${nth} of its lease`, () => (this.expiries >= nth ? this : undefined), options);
  }

  /** Whoever waits looks again. */
  changed(): void {
    this.#waiting?.changed();
  }

  /** Nothing will happen any more. */
  end(): void {
    this.#over = true;
    this.#waiting?.end();
  }

  toString(): string {
    const list = (names: readonly string[]): string => names.join(', ') || 'nobody';
    const replies = this.replies.map(({ reply, from }) => `${reply.status} from ${from}`).join(', ') || 'none';
    return (
      `request ${this.requestId} was sent to ${list(this.sentTo)}, acknowledged by ${list(this.ackedBy)}; ` +
      `replies: ${replies}; its lease was extended ${this.extensions}, refused ${this.nacks} and expired ${this.expiries} times`
    );
  }

  #until<Value>(what: string, look: Wait<Value>['look'], options?: WaitOptions): Promise<Value> {
    this.#waiting ??= new Waiting('mockGateway', this.scheduler);
    if (this.#over) this.#waiting.end();
    return this.#waiting.until(
      { look, wanted: `${what} of request ${this.requestId}`, found: () => String(this) },
      options,
    );
  }
}
