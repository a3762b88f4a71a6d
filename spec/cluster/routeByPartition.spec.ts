import { BehaviorSubject, firstValueFrom, NEVER, type Observable, of, Subject, type Subscription } from 'rxjs';
import type { ClusterNode, PartitionMap } from '../../src/cluster/partitionMap.js';
import { routeByPartition } from '../../src/cluster/routeByPartition.js';
import { constant } from '../../src/core/backoff.js';
import type { ConnectionEvent, ConnectionEvents } from '../../src/core/event.js';
import { json } from '../../src/codecs/json.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { openTimeout } from '../../src/operators/openTimeout.js';
import { mockConnection } from '../../src/testing/mockConnection.js';
import { type MockServer, mockServer } from '../../src/testing/mockServer.js';
import { webSocket } from '../../src/transports/webSocket.js';
import { expectType } from '../types/expectType.js';

interface Command {
  readonly key: string;
  readonly n: number;
}
interface Answer {
  readonly done?: number;
  readonly notOwner?: Command;
}

/** A map by the owners of its partitions. */
function mapOf(
  owners: readonly string[],
  nodes: Readonly<Record<string, string>>,
  version = 1,
  epoch = 'e',
): PartitionMap {
  return {
    epoch,
    version,
    nodes: new Map(Object.entries(nodes).map(([id, url]) => [id, { id, url }])),
    partitions: owners.map((owner) => ({ owner, replicas: [] })),
  };
}

describe('the types of routeByPartition', () => {
  const compiles = (code: () => void): void => expect(code).toBeInstanceOf(Function);
  const outgoing$ = of<Command>();
  const connect = (node: ClusterNode): ConnectionEvents<Answer, Command, undefined> =>
    webSocket(node.url).pipe(json<Answer, Command>());

  it('are inferred from the messages and from connect', () => {
    compiles(() => {
      const events$ = outgoing$.pipe(
        routeByPartition({
          key: (command) => {
            expectType<Command>()(command);
            return command.key;
          },
          partitionMap$: NEVER,
          connect: (node) => {
            expectType<ClusterNode>()(node);
            return webSocket(node.url).pipe(json<Answer, Command>(), reconnect());
          },
          notOwner: (answer) => {
            expectType<Answer>()(answer);
            return answer.notOwner && [answer.notOwner];
          },
        }),
      );
      expectType<ConnectionEvents<Answer, Command, undefined>>()(events$);
    });
  });

  it('refuse messages that the nodes do not take', () => {
    compiles(() => {
      // @ts-expect-error a number is no Command
      of(1).pipe(routeByPartition({ key: () => '', partitionMap$: NEVER, connect }));
      // @ts-expect-error there is no such policy
      outgoing$.pipe(routeByPartition({ key: () => '', partitionMap$: NEVER, connect, fallback: 'buffer' }));
    });
  });

  it('are checked where there are none', () => {
    const good = { key: String, partitionMap$: NEVER, connect: () => NEVER };
    const bad: [object, string][] = [
      [{ key: 'id' }, "expected `key` to be a function, got 'id'"],
      [{ connect: undefined }, 'expected `connect` to be a function, got undefined'],
      [{ hash: 7 }, 'expected `hash` to be a function, got 7'],
      [{ fallback: 'buffer' }, "expected `fallback` to be one of 'owner', 'replica', 'any', got 'buffer'"],
      [{ buffer: -1 }, 'expected `buffer` to be a whole number of at least 0, got -1'],
      [{ overflow: 'block' }, "expected `overflow` to be one of 'drop-oldest', 'drop-newest', 'error', got 'block'"],
      [{ idle: -1 }, "expected `idle` to be at least 0 ms, or a text such as '10s', got -1"],
      [{ retryAfter: 0 }, "expected `retryAfter` to be above 0 ms, or a text such as '10s', got 0"],
    ];
    for (const [config, message] of bad) {
      const make = (): unknown => routeByPartition({ ...good, ...config });
      expect(make).toThrow(new TypeError(`routeByPartition: ${message}`));
    }
    expect(() => routeByPartition({ ...good, circuitBreaker: { failures: 0 } })).toThrow(
      new TypeError('circuitBreaker: expected `failures` to be a whole number of at least 1, got 0'),
    );
  });
});

