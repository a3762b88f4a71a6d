import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { Subject, tap, throwError } from 'rxjs';
import { json } from '../../src/codecs/json.js';
import { constant } from '../../src/core/backoff.js';
import { ReadyState } from '../../src/core/connection.js';
import type { ConnectionEvent, ConnectionEvents } from '../../src/core/event.js';
import { toWritable } from '../../src/node.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { close, mockConnection, open, reconnecting } from '../../src/testing.js';
import { webSocket } from '../../src/transports/webSocket.js';
import { HandScheduler } from '../core/handScheduler.js';
import { aServer, endAll } from '../transports/servers.js';

afterEach(endAll);

const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at + 1));

/** A stream over a connection that a test plays. */
function played(config: Parameters<typeof toWritable>[1] = {}) {
  const scheduler = new HandScheduler();
  const events$ = new Subject<ConnectionEvent<string, string>>();
  const connection = mockConnection<string>('a');
  const stream = toWritable(events$, { ...config, scheduler });
  const log: string[] = [];
  const write = (text: string): boolean =>
    stream.write(text, (error) => log.push(error ? `${text} ${error.name}` : text));
  stream.on('error', (error) => log.push(`error ${error.name}`));
  for (const event of ['drain', 'finish', 'close']) stream.on(event, () => log.push(event));
  return { scheduler, events$, connection, stream, log, write };
}

