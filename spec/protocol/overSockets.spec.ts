import { filter, firstValueFrom, Subject } from 'rxjs';
import { constant } from '../../src/core/backoff.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import {
  channels,
  dedupe,
  drainHandover,
  drainOn,
  json,
  reconnect,
  requests,
  sendFrom,
  shareConnection,
  webSocket,
} from '../../src/index.js';
import { type MockServer, mockServer } from '../../src/testing/mockServer.js';
import type { ServerConnection } from '../../src/testing/serverConnection.js';
import { leftOver } from '../gateway/worker/leftOver.js';

interface ToServer {
  readonly kind: 'ask' | 'cancel' | 'join' | 'leave' | 'say';
  readonly id?: number;
  readonly topic?: string;
}
interface FromServer {
  readonly kind: 'answer' | 'news' | 'draining';
  readonly id?: number;
  readonly topic?: string;
  readonly seq?: number;
}

const read = (frame: unknown): ToServer => JSON.parse(String(frame)) as ToServer;
const kinds = ({ received }: ServerConnection): string[] => received.map((frame) => read(frame).kind);
const seqs = (length: number): number[] => Array.from({ length }, (_, at) => at + 1);

/** Answers each request, and tells everybody who joined a piece of news with it. */
function newsroom(server: MockServer, drainAt: number, leave: (connection: ServerConnection) => void) {
  const joined = new Set<ServerConnection>();
  let seq = 0;
  server.reply((frame, connection) => {
    const { kind, id } = read(frame);
    if (kind === 'join') joined.add(connection);
    if (kind !== 'ask') return undefined;
    seq += 1;
    for (const one of joined) if (one.readyState === 1) one.send({ kind: 'news', topic: 'x', seq });
    if (seq === drainAt) {
      connection.send({ kind: 'draining' });
      leave(connection);
    }
    return { kind: 'answer', id };
  });
}

function client(url: string, handover: boolean) {
  const outgoing$ = new Subject<ToServer>();
  const kept$ = webSocket(url).pipe(
    json<FromServer, ToServer>(),
    drainOn(({ kind }) => kind === 'draining'),
    reconnect({ delay: constant(20), closeCodes: { 403: 'stop' } }),
  );
  const shared$ = (handover ? kept$.pipe(drainHandover({ linger: 400 })) : kept$).pipe(
    dedupe({ key: ({ seq }) => seq, window: 1_000 }),
    sendFrom(outgoing$),
    shareConnection(),
  );
  const rpc = requests(shared$, {
    id: ({ kind, id }) => (kind === 'ask' ? id : undefined),
    isReply: ({ kind, id }) => (kind === 'answer' ? id : undefined),
    cancel: (connection, { id }) => connection.send({ kind: 'cancel', ...(id !== undefined && { id }) }),
  });
  const topics = channels(shared$, {
    join: (connection, topic) => connection.send({ kind: 'join', topic }),
    leave: (connection, topic) => connection.send({ kind: 'leave', topic }),
    topicOf: ({ topic }) => topic,
  });
  return { shared$, outgoing$, rpc, topics };
}

