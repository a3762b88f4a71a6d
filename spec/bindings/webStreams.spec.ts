import { setImmediate } from 'node:timers/promises';
import { NEVER, Observable, Subject } from 'rxjs';
import { toReadableStream } from '../../src/bindings/readableStream.js';
import { toWritableStream, type WritableStreamConfig } from '../../src/bindings/writableStream.js';
import { json } from '../../src/codecs/json.js';
import { constant } from '../../src/core/backoff.js';
import type { ConnectionEvent, ConnectionEvents } from '../../src/core/event.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { close, message, mockConnection, open } from '../../src/testing.js';
import { webSocket } from '../../src/transports/webSocket.js';
import { HandScheduler } from '../core/handScheduler.js';
import { aServer, endAll } from '../transports/servers.js';
import { expectType } from '../types/expectType.js';

afterEach(endAll);

const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at + 1));
const nameOf = (error: unknown): string => (error as Error).name;

describe('toReadableStream', () => {
  it('gives the messages in order, typed, and closes with the connection', async () => {
    const server = await aServer({
      greet(connection) {
        for (let n = 1; n <= 100; n++) connection.send({ n });
        connection.close(1000);
      },
    });
    const stream = toReadableStream(webSocket(server.url).pipe(json<{ readonly n: number }>()));
    expectType<ReadableStream<{ readonly n: number }>>()(stream);
    await setImmediate();
    expect(server.dials).toBe(0);
    const read: number[] = [];
    await stream.pipeTo(new WritableStream({ write: ({ n }) => void read.push(n) }));
    expect(read).toEqual(Array.from({ length: 100 }, (_, at) => at + 1));
  });

  it('hangs up when it is cancelled, also while a read waits', async () => {
    const server = await aServer({ greet: () => 'ahoy' });
    const reader = toReadableStream(webSocket(server.url)).getReader();
    const connection = server.waitForConnection();
    expect(await reader.read()).toEqual({ done: false, value: 'ahoy' });
    const waiting = reader.read();
    await reader.cancel();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect((await (await connection).closed).code).toBe(1000);
  });

  it('pauses a connection and gives what came before an error, then the error', async () => {
    const events$ = new Subject<ConnectionEvent<string>>();
    const a = mockConnection<string>('a');
    const reader = toReadableStream(events$, { highWaterMark: 2 }).getReader();
    const first = reader.read();
    await setImmediate();
    events$.next(open(a));
    for (const text of ['1', '2', '3']) events$.next(message(a, text));
    expect(a.paused).toBe(true);
    events$.error(new RangeError('cut'));
    expect([(await first).value, (await reader.read()).value, (await reader.read()).value]).toEqual(['1', '2', '3']);
    await expect(reader.read()).rejects.toThrow('cut');
  });

  it('refuses a bad option in its own name', () => {
    expect(() => toReadableStream(NEVER as ConnectionEvents<string>, { highWaterMark: 0 })).toThrow(
      'toReadableStream: expected `highWaterMark`',
    );
  });
});

/** A stream over a connection that a test plays. */
function played(config: WritableStreamConfig = {}) {
  const scheduler = new HandScheduler();
  const events$ = new Subject<ConnectionEvent<string, string>>();
  const connection = mockConnection<string>('a');
  const writer = toWritableStream(events$, { ...config, scheduler }).getWriter();
  writer.closed.catch(() => undefined);
  writer.ready.catch(() => undefined);
  const log: string[] = [];
  const note = (what: string, promise: Promise<unknown>): void =>
    void promise.then(
      () => log.push(what),
      (error: unknown) => log.push(`${what} ${nameOf(error)}`),
    );
  const write = (text: string): void => note(text, writer.write(text));
  return { scheduler, events$, connection, writer, log, note, write };
}