describe('a map that makes no sense', () => {
  const a = mockConnection<string, undefined>('a');
  const opens = (): Observable<ConnectionEvent<string, string, undefined>> =>
    new BehaviorSubject({ type: 'open' as const, connection: a });
  let hold: Subscription;
  let failure: unknown;

  const sendUnder = (map: PartitionMap, fallback: 'owner' | 'any' = 'any'): void => {
    const outgoing = new Subject<string>();
    failure = undefined;
    hold = outgoing
      .pipe(routeByPartition({ key: String, partitionMap$: new BehaviorSubject(map), connect: opens, fallback }))
      .subscribe({ error: (error: unknown) => (failure = error) });
    for (const message of ['x', 'y', 'z']) outgoing.next(message);
  };

  beforeEach(() => a.sent.splice(0));
  afterEach(() => hold.unsubscribe());

  it('has no partitions: messages wait', () => {
    sendUnder(mapOf([], { a: 'ws://a' }));
    expect([a.sent, failure]).toEqual([[], undefined]);
  });

  it('has no nodes: messages wait', () => {
    sendUnder(mapOf(['a', 'b'], {}));
    expect([a.sent, failure]).toEqual([[], undefined]);
  });

  it('names owners that it does not describe, or that are named like what every object has: any node takes the message, or it waits', () => {
    sendUnder(mapOf(['__proto__', 'constructor', 'b'], { a: 'ws://a' }));
    expect([a.sent, failure]).toEqual([['x', 'y', 'z'], undefined]);
    hold.unsubscribe();
    sendUnder(mapOf(['__proto__', 'constructor', 'b'], { a: 'ws://a' }), 'owner');
    expect([a.sent, failure]).toEqual([['x', 'y', 'z'], undefined]);
  });

  it('has a number of partitions that is no power of two', () => {
    sendUnder(mapOf(new Array<string>(271).fill('a'), { a: 'ws://a' }), 'owner');
    expect(a.sent).toEqual(['x', 'y', 'z']);
  });

  it('has partitions that are missing', () => {
    sendUnder({ ...mapOf([], { a: 'ws://a' }), partitions: new Array<never>(4) });
    expect(failure).toBeInstanceOf(TypeError);
  });
});

describe('a key or a hash that is none', () => {
  const run = async (config: object): Promise<unknown> => {
    const partitionMap$ = of(mapOf(['a', 'a', 'a'], { a: 'ws://a' }));
    const made = routeByPartition({ key: String, partitionMap$, connect: () => NEVER, ...config });
    return new Promise((resolve) => {
      const hold = new BehaviorSubject('x').pipe(made).subscribe({ error: resolve });
      hold.unsubscribe();
      resolve('none');
    });
  };

  it('is an error where it throws', async () => {
    const error = new Error('no key');
    const key = (): never => {
      throw error;
    };
    expect(await run({ key })).toBe(error);
    expect(await run({ key: () => undefined })).toBeInstanceOf(TypeError);
  });

  it('is a place like any other where it is any number', async () => {
    for (const number of [-1, 2 ** 40, 0.5, NaN, Infinity]) expect(await run({ hash: () => number })).toBe('none');
  });
});

