import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { type MockServer, mockServer } from '../../src/testing.js';
import { Chromium, chromiumPath } from './chromium.js';
import type { HawserPage } from './page.js';

declare const hawser: HawserPage;

const isSkipped = chromiumPath === undefined && process.env['CI'] !== 'true';
if (isSkipped) console.warn('SKIPPED: the tests in a real browser need chromium (Debian: apt-get install chromium)');

it('takes the files for browsers that package.json names', () => {
  const { browser } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { browser: object };
  const names = Object.keys(browser).map((file) => /(\w+)\.js$/.exec(file)?.[1]);
  expect(new Set(names)).toEqual(new Set(['platformSocket', 'wireOf']));
});

(isSkipped ? describe.skip : describe)('in Chromium', () => {
  let chromium: Chromium;
  let server: MockServer;
  let page: Page;

  beforeAll(async () => {
    chromium = await Chromium.start();
  }, 60_000);
  afterAll(() => chromium.stop());
  beforeEach(async () => {
    server = await mockServer();
    page = await chromium.open();
  });
  afterEach(async () => {
    await chromium.closePages();
    await server.close();
  });

  const connect = (pipe: Parameters<HawserPage['connect']>[0], url = server.url): Promise<void> =>
    page.evaluate(([name, address]) => hawser.connect(name, address), [pipe, url] as const);
  const log = (): Promise<string[]> => page.evaluate(() => hawser.log);
  /** Resolves with the log when so many entries are in it that begin with a text. */
  const logged = async (start: string, times = 1): Promise<string[]> => {
    const is = ([text, count]: readonly [string, number]): boolean =>
      hawser.log.filter((entry) => entry.startsWith(text)).length >= count;
    await page.waitForFunction(is, [start, times] as const, { timeout: 4_000 }).catch(async (cause: unknown) => {
      throw new Error(`nothing more than ${(await log()).join(', ')}`, { cause });
    });
    return log();
  };

  it('opens with a subprotocol, and echoes text and bytes in order', async () => {
    server.echo();
    await connect('frames');
    expect(await logged('open')).toEqual(['connecting', 'open v2.frames']);
    await page.evaluate(() => hawser.send('ahoy'));
    await page.evaluate(() => hawser.sendBytes(1, 2, 255));
    expect(await logged('message', 2)).toEqual([
      'connecting',
      'open v2.frames',
      'message "ahoy"',
      'message Uint8Array 1,2,255',
    ]);
  });

  it('has no ping, pause or resume', async () => {
    await connect('json');
    await logged('open');
    expect(await page.evaluate(() => hawser.abilities())).toEqual([]);
  });

  it('hangs up with 1000 when it is unsubscribed', async () => {
    await connect('json');
    await logged('open');
    const connection = await server.waitForConnection();
    await page.evaluate(() => hawser.unsubscribe());
    await server.waitUntil(() => server.connections.length === 0);
    expect(await connection.closed).toMatchObject({ code: 1000 });
    expect(await log()).toEqual(['connecting', 'open']);
  });

  it('hangs up when the tab is closed', async () => {
    await connect('json');
    const connection = await server.waitForConnection();
    await page.close();
    await server.waitUntil(() => server.connections.length === 0);
    expect(await connection.closed).toMatchObject({ code: 1001 });
  });

  it('tells once of a dial that is refused: by nobody, with 401, without an answer', async () => {
    const gone = await mockServer();
    await gone.close();
    await connect('json', gone.url);
    expect(await logged('error')).toEqual(['connecting', 'error DialError']);

    // A page is not shown the status: only that it failed.
    server.refuse(401);
    await connect('json');
    expect((await logged('error', 2)).slice(2)).toEqual(['connecting', 'error DialError']);

    server.hang();
    await connect('impatient');
    expect((await logged('error', 3)).slice(4)).toEqual(['connecting', 'error DialError']);
  });

  it.each([
    ['1000', 'done', ['close 1000 done clean', 'complete']],
    ['1001', 'going away', ['close 1001 going away clean', 'error ConnectionClosedError']],
    ['1012', '', ['close 1012 clean', 'error ConnectionClosedError']],
  ])('hears the code of a farewell: %s', async (code, reason, expected) => {
    await connect('json');
    await logged('open');
    (await server.waitForConnection()).close(Number(code), reason);
    expect((await logged(expected[1]!)).slice(2)).toEqual(expected);
  });

  it('hears of a link that breaks as 1006', async () => {
    await connect('json');
    await logged('open');
    (await server.waitForConnection()).drop();
    expect((await logged('error')).slice(2)).toEqual([
      expect.stringMatching(/^close 1006 .*unclean$/),
      'error ConnectionClosedError',
    ]);
  });

  it('closes with 1000 or a code of an application, and refuses codes that a page may not send', async () => {
    await connect('json');
    await logged('open');
    await expect(page.evaluate(() => hawser.close(1001))).rejects.toThrow('TypeError');
    await expect(page.evaluate(() => hawser.close(3000, 'x'.repeat(124)))).rejects.toThrow('TypeError');
    await page.evaluate(() => hawser.close(4001, 'enough'));
    expect((await logged('error')).slice(2)).toEqual(['close 4001 enough clean', 'error ConnectionClosedError']);
    expect(server.connections).toEqual([]);
  });

  it('gives up waiting for a farewell that does not come', async () => {
    await connect('json');
    await logged('open');
    server.freeze();
    await page.evaluate(() => hawser.close(4001));
    expect((await logged('error')).slice(2)).toEqual(['close 4001 unclean', 'error ConnectionClosedError']);
    server.thaw();
  });

  it('reconnects after a link that breaks, and after dials that fail', async () => {
    server.echo();
    await connect('reconnecting');
    await logged('open');
    server.refuse(503, {}, { times: 2 });
    (await server.waitForConnection()).drop();
    expect(await logged('open', 2)).toEqual([
      'connecting',
      'open',
      'close 1006 unclean',
      'reconnecting ConnectionClosedError',
      'connecting',
      'reconnecting DialError',
      'connecting',
      'reconnecting DialError',
      'connecting',
      'open',
    ]);
    await page.evaluate(() => hawser.send({ kind: 'again' }));
    expect((await logged('message')).at(-1)).toBe('message {"kind":"again"}');
  });

  it('notices a link that stalls by its heartbeat, and comes back when the network does', async () => {
    server.reply(() => '{"kind":"pong"}');
    await connect('watched');
    await logged('pong', 2);
    // The socket stays open, and silent: so it is when a cable is pulled.
    await page.context().setOffline(true);
    await logged('reconnecting HeartbeatTimeoutError');
    await logged('reconnecting DialError');
    await page.context().setOffline(false);
    await logged('open', 2);
    await logged('pong', (await log()).filter((entry) => entry === 'pong').length + 1);
  });

  it('speaks msgpack under a policy that forbids eval', async () => {
    await expect(page.evaluate(() => hawser.evaluate())).rejects.toThrow('unsafe-eval');
    server.echo();
    await connect('msgpack');
    await logged('open');
    for (const kind of ['one', 'two', 'three']) {
      await page.evaluate((name) => hawser.send({ kind: name, bytes: new Uint8Array([1, 2]) }), kind);
    }
    expect((await logged('message', 3)).slice(2)).toEqual([
      'message {"kind":"one","bytes":"Uint8Array 1,2"}',
      'message {"kind":"two","bytes":"Uint8Array 1,2"}',
      'message {"kind":"three","bytes":"Uint8Array 1,2"}',
    ]);
    expect(server.received[0]).toBeInstanceOf(Uint8Array);
  });
});