describe('toWritableStream', () => {
  it('sends what is piped into it, through cuts of the link, and closes when the peer has answered', async () => {
    const server = await aServer();
    server.refuse(503);
    const again$ = webSocket(server.url).pipe(json<string>(), reconnect({ delay: constant(5) }));
    const stream = toWritableStream(again$);
    expectType<WritableStream<string>>()(stream);
    await setImmediate();
    expect(server.dials).toBe(0);
    const source = new ReadableStream<string>({
      start(controller) {
        for (const text of numbers(1_000)) controller.enqueue(text);
        controller.close();
      },
    });
    await source.pipeTo(stream);
    expect(server.received.map((text) => JSON.parse(text as string) as string)).toEqual(numbers(1_000));
    expect(server.dials).toBe(2);
  });

  it('holds writes back while the connection has taken all it can', async () => {
    const { scheduler, events$, connection, writer, log, write } = played({ highWater: 100 });
    write('1');
    await setImmediate();
    events$.next(open(connection));
    await setImmediate();
    connection.bufferedAmount = 101;
    write('2');
    await scheduler.advance(50);
    expect([log, connection.sent, writer.desiredSize]).toEqual([['1'], ['1'], 0]);
    connection.bufferedAmount = 0;
    await scheduler.advance(5);
    await setImmediate();
    expect([log, connection.sent, writer.desiredSize]).toEqual([['1', '2'], ['1', '2'], 1]);
    await writer.abort();
    expect([events$.observed, scheduler.pending]).toEqual([false, 0]);
  });

  it('closes with 1000, and is not disturbed by a connection that would come back', async () => {
    const { events$, connection, writer, log, note, write } = played();
    write('1');
    await setImmediate();
    events$.next(open(connection));
    await setImmediate();
    note('closed', writer.close());
    await setImmediate();
    expect([log, connection.closed]).toEqual([['1'], [{ code: 1000, reason: '' }]]);
    events$.next(close(connection, 1000));
    await setImmediate();
    expect([log, events$.observed]).toEqual([['1', 'closed'], false]);
  });

  it('hangs up when it is aborted while a write waits', async () => {
    const { events$, writer, log, note, write } = played();
    write('1');
    await setImmediate();
    expect(events$.observed).toBe(true);
    note('aborted', writer.abort(new RangeError('enough')));
    await setImmediate();
    expect([log, events$.observed]).toEqual([['1 RangeError', 'aborted'], false]);
  });

  it.each(['error', 'complete'] as const)('errors when the connection ends for good: %s', async (end) => {
    const { events$, connection, writer, log, write } = played();
    write('1');
    await setImmediate();
    events$.next(open(connection));
    await setImmediate();
    if (end === 'error') events$.error(new RangeError('gave up'));
    else events$.complete();
    write('2');
    await setImmediate();
    const name = end === 'error' ? 'RangeError' : 'ConnectionClosedError';
    expect(log).toEqual(['1', `2 ${name}`]);
    expect(nameOf(await writer.closed.catch((error: unknown) => error))).toBe(name);
  });

  it('tells the error of the connection to a close that waits for the peer', async () => {
    const { events$, connection, writer, log, note, write } = played();
    write('1');
    await setImmediate();
    events$.next(open(connection));
    await setImmediate();
    note('closed', writer.close());
    await setImmediate();
    events$.error(new RangeError('cut'));
    await setImmediate();
    expect(log).toEqual(['1', 'closed RangeError']);
  });

  it('does not dial to be closed', async () => {
    let dials = 0;
    const events$ = new Observable<ConnectionEvent<string>>(() => {
      dials += 1;
    });
    await toWritableStream(events$).getWriter().close();
    expect(dials).toBe(0);
  });

  it('refuses bad options at once', () => {
    const make = (config: object) => () => toWritableStream(NEVER as ConnectionEvents<string>, config);
    expect(make({ highWaterMark: -1 })).toThrow('toWritableStream: expected `highWaterMark`');
    expect(make({ highWater: 0 })).toThrow('toWritableStream: expected `highWater`');
  });
});
