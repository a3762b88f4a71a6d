import { from, Observable } from 'rxjs';
import { clockOf } from '../core/clock.js';
import { DialError } from '../core/errors.js';
import type { ConnectionEvent, ConnectionEvents } from '../core/event.js';
import { expectCount, expectDuration, expectFunction, expectOneOf } from '../core/expect.js';
import { guarded, operate, receiver } from '../core/operate.js';
import { circuitBreaker } from './circuitBreaker.js';
import { Dispatcher } from './dispatcher.js';
import { fnv1a } from './hash.js';
import { MapOrder } from './mapOrder.js';
import type { PartitionMap } from './partitionMap.js';
import { PartitionQueues } from './partitionQueues.js';
import { Pool } from './pool.js';
import type { PoolMember } from './poolMember.js';
import type { RouteByPartitionConfig } from './routeByPartitionConfig.js';
import { RoutingMetrics } from './routingMetrics.js';
import { RoutingTable } from './routingTable.js';
import { Settling } from './settling.js';

/**
 * Sends every message to the node that owns its key, and gives the events of all nodes, told apart by their `connection`.
 *
 *     outgoing    --2-4---1-6-3-      (a owns the even keys, b the odd ones)
 *     node a        c--o----m--
 *     node b              C--O--
 *     result      --c--o--C-mO---
 *     sent to a   -----(24)-6----
 *     sent to b   -----------13--
 *
 * Each node that is needed has one connection, dialled when the first message for it comes. When no partition needs it any more, and
 * `idle` has passed, it is closed: `retired` follows. Messages of a key are sent in the order in which they came, also when the map changes,
 * and nodes come, go, or change their names (the connection goes on) or addresses (a new one is made). What cannot be sent waits, and
 * `dropped` tells what had to give way. What was sent over a link that then broke, only the peers can know.
 *
 * A node's stream that ends does not end this one: its partitions fall back, or wait, and it is tried again. This one ends as the last node's
 * stream does, after `outgoing$` is complete and nothing waits; it errors when `outgoing$`, `partitionMap$` or a callback fails, or when
 * an open connection refuses a message, unless that is because it has taken all it can.
 *
 * @example
 * outgoing$.pipe(
 *   routeByPartition({
 *     key: (message) => message.key,
 *     partitionMap$,
 *     connect: (node) => webSocket(node.url).pipe(json<Answer, Command>(), openTimeout({ within: '10s' }), reconnect()),
 *   }),
 * );
 */
export function routeByPartition<In, Out, Session>({
  key,
  partitionMap$,
  connect,
  hash = fnv1a,
  fallback = 'owner',
  buffer = 1_000,
  overflow = 'drop-oldest',
  idle = 5_000,
  retryAfter = 5_000,
  circuitBreaker: breaking,
  settled,
  notOwner,
  refresh,
  onState,
  metrics = new RoutingMetrics(),
  scheduler,
}: RouteByPartitionConfig<In, Out, Session>): (outgoing$: Observable<Out>) => ConnectionEvents<In, Out, Session> {
  const who = 'routeByPartition';
  for (const [name, value] of Object.entries({ key, connect, hash })) expectFunction(who, name, value);
  expectOneOf(who, 'fallback', fallback, ['owner', 'replica', 'any']);
  expectCount(who, 'buffer', buffer, 0);
  expectOneOf(who, 'overflow', overflow, ['drop-oldest', 'drop-newest', 'error']);
  const kept = expectDuration(who, 'idle', idle, true);
  const rest = expectDuration(who, 'retryAfter', retryAfter);
  if (breaking) circuitBreaker(breaking);

  return (outgoing$) =>
    new Observable<ConnectionEvent<In, Out, Session>>((consumer) => {
      type Event = ConnectionEvent<In, Out, Session>;
      type Member = PoolMember<In, Out, Session>;
      const subscriber = receiver<Event, Event>({
        subscriber: consumer,
        next: (event) => consumer.next(event),
        error(error) {
          // Nothing is taken any more: what those would send who are told would be lost in silence.
          messages.unsubscribe();
          for (const { message } of queues.clear()) consumer.next({ type: 'dropped', message, reason: 'ended' });
          consumer.error(error);
        },
      });
      const clock = clockOf(scheduler);
      const order = new MapOrder();
      let table = new RoutingTable<Member>({ nodes: new Map(), partitions: [] }, (node) => pool.member(node));
      let complete = false;
      /** Whether a newer map was asked for, and is waited for. */
      let asked = false;

      const over = (end?: { readonly error: unknown }): void => {
        if (!complete || queues.size > 0 || pool.live) return;
        if (end) subscriber.error(end.error);
        else subscriber.complete();
      };
      const changed = (): void => {
        settling.renew();
        dispatcher.flush();
      };
      const heard = (member: Member, event: ConnectionEvent<In, Out, Session>): void => {
        const again = event.type === 'message' ? notOwner?.(event.data) : undefined;
        if (!again) {
          subscriber.next(event);
          return;
        }
        let wrong = again.length === 0;
        for (const message of again) wrong = dispatcher.sendAgain(message, hash(key(message)), member) || wrong;
        if (subscriber.closed) return;
        const asks = wrong && !asked;
        if (asks || patience.due === Infinity) patience.in(rest);
        asked ||= wrong;
        if (asks) refresh?.();
      };
      const apply = (map: PartitionMap): void => {
        const news = order.take(map);
        if (news === 'old') return;
        patience.cancel();
        asked = false;
        table = new RoutingTable<Member>(map, (node) => pool.member(node));
        dispatcher.follow(table);
        pool.follow(table.members, table.needed(fallback), news === 'restarted');
        changed();
      };

      const queues = new PartitionQueues<Out>(buffer, overflow, (code) => table.partitionOf(code));
      const settling = new Settling<Out, Session>(settled, subscriber, () => dispatcher.flush());
      const pool = new Pool<In, Out, Session>({
        connect,
        idle: kept,
        retryAfter: rest,
        circuitBreaker: breaking,
        clock,
        subscriber,
        heard,
        changed,
        over,
        onState,
      });
      const dispatcher = new Dispatcher<In, Out, Session>(
        { queues, settling, reach: fallback, metrics, clock, subscriber },
        table,
      );
      const patience = clock.deadline(
        guarded(subscriber, () => {
          asked = false;
          dispatcher.forgive();
          changed();
        }),
      );

      subscriber.add(() => {
        pool.close();
        dispatcher.stop();
        patience.cancel();
      });
      const messages = receiver<Out, Event>({
        subscriber,
        next: (message) => dispatcher.send(message, hash(key(message))),
        complete() {
          complete = true;
          over();
        },
      });
      operate({
        source: from(partitionMap$),
        subscriber,
        next: apply,
        complete() {
          if (!order.begun) subscriber.error(new DialError('a cluster', '`partitionMap$` gave no map'));
        },
      });
      if (!messages.closed) outgoing$.subscribe(messages);
    });
}
