import { once } from 'node:events';
import { connect } from 'node:net';
import { VirtualTimeScheduler } from 'rxjs';
import { mockServer, type MockServer } from '../../src/testing/mockServer.js';
import type { MockServerOptions } from '../../src/testing/mockServerOptions.js';
import { malformedFrames, rawFrame } from '../../src/testing/rawFrames.js';
import { endClients, tcpHandles, until, wsClient } from './wsClient.js';

describe('mockServer', () => {
  const servers: MockServer[] = [];
  const start = async (options?: MockServerOptions): Promise<MockServer> => {
    const server = await mockServer(options);
    servers.push(server);
    return server;
  };

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
    await endClients();
    expect(await tcpHandles()).toEqual([]);
  });

  describe('accepts', () => {
    it('a dial, and shows what the client asked for', async () => {
      const server = await start({ path: '/chat?room=1' });
      wsClient(server.url, { headers: { 'X-Token': 't' } });
      const connection = await server.waitForConnection();
      expect(server.url).toBe(`ws://127.0.0.1:${server.port}/chat?room=1`);
      expect(connection).toMatchObject({ id: 1, url: '/chat?room=1', protocol: '', readyState: 1, received: [] });
      expect(connection.headers['x-token']).toBe('t');
      expect(server).toMatchObject({ dials: 1, connections: [connection] });
    });

    it('the first of the offered subprotocols that it speaks', async () => {
      const server = await start({ protocols: ['v2', 'v1'] });
      const { socket, opened } = wsClient(server.url, { protocols: ['v0', 'v1', 'v2'] });
      await opened();
      expect(socket.protocol).toBe('v1');
      expect((await server.waitForConnection()).protocol).toBe('v1');
    });

    it('no subprotocol when it speaks none of them', async () => {
      const server = await start({ protocols: [] });
      expect(await wsClient(server.url, { protocols: ['v1'] }).over).toEqual([
        'error Server sent no subprotocol',
        'close 1006',
      ]);
    });

    it('messages of up to maxPayload bytes, and closes with 1009 for a bigger one', async () => {
      const server = await start({ maxPayload: 4 });
      const { socket, opened, over } = wsClient(server.url);
      await opened();
      socket.send('four');
      socket.send('fiver');
      expect(await over).toEqual(['open', 'close 1009']);
      expect(server.received).toEqual(['four']);
    });

    it('messages of 1 MiB by default, and compresses nothing', async () => {
      const server = await start();
      const { socket, opened, over } = wsClient(server.url, { perMessageDeflate: true, maxPayload: 0 });
      await opened();
      expect(socket.extensions).toBe('');
      socket.send('m'.repeat(1024 * 1024));
      socket.send('m'.repeat(1024 * 1024 + 1));
      expect(await over).toEqual(['open', 'close 1009']);
      expect(server.received).toHaveLength(1);
    });

    it('compression when it is told to', async () => {
      const server = await start({ compression: true });
      const { socket, opened } = wsClient(server.url, { perMessageDeflate: true });
      await opened();
      expect(socket.extensions).toBe('permessage-deflate');
    });
  });

  describe('with a script for dials', () => {
    it.each([401, 403, 429, 503])('refuses the next one with %d and its headers, then accepts', async (status) => {
      const server = await start();
      server.refuse(status, { 'Retry-After': 3 });
      const refused = wsClient(server.url);
      refused.socket.on('unexpected-response', (request, response) => {
        refused.socket.emit('answered', response.statusCode, response.headers['retry-after']);
        request.destroy();
      });
      expect(await once(refused.socket, 'answered')).toEqual([status, '3']);
      await wsClient(server.url).opened();
      expect(server.dials).toBe(2);
    });

    it('follows the scripts in turn, each as often as it says', async () => {
      const server = await start();
      server.refuse(503, {}, { times: 2 });
      server.closeBeforeOpen();
      const logs = [];
      for (let dial = 1; dial <= 3; dial++) logs.push(await wsClient(server.url).over);
      const refused = ['error Unexpected server response: 503', 'close 1006'];
      expect(logs).toEqual([refused, refused, ['error ECONNRESET', 'close 1006']]);
      await wsClient(server.url).opened();
    });

    it('forgets them at accept()', async () => {
      const server = await start();
      server.refuse(401, {}, { times: Infinity });
      await wsClient(server.url).over;
      await wsClient(server.url).over;
      server.accept();
      await wsClient(server.url).opened();
      expect(server.dials).toBe(3);
    });

    it('leaves a dial hanging, and notices that the client gave up', async () => {
      const server = await start();
      server.hang();
      const { socket, over } = wsClient(server.url);
      await server.waitUntil(() => server.dials === 1);
      socket.close();
      expect(await over).toEqual(['error WebSocket was closed before the connection was established', 'close 1006']);
      expect(server.connections).toEqual([]);
      await until(() => !process.getActiveResourcesInfo().includes('TCPSocketWrap'));
    });

    it('accepts after a while', async () => {
      const scheduler = new VirtualTimeScheduler();
      const server = await start({ scheduler });
      server.acceptAfter('10s');
      const { opened } = wsClient(server.url);
      await server.waitUntil(() => server.dials === 1);
      expect(server.connections).toEqual([]);
      scheduler.flush();
      await opened();
      expect(scheduler.now()).toBe(10_000);
    });

    it('refuses to be told nonsense', async () => {
      const server = await start();
      expect(() => server.hang({ times: 0 })).toThrow('mockServer: expected `times` to be a number above 0, got 0');
      expect(() => server.delay('soon')).toThrow(TypeError);
      await expect(server.waitForConnection(0)).rejects.toThrow('expected `nth` to be a whole number of at least 1');
    });
  });

  describe('talks', () => {
    it('sends text and bytes as they are and anything else as JSON', async () => {
      const server = await start({ greet: () => 'hello' });
      server.reply((message, connection) => {
        connection.send(new Uint8Array([111, 107]));
        return { got: message };
      });
      const { socket, log, opened } = wsClient(server.url);
      await opened();
      socket.send('one');
      while (log.length < 4) await once(socket, 'message');
      expect(log).toEqual(['open', 'text hello', 'bytes ok', 'text {"got":"one"}']);
    });

    it('keeps what arrived: text as strings, binary as bytes', async () => {
      const server = await start();
      const [first, second] = [wsClient(server.url), wsClient(server.url)];
      await Promise.all([first.opened(), second.opened()]);
      first.socket.send('text');
      await server.waitForMessage('text');
      second.socket.send(Buffer.from([1, 2]));
      await server.waitForMessage(2);
      expect(server.received).toEqual(['text', new Uint8Array([1, 2])]);
      expect(server.connections.map(({ received }) => received.length)).toEqual([1, 1]);
    });

    it('echoes, answers pings and sends to everybody', async () => {
      const server = await start();
      server.echo();
      const [first, second] = [wsClient(server.url), wsClient(server.url)];
      await Promise.all([first.opened(), second.opened()]);
      first.socket.ping();
      first.socket.send('sound');
      await first.message();
      server.broadcast('all');
      await Promise.all([first.message(), second.message()]);
      expect(first.log).toEqual(['open', 'pong', 'text sound', 'text all']);
      expect(second.log).toEqual(['open', 'text all']);
    });

    it('pings, and leaves pings without an answer when told to', async () => {
      const server = await start({ answerPings: false, reply: () => 'reply' });
      const { socket, log, opened, message } = wsClient(server.url);
      await opened();
      socket.ping();
      socket.send('x');
      const connection = await server.waitForConnection();
      connection.ping();
      await message();
      expect(log).toEqual(['open', 'ping', 'text reply'].sort((a) => (a === 'open' ? -1 : 0)));
      expect(connection.pings).toBe(1);
    });

    it('answers late, and still in order, when it is told to', async () => {
      const scheduler = new VirtualTimeScheduler();
      const server = await start({ scheduler });
      server.echo();
      server.delay(500);
      const { socket, log, opened, message } = wsClient(server.url);
      await opened();
      socket.ping();
      socket.send('one');
      socket.send('two');
      await server.waitForMessage(2);
      // A pong that was not late would be in before this.
      server.broadcast('now');
      await message();
      expect(log).toEqual(['open', 'text now']);
      scheduler.flush();
      await message();
      if (log.length < 5) await message();
      expect(log).toEqual(['open', 'text now', 'pong', 'text one', 'text two']);
      expect(scheduler.now()).toBe(500);
    });

    it('drains: a notice to everybody, and no new ones until accept()', async () => {
      const server = await start();
      const { message, opened } = wsClient(server.url);
      await opened();
      server.drain({ kind: 'draining' }, { refuse: 503 });
      expect(await message()).toBe('{"kind":"draining"}');
      expect(await wsClient(server.url).over).toEqual(['error Unexpected server response: 503', 'close 1006']);
      server.accept();
      await wsClient(server.url).opened();
    });

    it('goes on accepting while it drains, when not told otherwise', async () => {
      const server = await start();
      server.drain('draining');
      await wsClient(server.url).opened();
    });

    it('throws when the script sends over a connection that is not open', async () => {
      const server = await start();
      const { over, opened } = wsClient(server.url);
      await opened();
      const connection = await server.waitForConnection();
      connection.close();
      expect(() => connection.send('late')).toThrow('is not open (readyState 2)');
      await over;
      await connection.closed;
      expect(() => connection.sendRaw(new Uint8Array(1))).toThrow('is not open (readyState 3)');
    });
  });

  describe('ends a connection', () => {
    it.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])(
      'with close code %d',
      async (code) => {
        const server = await start();
        const { over } = wsClient(server.url);
        const connection = await server.waitForConnection();
        connection.close(code, 'why');
        expect(await over).toEqual(['open', `close ${code} why`]);
        expect(await connection.closed).toEqual({ code, reason: 'why' });
        expect(server.connections).toEqual([]);
      },
    );

    it.each([0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535])(
      'with close code %d, which must never be on the wire',
      async (code) => {
        const server = await start();
        const { over } = wsClient(server.url);
        (await server.waitForConnection()).close(code);
        expect(await over).toEqual(['open', 'error WS_ERR_INVALID_CLOSE_CODE', 'close 1006']);
      },
    );

    it('without a code', async () => {
      const server = await start();
      const { over } = wsClient(server.url);
      (await server.waitForConnection()).closeWithoutCode();
      expect(await over).toEqual(['open', 'close 1005']);
    });

    it('with one close frame, whatever is answered: browsers take a second one for a broken link', async () => {
      const server = await start();
      const socket = connect(server.port, '127.0.0.1');
      socket.write('GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n');
      socket.write('Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n');
      await once(socket, 'data');
      const frames: Buffer[] = [];
      socket.on('data', (data: Buffer) => frames.push(data));
      (await server.waitForConnection()).close(1000);
      await once(socket, 'data');
      socket.write(rawFrame({ opcode: 8, payload: Buffer.from([0x03, 0xe8]), masked: true }));
      await once(socket, 'close');
      expect([...Buffer.concat(frames)]).toEqual([0x88, 2, 0x03, 0xe8]);
    });

    it.each(['drop', 'reset'] as const)('without a close frame: %s', async (act) => {
      const server = await start();
      const { over, opened } = wsClient(server.url);
      await opened();
      const connection = await server.waitForConnection();
      connection[act]();
      expect(await over).toEqual(['open', 'close 1006']);
      expect(await connection.closed).toEqual({ code: 1006, reason: '' });
    });

    it('on a raw socket by FIN when it drops, by RST when it resets', async () => {
      const server = await start();
      const end = async (act: 'drop' | 'reset', nth: number): Promise<string> => {
        const socket = connect(server.port, '127.0.0.1');
        const seen: string[] = [];
        socket.on('end', () => seen.push('FIN')).on('error', ({ message }) => seen.push(message));
        socket.write('GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n');
        socket.write('Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n');
        // What is unread when a reset comes hides it: the response must be in first.
        await once(socket, 'data');
        (await server.waitForConnection(nth))[act]();
        await once(socket, 'close').catch(() => undefined);
        return seen.join();
      };
      expect(await end('drop', 1)).toBe('FIN');
      expect(await end('reset', 2)).toBe('read ECONNRESET');
    });

    it.each([
      ['badOpcode', 'WS_ERR_INVALID_OPCODE', 1002],
      ['reservedBit', 'WS_ERR_UNEXPECTED_RSV_1', 1002],
      ['badUtf8', 'WS_ERR_INVALID_UTF8', 1007],
      ['masked', 'WS_ERR_UNEXPECTED_MASK', 1002],
      ['strayContinuation', 'WS_ERR_INVALID_OPCODE', 1002],
      ['fragmentedPing', 'WS_ERR_EXPECTED_FIN', 1002],
      ['longPing', 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH', 1002],
      ['shortClose', 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH', 1002],
      ['hugeLength', 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', 1009],
    ] as const)('by a malformed frame: %s', async (name, error, code) => {
      const server = await start();
      const { over } = wsClient(server.url);
      const connection = await server.waitForConnection();
      connection.sendRaw(malformedFrames[name]);
      expect(await over).toEqual(['open', `error ${error}`, 'close 1006']);
      expect(await connection.closed).toEqual({ code, reason: '' });
    });

    it('by the client, and says how', async () => {
      const server = await start();
      const { socket, opened } = wsClient(server.url);
      await opened();
      socket.close(4001, 'enough');
      expect(await (await server.waitForConnection(1)).closed).toEqual({ code: 4001, reason: 'enough' });
    });
  });

  describe('frozen', () => {
    it('says nothing, and everything after it thawed', async () => {
      const server = await start();
      server.echo();
      const { socket, log, opened, over } = wsClient(server.url);
      await opened();
      const connection = await server.waitForConnection();
      connection.freeze();
      connection.send('held');
      socket.ping();
      socket.send('sound');
      socket.close(1000);
      // Another client's round trip: had the frozen one answered, it would be here by now.
      const other = wsClient(server.url);
      await other.opened();
      other.socket.send('x');
      await other.message();
      expect(connection).toMatchObject({ frozen: true, received: [], pings: 0 });
      expect(log).toEqual(['open']);
      connection.thaw();
      expect(await over).toEqual(['open', 'text held', 'pong', 'text sound', 'close 1000']);
    });

    it('as a whole leaves dials without an answer until it thaws', async () => {
      const server = await start();
      const first = wsClient(server.url);
      await first.opened();
      server.freeze();
      server.refuse(503);
      const refused = wsClient(server.url);
      await server.waitUntil(() => server.dials === 2);
      const second = wsClient(server.url);
      await server.waitUntil(() => server.dials === 3);
      expect(server.connections.map(({ frozen }) => frozen)).toEqual([true]);
      server.thaw();
      expect(await refused.over).toEqual(['error Unexpected server response: 503', 'close 1006']);
      await second.opened();
      expect(server.connections.map(({ frozen }) => frozen)).toEqual([false, false]);
    });

    it('can still be closed', async () => {
      const server = await start();
      const { over, opened } = wsClient(server.url);
      await opened();
      server.freeze();
      await server.close();
      expect(await over).toEqual(['open', 'close 1006']);
    });
  });

  describe('waits', () => {
    it('for the newest live connection, or the next, or the nth', async () => {
      const server = await start();
      const next = server.waitForConnection();
      wsClient(server.url);
      const first = await next;
      wsClient(server.url);
      const second = await server.waitForConnection(2);
      expect([first.id, second.id]).toEqual([1, 2]);
      expect(await server.waitForConnection()).toBe(second);
      second.drop();
      expect(await server.waitForConnection()).toBe(first);
      first.close();
      const third = server.waitForConnection();
      wsClient(server.url);
      expect((await third).id).toBe(3);
      expect(await server.waitForConnection(2)).toBe(second);
    });

    it('for a message by its text, a pattern, a test or its number, also one that is here already', async () => {
      const server = await start();
      const { socket, opened } = wsClient(server.url);
      await opened();
      const connection = await server.waitForConnection();
      const waiting = connection.waitForMessage(3);
      for (const message of ['alpha', 'beta', 'gamma']) socket.send(message);
      expect(await waiting).toBe('gamma');
      expect(await connection.waitForMessage()).toBe('alpha');
      expect(await server.waitForMessage('beta')).toBe('beta');
      expect(await server.waitForMessage(/^g/)).toBe('gamma');
      expect(await server.waitForMessage((message) => message.length === 4)).toBe('beta');
    });

    it('no longer than told, and says what did arrive', async () => {
      const scheduler = new VirtualTimeScheduler();
      const server = await start({ scheduler });
      const { socket, opened } = wsClient(server.url);
      await opened();
      socket.send('alpha');
      socket.send(Buffer.from([1, 255]));
      await server.waitForMessage(2);
      const waits = [
        server.waitForMessage('beta', { within: '2s' }),
        server.waitForMessage(/b+/, { within: '2s' }),
        server.waitForMessage(3),
        server.waitForConnection(2),
      ].map((wait) => wait.catch((error: unknown) => String(error)));
      scheduler.flush();
      const arrived = '2 arrived: "alpha", <2 bytes: 01 ff> (dials: 1, open connections: 1)';
      expect(await Promise.all(waits)).toEqual([
        `WaitTimeoutError: waited 2000 ms for the message "beta"; ${arrived}`,
        `WaitTimeoutError: waited 2000 ms for a message like /b+/; ${arrived}`,
        `WaitTimeoutError: waited 4000 ms for message number 3; ${arrived}`,
        'WaitTimeoutError: waited 4000 ms for connection number 2; 1 opened so far (dials: 1, open connections: 1)',
      ]);
    });

    it('shows the last ten of many messages, and shortens long ones', async () => {
      const scheduler = new VirtualTimeScheduler();
      const server = await start({ scheduler });
      const { socket, opened } = wsClient(server.url);
      await opened();
      for (let nth = 1; nth <= 10; nth++) socket.send(String(nth));
      socket.send('y'.repeat(81));
      socket.send(Buffer.alloc(17));
      await server.waitForMessage(12);
      const wait = server.waitForMessage('beta').catch((error: unknown) => String(error));
      scheduler.flush();
      const text = await wait;
      expect(text).toContain(`12 arrived, the last 10: "3", "4"`);
      expect(text).toContain(`"${'y'.repeat(80)}…", <17 bytes: ${'00 '.repeat(16)}…>`);
    });

    it('for nothing once it is closed', async () => {
      const server = await start();
      const wait = server.waitForMessage();
      await Promise.all([
        expect(wait).rejects.toThrow('mockServer: closed while a test waited for message number 1; nothing arrived'),
        server.close(),
      ]);
      await expect(server.waitForConnection()).rejects.toThrow('mockServer: closed');
    });

    it('and tells whoever waits, and whoever closes, that a script threw', async () => {
      const server = await mockServer({
        reply: () => {
          throw new Error('bad script');
        },
      });
      const { socket, opened } = wsClient(server.url);
      await opened();
      socket.send('x');
      await expect(server.waitForMessage('y')).rejects.toThrow('bad script');
      await expect(server.close()).rejects.toThrow('bad script');
    });

    it.each([
      ['a promise', () => Promise.resolve('late'), 'expected a script to answer at once, got a promise'],
      [
        'something odd',
        () => {
          throw 'odd';
        },
        'a script threw what is no Error',
      ],
    ])('and takes a script that gives %s for a mistake', async (_what, reply, message) => {
      const server = await mockServer({ reply });
      const { socket, opened } = wsClient(server.url);
      await opened();
      socket.send('x');
      await expect(server.waitForMessage('y')).rejects.toThrow(message);
      await expect(server.close()).rejects.toThrow(message);
    });
  });

  describe('closes', () => {
    it('with everything that is connected, and frees its port', async () => {
      const server = await start();
      const { over, opened } = wsClient(server.url);
      await opened();
      server.hang();
      const hanging = wsClient(server.url);
      await server.waitUntil(() => server.dials === 2);
      await server.close();
      await server.close();
      expect(await over).toEqual(['open', 'close 1006']);
      expect(await hanging.over).toEqual(['error ECONNRESET', 'close 1006']);
      expect(await wsClient(server.url).over).toEqual(['error ECONNREFUSED', 'close 1006']);
      const successor = await start({ port: server.port });
      await wsClient(successor.url).opened();
    });

    it('only when no handle of it is left', async () => {
      const server = await start();
      expect(process.getActiveResourcesInfo()).toContain('TCPServerWrap');
      await server.close();
      expect(process.getActiveResourcesInfo()).not.toContain('TCPServerWrap');
    });

    it('forgets the answers that were still to come', async () => {
      const scheduler = new VirtualTimeScheduler();
      const server = await start({ scheduler, reply: () => 'late' });
      server.delay(500);
      const { socket, opened, over } = wsClient(server.url);
      await opened();
      socket.send('x');
      await server.waitForMessage(1);
      await server.close();
      scheduler.flush();
      expect(scheduler.now()).toBe(0);
      expect(await over).toEqual(['open', 'close 1006']);
    });

    it('by itself at the end of a block that uses it', async () => {
      let url = '';
      {
        await using server = await mockServer();
        ({ url } = server);
      }
      expect(await wsClient(url).over).toEqual(['error ECONNREFUSED', 'close 1006']);
    });

    it('does not start on a port that is taken', async () => {
      const { port } = await start();
      await expect(mockServer({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    });

    it('answers plain HTTP with 426', async () => {
      const server = await start();
      expect((await fetch(server.url.replace('ws', 'http'))).status).toBe(426);
    });
  });
});
