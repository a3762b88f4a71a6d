import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Subject } from 'rxjs';
import type { ConnectionEvent } from '../../src/core/event.js';
import { toDuplex } from '../../src/node.js';
import { mockConnection, open, message } from '../../src/testing.js';
import { webSocket } from '../../src/transports/webSocket.js';
import { aServer, endAll } from '../transports/servers.js';

afterEach(endAll);

const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at + 1));

describe('toDuplex', () => {
  it('is written and read over one connection in a pipeline, which ends when the peer has closed', async () => {
    const server = await aServer();
    server.reply((text, connection) => {
      connection.send(`echo ${String(text)}`);
    });
    const heard: string[] = [];
    await pipeline(
      Readable.from(numbers(1_000)),
      toDuplex(webSocket(server.url)),
      async (texts: AsyncIterable<string>) => {
        for await (const text of texts) heard.push(text);
      },
    );
    expect(heard).toEqual(numbers(1_000).map((text) => `echo ${text}`));
    await server.waitUntil(() => server.connections.length === 0);
    expect(server.dials).toBe(1);
  });

  it('ends both sides when the peer closes with 1000', async () => {
    const server = await aServer({
      greet(connection) {
        connection.send('ahoy');
        connection.close(1000);
      },
    });
    const stream = toDuplex(webSocket(server.url));
    const log: unknown[] = [];
    for (const event of ['data', 'end', 'finish', 'error'])
      stream.on(event, (what: unknown) => log.push(what === undefined ? event : what));
    await new Promise((resolve) => stream.on('close', resolve));
    expect(log).toEqual(['ahoy', 'end', 'finish']);
  });

  it('reads what the peer says until it answers the close', async () => {
    const server = await aServer();
    const stream = toDuplex(webSocket(server.url));
    const heard: unknown[] = [];
    stream.on('data', (text) => heard.push(text));
    stream.write('1');
    const connection = await server.waitForConnection();
    await connection.waitForMessage('1');
    connection.freeze();
    stream.end();
    connection.send('2');
    connection.send('3');
    connection.thaw();
    await new Promise((resolve) => stream.on('close', resolve));
    expect(heard).toEqual(['2', '3']);
    expect((await connection.closed).code).toBe(1000);
  });

  it('finishes although nobody reads', async () => {
    const server = await aServer({
      greet(connection) {
        for (const text of numbers(100_000)) connection.send(text);
      },
    });
    const stream = toDuplex(webSocket({ url: server.url, closeTimeout: 50 }), { highWaterMark: 1 });
    stream.write('1');
    await server.waitForMessage('1');
    await new Promise((resolve) => stream.end(resolve as () => void));
    expect(stream.readableLength).toBeLessThan(2 * 65_536);
    stream.destroy();
  });

  it('pauses a reading side that is full, while the writing side goes on', async () => {
    const events$ = new Subject<ConnectionEvent<string, string>>();
    const a = mockConnection<string>('a');
    const stream = toDuplex(events$, { highWaterMark: 1 });
    stream.write('out');
    events$.next(open(a));
    events$.next(message(a, 'in'));
    expect([a.paused, a.sent]).toEqual([true, ['out']]);
    stream.write('more');
    await setImmediate();
    expect(a.sent).toEqual(['out', 'more']);
    expect(stream.read()).toBe('in');
    expect(a.paused).toBe(false);
    stream.destroy();
    expect(events$.observed).toBe(false);
  });

  it('tells an error once, after what it had received was read', async () => {
    const server = await aServer({
      greet(connection) {
        connection.send('1');
        connection.send('2');
        connection.close(4000, 'enough');
      },
    });
    const stream = toDuplex(webSocket(server.url));
    const errors: unknown[] = [];
    stream.on('error', (error) => errors.push(error));
    const heard: unknown[] = [];
    const reading = (async () => {
      for await (const text of stream) {
        heard.push(text);
        for (let turn = 0; turn < 20; turn++) await setImmediate();
      }
    })();
    await expect(reading).rejects.toMatchObject({ name: 'ConnectionClosedError', code: 4000 });
    expect([heard, errors.length]).toEqual([['1', '2'], 1]);
  });

  it('tells an error at once where nobody reads', async () => {
    const events$ = new Subject<ConnectionEvent<string, string>>();
    const a = mockConnection<string>('a');
    const stream = toDuplex(events$);
    stream.write('1');
    events$.next(open(a));
    events$.next(message(a, 'unread'));
    const broken = new Error('broken');
    const told = new Promise((resolve) => stream.on('error', resolve));
    events$.error(broken);
    expect(await told).toBe(broken);
  });

  it.each(['before', 'after'])(
    'tells a write that it failed, one from %s that, also where more is to be read',
    async (when) => {
      const events$ = new Subject<ConnectionEvent<string, string>>();
      const a = mockConnection<string>('a');
      const broken = new Error('broken');
      const stream = toDuplex(events$);
      const write = promisify((text: string, done: (error?: Error | null) => void) => stream.write(text, done));
      const echoing = (async () => {
        for await (const text of stream) {
          if (when === 'after') events$.error(broken);
          await write(text as string);
        }
      })();
      const failed = expect(echoing).rejects.toBe(broken);
      await setImmediate();
      if (when === 'after') events$.next(open(a));
      events$.next(message(a, '1'));
      events$.next(message(a, '2'));
      await setImmediate();
      if (when === 'before') events$.error(broken);
      await failed;
      expect(stream.destroyed).toBe(true);
    },
  );

  it('is aborted by a signal', async () => {
    const server = await aServer({ greet: () => 'ahoy' });
    const abort = new AbortController();
    const stream = toDuplex(webSocket(server.url), { signal: abort.signal });
    const sink = new Writable({ objectMode: true, write: () => abort.abort() });
    await expect(pipeline(stream, sink)).rejects.toMatchObject({ name: 'AbortError' });
    await server.waitUntil(() => server.connections.length === 0);
  });

  it('refuses a bad option at once', () => {
    expect(() => toDuplex(new Subject<ConnectionEvent<string>>(), { highWaterMark: -1 })).toThrow(
      'toDuplex: expected `highWaterMark`',
    );
  });
});
