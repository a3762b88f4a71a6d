import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { VirtualTimeScheduler } from 'rxjs';
import { faultProxy, type FaultProxy, type FaultProxyOptions } from '../../src/testing/faultProxy.js';
import { mockServer, type MockServer } from '../../src/testing/mockServer.js';
import type { ServerConnection } from '../../src/testing/serverConnection.js';
import { endClients, tcpHandles, until, type WsClient, wsClient } from './wsClient.js';

describe('faultProxy', () => {
  let server: MockServer;
  let proxy: FaultProxy;

  const start = async (options: Partial<FaultProxyOptions> = {}): Promise<void> => {
    server = await mockServer();
    proxy = await faultProxy({ target: server.url, ...options });
  };
  const dial = async (): Promise<WsClient & { readonly peer: ServerConnection }> => {
    const nth = server.dials + 1;
    const client = wsClient(proxy.url);
    await client.opened();
    return { ...client, peer: await server.waitForConnection(nth) };
  };

  afterEach(async () => {
    await Promise.all([proxy.close(), server.close()]);
    await endClients();
    expect(await tcpHandles()).toEqual([]);
  });

  describe('in good health', () => {
    it('passes everything in both directions and counts it', async () => {
      await start();
      server.echo();
      const { socket, message, over, peer } = await dial();
      const { up, down } = { ...proxy.bytes };
      socket.send('sound');
      await message();
      // Two bytes of header each, and a mask of four from the client.
      expect([proxy.bytes.up - up, proxy.bytes.down - down]).toEqual([11, 7]);
      expect(proxy).toMatchObject({ connections: 1, dials: 1 });
      socket.close(4000, 'done');
      expect(await over).toEqual(['open', 'text sound', 'close 4000 done']);
      expect(await peer.closed).toEqual({ code: 4000, reason: 'done' });
      await proxy.waitUntil(() => proxy.connections === 0);
      expect(proxy.dials).toBe(1);
    });

    it('keeps megabytes in order and whole', async () => {
      await start();
      server.echo();
      const { socket, message } = await dial();
      const text = Array.from({ length: 130_000 }, (_, nth) => nth.toString(36).padStart(8, '.')).join('');
      const arrived = message();
      socket.send(text);
      expect((await arrived) === text).toBe(true);
    });

    it('has the URL of its target with a port of its own', async () => {
      await start();
      const urlFor = async (target: string | number): Promise<string> => {
        await using other = await faultProxy({ target });
        return other.url.replace(String(other.port), 'PORT');
      };
      expect(await urlFor('wss://example.com/chat?a=1')).toBe('wss://127.0.0.1:PORT/chat?a=1');
      expect(await urlFor('http://[::1]:8080/')).toBe('http://127.0.0.1:PORT/');
      expect(await urlFor(1234)).toBe('tcp://127.0.0.1:PORT');
    });

    it('refuses to be told nonsense', async () => {
      await start();
      await expect(faultProxy({ target: 'nowhere' })).rejects.toThrow(
        "faultProxy: expected `target` to be a URL or a port, got 'nowhere'",
      );
      expect(() => proxy.latency(-1)).toThrow('faultProxy: expected `latency` to be at least 0');
      expect(() => proxy.latency(1, 'some')).toThrow('faultProxy: expected `jitter`');
      expect(() => proxy.bandwidth(0)).toThrow('faultProxy: expected `bandwidth`');
      expect(() => proxy.slice(0.5)).toThrow('faultProxy: expected `slice`');
      expect(() => proxy.cutAfter(-1)).toThrow('faultProxy: expected `cutAfter`');
    });

    it('passes on a reset from either side', async () => {
      await start();
      const first = await dial();
      first.peer.reset();
      expect(await first.over).toEqual(['open', 'close 1006']);
      const second = await dial();
      second.socket.terminate();
      expect(await second.peer.closed).toEqual({ code: 1006, reason: '' });
    });

    it('passes on the end of one direction while the other still speaks', async () => {
      await start();
      const socket = connect(proxy.port, '127.0.0.1');
      let answer = '';
      socket.on('data', (bytes: Buffer) => (answer += bytes.toString()));
      socket.end('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
      await once(socket, 'close');
      expect(answer).toContain('426 Upgrade Required');
    });

    const hasIpv6 = Object.values(networkInterfaces()).some((one) => one?.some(({ address }) => address === '::1'));
    (hasIpv6 ? it : it.skip)('leads to an IPv6 target', async () => {
      await start();
      const target = createServer((socket) => socket.end('six')).listen(0, '::1');
      await once(target, 'listening');
      const { port } = target.address() as AddressInfo;
      const other = await faultProxy({ target: `tcp://[::1]:${port}` });
      const socket = connect(other.port, '127.0.0.1');
      expect(String((await once(socket, 'data'))[0])).toBe('six');
      socket.destroy();
      await other.close();
      target.close();
      await once(target, 'close');
    });

    it('resets a client when its target is not there', async () => {
      await start();
      await server.close();
      expect(await wsClient(proxy.url).over).toEqual(['error ECONNRESET', 'close 1006']);
    });
  });

  describe('breaks', () => {
    it.each(['reset', 'cut'] as const)('every live connection by %s, and takes new ones', async (act) => {
      await start();
      const [first, second] = [await dial(), await dial()];
      proxy[act]();
      for (const { over, peer } of [first, second]) {
        expect(await over).toEqual(['open', 'close 1006']);
        expect(await peer.closed).toEqual({ code: 1006, reason: '' });
      }
      await proxy.waitUntil(() => proxy.connections === 0);
      await dial();
      expect(proxy).toMatchObject({ connections: 1, dials: 3 });
    });

    it.each([
      ['reset', 'read ECONNRESET'],
      ['cut', 'FIN'],
    ] as const)('a plain TCP connection by %s: %s', async (act, expected) => {
      await start();
      const socket = connect(proxy.port, '127.0.0.1').resume();
      await Promise.all([once(socket, 'connect'), proxy.waitUntil(() => proxy.connections === 1)]);
      proxy[act]();
      expect(await ending(socket)).toBe(expected);
    });

    it.each(['cut', 'reset'] as const)('in the middle of a frame: %s', async (by) => {
      await start();
      const { over, peer } = await dial();
      const { down } = proxy.bytes;
      proxy.cutAfter(9, { by });
      peer.send('whole');
      peer.send('broken');
      expect(await over).toEqual(['open', 'text whole', 'close 1006']);
      expect(proxy.bytes.down - down).toBe(9);
      // Once: the next connection is left alone.
      const next = await dial();
      next.peer.send('whole again');
      await next.message();
    });

    it.each([
      ['reset', 'read ECONNRESET'],
      ['cut', 'FIN'],
    ] as const)('a plain TCP connection after so many bytes by %s: %s', async (by, expected) => {
      await start();
      proxy.cutAfter(5, { direction: 'up', by });
      const socket = connect(proxy.port, '127.0.0.1').resume();
      const ended = ending(socket);
      socket.write('GET / HTTP/1.1');
      expect(await ended).toBe(expected);
      expect(proxy.bytes.up).toBe(5);
    });

    it('by a FIN also where bytes lie unread, which would make a reset of a careless end', async () => {
      await start();
      proxy.silence('up');
      const socket = connect(proxy.port, '127.0.0.1').resume();
      await Promise.all([once(socket, 'connect'), proxy.waitUntil(() => proxy.connections === 1)]);
      await new Promise((resolve) => socket.write('unread', resolve));
      proxy.cut();
      expect(await ending(socket)).toBe('FIN');
    });

    it('on the way up, after so many bytes', async () => {
      await start();
      const { socket, over, peer } = await dial();
      proxy.cutAfter(11 + 5, { direction: 'up' });
      socket.send('whole');
      socket.send('broken');
      expect(await over).toEqual(['open', 'close 1006']);
      expect(await peer.closed).toEqual({ code: 1006, reason: '' });
      expect(peer.received).toEqual(['whole']);
    });

    it('a dial that is yet to come, in the middle of its handshake', async () => {
      await start();
      proxy.cutAfter(40);
      expect(await wsClient(proxy.url).over).toEqual(['error ECONNRESET', 'close 1006']);
      expect(proxy.bytes.down).toBe(40);
      await dial();
    });
  });

  describe('silence', () => {
    it('keeps both sides in the dark, and delivers what it held back when it is healed', async () => {
      await start();
      server.echo();
      const { socket, log, over, peer } = await dial();
      proxy.silence();
      socket.send('held');
      peer.send('kept');
      // What is not silenced goes through meanwhile, so this would have, too.
      const direct = wsClient(server.url);
      await direct.opened();
      direct.socket.send('x');
      await direct.message();
      expect(log).toEqual(['open']);
      expect(peer.received).toEqual([]);
      expect(socket.readyState).toBe(1);
      await proxy.heal();
      socket.close(1000);
      expect(await over).toEqual(['open', 'text kept', 'text held', 'close 1000']);
    });

    it('can be of one direction', async () => {
      await start();
      server.echo();
      const { socket, log, message, peer } = await dial();
      proxy.silence('down');
      socket.send('heard');
      await peer.waitForMessage('heard');
      expect(log).toEqual(['open']);
      const arrived = message();
      await proxy.heal();
      expect(await arrived).toBe('heard');
      proxy.silence('up');
      socket.send('unheard');
      peer.send('still');
      await message();
      expect(log).toEqual(['open', 'text heard', 'text still']);
      expect(peer.received).toEqual(['heard']);
    });

    it('takes new connections and leaves them without an answer', async () => {
      await start();
      proxy.silence();
      const { opened, log } = wsClient(proxy.url);
      await proxy.waitUntil(() => proxy.connections === 1);
      expect([server.dials, log]).toEqual([0, []]);
      await proxy.heal();
      await opened();
    });

    it('hides from the server that the client is gone, until it is healed', async () => {
      await start();
      const { socket, over, peer } = await dial();
      proxy.silence();
      socket.terminate();
      await over;
      await tcpHandles();
      expect([peer.readyState, proxy.connections]).toEqual([1, 1]);
      await proxy.heal();
      expect(await peer.closed).toEqual({ code: 1006, reason: '' });
      await proxy.waitUntil(() => proxy.connections === 0);
    });

    it('bounds what it holds: the sender feels that nothing leaves', async () => {
      await start();
      const { socket } = await dial();
      proxy.silence('up');
      const { up } = proxy.bytes;
      for (let nth = 0; nth < 32; nth++) socket.send(Buffer.alloc(1024 * 1024 - 16));
      await tcpHandles();
      expect(proxy.bytes.up).toBe(up);
      expect(socket.bufferedAmount).toBeGreaterThan(16 * 1024 * 1024);
    });
  });

  describe('slows down', () => {
    it('by a latency in each direction, in the time of its scheduler', async () => {
      const scheduler = new VirtualTimeScheduler();
      await start({ scheduler });
      server.echo();
      const { socket, log, message, peer } = await dial();
      proxy.latency('100ms');
      socket.send('x');
      await until(() => scheduler.actions.length === 1);
      expect(peer.received).toEqual([]);
      scheduler.flush();
      await until(() => scheduler.actions.length === 1);
      expect(peer.received).toEqual(['x']);
      expect(log).toEqual(['open']);
      const arrived = message();
      scheduler.flush();
      expect(await arrived).toBe('x');
      expect(scheduler.now()).toBe(200);
    });

    it('by a latency with jitter that comes from `random`', async () => {
      const scheduler = new VirtualTimeScheduler();
      const chances = [0, 0.75];
      await start({ scheduler, random: () => chances.shift() ?? 0 });
      const { peer, message } = await dial();
      proxy.latency(100, 20, 'down');
      const times = [];
      for (const text of ['a', 'b']) {
        peer.send(text);
        await until(() => scheduler.actions.length === 1);
        const before = scheduler.now();
        const arrived = message();
        scheduler.flush();
        await arrived;
        times.push(scheduler.now() - before);
      }
      expect(times).toEqual([80, 110]);
    });

    it('by a bandwidth', async () => {
      const scheduler = new VirtualTimeScheduler();
      await start({ scheduler });
      const { peer, log } = await dial();
      proxy.bandwidth(1_000, 'down');
      peer.send('m'.repeat(98));
      while (log.length < 2) {
        await until(() => scheduler.actions.length === 1 || log.length === 2);
        scheduler.flush();
      }
      // 100 bytes by the kilobyte a second, the first twenty at once.
      expect(scheduler.now()).toBe(80);
    });

    it('by slices, which a client puts together again', async () => {
      await start();
      server.echo();
      proxy.slice(1);
      const { socket, message } = await dial();
      socket.send('hello world');
      expect(await message()).toBe('hello world');
    });

    it('no longer when it is healed: what is under way arrives at once', async () => {
      const scheduler = new VirtualTimeScheduler();
      await start({ scheduler });
      const { peer, message } = await dial();
      proxy.latency('1h');
      peer.send('x');
      await until(() => scheduler.actions.length === 1);
      const arrived = message();
      await proxy.heal();
      expect(await arrived).toBe('x');
      expect([scheduler.now(), scheduler.actions]).toEqual([0, []]);
    });
  });

  describe('refuses', () => {
    it('new connections at once, keeps the live ones, and takes new ones when it is healed', async () => {
      await start();
      server.echo();
      const { socket, message } = await dial();
      proxy.refuse();
      expect(await wsClient(proxy.url).over).toEqual(['error ECONNREFUSED', 'close 1006']);
      socket.send('alive');
      expect(await message()).toBe('alive');
      await proxy.heal();
      await dial();
      expect(proxy.dials).toBe(2);
    });

    it('and heals as often as it is told to, also at the same time', async () => {
      await start();
      proxy.refuse();
      await Promise.all([proxy.heal(), proxy.heal()]);
      proxy.refuse();
      const healing = proxy.heal();
      proxy.refuse();
      await healing;
      expect(await wsClient(proxy.url).over).toEqual(['error ECONNREFUSED', 'close 1006']);
      const again = proxy.heal();
      proxy.refuse();
      await Promise.all([again, proxy.heal()]);
      await dial();
    });

    it('and can be closed meanwhile', async () => {
      await start();
      const { over } = await dial();
      proxy.refuse();
      const healing = proxy.heal();
      await proxy.close();
      await (await faultProxy({ target: server.url, port: proxy.port })).close();
      await healing;
      expect(await over).toEqual(['open', 'close 1006']);
      await proxy.heal();
      expect(await wsClient(proxy.url).over).toEqual(['error ECONNREFUSED', 'close 1006']);
    });
  });

  it('leaves no handle behind when it is closed while it refuses', async () => {
    await start();
    proxy.refuse();
    await proxy.close();
    // The mock server's own.
    expect(process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'))).toEqual(['TCPServerWrap']);
  });

  it('waits no longer than told, and says what it saw', async () => {
    const scheduler = new VirtualTimeScheduler();
    await start({ scheduler });
    const wait = proxy.waitUntil(() => proxy.dials === 9, { within: '3s' });
    scheduler.flush();
    await expect(wait).rejects.toThrow(
      'waited 3000 ms for () => proxy.dials === 9; connections: 0, dials: 0, bytes up: 0, down: 0',
    );
  });

  it('closes with everything that is connected, and frees its port', async () => {
    await start();
    const { over, peer } = await dial();
    proxy.silence();
    await proxy.close();
    await proxy.close();
    expect(await over).toEqual(['open', 'close 1006']);
    expect(await peer.closed).toEqual({ code: 1006, reason: '' });
    const { port } = proxy;
    proxy = await faultProxy({ target: server.url, port });
    await dial();
  });

  it('does not start on a port that is taken', async () => {
    await start();
    await expect(faultProxy({ target: server.url, port: proxy.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

/** How a connection ends that nobody here has ended. */
async function ending(socket: Socket): Promise<string> {
  const seen: string[] = [];
  socket.on('end', () => seen.push('FIN')).on('error', ({ message }) => seen.push(message));
  await new Promise((resolve) => socket.on('close', resolve));
  return seen.join();
}