describe('over real sockets', () => {
  let servers: MockServer[];
  const urls = (): Record<string, string> => Object.fromEntries(servers.map(({ url }, index) => [`n${index}`, url]));
  const connect = (node: ClusterNode): ConnectionEvents<Answer, Command> =>
    webSocket(node.url).pipe(
      json<Answer, Command>(),
      openTimeout({ within: 1_000 }),
      reconnect({ delay: constant(5) }),
    );
  const received = (server: MockServer): number[] =>
    server.received.map((frame) => (JSON.parse(String(frame)) as Command).n);

  beforeEach(async () => {
    servers = [await mockServer(), await mockServer()];
  });
  afterEach(async () => {
    for (const server of servers) await server.close();
  });

  it('all nodes come back after every link was cut, and what waited arrives in order (P1)', async () => {
    const outgoing = new Subject<Command>();
    const config = { key: ({ key }: Command) => key, hash: Number, connect };
    const partitionMap$ = new BehaviorSubject(mapOf(['n0', 'n1'], urls()));
    const hold = outgoing.pipe(routeByPartition({ ...config, partitionMap$ })).subscribe();
    for (const n of [1, 2]) outgoing.next({ key: String(n), n });
    for (const server of servers) await server.waitForMessage();

    for (const server of servers) for (const connection of server.connections) connection.drop();
    for (const server of servers) await server.waitForConnection(2);
    for (const n of [3, 4, 5, 6]) outgoing.next({ key: String(n), n });
    for (const server of servers) await server.waitUntil(() => server.received.length === 3);
    expect(servers.map(received)).toEqual([
      [2, 4, 6],
      [1, 3, 5],
    ]);
    hold.unsubscribe();
  });

  it('a node that was gone for good is sent what waited when it is back (P6)', async () => {
    const outgoing = new Subject<Command>();
    const port = servers[0]?.port ?? 0;
    const map = mapOf(['n0'], urls());
    await servers[0]?.close();
    const dialled = (node: ClusterNode): ConnectionEvents<Answer, Command> =>
      webSocket(node.url).pipe(json<Answer, Command>());
    const states: string[] = [];
    const failed$ = new Subject<void>();
    const onState = ({ state }: { readonly state: string }): void => {
      states.push(state);
      if (state === 'failed') failed$.next();
    };
    const config = { key: ({ key }: Command) => key, retryAfter: 20, onState };
    const hold = outgoing
      .pipe(routeByPartition({ ...config, connect: dialled, partitionMap$: new BehaviorSubject(map) }))
      .subscribe();
    const failed = firstValueFrom(failed$);
    for (const n of [1, 2]) outgoing.next({ key: 'k', n });
    await failed;

    servers[0] = await mockServer({ port });
    outgoing.next({ key: 'k', n: 3 });
    await servers[0].waitUntil(() => servers[0]?.received.length === 3);
    expect(received(servers[0])).toEqual([1, 2, 3]);
    expect(states.slice(-2)).toEqual(['connecting', 'open']);
    hold.unsubscribe();
  });

  it('two subscriptions are two connections, and none is left after both have ended (P12, P15, P24)', async () => {
    const map = mapOf(['n0'], urls());
    const events$ = new BehaviorSubject<Command>({ key: 'k', n: 1 }).pipe(
      routeByPartition({ key: ({ key }) => key, connect, partitionMap$: new BehaviorSubject(map) }),
    );
    const server = servers[0] as MockServer;
    const holds = [events$.subscribe(), events$.subscribe()];
    await server.waitUntil(() => server.received.length === 2);
    expect(server.connections).toHaveLength(2);

    // The third is ended while it dials.
    holds.push(events$.subscribe());
    for (const hold of holds) hold.unsubscribe();
    await server.waitUntil(() => server.connections.length === 0);
    expect(received(server)).toEqual([1, 1]);
  });

  it('a partition moves and the answer to what was asked before still arrives, over the connection that was asked', async () => {
    const [old, next] = servers as [MockServer, MockServer];
    const maps = new BehaviorSubject(mapOf(['n0'], urls()));
    const outgoing = new Subject<Command>();
    const events$ = outgoing.pipe(
      routeByPartition({ key: ({ key }) => key, connect, partitionMap$: maps, idle: 10_000 }),
    );
    const answers: string[] = [];
    const both$ = new Subject<void>();
    const hold = events$.subscribe((event) => {
      if (event.type === 'message') answers.push(`${event.data.done} from ${event.connection.url}`);
      if (answers.length === 2) both$.next();
    });
    const both = firstValueFrom(both$);
    outgoing.next({ key: 'k', n: 1 });
    const asked = await old.waitForConnection();
    await old.waitForMessage();

    maps.next(mapOf(['n1'], urls(), 2));
    outgoing.next({ key: 'k', n: 2 });
    await next.waitForMessage();
    asked.send(JSON.stringify({ done: 1 }));
    (await next.waitForConnection()).send(JSON.stringify({ done: 2 }));
    await both;
    expect(answers.sort()).toEqual([`1 from ${old.url}`, `2 from ${next.url}`]);
    hold.unsubscribe();
  });
});
