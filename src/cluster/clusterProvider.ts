import { asyncScheduler, defer, from, Observable, repeat, retry, Subject, type Subscription, tap, timer } from 'rxjs';
import { clockOf } from '../core/clock.js';
import { type Connection, deriveConnection } from '../core/connection.js';
import { duration } from '../core/duration.js';
import { DialError } from '../core/errors.js';
import type { ConnectionEvent, ConnectionEvents } from '../core/event.js';
import { operate, operated } from '../core/operate.js';
import { withoutSecrets } from '../core/url.js';
import { shareConnection } from '../operators/shareConnection.js';
import { breakCircuit } from './breakCircuit.js';
import { type CircuitBreaker, circuitBreaker } from './circuitBreaker.js';
import type { ConnectionProvider } from './connectionProvider.js';
import { fnv1a, partitionOfHash } from './hash.js';
import { MapOrder } from './mapOrder.js';
import type { ClusterNode, PartitionMap } from './partitionMap.js';
import { type ProvidedNode, Provider } from './provider.js';
import { routeByPartition } from './routeByPartition.js';
import type { RouteByPartitionConfig } from './routeByPartitionConfig.js';

/** Ends what is routed, so that it says what still waits, and is no failure. */
const HUNG_UP = /* @__PURE__ */ new Error('hung up');

/** A node of the map, to which a connection is held. */
interface Held<In, Out> extends ProvidedNode<Out> {
  events$: ConnectionEvents<In, Out>;
  hold?: Subscription | undefined;
  circuit?: CircuitBreaker | undefined;
  /** Why its stream has ended, until it is open again. */
  failure?: { readonly cause: Error } | undefined;
}

class ClusterProvider<In, Out> extends Provider<In, Out> {
  private outgoing = new Subject<Out>();
  private map: PartitionMap | undefined;
  /** The key that the message has that is being sent, where it is not that of the config. */
  private key: string | undefined;

  constructor(private readonly config: RouteByPartitionConfig<In, Out, unknown>) {
    super();
  }

  override getConnection(key: string): Connection<Out> {
    const { hash = fnv1a } = this.config;
    const partition = this.map?.partitions[partitionOfHash(hash(key), this.map.partitions.length)];
    const { connection = this.getAnyConnection() } =
      Array.from(this.open).find(({ id }) => id === partition?.owner) ?? {};
    return deriveConnection<Out, Out, unknown>(connection, { send: (message) => this.send(message, key) });
  }

  override send(message: Out, key?: string): void {
    // A stream that is about to end takes nothing any more.
    if (!this.isConnected || !this.outgoing.observed) throw this.notOpen();
    this.key = key;
    this.outgoing.next(message);
  }

  protected override abandon(): void {
    this.outgoing.error(HUNG_UP);
  }

