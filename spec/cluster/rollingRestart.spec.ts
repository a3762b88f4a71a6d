import {
  BehaviorSubject,
  delay,
  filter,
  firstValueFrom,
  interval,
  type Observable,
  race,
  Subject,
  type Subscription,
  timer,
} from 'rxjs';
import type { ClusterNode, PartitionMap } from '../../src/cluster/partitionMap.js';
import { routeByPartition } from '../../src/cluster/routeByPartition.js';
import { RoutingMetrics } from '../../src/cluster/routingMetrics.js';
import { json } from '../../src/codecs/json.js';
import { constant } from '../../src/core/backoff.js';
import { type Connection, ReadyState } from '../../src/core/connection.js';
import type { ConnectionEvents } from '../../src/core/event.js';
import { drainHandover } from '../../src/operators/drainHandover.js';
import { drainOn } from '../../src/operators/drainOn.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { type MockServer, mockServer } from '../../src/testing/mockServer.js';
import type { ServerConnection } from '../../src/testing/serverConnection.js';
import { webSocket } from '../../src/transports/webSocket.js';
import { type Answer, type Command, NumberedLoad } from './numberedLoad.js';

const NODES = 16;
const KEYS = 400;
const PER_TICK = 40;
/** For what is lost nobody waits longer than this, in milliseconds. */
const PATIENCE = 10_000;
const DRAINING = { handled: -1 };

/** A cluster that is restarted, two nodes at a time, and what its nodes received. */
class RollingCluster {
  readonly map$: BehaviorSubject<PartitionMap>;
  private readonly away = new Set<string>();

  constructor(
    private readonly servers: Map<string, MockServer>,
    private readonly partitions: number,
    private readonly load: NumberedLoad,
  ) {
    this.map$ = new BehaviorSubject(this.map(1));
  }

  static async start(partitions: number, load: NumberedLoad): Promise<RollingCluster> {
    const servers = new Map<string, MockServer>();
    for (let at = 0; at < NODES; at++) servers.set(`n${at}`, await node(load, at));
    return new RollingCluster(servers, partitions, load);
  }

  get ids(): string[] {
    return [...this.servers.keys()];
  }

  /** Others take what the nodes own; they say that they drain, wait until everybody has left, go, and come back to own what they did. */
  async restart(ids: readonly string[], sameAddress: boolean): Promise<void> {
    const servers = ids.map((id) => this.server(id));
    for (const id of ids) this.away.add(id);
    this.change();
    for (const server of servers) server.drain(DRAINING, { refuse: 503 });
    for (const server of servers) await server.waitUntil(() => server.connections.length === 0);
    for (const [at, server] of servers.entries()) {
      await server.close();
      const id = ids[at] ?? '';
      this.servers.set(id, await node(this.load, this.ids.indexOf(id), sameAddress ? server.port : undefined));
    }
    for (const id of ids) this.away.delete(id);
    this.change();
    for (const id of ids) await this.server(id).waitForMessage();
  }

  async close(): Promise<void> {
    for (const server of this.servers.values()) await server.close();
  }

  private server(id: string): MockServer {
    const server = this.servers.get(id);
    if (!server) throw new Error(`there is no ${id}`);
    return server;
  }

  private change(): void {
    this.map$.next(this.map(this.map$.value.version + 1));
  }

  private map(version: number): PartitionMap {
    const { ids } = this;
    const present = ids.filter((id) => !this.away.has(id));
    const owner = (partition: number): string | undefined => {
      const usual = ids[partition % ids.length] ?? '';
      return this.away.has(usual) ? present[partition % present.length] : usual;
    };
    return {
      epoch: 'one',
      version,
      nodes: new Map(present.map((id) => [id, { id, url: this.server(id).url }])),
      partitions: Array.from({ length: this.partitions }, (_, at) => ({ owner: owner(at), replicas: [] })),
    };
  }
}