describe('requests and channels over sockets', () => {
  let server: MockServer;
  let left: () => Promise<readonly string[]>;
  beforeEach(async () => {
    left = leftOver();
    server = await mockServer();
  });
  afterEach(async () => {
    await server.close();
    expect(await left()).toEqual([]);
  });

  /** Asks ten at a time until `done` happens, and watches a topic for as long. */
  async function work({ shared$, rpc, topics }: ReturnType<typeof client>, done: ConnectionEvent<never>['type']) {
    let over = false;
    let next = 1;
    const news: (number | undefined)[] = [];
    const answers: (number | undefined)[] = [];
    const until = shared$.subscribe({ next: ({ type }) => (over ||= type === done), error: () => (over = true) });
    const watching = topics.watch('x').subscribe(({ seq }) => news.push(seq));
    const ask = async (): Promise<void> => {
      while (!over) answers.push((await firstValueFrom(rpc.request({ kind: 'ask', id: next++ }))).id);
    };
    try {
      await Promise.all(Array.from({ length: 10 }, ask));
      return { answers, news };
    } finally {
      over = true;
      watching.unsubscribe();
      until.unsubscribe();
    }
  }

  it('live through a drain handover without the consumer noticing', async () => {
    server.delay(3);
    newsroom(server, 100, () => undefined);
    const one = client(server.url, true);

    const { answers, news } = await work(one, 'retired');
    const successor = await server.waitForConnection(2);

    expect([...answers].sort((x = 0, y = 0) => x - y)).toEqual(seqs(answers.length));
    expect(news).toEqual(seqs(news.length));
    expect(news.length).toBeGreaterThanOrEqual(answers.length);
    expect(server.dials).toBe(2);
    expect(kinds(successor).slice(0, 2)).toEqual(['join', 'ask']);
    const all = server.received.map((frame) => read(frame));
    expect(all.filter(({ kind }) => kind === 'ask').map(({ id }) => id)).toEqual(seqs(answers.length));
    expect(all.filter(({ kind }) => kind === 'join')).toHaveLength(2);
    expect(all.filter(({ kind }) => kind === 'cancel')).toEqual([]);
  });

  it('are seen to break without the handover, where the server leaves at once', async () => {
    server.delay(3);
    newsroom(server, 100, (connection) => connection.close(1001));

    await expect(work(client(server.url, false), 'retired')).rejects.toMatchObject({
      name: 'RequestDisconnectedError',
      sent: true,
      cause: { name: 'ConnectionClosedError', code: 1001 },
    });
  });

  it('join before what waited is sent, on every connection', async () => {
    const { topics, outgoing$, shared$ } = client(server.url, true);
    const lost = firstValueFrom(shared$.pipe(filter(({ type }) => type === 'close')));
    outgoing$.subscribe();
    const watching = topics.watch('x').subscribe();
    outgoing$.next({ kind: 'say', id: 1 });
    const first = await server.waitForConnection(1);
    await first.waitForMessage((frame) => read(frame).kind === 'say');

    first.reset();
    await lost;
    outgoing$.next({ kind: 'say', id: 2 });
    const second = await server.waitForConnection(2);
    await second.waitForMessage((frame) => read(frame).kind === 'say');

    expect([kinds(first), kinds(second)]).toEqual([
      ['join', 'say'],
      ['join', 'say'],
    ]);
    watching.unsubscribe();
    await second.closed;
  });

  it('tell the peer that nobody awaits an answer, or watches a topic, any more', async () => {
    const { rpc, topics, shared$ } = client(server.url, true);
    const held = shared$.subscribe();
    const asking = rpc.request({ kind: 'ask', id: 7 }).subscribe();
    const watching = topics.watch('x').subscribe();
    const connection = await server.waitForConnection(1);
    await connection.waitForMessage((frame) => read(frame).kind === 'join');

    asking.unsubscribe();
    watching.unsubscribe();
    await connection.waitForMessage((frame) => read(frame).kind === 'leave');
    expect(connection.received.map(read)).toEqual([
      { kind: 'ask', id: 7 },
      { kind: 'join', topic: 'x' },
      { kind: 'cancel', id: 7 },
      { kind: 'leave', topic: 'x' },
    ]);
    held.unsubscribe();
    await connection.closed;
  });

  it('fail what was asked over a link that breaks, and what was not sent when all is over', async () => {
    const { rpc } = client(server.url, true);
    const asked = firstValueFrom(rpc.request({ kind: 'ask', id: 1 }));
    const connection = await server.waitForConnection(1);
    await connection.waitForMessage();
    connection.reset();
    await expect(asked).rejects.toMatchObject({ name: 'RequestDisconnectedError', sent: true });

    server.refuse(403, {}, { times: Infinity });
    await expect(firstValueFrom(rpc.request({ kind: 'ask', id: 2 }))).rejects.toMatchObject({
      name: 'RequestDisconnectedError',
      sent: false,
      cause: { name: 'DialError', status: 403 },
    });
  });
});
