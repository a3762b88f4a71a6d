import { asyncScheduler, from, NEVER, noop, Observable, Subscription } from 'rxjs';
import type { ObservableInput, SchedulerLike } from 'rxjs';
import { clockOf } from '../core/clock.js';
import type { Duration } from '../core/duration.js';
import { expectBetween, expectCount, expectDuration, expectOneOf } from '../core/expect.js';
import { operate } from '../core/operate.js';
import { appLookup, type Apps } from './appLookup.js';
import { CurrentConnection } from './currentConnection.js';
import type { CompletedEvent, GatewayConnection, SkippedEvent, WorkerEvent } from './events.js';
import type { RequestIds, WorkRequest } from './messages.js';
import { onFirst } from './onFirst.js';
import { RecentIds } from './recentIds.js';
import { requestIds } from './requestIds.js';
import { runWork, type WorkApp } from './runWork.js';
import { Task } from './task.js';
import { turns } from './turns.js';
import { version } from './version.js';
import { errorReply } from './workReply.js';

export interface ServeRequestsConfig {
  /** What does the work of each app; a request for another one is not taken. */
  readonly apps: Apps;
  /** Emits once when no more work is to be taken; never by default. */
  readonly pause$?: ObservableInput<unknown>;
  /** Ids of requests whose replies were given up: they may come again, and are done again. */
  readonly undelivered$?: ObservableInput<string>;
  /** How many requests are worked on at a time; 1,000 by default. */
  readonly concurrency?: number;
  /** How many more may wait for their turn, acknowledged and with their leases extended; 1,000 by default. */
  readonly queue?: number;
  /** How long a piece of work may take from when its turn came; 2 h by default. */
  readonly executionDeadline?: Duration;
  /** What becomes of work that lost its lease: it is cancelled and not answered (the default), or it may finish and is answered. */
  readonly leaseLost?: 'cancel' | 'finish';
  /** Which software replies say made them; this package by default. */
  readonly sdkVersion?: string;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/** How many answered requests are remembered: a gateway repeats a request soon or never. */
const ANSWERED = 1_000;

/** About as many leases are extended in a millisecond at most: 10,000 requests in work may each have theirs extended once a second. */
const MOST_EXTENSIONS = 10;

/**
 * Does the work that a gateway sends.
 *
 *     source   o-q----a----      (q a request, a the answer to an extension)
 *     sent     --k---e---f-      (k its acknowledgement, e and f extend its lease, every 4 ms)
 *     work       -------r-|
 *     result   o-(qv)-(ay)w      (v received, y extended, w completed)
 *
 * A request is acknowledged over the connection by which it came, and worked on at once or when its turn comes. From then on its lease
 * is extended as often as that connection's gateway asked for, over the connection that opened last. Whatever becomes of the work, but for
 * a lost lease, `completed` tells the reply; it is not sent here. A request that is in work or among the last 1,000 that were answered is
 * acknowledged again and not done again. Work outlives connections, and is cancelled when the source ends.
 */
export function serveRequests({
  apps,
  pause$ = NEVER,
  undelivered$ = NEVER,
  concurrency = 1_000,
  queue = 1_000,
  executionDeadline = '2h',
  leaseLost = 'cancel',
  sdkVersion = version,
  scheduler = asyncScheduler,
}: ServeRequestsConfig): (source: Observable<WorkerEvent>) => Observable<WorkerEvent> {
  const appOf = appLookup(apps);
  expectCount('serveRequests', 'concurrency', concurrency, 1);
  expectBetween('serveRequests', 'queue', expectCount('serveRequests', 'queue', queue, 0), 0, 1e6);
  expectOneOf('serveRequests', 'leaseLost', leaseLost, ['cancel', 'finish']);
  const within = expectDuration('serveRequests', 'executionDeadline', executionDeadline);

  return (source) =>
    new Observable((subscriber) => {
      const clock = clockOf(scheduler);
      const inTurn = turns(concurrency, subscriber);
      const inWork = new Map<string, Task>();
      const answered = new RecentIds(ANSWERED);
      const current = new CurrentConnection();
      let connection: GatewayConnection | undefined;
      let paused = false;

      const receive = (by: GatewayConnection, request: WorkRequest): void => {
        // No gateway takes an acknowledgement without an id: it would end the connection.
        if (request.requestId === '') {
          skip(by, request, 'invalid');
          return;
        }
        const app = appOf(request.appName);
        if (inWork.has(request.requestId) || answered.has(request.requestId)) confirm(by, request);
        else if (!app) skip(by, request, 'unknownApp');
        else if (paused) skip(by, request, 'closing');
        else if (inWork.size >= concurrency + queue) skip(by, request, 'capacity');
        else accept(by, request, app);
      };
      const skip = (by: GatewayConnection, request: WorkRequest, reason: SkippedEvent['reason']): void => {
        subscriber.next({ type: 'skipped', connection: by, request, reason });
      };
      const confirm = (by: GatewayConnection, request: WorkRequest): void => {
        if (!acknowledge(by, requestIds(request))) {
          skip(by, request, 'ackFailed');
          return;
        }
        inWork.get(request.requestId)?.renew(request.leaseId);
        skip(by, request, 'duplicate');
      };
      const accept = (by: GatewayConnection, request: WorkRequest, app: WorkApp): void => {
        const task = new Task(request, clock.now(), {
          done: (reply) => settle(task, { reply }),
          failed: (error) => settle(task, { reply: errorReply(request, error, sdkVersion), error }),
        });
        // Known before it is acknowledged, which the gateway may answer in the same call.
        inWork.set(request.requestId, task);
        if (!acknowledge(by, task.ids)) {
          inWork.delete(request.requestId);
          skip(by, request, 'ackFailed');
          return;
        }
        // The answer was that its lease is lost.
        if (inWork.get(request.requestId) !== task) return;
        subscriber.next({ type: 'received', connection: by, request });
        task.begin(inTurn(runWork(app, request, { within, sdkVersion, clock })), {
          // A gateway that asks for extensions without end must not leave a busy worker no time for its work.
          every: Math.max(by.session.extendLeaseInterval, inWork.size / MOST_EXTENSIONS),
          extend: (leaseId) => connection?.send({ kind: 'extendLease', request: task.ids, leaseId }),
          lost: leaseLost,
          scheduler,
        });
      };
      const settle = (task: Task, outcome: Pick<CompletedEvent, 'reply' | 'error'>): void => {
        const { request, since } = task;
        // It is not in work any more when its lease is lost: then nobody waits for a reply.
        if (inWork.get(request.requestId) !== task) return;
        inWork.delete(request.requestId);
        answered.add(request.requestId);
        subscriber.next({ type: 'completed', request, ...outcome, duration: clock.now() - since });
      };
      const renew = (requestId: string, newLeaseId: string | undefined): void => {
        const task = inWork.get(requestId);
        // Too late: it is answered, or its lease is lost already.
        if (task?.leaseId === undefined) return;
        const { request } = task;
        if (newLeaseId) {
          task.renew(newLeaseId);
          subscriber.next({ type: 'extended', request, leaseId: task.leaseId });
          return;
        }
        if (leaseLost === 'cancel') inWork.delete(requestId);
        task.lose();
        subscriber.next({ type: 'leaseLost', request, work: leaseLost === 'cancel' ? 'cancelled' : 'continued' });
      };

      onFirst(pause$, subscriber, () => (paused = true));
      operate({ source: from(undelivered$), subscriber, next: (id: string) => answered.forget(id), complete: noop });
      operate({
        source,
        subscriber,
        next(event) {
          connection = current.note(event);
          subscriber.next(event);
          if (event.type !== 'message' || subscriber.closed) return;
          const { data } = event;
          if (data.kind === 'request') receive(event.connection, data.request);
          else if (data.kind === 'leaseAck') renew(data.requestId, data.newLeaseId);
        },
        finalize() {
          const all = new Subscription();
          for (const { work } of inWork.values()) all.add(work);
          // All of it, also when some of it throws.
          all.unsubscribe();
        },
      });
    });
}

/** Whether the gateway was told that a request is ours. */
function acknowledge(by: GatewayConnection, request: RequestIds): boolean {
  try {
    by.send({ kind: 'ack', request });
    return true;
  } catch {
    return false;
  }
}
