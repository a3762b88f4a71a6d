import { once } from 'node:events';
import { addAbortSignal, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { concat, firstValueFrom, of, Subject, tap, throwError, timer } from 'rxjs';
import { json } from '../../src/codecs/json.js';
import { constant } from '../../src/core/backoff.js';
import type { Frame } from '../../src/core/connection.js';
import { BufferOverflowError } from '../../src/core/errors.js';
import type { ConnectionEvent, ConnectionEvents } from '../../src/core/event.js';
import { toDuplex, toReadable, toWritable } from '../../src/node.js';
import { heartbeat } from '../../src/operators/heartbeat.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { shareConnection } from '../../src/operators/shareConnection.js';
import { message, mockConnection, open } from '../../src/testing.js';
import { webSocket } from '../../src/transports/webSocket.js';
import { aServer, endAll } from '../transports/servers.js';

afterEach(endAll);

/** Calls `act` whenever a connection that reads is paused. */
const whenPaused = (act: () => void) =>
  tap((event: ConnectionEvent<unknown, never>) => {
    if (event.type !== 'open') return;
    const { connection } = event;
    const { pause, resume } = connection;
    let paused = false;
    Object.assign(connection, {
      pause() {
        if (!paused) act();
        paused = true;
        pause?.();
      },
      resume() {
        paused = false;
        resume?.();
      },
    });
  });

/** A stream's errors, and whether it is closed. */
function watched(stream: NodeJS.EventEmitter) {
  const errors: unknown[] = [];
  stream.on('error', (error) => errors.push(error));
  const closed = new Promise<void>((resolve) => void stream.on('close', () => resolve()));
  return { errors, closed };
}

describe('toReadable', () => {
  it('reads the messages in order, and ends when the peer closes with 1000', async () => {
    const server = await aServer({
      greet(connection) {
        for (let n = 1; n <= 100; n++) connection.send({ n });
        connection.close(1000);
      },
    });
    const read: number[] = [];
    for await (const { n } of toReadable(webSocket(server.url).pipe(json<{ n: number }>()))) read.push(n as number);
    expect(read).toEqual(Array.from({ length: 100 }, (_, at) => at + 1));
  });

  it('dials with the first read and not before', async () => {
    const server = await aServer({ greet: () => 'ahoy' });
    const untouched = toReadable(webSocket(server.url));
    untouched.destroy();
    const stream = toReadable(webSocket(server.url));
    expect(server.dials).toBe(0);
    for await (const text of stream) {
      expect(text).toBe('ahoy');
      break;
    }
    expect(server.dials).toBe(1);
  });

  it('never queues more of 200,000 messages than its high-water mark and one read from the network', async () => {
    const COUNT = 200_000;
    const FRAME = 32;
    const server = await aServer({
      greet(connection) {
        for (let n = 1; n <= COUNT; n++) connection.send(String(n).padStart(FRAME - 2));
        connection.close(1000);
      },
    });
    let pauses = 0;
    let queued = 0;
    const events$ = webSocket(server.url).pipe(
      whenPaused(() => pauses++),
      tap(({ type }) => {
        if (type === 'message') queued = Math.max(queued, stream.readableLength + 1);
      }),
    );
    const stream = toReadable(events$, { highWaterMark: 64 });
    let last = 0;
    for await (const text of stream) {
      if (Number(text) !== last + 1) throw new Error(`${String(text)} came after ${last}`);
      last += 1;
      if (last % 100 === 0) await setImmediate();
    }
    const oneRead = 65_536 / FRAME;
    process.stdout.write(
      `      200,000 messages: at most ${queued} queued (mark 64, one read holds ${oneRead}), paused ${pauses} times\n`,
    );
    expect(last).toBe(COUNT);
    expect(pauses).toBeGreaterThan(20);
    expect(queued).toBeLessThanOrEqual(64 + oneRead);
  }, 60_000);

  it('leaves what a reader that has stopped does not take with the server', async () => {
    const SIZE = 65_536;
    const server = await aServer();
    const stream = toReadable(webSocket(server.url), { highWaterMark: 4 });
    stream.once('readable', () => undefined);
    const connection = await server.waitForConnection();
    const told = 1_000;
    for (let n = 1; n <= told; n++) connection.send(String(n).padEnd(SIZE));
    await new Promise((resolve) => stream.once('readable', resolve));
    // Time for all that can arrive to arrive: whole turns in which nothing does.
    for (let before = -1; before !== stream.readableLength;) {
      before = stream.readableLength;
      for (let turn = 0; turn < 100; turn++) await setImmediate();
    }
    expect(stream.readableLength).toBeGreaterThanOrEqual(4);
    expect(stream.readableLength).toBeLessThanOrEqual(4 + 1);

    connection.close(1000);
    const numbers: number[] = [];
    for await (const text of stream) numbers.push(parseInt(text as string, 10));
    expect([numbers.length, numbers[0], numbers.at(-1)]).toEqual([told, 1, told]);
  }, 30_000);

  it('pauses what opens while it is full, and resumes all when it has room', () => {
    const [a, b] = [mockConnection<string>('a'), mockConnection<string>('b')];
    const events$ = new Subject<ConnectionEvent<string>>();
    const stream = toReadable(events$, { highWaterMark: 2 });
    stream.read();
    for (const event of [open(a), message(a, '1')]) events$.next(event);
    expect(a.paused).toBe(false);
    events$.next(message(a, '2'));
    expect(a.paused).toBe(true);
    events$.next(open(b));
    expect(b.paused).toBe(true);
    expect([stream.read(), a.paused, b.paused]).toEqual(['1', false, false]);
    stream.destroy();
  });

  it('tells an error once, after the messages that came before it', async () => {
    const server = await aServer({
      greet(connection) {
        for (const text of ['1', '2', '3']) connection.send(text);
        connection.close(4000, 'enough');
      },
    });
    const stream = toReadable(webSocket(server.url));
    const { errors, closed } = watched(stream);
    const read: unknown[] = [];
    stream.on('data', (text) => {
      read.push(text);
      // The rest waits in the queue while the connection ends.
      stream.pause();
      void server.connections[0]?.closed.then(() => setImmediate()).then(() => stream.resume());
      if (server.connections.length === 0) stream.resume();
    });
    await closed;
    expect(read).toEqual(['1', '2', '3']);
    expect(errors).toEqual([expect.objectContaining({ name: 'ConnectionClosedError', code: 4000 })]);
  });

  it('keeps what it has for a late reader, and then throws', async () => {
    const a = mockConnection<string>('a');
    const cause = new Error('cut');
    const events$ = concat(
      of(open(a), message(a, '1'), message(a, '2')),
      throwError(() => cause),
    );
    const stream = toReadable(events$ as ConnectionEvents<string>);
    stream.once('readable', () => undefined);
    await setImmediate();
    const read: unknown[] = [];
    await expect(
      (async () => {
        for await (const text of stream) read.push(text);
      })(),
    ).rejects.toBe(cause);
    expect(read).toEqual(['1', '2']);
  });

  it('works in a pipeline through cuts of the link', async () => {
    const server = await aServer({ greet: ({ id }) => ({ id }) });
    const again$ = webSocket(server.url).pipe(json<{ id: number }>(), reconnect({ delay: constant(5) }));
    const ids: number[] = [];
    const write = new Writable({
      objectMode: true,
      write({ id }: { id: number }, _encoding, done) {
        ids.push(id);
        if (id < 4) server.connections[0]?.reset();
        else server.connections[0]?.close(1000);
        done();
      },
    });
    await pipeline(
      toReadable(again$),
      new Transform({ objectMode: true, transform: (chunk, _, done) => done(null, chunk) }),
      write,
    );
    expect(ids).toEqual([1, 2, 3, 4]);
  });

  it.each(['signal', 'addAbortSignal', 'pipeline'])('is aborted by a signal: %s', async (way) => {
    const server = await aServer({ greet: () => 'ahoy' });
    const abort = new AbortController();
    const { signal } = abort;
    const stream = toReadable(webSocket(server.url), way === 'signal' ? { signal } : {});
    if (way === 'addAbortSignal') addAbortSignal(signal, stream);
    const sink = new Writable({ objectMode: true, write: () => abort.abort() });
    const piped = pipeline(stream, sink, way === 'pipeline' ? { signal } : {});
    const connection = await server.waitForConnection();
    await expect(piped).rejects.toMatchObject({ name: 'AbortError' });
    expect((await connection.closed).code).toBe(1000);
  });

  it.each([toReadable, toWritable, toDuplex])(
    'does not begin with a signal that is aborted already (%p)',
    async (make) => {
      const events$ = new Subject<ConnectionEvent<string>>();
      const stream = make(events$, { signal: AbortSignal.abort() });
      const [error] = (await once(stream, 'error')) as [Error];
      expect(error.name).toBe('AbortError');
      expect(events$.observed).toBe(false);
    },
  );

  it('lets go of the socket when it is destroyed, also before the connection is open', async () => {
    const server = await aServer({ greet: () => 'ahoy' });
    const stream = toReadable(webSocket(server.url));
    const connection = server.waitForConnection();
    stream.on('data', () => stream.destroy());
    expect((await (await connection).closed).code).toBe(1000);

    server.hang();
    const early = toReadable(webSocket(server.url)).resume();
    const { errors, closed } = watched(early);
    await setImmediate();
    early.destroy();
    await closed;
    expect(errors).toEqual([]);
  });

  it('may be read slowly for longer than a heartbeat waits for an answer, on a live peer', async () => {
    const server = await aServer({
      greet(connection) {
        for (let n = 1; n <= 10; n++) connection.send(String(n));
      },
    });
    const heartbeats = heartbeat<Frame, Frame, undefined>({ interval: 20, timeout: 40 });
    const stream = toReadable(webSocket(server.url).pipe(heartbeats), { highWaterMark: 1 });
    const read: unknown[] = [];
    for await (const text of stream) {
      read.push(text);
      // The first one is looked at for long; meanwhile nothing is read, no answer to a ping either.
      if (read.length === 1) {
        await server.waitUntil(() => server.connections[0]!.pings > 0);
        await firstValueFrom(timer(150));
      }
      if (read.length === 10) server.connections[0]?.close(1000);
    }
    expect([read.length, server.dials]).toEqual([10, 1]);
  });

  it('lets a shared connection go on that it had paused', () => {
    const a = mockConnection<string>('a');
    const events$ = new Subject<ConnectionEvent<string>>();
    const shared$ = events$.pipe(shareConnection());
    const others = shared$.subscribe();
    const stream = toReadable(shared$, { highWaterMark: 1 });
    stream.read();
    for (const event of [open(a), message(a, '1')]) events$.next(event);
    expect(a.paused).toBe(true);
    stream.destroy();
    expect(a.paused).toBe(false);
    others.unsubscribe();
  });

  it.each([toReadable, toDuplex])('hangs up where nothing can be paused and nobody reads (%p)', async (toStream) => {
    const a = mockConnection<string>('a', { node: false });
    const events$ = new Subject<ConnectionEvent<string>>();
    const stream = toStream(events$, { highWaterMark: 2 });
    const read: string[] = [];
    stream.read();

    events$.next(open(a));
    for (let count = 0; count < 1_026; count++) events$.next(message(a, String(count)));
    expect(events$.observed).toBe(true);
    events$.next(message(a, 'one too many'));
    expect(events$.observed).toBe(false);

    const reading = (async () => {
      for await (const text of stream) read.push(text as string);
    })();
    await expect(reading).rejects.toThrow(new BufferOverflowError(1_026));
    expect([read.length, read.at(-1)]).toEqual([1_026, '1025']);
  });

  it('ends also with an error that is none', async () => {
    const stream = toReadable(throwError(() => undefined)).resume();
    const { errors, closed } = watched(stream);
    await closed;
    expect([errors, stream.readableEnded]).toEqual([[], false]);
  });

  it('fails on null, which would look like its end', async () => {
    const a = mockConnection<null>('a');
    const stream = toReadable(of(open(a), message(a, null)) as ConnectionEvents<null>).resume();
    const { errors, closed } = watched(stream);
    await closed;
    expect(errors).toEqual([new TypeError('a stream cannot carry the message `null`')]);
  });

  it('refuses a bad option at once', () => {
    expect(() => toReadable(new Subject<ConnectionEvent<string>>(), { highWaterMark: 0 })).toThrow(
      'toReadable: expected `highWaterMark` to be a whole number of at least 1, got 0',
    );
  });
});
