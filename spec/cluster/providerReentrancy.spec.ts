import { concat, NEVER, of, Subject } from 'rxjs';
import { clusterProvider } from '../../src/cluster/clusterProvider.js';
import type { ConnectionProvider } from '../../src/cluster/connectionProvider.js';
import { httpSyncProvider } from '../../src/cluster/httpSyncProvider.js';
import type { PartitionMap } from '../../src/cluster/partitionMap.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import { type MockConnection, mockConnection } from '../../src/testing/mockConnection.js';

type Event = ConnectionEvent<string, string, undefined>;

describe('httpSyncProvider, while it sends what waited', () => {
  let events$: Subject<Event>;
  let connection: MockConnection<string, undefined>;
  let provider: ConnectionProvider<string>;
  const open = (): void => events$.next({ type: 'open', connection });
  /** Does something in the middle of each `send()`. */
  const sending = (act: (message: string) => void): void => {
    const send = connection.send.bind(connection);
    connection.send = (message) => {
      act(message);
      send(message);
    };
  };

  beforeEach(() => {
    events$ = new Subject();
    connection = mockConnection('a');
    provider = httpSyncProvider(events$);
    void provider.connect();
    for (const message of ['1', '2']) provider.send(message);
  });
  afterEach(() => provider.close());

  it('sends each message once, and behind them what comes meanwhile', () => {
    sending((message) => {
      if (message === '1') provider.send('3');
    });
    open();
    expect(connection.sent).toEqual(['1', '2', '3']);
  });

  it('tells once of a message that cannot be sent, also where that makes a listener send', () => {
    const told: string[] = [];
    provider.events$.subscribe(({ type }) => {
      told.push(type);
      if (type === 'error') provider.send(`report ${told.length}`);
    });
    sending((message) => {
      if (message === '1') throw new Error('cannot be encoded');
    });
    open();
    expect([connection.sent, told]).toEqual([
      ['2', 'report 1'],
      ['error', 'connected'],
    ]);
  });

  it('stays closed where somebody closes it', () => {
    sending(() => provider.close());
    open();
    expect([connection.sent, provider.isConnected, provider.connectedNodes]).toEqual([['1'], false, []]);
  });

  it('keeps a message for the next connection where this one turns out to be closed', () => {
    const next = mockConnection<string, undefined>('b');
    sending(() => connection.lost());
    open();
    expect(connection.sent).toEqual([]);
    events$.next({ type: 'open', connection: next });
    expect(next.sent).toEqual(['1', '2']);
  });
});

describe('clusterProvider, when it has given up', () => {
  it('takes no message that nobody would send or tell of', async () => {
    const map: PartitionMap = {
      epoch: 'e',
      version: 1,
      nodes: new Map(['a', 'b'].map((id) => [id, { id, url: `ws://${id}` }])),
      partitions: ['a', 'b'].map((owner) => ({ owner, replicas: [] })),
    };
    const a = mockConnection<string, undefined>('a');
    const provider = clusterProvider<string, string, undefined>({
      key: String,
      hash: Number,
      ...{ buffer: 1, overflow: 'error' as const, partitionMap$: concat(of(map), NEVER) },
      connect: ({ id }) => (id === 'a' ? concat(of({ type: 'open' as const, connection: a }), NEVER) : NEVER),
    });
    const told: string[] = [];
    provider.events$.subscribe((event) => {
      if (event.type !== 'dropped') return;
      told.push(String(event.message));
      try {
        provider.send('7');
      } catch (error) {
        told.push((error as Error).name);
      }
    });
    await provider.connect();
    for (const message of ['1', '3']) provider.send(message);
    expect([told, a.sent]).toEqual([['1', 'NotOpenError', '3', 'NotOpenError'], []]);
    provider.close();
  });
});
