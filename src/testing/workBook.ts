import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { clockOf } from '../core/clock.js';
import type { WorkReply, WorkRequest } from '../gateway/messages.js';
import { LeaseStore } from './leaseStore.js';
import { ulidMaker } from './ulid.js';
import { WorkRecord } from './workRecord.js';

/** What became of all requests, in numbers. */
export interface WorkSummary {
  /** Requests that were sent, however often. */
  readonly sent: number;
  /** Requests that a worker acknowledged. */
  readonly acked: number;
  /** Requests whose reply was accepted. */
  readonly replied: number;
  /** Requests that were acknowledged and are not answered, so far. */
  readonly lost: number;
  /** Replies that say something else than the one that was accepted: the work was done twice. */
  readonly doubled: number;
  /** Replies that came again as they were, because their acknowledgement was lost or late: they do no harm. */
  readonly repeated: number;
  /** Replies to what was never sent. */
  readonly unasked: number;
  /** Extensions of leases. */
  readonly extensions: number;
  /** Leases that ran out. */
  readonly expiries: number;
}

/** The leases and replies of all gateways of one API, and what happened to each request. */
export class WorkBook {
  readonly records = new Map<string, WorkRecord>();
  readonly leases: LeaseStore;
  /** Makes ids for requests, leases and connections. */
  readonly newId: () => string;
  /** Requests that wait for a worker of any gateway. */
  readonly unrouted: WorkRequest[] = [];
  #over = false;

  constructor(
    private readonly scheduler: SchedulerLike = asyncScheduler,
    random?: () => number,
  ) {
    this.newId = ulidMaker(() => scheduler.now(), random);
    this.leases = new LeaseStore(clockOf(scheduler), this.newId);
  }

  /** The record of a request, made where there is none. */
  record(requestId: string): WorkRecord {
    let record = this.records.get(requestId);
    if (!record) this.records.set(requestId, (record = new WorkRecord(requestId, this.scheduler)));
    if (this.#over) record.end();
    return record;
  }

  sent(request: WorkRequest, to: string): void {
    const record = this.record(request.requestId);
    record.request = request;
    record.sentTo.push(to);
    record.changed();
  }

  acked(requestId: string, by: string): void {
    const record = this.record(requestId);
    record.ackedBy.push(by);
    record.changed();
  }

  /** Gives a worker the lease of a request; `expired` is called after the book has noted it. */
  lease(request: WorkRequest, holder: string, length: number, expired: () => void): void {
    const { requestId, leaseId: id } = request;
    const record = this.record(requestId);
    record.leaseIds.push(id);
    const noted = (): void => {
      record.expiries++;
      expired();
      record.changed();
    };
    this.leases.grant({ requestId, id, holder, length, expired: noted });
  }

  /** Extends a lease: the id to hold from now on, undefined when the lease is lost. */
  extend(requestId: string, leaseId: string, holder: string): string | undefined {
    const record = this.record(requestId);
    const extended = this.leases.extend(requestId, leaseId, holder);
    if (!extended) record.nacks++;
    else if (extended.renewed) {
      record.extensions++;
      record.leaseIds.push(extended.id);
    }
    record.changed();
    return extended?.id;
  }

  /** Takes a reply: the first one counts, and ends the lease. */
  replied(reply: WorkReply, from: string): void {
    const record = this.record(reply.requestId);
    record.replies.push({ reply, from });
    this.leases.revoke(reply.requestId);
    record.changed();
  }

  summary(): WorkSummary {
    const records = [...this.records.values()];
    const count = (test: (record: WorkRecord) => boolean): number => records.filter(test).length;
    const total = (of: (record: WorkRecord) => number): number => records.reduce((sum, record) => sum + of(record), 0);
    const again = (same: boolean): number =>
      total(({ replies }) => replies.slice(1).filter(({ reply }) => isAlike(reply, replies[0]?.reply) === same).length);
    const isAsked = (record: WorkRecord): boolean => record.sentTo.length > 0;
    return {
      sent: count(isAsked),
      acked: count(({ ackedBy }) => ackedBy.length > 0),
      replied: count((record) => isAsked(record) && record.reply !== undefined),
      lost: count(({ ackedBy, reply }) => ackedBy.length > 0 && !reply),
      doubled: again(false),
      repeated: again(true),
      unasked: count((record) => !isAsked(record) && record.reply !== undefined),
      extensions: total(({ extensions }) => extensions),
      expiries: total(({ expiries }) => expiries),
    };
  }

  /** Takes all leases away and ends all waits. */
  end(): void {
    this.#over = true;
    this.leases.end();
    for (const record of this.records.values()) record.end();
  }
}

function isAlike(one: WorkReply, other: WorkReply | undefined): boolean {
  return one.status === other?.status && Buffer.compare(one.body, other.body) === 0;
}