/** A node that handles what it is sent in order, each message a while after it came; nodes differ in how long that takes. */
function node(load: NumberedLoad, at: number, port?: number): Promise<MockServer> {
  const inbox$ = new Subject<readonly [Command, ServerConnection]>();
  inbox$.pipe(delay(((at * 7) % NODES) * 4)).subscribe(([command, connection]) => {
    if (!command.isQuestion) load.arrive(command);
    else if (connection.readyState === ReadyState.OPEN) connection.send({ handled: command.n });
  });
  return mockServer({
    ...(port === undefined ? {} : { port }),
    reply: (frame, connection) => inbox$.next([JSON.parse(String(frame)) as Command, connection]),
  });
}

describe('what is counted under load', () => {
  it('is what was lost, came twice, or came after a later one', () => {
    const load = new NumberedLoad(2);
    const [a1, b1, a2, b2, a3] = Array.from({ length: 6 }, () => load.next());
    for (const command of [a1, b1, b2, b1, a3, a2]) if (command) load.arrive(command);
    expect(load.summary()).toEqual({ lost: 1, doubled: 1, outOfOrder: 1 });
  });
});

describe('a rolling restart of all nodes under load', () => {
  let cluster: RollingCluster | undefined;
  let hold: Subscription | undefined;

  afterEach(async () => {
    hold?.unsubscribe();
    await cluster?.close();
    expect(process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'))).toEqual([]);
  });

  const figures: string[] = [];
  afterAll(() => {
    process.stdout.write(`rolling restart of ${NODES} nodes:\n  ${figures.join('\n  ')}\n`);
  });

  it.each([271, 16_384])(
    'loses nothing, and keeps the order of each key, with %i partitions',
    async (partitions) => {
      const load = new NumberedLoad(KEYS);
      cluster = await RollingCluster.start(partitions, load);
      const metrics = new RoutingMetrics();
      const outgoing$ = new Subject<Command>();
      const handled$ = new Subject<number>();
      const counts = new Map<string, number>();
      let questions = 0;

      const connect = ({ url }: ClusterNode): ConnectionEvents<Answer, Command> =>
        webSocket(url).pipe(
          json<Answer, Command>(),
          drainOn(({ handled }) => handled === DRAINING.handled),
          reconnect({ delay: constant(20) }),
          drainHandover({ linger: 20 }),
        );
      const settled = (old: Connection<Command>): Observable<number> => {
        const n = ++questions;
        old.send({ key: '', n, isQuestion: true });
        return handled$.pipe(filter((handled) => handled === n));
      };
      let failure: unknown;
      hold = outgoing$
        .pipe(
          routeByPartition({
            key: (command) => command.key,
            partitionMap$: cluster.map$,
            connect,
            settled,
            buffer: 1_000_000,
            // Long enough for an answer to come before, whatever else the machine does.
            idle: 500,
            metrics,
          }),
        )
        .subscribe({
          next(event) {
            counts.set(event.type, (counts.get(event.type) ?? 0) + 1);
            if (event.type === 'message') handled$.next(event.data.handled);
          },
          error: (error: unknown) => (failure = error),
        });
      const ticks = interval(1).subscribe(() => {
        for (let at = 0; at < PER_TICK; at++) outgoing$.next(load.next());
      });
      hold.add(ticks);

      await firstValueFrom(load.until(KEYS));
      const { ids } = cluster;
      for (let at = 0; at < ids.length; at += 2) await cluster.restart(ids.slice(at, at + 2), at % 4 === 0);
      ticks.unsubscribe();
      await firstValueFrom(race(load.until(load.sent), timer(PATIENCE)));

      const summary = load.summary();
      figures.push(
        `${partitions} partitions: ${load.sent} messages of ${KEYS} keys, ${metrics.buffered} of them had to wait; ` +
          `${summary.lost} lost, ${summary.doubled} doubled, ${summary.outOfOrder} out of order`,
      );
      expect(failure).toBeUndefined();
      expect(summary).toEqual({ lost: 0, doubled: 0, outOfOrder: 0 });
      expect(metrics).toMatchObject({ direct: load.sent, replica: 0, fallback: 0, dropped: 0, wrongOwner: 0 });
      expect(counts.get('open')).toBe(2 * NODES);
      expect(counts.get('draining')).toBe(NODES);
      expect(counts.get('retired')).toBe(NODES);
      expect(metrics.buffered).toBeGreaterThan(0);
    },
    60_000,
  );
});