  protected override dial(): ConnectionEvents<In, Out> {
    return new Observable((subscriber) => {
      const { config } = this;
      const outgoing = (this.outgoing = new Subject<Out>());
      // Whoever dials has the circuits: a second count, of what is routed, would only come later.
      const { circuitBreaker: breaking, onState, ...routed } = config;
      const clock = clockOf(config.scheduler);
      const order = new MapOrder();
      /** By their addresses: a node that is given another name is still the same. */
      const nodes = new Map<string, Held<In, Out>>();
      const failed = (): void => {
        const failures = [...nodes.values()].flatMap(({ failure }) => failure ?? []);
        const [first] = failures;
        if (this.isOpening && first && failures.length === nodes.size) outgoing.error(first.cause);
      };
      const holdOn = (node: Held<In, Out>): void => {
        if (node.hold) return;
        const again = (): Observable<unknown> => {
          // Timers may ring a millisecond early.
          const opensIn = node.circuit ? node.circuit.until - clock.now() + 1 : 0;
          return timer(Math.max(duration(config.retryAfter ?? 5_000), opensIn), config.scheduler ?? asyncScheduler);
        };
        const ended = (cause: Error): void => {
          node.failure = { cause };
          this.tell({ type: 'error', node: node.id, error: cause });
          failed();
        };
        const events$ = node.events$.pipe(
          tap({ error: ended, complete: () => ended(this.notOpen()) }),
          retry({ delay: again }),
          repeat({ delay: again }),
        );
        node.hold = operate({
          source: events$,
          subscriber,
          next({ type }) {
            if (type === 'open') node.failure = undefined;
          },
        });
      };
      const heldTo = ({ id, url }: ClusterNode): Held<In, Out> => {
        const known = nodes.get(url);
        if (known) return known;
        const circuit = breaking && circuitBreaker(breaking);
        const node = { id, circuit } as Held<In, Out>;
        nodes.set(url, node);
        const dialled$ = defer((): ConnectionEvents<In, Out> => {
          if (!circuit) return config.connect({ id, url });
          if (!circuit.allows(clock.now())) throw new DialError(withoutSecrets(url), 'its circuit is open');
          return config.connect({ id, url }).pipe(breakCircuit(circuit, clock));
        });
        node.events$ = dialled$.pipe(this.follow(node), shareConnection());
        return node;
      };
      const apply = (map: PartitionMap): void => {
        const news = order.take(map);
        if (news === 'old') return;
        this.map = map;
        const urls = new Set(Array.from(map.nodes.values(), ({ url }) => url));
        for (const [url, node] of nodes) {
          if (urls.has(url)) continue;
          nodes.delete(url);
          node.hold?.unsubscribe();
        }
        // All of them before the first is dialled, which may fail at once.
        for (const node of map.nodes.values()) heldTo(node).id = node.id;
        for (const held of nodes.values()) {
          if (news === 'restarted' && held.failure) {
            held.circuit?.reset();
            held.hold?.unsubscribe();
            held.hold = undefined;
          }
          holdOn(held);
        }
        this.tell({ type: 'partitionMapUpdated', map });
      };

      const routing = routeByPartition<In, Out, unknown>({
        ...routed,
        ...(onState && {
          onState: (status) => {
            const node = [...nodes.values()].find(({ id }) => id === status.id);
            onState({ ...status, circuit: node?.circuit?.state });
          },
        }),
        key: (message) => {
          const { key = config.key(message) } = this;
          this.key = undefined;
          return key;
        },
        connect: (node) => heldTo(node).events$,
        partitionMap$: operated<PartitionMap, PartitionMap>(from(config.partitionMap$), (router) => ({
          next(map) {
            router.next(map);
            if (!router.closed) apply(map);
          },
        })),
      });
      operate<ConnectionEvent<In, Out>, ConnectionEvent<In, Out>>({
        source: outgoing.pipe(routing),
        subscriber,
        next: (event) => subscriber.next(event),
        error(error) {
          if (error !== HUNG_UP) subscriber.error(error);
        },
      });
    });
  }
}

/**
 * Provides the nodes of a cluster. Every node of the map is held a connection to; messages go to the owner of their key, as with
 * `routeByPartition`, whose options these are. `connect()` rejects when every node's stream has ended; later a node whose stream ends is tried
 * again after `retryAfter`, or when its circuit allows. `partitionMap$` is subscribed anew with each `forceReconnect()`, and has to give the map then.
 *
 * @example
 * const provider = clusterProvider({
 *   connect: (node) => webSocket(node.url).pipe(json<Answer, Command>(), openTimeout({ within: '10s' }), reconnect()),
 *   key: (message) => message.key,
 *   partitionMap$,
 * });
 * await provider.connect();
 */
export function clusterProvider<In, Out, Session>(
  config: RouteByPartitionConfig<In, Out, Session>,
): ConnectionProvider<In, Out> {
  // Checks the options now, and not when somebody connects.
  routeByPartition(config);
  return new ClusterProvider<In, Out>(config as RouteByPartitionConfig<In, Out, unknown>);
}
