import { httpPollingHarness } from '../laws/httpPollingHarness.js';
import { Recording } from '../laws/recording.js';
import { transportLaws } from '../laws/transport.js';
import { tcpHandles } from '../testing/wsClient.js';
import { inspect } from 'node:util';
import { heartbeat } from '../../src/operators/heartbeat.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { sendFrom } from '../../src/operators/sendFrom.js';
import { constant } from '../../src/core/backoff.js';
import { mockPollingServer, type MockPollingServer } from '../../src/testing/mockPollingServer.js';
import { encodeFrameBody } from '../../src/transports/frameBody.js';
import { httpPolling, type HttpPollingConfig } from '../../src/transports/httpPolling.js';

const deliveredBy = /pollingSocket/i;

transportLaws('httpPolling', async () => httpPollingHarness(), { deliveredBy, node: false });
transportLaws('httpPolling with long polls', async () => httpPollingHarness({ longPoll: true }), {
  deliveredBy,
  node: false,
});

describe('httpPolling', () => {
  let server: MockPollingServer;
  let recordings: Recording[];

  beforeEach(async () => {
    server = await mockPollingServer();
    recordings = [];
  });

  afterEach(async () => {
    for (const recording of recordings) recording.unsubscribe();
    await server.close();
    while ((await tcpHandles()).length > 0);
  });

  const source = (config: Partial<HttpPollingConfig> = {}) =>
    httpPolling({ url: server.url, interval: 5, random: () => 0, ...config });
  const record = (source$ = source()): Recording => {
    const recording = new Recording(source$);
    recordings.push(recording);
    return recording;
  };
  /** So many requests later. */
  const later = async (count = 5): Promise<void> => {
    const until = server.requests + count;
    await server.waitUntil(() => server.requests >= until);
  };

  it('opens once, however often it polls', async () => {
    const recording = record();
    await recording.opened();
    await later(10);
    expect(recording.story).toEqual(['connecting', 'open']);
  });

  it('asks one thing at a time, and keeps the order when requests fail (P5)', async () => {
    const recording = record(source({ tries: 10 }));
    const connection = await recording.opened();
    const peer = await server.waitForSession();
    const sent = Array.from({ length: 20 }, (_, at) => `${at}`);
    for (const text of sent) {
      if (Number(text) % 4 === 0) server.cut();
      if (Number(text) % 4 === 1) server.fail(503);
      if (Number(text) % 4 === 2) server.loseAnswer();
      connection.send(text);
      await later(2);
    }
    await server.waitUntil(() => peer.received.length >= sent.length);
    expect(peer.received).toEqual(sent);
    expect(server.mostAtOnce).toBe(1);
  });

  it.each<[string, Partial<HttpPollingConfig>]>([
    ['polls', {}],
    ['long polls', { longPoll: { wait: 20 } }],
  ])('loses and doubles nothing, there and here, when requests and answers get lost: %s', async (_what, config) => {
    const COUNT = 200;
    const seed = Math.floor(Math.random() * 2 ** 31);
    let state = seed;
    const dice = (sides: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 1;
      return (state >>> 8) % sides;
    };
    const recording = record(source({ tries: 100, interval: 2, maxPayload: 100, ...config }));
    const connection = await recording.opened();
    const peer = await server.waitForSession();
    const sent = Array.from({ length: COUNT }, (_, at) => `message ${at}`);
    for (const text of sent) {
      connection.send(text);
      peer.send(text);
      const script = dice(20);
      if (script === 0) server.cut();
      if (script === 1) server.loseAnswer();
      if (script === 2) server.fail(502);
      if (script === 3) server.answer('<html>log in to the network</html>');
      if (script < 4 || dice(3) === 0) await later(1);
    }
    await recording.has('message', COUNT);
    await server.waitUntil(() => peer.received.length >= COUNT);
    expect({ seed, there: peer.received, here: recording.messages }).toEqual({ seed, there: sent, here: sent });
  });

  it('goes on after a poll that failed', async () => {
    const recording = record();
    await recording.opened();
    server.fail(500);
    await later(2);
    (await server.waitForSession()).send('still here');
    await recording.has('message');
    expect(recording.story).toEqual(['connecting', 'open', 'still here']);
  });

  it('polls again after a whole connection failed, with reconnect()', async () => {
    const recording = record(source({ tries: 1 }).pipe(reconnect({ delay: constant(5) })));
    await recording.opened();
    server.fail(500, {}, { times: 3 });
    await recording.has('open', 2);
    await later(3);
    (await server.waitForSession(2)).send('again');
    await recording.has('message');
    expect(recording.types).toEqual([
      ...['connecting', 'open', 'close', 'reconnecting', 'connecting', 'reconnecting', 'connecting', 'reconnecting'],
      ...['connecting', 'open', 'message'],
    ]);
  });

  it('stops everything when it is unsubscribed while it opens', async () => {
    server.hang();
    const recording = record();
    await server.waitUntil(() => server.requests === 1);
    recording.unsubscribe();
    const other = record();
    await other.opened();
    await server.waitUntil(() => server.requests >= 10);
    other.unsubscribe();
    await (
      await server.waitForSession()
    ).closed;
    expect(server.dials).toBe(1);
    expect(recording.story).toEqual(['connecting']);
    expect(server.mostAtOnce).toBeLessThanOrEqual(2);
  });

  it('carries a heartbeat: a ping goes at once and its answer comes with that request (P25)', async () => {
    server.reply((message) => (message === 'ping' ? 'pong' : undefined));
    const beating$ = source({ interval: '1h' }).pipe(
      heartbeat({
        interval: 20,
        timeout: '2s',
        ping: (connection) => connection.send('ping'),
        isPong: (data) => data === 'pong',
      }),
    );
    const recording = record(beating$);
    await recording.has('pong', 5);
    expect(server.dials).toBe(1);
    expect(new Set(recording.types)).toEqual(new Set(['connecting', 'open', 'pong']));
  });

  it('gives up an answer whose body does not come (P30)', async () => {
    server.stall();
    const recording = record(source({ timeout: 60 }));
    expect(await recording.ended()).toEqual(['connecting', 'DialError']);
    expect(recording.error).toMatchObject({ message: expect.stringMatching(/no answer within 60 ms$/) as string });
    expect(server.requests).toBe(1);
  });

  it('repeats a request whose answer stopped in the middle', async () => {
    const recording = record(source({ timeout: 60 }));
    const connection = await recording.opened();
    server.stall();
    connection.send('once');
    const peer = await server.waitForSession();
    peer.send('here');
    await recording.has('message');
    expect(peer.received).toEqual(['once']);
    expect(recording.story).toEqual(['connecting', 'open', 'here']);
  });

  it('loses nothing of what `sendFrom` has to send when more than `buffer` would wait', async () => {
    const sent = Array.from({ length: 20 }, (_, at) => `${at}`);
    const recording = record(source({ buffer: 3 }).pipe(sendFrom(sent)));
    await recording.opened();
    const peer = await server.waitForSession();
    await server.waitUntil(() => peer.received.length >= sent.length);
    expect([peer.received, recording.story]).toEqual([sent, ['connecting', 'open']]);
  });

  it('has a bounded queue: one message more than `buffer` throws, and those before are sent (P30)', async () => {
    const connection = await record(source({ buffer: 3 })).opened();
    for (const text of ['a', 'b', 'c']) connection.send(text);
    expect(() => connection.send('d')).toThrow(expect.objectContaining({ name: 'BufferOverflowError', buffer: 3 }));
    expect(connection.bufferedAmount).toBe(3);
    const peer = await server.waitForSession();
    await server.waitUntil(() => peer.received.length >= 3);
    connection.send('e');
    await server.waitUntil(() => peer.received.length >= 4);
    expect(peer.received).toEqual(['a', 'b', 'c', 'e']);
  });

  it('tells what refused a dial: the status and Retry-After', async () => {
    server.refuse(429, { 'Retry-After': '7' });
    const recording = record();
    expect(await recording.ended()).toEqual(['connecting', 'DialError']);
    expect(recording.error).toMatchObject({
      status: 429,
      retryAfter: 7_000,
      message: `could not connect to ${server.url}: the server answered 429`,
    });
  });

  it('says why there is nobody to dial', async () => {
    const { url } = server;
    await server.close();
    const recording = record(httpPolling({ url }));
    await recording.ended();
    expect((recording.error as Error).message).toMatch(/^could not connect to .* ECONNREFUSED/);
  });

  it.each([
    [401, 4401],
    [403, 4403],
    [400, 4400],
  ])('ends at once with a close code of its own when an open session is answered %d', async (status, code) => {
    const recording = record();
    await recording.opened();
    server.fail(status);
    const requests = server.requests;
    expect(await recording.ended()).toContain(`close ${code} the server answered ${status}`);
    expect(recording.error).toMatchObject({ name: 'ConnectionClosedError', code });
    expect(server.requests - requests).toBeLessThanOrEqual(2);
  });

  it.each([
    [503, 1006],
    [429, 4429],
    [408, 1006],
  ])('tries three times when an open session is answered %d', async (status, code) => {
    const recording = record();
    const connection = await recording.opened();
    const { requests } = server;
    server.fail(status, {}, { times: Infinity });
    connection.send('never');
    expect(await recording.ended()).toContain(`close ${code} the server answered ${status}`);
    expect(recording.events.at(-1)).toMatchObject({ wasClean: false });
    expect(server.requests - requests).toBeGreaterThanOrEqual(3);
  });

  it('does not take a page of somebody else for an answer', async () => {
    server.answer('<html>log in to the network</html>');
    const recording = record();
    expect(await recording.ended()).toEqual(['connecting', 'DialError']);
    expect(recording.error).toMatchObject({ cause: { name: 'ProtocolError' } });
  });

  it.each(['', '\u0001\0\0\0\u0002{}', '\u0002\0\0\0\u0002{}', '\u0001\0\0\0\u0002{', '\u0001\0\0\0\u0001{'])(
    'takes no answer without a proper head for one, and loses nothing: %j',
    async (page) => {
      const recording = record(source());
      const connection = await recording.opened();
      server.answer(page);
      connection.send('a');
      connection.send('b');
      const peer = await server.waitForSession();
      peer.send('c');
      await recording.has('message');
      await later(2);
      expect(peer.received).toEqual(['a', 'b']);
      expect(recording.story).toEqual(['connecting', 'open', 'c']);
    },
  );

  it.each<[unknown, string]>([
    [{ code: 1012 }, 'close 1012'],
    [{ reason: 'done' }, 'close 1000 done'],
    [{ code: 999 }, 'close 1006 the head of an answer is none'],
    [{ code: 5000 }, 'close 1006 the head of an answer is none'],
    [{ code: 'x' }, 'close 1006 the head of an answer is none'],
    [{ code: '1500' }, 'close 1006 the head of an answer is none'],
    [{ code: 1000.5 }, 'close 1006 the head of an answer is none'],
    [{ reason: { text: 'done' } }, 'close 1006 the head of an answer is none'],
  ])('takes %j for an end: %s', async (close, end) => {
    const recording = record();
    await recording.opened();
    const head = JSON.stringify({ id: 's1.0', close });
    server.answer(Buffer.from(encodeFrameBody([head])).toString(), { times: 3 });
    expect(await recording.ended()).toContain(end);
  });

  it('follows no redirect', async () => {
    server.fail(307, { Location: server.url });
    const recording = record();
    await recording.ended();
    expect(recording.error).toMatchObject({ name: 'DialError', status: 307 });
    expect(server.requests).toBe(1);
  });

  it('does not read on in an answer that is too long', async () => {
    server.answer('x'.repeat(10_000));
    const recording = record(source({ maxPayload: 1_000 }));
    await recording.ended();
    expect(recording.error).toMatchObject({ message: expect.stringMatching(/more than 3048 bytes/) as string });
  });

  it('is not sent a message above maxPayload, and takes one of just that', async () => {
    const recording = record(source({ maxPayload: 1_000 }));
    await recording.opened();
    const peer = await server.waitForSession();
    peer.send('x'.repeat(1_000));
    await recording.has('message');
    peer.send('x'.repeat(1_001));
    expect(await recording.ended()).toContain('close 1009 too big for the client');
  });

  it('asks again at once while the server has more', async () => {
    const texts = Array.from({ length: 10 }, (_, at) => `${at}`.repeat(60));
    server.greet((peer) => texts.forEach((text) => peer.send(text)));
    const recording = record(source({ maxPayload: 100, interval: '1h' }));
    await recording.has('message', 10);
    expect(recording.messages).toEqual(texts);
    expect(server.requests).toBe(10);
  });

  it('sends with each request the headers of the moment', async () => {
    let token = 1;
    const recording = record(source({ headers: () => ({ Authorization: `Bearer ${token}` }) }));
    await recording.opened();
    expect(server.headers['authorization']).toBe('Bearer 1');
    token = 2;
    await later(2);
    expect(server.headers['authorization']).toBe('Bearer 2');
    expect(server.headers['content-type']).toBe('application/vnd.hawser.frames');
  });

  it('keeps what its headers say to itself, also when they throw', async () => {
    const headers = (): Record<string, string> => {
      throw new Error('no token');
    };
    const recording = record(source({ headers }));
    expect(await recording.ended()).toEqual(['connecting', 'DialError']);
    expect(inspect(recording.error)).toMatch(/no token/);
    expect(server.requests).toBe(0);
  });

  it.each([{ Authorization: 'Bearer hu\nsh' }, { Authorization: 'Bearer hu…sh' }, { 'hush hush': '1' }])(
    'keeps to itself what a header says that cannot be sent: %j',
    async (headers) => {
      const recording = record(source({ headers }));
      expect(await recording.ended()).toEqual(['connecting', 'DialError']);
      expect(recording.error).toMatchObject({ message: expect.stringContaining('`headers`') as string });
      expect(inspect(recording.error)).not.toMatch(/hu.?sh/s);
      expect(server.requests).toBe(0);
    },
  );

  it('sends beside a poll that is held back', async () => {
    const connection = await record(source({ longPoll: true })).opened();
    const peer = await server.waitForSession();
    await server.waitUntil(() => server.requests === 2);
    for (const text of ['a', 'b', 'c']) {
      connection.send(text);
      await server.waitUntil(() => peer.received.includes(text));
    }
    expect(server.mostAtOnce).toBe(2);
    expect(server.requests).toBe(5);
  });

  it('uses the fetch that it is given', async () => {
    const asked: string[] = [];
    const recording = record(
      source({
        fetch: async (url, init) => {
          asked.push(`${init.method ?? ''} ${url}`);
          return fetch(url, init);
        },
      }),
    );
    await recording.opened();
    expect(asked).toEqual([`POST ${server.url}`]);
  });

  it.each<[string, unknown]>([
    ['url', 'ws://example.com'],
    ['url', 'chat'],
    ['url', 'https://user:planted-secret@example.com'],
    ['url', 'https://example.com/#part'],
    ['interval', 0],
    ['longPoll', { wait: -1 }],
    ['longPoll', { wait: '30s' }],
    ['timeout', '25 seconds'],
    ['closeTimeout', NaN],
    ['tries', 0],
    ['buffer', 1.5],
    ['maxPayload', -1],
  ])('refuses a bad option when it is made: `%s` of %p', (option, value) => {
    const make = (): unknown => httpPolling({ url: server.url, [option]: value });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(/^httpPolling: expected `\w+` to be /);
    expect(make).not.toThrow(/planted/);
  });
});