describe('toWritable', () => {
  it('sends what is piped into it in order, closes with 1000, and finishes when the peer has answered', async () => {
    const server = await aServer();
    await pipeline(Readable.from(numbers(1_000)), toWritable(webSocket(server.url)));
    expect(server.received).toEqual(numbers(1_000));
  });

  it('dials with the first write and not before', async () => {
    const server = await aServer();
    const unused = toWritable(webSocket(server.url));
    await new Promise<void>((resolve) => void unused.end(resolve));
    expect(server.dials).toBe(0);
    const stream = toWritable(webSocket(server.url));
    stream.write('ahoy');
    expect(await server.waitForMessage()).toBe('ahoy');
    stream.destroy();
  });

  it('lets writes wait while no connection is open, and goes on over the next', async () => {
    const server = await aServer();
    server.refuse(503);
    const stream = toWritable(webSocket(server.url).pipe(reconnect({ delay: constant(5) })), { highWaterMark: 2 });
    expect([stream.write('1'), stream.write('2')]).toEqual([true, false]);
    await new Promise((resolve) => stream.once('drain', resolve));
    const connection = await server.waitForConnection();
    await connection.waitForMessage('2');
    connection.reset();
    await connection.closed;
    for (let turn = 0; turn < 10; turn++) await setImmediate();
    stream.end('3');
    await server.waitForMessage('3');
    await new Promise((resolve) => stream.once('close', resolve));
    expect(server.received).toEqual(['1', '2', '3']);
  });

  it('holds writes back while the connection has taken all it can', async () => {
    const { scheduler, events$, connection, log, write, stream } = played({ highWaterMark: 2, highWater: 100 });
    write('1');
    events$.next(open(connection));
    await setImmediate();
    connection.bufferedAmount = 101;
    write('2');
    expect(write('3')).toBe(false);
    await scheduler.advance(50);
    expect([log, connection.sent]).toEqual([['1'], ['1']]);
    connection.bufferedAmount = 100;
    await scheduler.advance(5);
    await setImmediate();
    expect([log, connection.sent]).toEqual([
      ['1', 'drain', '2', '3'],
      ['1', '2', '3'],
    ]);
    stream.destroy();
    expect(scheduler.pending).toBe(0);
  });

  it('keeps no more than its marks while a real peer does not read, and loses nothing', async () => {
    const MIB = 1_048_576;
    const server = await aServer();
    let buffered = (): number => 0;
    const events$ = webSocket(server.url).pipe(
      tap((event) => {
        if (event.type === 'open') buffered = () => event.connection.bufferedAmount;
      }),
    );
    const stream = toWritable(events$, { highWater: MIB });
    stream.write('first');
    const connection = await server.waitForConnection();
    await connection.waitForMessage('first');
    connection.freeze();
    const texts = numbers(400).map((text) => text.padEnd(65_536));
    let most = 0;
    function* watched(): Generator<string> {
      for (const text of texts) {
        most = Math.max(most, buffered());
        yield text;
      }
    }
    const piped = pipeline(Readable.from(watched()), stream);
    for (let before = -1; before !== connection.received.length + most;) {
      before = connection.received.length + most;
      for (let turn = 0; turn < 200; turn++) await setImmediate();
    }
    expect(stream.writableNeedDrain).toBe(true);
    connection.thaw();
    await piped;
    process.stdout.write(
      `      400 × 64 KiB to a peer that does not read: at most ${most} bytes accepted (mark ${MIB})\n`,
    );
    expect(most).toBeLessThan(MIB + 2 * 65_600);
    expect(connection.received.slice(1)).toEqual(texts);
  }, 30_000);

  it('closes only when all is handed to the network', async () => {
    const { scheduler, events$, connection, log, write, stream } = played();
    write('1');
    events$.next(open(connection));
    connection.bufferedAmount = 10;
    stream.end();
    await scheduler.advance(50);
    expect(connection.closed).toEqual([]);
    connection.bufferedAmount = 0;
    await scheduler.advance(5);
    expect(connection.closed).toEqual([{ code: 1000, reason: '' }]);
    expect(log).toEqual(['1']);
    events$.next(close(connection, 1000));
    await setImmediate();
    expect([log, events$.observed]).toEqual([['1', 'finish', 'close'], false]);
  });

  it('finishes at once when the connection is gone by then', async () => {
    const { events$, connection, log, write, stream } = played();
    write('1');
    events$.next(open(connection));
    events$.next(reconnecting(1, 1_000));
    stream.end();
    await setImmediate();
    expect([log, events$.observed]).toEqual([['1', 'finish', 'close'], false]);
  });

  it('tells an error once, to the write that waits too', async () => {
    const { events$, connection, log, write } = played();
    write('1');
    events$.next(open(connection));
    events$.next(close(connection, 4000));
    write('2');
    write('3');
    events$.error(new RangeError('gave up'));
    await setImmediate();
    expect(log).toEqual(['1', '2 RangeError', '3 RangeError', 'error RangeError', 'close']);
  });

  it('fails with what cannot be encoded', async () => {
    const server = await aServer();
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const piped = pipeline(Readable.from([{ n: 1 }, circle, { n: 2 }]), toWritable(webSocket(server.url).pipe(json())));
    await expect(piped).rejects.toThrow(/circular/);
    await server.waitUntil(() => server.connections.length === 0);
  });

  it('is destroyed without an error when the peer closes with 1000 in a pause, and with one in a write', async () => {
    const idle = played();
    idle.write('1');
    idle.events$.next(open(idle.connection));
    idle.events$.next(close(idle.connection, 1000));
    idle.events$.complete();
    await setImmediate();
    expect(idle.log).toEqual(['1', 'close']);

    const busy = played();
    busy.write('1');
    busy.events$.complete();
    await setImmediate();
    expect(busy.log).toEqual(['1 ConnectionClosedError', 'error ConnectionClosedError', 'close']);
  });

  it('makes a pipeline fail when the peer closes with 1000 too early', async () => {
    const server = await aServer({
      reply(_, connection) {
        if (connection.readyState === ReadyState.OPEN) connection.close(1000);
      },
    });
    async function* endless(): AsyncGenerator<string> {
      for (;;) {
        yield 'more';
        await setImmediate();
      }
    }
    await expect(pipeline(endless, toWritable(webSocket(server.url)))).rejects.toMatchObject({
      message: expect.stringMatching(/closed with code 1000|Premature close/),
    });
  });

  it('lets go of the socket when it is destroyed or aborted, and calls back the write that waits', async () => {
    const server = await aServer();
    const abort = new AbortController();
    const stream = toWritable(webSocket(server.url), { signal: abort.signal });
    stream.write('1');
    const connection = await server.waitForConnection();
    await connection.waitForMessage('1');
    const failed = new Promise((resolve) => stream.once('error', resolve));
    abort.abort();
    expect(await failed).toMatchObject({ name: 'AbortError' });
    expect((await connection.closed).code).toBe(1000);

    const { log, write, stream: waiting, events$ } = played();
    write('1');
    waiting.destroy();
    await setImmediate();
    expect([log, events$.observed]).toEqual([['1 ConnectionClosedError', 'close'], false]);
  });

  it('fails when it cannot dial', async () => {
    const cause = new Error('no way');
    const events$ = throwError(() => cause) as ConnectionEvents<string>;
    await expect(pipeline(Readable.from(['1']), toWritable(events$))).rejects.toBe(cause);
  });

  it('refuses bad options at once', () => {
    const events$ = new Subject<ConnectionEvent<string>>();
    expect(() => toWritable(events$, { highWaterMark: 0 })).toThrow('toWritable: expected `highWaterMark`');
    expect(() => toWritable(events$, { highWater: -1 })).toThrow('toWritable: expected `highWater`');
  });
});
