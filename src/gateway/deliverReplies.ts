import {
  asyncScheduler,
  from,
  type MonoTypeOperatorFunction,
  NEVER,
  noop,
  Observable,
  type ObservableInput,
} from 'rxjs';
import { clockOf } from '../core/clock.js';
import { clampDelay, type Duration } from '../core/duration.js';
import { expectCount, expectDuration } from '../core/expect.js';
import { guarded, operate } from '../core/operate.js';
import { CurrentConnection } from './currentConnection.js';
import type { GatewayConnection, WorkerEvent } from './events.js';
import type { WorkReply } from './messages.js';
import { type PendingReplies, pendingReplies } from './pendingReplies.js';
import { unsentReplies, type UnsentRepliesConfig } from './unsentReplies.js';

export interface DeliverRepliesConfig extends UnsentRepliesConfig {
  /** How long the gateway may take to acknowledge a reply; 5 s by default, and once more where the process was busy or asleep meanwhile. */
  readonly ackWithin?: Duration;
  /** The longest body, in bytes, that is sent over a connection; 4 MiB by default, half of what a gateway reads as one message. */
  readonly maxReply?: number;
  /** Emits when there is a hurry, as when the worker is about to end: what waits for its next post is posted at once. */
  readonly hurry$?: ObservableInput<unknown>;
  /** Where a handover learns that nothing is outstanding on the old connection. */
  readonly pending?: PendingReplies;
}

/** Called this late, a deadline says that the process was busy or asleep: an acknowledgement may have arrived, and is read after it. */
const BUSY = 100;

/** A reply that was sent and not acknowledged yet. */
interface Sent {
  readonly reply: WorkReply;
  readonly connection: GatewayConnection;
  since: number;
}

/**
 * Sends the reply of every `completed` event over the current connection, and posts it to the API when that fails.
 *
 *     source   o-1-k---2---------      (k acknowledges the reply to 1)
 *     sent     --1-----2---------
 *     post                  ---|
 *     result   o-1-(ka)2----N--h-      (ackWithin 5; N buffered, a and h accepted)
 *
 * A reply is `buffered` and posted when there is no connection, when it is not acknowledged in time, when the connection that carried it
 * ends first, or when it is too big. Every reply is `accepted` once, by whichever way was first, or `undelivered`: it was refused, given up by
 * the policy, more waited than `buffer` allows, or the stream ended first. An acknowledgement ends the posts of its reply; a connection that
 * opens ends the wait between two posts, unless the API answered the last one. An error of `flush` is never one of the stream. The other side must know replies by their
 * request: one may arrive both ways. A second reply to a request whose first one is still under way is not delivered.
 * Stands after `serveRequests`.
 *
 * @example
 * gatewayEvents$.pipe(serveRequests({ apps: { billing } }), deliverReplies({ flush }));
 */
export function deliverReplies(config: DeliverRepliesConfig): MonoTypeOperatorFunction<WorkerEvent> {
  const { ackWithin = 5_000, maxReply = 4_194_304, pending = pendingReplies(), scheduler = asyncScheduler } = config;
  const { hurry$ = NEVER } = config;
  const within = clampDelay(expectDuration('deliverReplies', 'ackWithin', ackWithin));
  expectCount('deliverReplies', 'maxReply', maxReply, 0);
  const begin = unsentReplies(config);

  return (source) =>
    new Observable((subscriber) => {
      const clock = clockOf(scheduler);
      const unsent = begin(subscriber);
      /** The oldest first. */
      const sent = new Map<string, Sent>();
      const current = new CurrentConnection();
      let connection: GatewayConnection | undefined;
      /** Whether a late deadline was excused already: it is only once. */
      let excused = false;

      /** Waits for the oldest acknowledgement that is outstanding: one deadline serves all. */
      const watch = (): void => {
        if (sent.size === 0) overdue.cancel();
        // It may ring for one that is settled, and then looks again: finding the first of a Map is slow where thousands before it are gone.
        else if (overdue.due === Infinity) {
          const [oldest] = sent.values();
          overdue.in(within, oldest?.since);
        }
      };
      /** No longer waits for an acknowledgement, and then says why. */
      const settle = (one: Sent, tell: () => void): void => {
        sent.delete(one.reply.requestId);
        tell();
        pending.remove(one.connection);
      };
      const overdue = clock.deadline(
        guarded(subscriber, (late) => {
          const now = clock.now();
          excused = late >= BUSY && !excused;
          if (excused) for (const one of sent.values()) one.since = now;
          for (const one of sent.values()) {
            if (one.since + within > now) break;
            settle(one, () => unsent.add(one.reply, 'notAcked'));
          }
          watch();
        }),
      );

      const deliver = (reply: WorkReply): void => {
        const { requestId, body } = reply;
        if (sent.has(requestId) || unsent.has(requestId)) return;
        if (body.byteLength > maxReply) unsent.add(reply, 'tooBig');
        else if (connection) send(reply, connection);
        else unsent.add(reply, 'noConnection');
      };
      const send = (reply: WorkReply, over: GatewayConnection): void => {
        const one: Sent = { reply, connection: over, since: clock.now() };
        // Before it is sent: a peer in the same process may acknowledge it in the same call.
        sent.set(reply.requestId, one);
        pending.add(over);
        try {
          over.send({ kind: 'reply', reply });
        } catch {
          if (sent.get(reply.requestId) === one) settle(one, () => unsent.add(reply, 'noConnection'));
        }
        watch();
      };
      const acked = (requestId: string): void => {
        const one = sent.get(requestId);
        if (one) settle(one, () => subscriber.next({ type: 'accepted', requestId, via: 'connection' }));
        else unsent.acked(requestId);
        watch();
      };
      const lose = (gone: GatewayConnection): void => {
        for (const one of sent.values()) {
          if (one.connection === gone) settle(one, () => unsent.add(one.reply, 'lost'));
        }
        watch();
      };
      const giveUp = (): void => {
        unsent.giveUp();
        for (const one of sent.values()) {
          settle(one, () => subscriber.next({ type: 'undelivered', reply: one.reply, reason: 'gaveUp' }));
        }
      };

      operate({ source: from(hurry$), subscriber, next: () => unsent.retryNow(true), complete: noop });
      operate({
        source,
        subscriber,
        next(event) {
          const before = connection;
          connection = current.note(event);
          subscriber.next(event);
          if (subscriber.closed) return;
          if (event.type === 'close' || event.type === 'retired') lose(event.connection);
          else if (event.type === 'reconnecting' && before) lose(before);
          else if (event.type === 'open') unsent.retryNow(false);
          else if (event.type === 'completed') deliver(event.reply);
          else if (event.type === 'message' && event.data.kind === 'replyAck') acked(event.data.requestId);
        },
        error(error) {
          giveUp();
          subscriber.error(error);
        },
        complete() {
          giveUp();
          subscriber.complete();
        },
        finalize() {
          unsent.stop();
          for (const { connection } of sent.values()) pending.remove(connection);
          sent.clear();
          overdue.cancel();
        },
      });
    });
}
