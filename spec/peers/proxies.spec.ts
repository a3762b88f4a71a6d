import { Subject, type Subscription } from 'rxjs';
import { constant } from '../../src/core/backoff.js';
import type { AnyConnectionOperator, ConnectionEvent } from '../../src/core/event.js';
import type { Frame } from '../../src/core/connection.js';
import { heartbeat } from '../../src/operators/heartbeat.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { sendFrom } from '../../src/operators/sendFrom.js';
import { type MockServer, mockServer } from '../../src/testing/mockServer.js';
import { webSocket } from '../../src/transports/webSocket.js';
import { tcpHandles } from '../testing/wsClient.js';
import { Diary } from './diary.js';
import { FRONT_PROXIES, type FrontProxy, GENERATION } from './frontProxies.js';
import { stopPrograms } from './program.js';

/** After how much silence the proxies cut a tunnel, in milliseconds. */
const CUT = 2_000;
/** Messages of each phase of a reload. */
const BATCH = 50;

jest.setTimeout(20_000);

const report: string[] = [];
afterAll(() => {
  process.stdout.write([...report, ''].join('\n'));
});

describe.each(FRONT_PROXIES)('behind a real $name', ({ name, version, goneStatus, start }) => {
  if (!version) {
    if (process.env['CI'] !== 'true') {
      console.warn(`SKIPPED: spec/peers/proxies.spec.ts needs ${name}, and there is none (apt-get install ${name})`);
    }
    (process.env['CI'] === 'true' ? it : it.skip)('is tested', () => {
      throw new Error(`there is no ${name} here: apt-get install ${name}`);
    });
    return;
  }

  const hold: Subscription[] = [];
  let diary: Diary;
  let server: MockServer;
  let proxy: FrontProxy;
  let pongs: number;

  beforeAll(() => report.push(version));

  beforeEach(async () => {
    diary = new Diary();
    pongs = 0;
    server = await mockServer();
    proxy = await start(server.port);
  });

  afterEach(async () => {
    for (const subscription of hold.splice(0)) subscription.unsubscribe();
    await diary.closed();
    await stopPrograms();
    await server.close();
    expect(await tcpHandles()).toEqual([]);
  });

  const noted = (event: ConnectionEvent<Frame, Frame, undefined>): void => {
    if (event.type === 'open') diary.note('open');
    if (event.type === 'close') diary.note(`close ${event.code}`);
    if (event.type === 'reconnecting') diary.note(`reconnecting for ${(event.cause as Error).name}`);
    if (event.type === 'pong') pongs++;
    diary.changed();
  };

  const connect = (keep: AnyConnectionOperator): void => {
    const subscription = webSocket({ url: proxy.url, closeTimeout: 300, createSocket: diary.socketsOf('it') })
      .pipe(keep)
      .subscribe({ next: noted, error: (error: unknown) => diary.note((error as Error).name) });
    hold.push(subscription);
  };

  it('an idle connection is cut', async () => {
    connect((source) => source);
    await diary.has('ConnectionClosedError');
    expect(diary.entries).toEqual(['open', 'gone it 1006', 'close 1006', 'ConnectionClosedError']);
    const lived = diary.timeOf('close 1006') - diary.timeOf('open');
    report.push(`${name}: an idle connection is cut after ${lived.toFixed(0)} ms`);
  });

  it('heartbeat keeps an idle connection open', async () => {
    connect(heartbeat({ interval: 500, timeout: 1_000 }));
    // Each takes the interval at least.
    await diary.until(() => pongs === 1.5 * (CUT / 500));
    expect(diary.entries).toEqual(['open']);
    expect(server.connections).toHaveLength(1);
    const lived = performance.now() - diary.timeOf('open');
    report.push(`${name}: with heartbeat it is open after ${lived.toFixed(0)} ms, ${pongs} pongs`);
    expect(lived).toBeGreaterThan(CUT);
  });

  it('reconnect survives a reload, and what is sent arrives once and in order', async () => {
    const outgoing$ = new Subject<Frame>();
    let sent = 0;
    const sendBatch = (): void => {
      for (const end = sent + BATCH; sent < end;) outgoing$.next(`${++sent}`);
    };
    const subscription = webSocket({ url: proxy.url, closeTimeout: 300, createSocket: diary.socketsOf('it') })
      .pipe(heartbeat({ interval: 500, timeout: 1_000 }), reconnect({ delay: constant(50) }), sendFrom(outgoing$))
      .subscribe((event) => {
        noted(event);
        if (event.type === 'reconnecting') sendBatch();
      });
    hold.push(subscription);
    const first = await server.waitForConnection(1);
    sendBatch();
    await server.waitUntil(() => server.received.length === sent);

    await proxy.reload();
    // The old worker still serves the old connection.
    sendBatch();
    await server.waitUntil(() => server.received.length === sent);
    expect(server.dials).toBe(1);

    const second = await server.waitForConnection(2);
    await diary.until(() => diary.entries.filter((entry) => entry === 'open').length === 2);
    sendBatch();
    await server.waitUntil(() => server.received.length === sent);
    expect(sent).toBe(4 * BATCH);
    expect(server.received).toEqual(Array.from({ length: sent }, (_, at) => `${at + 1}`));
    expect([first, second].map(({ headers }) => headers[GENERATION])).toEqual(['1', '2']);
    expect(diary.entries.filter((entry) => /^(open|close|reconnecting)/.test(entry))).toEqual([
      'open',
      'close 1006',
      'reconnecting for ConnectionClosedError',
      'open',
    ]);
    report.push(`${name}: reload, ${sent} sent, ${server.received.length} received, once and in order`);
  });

  it(`a dial while the server behind is gone fails with ${goneStatus}, and reconnect finds it when it is back`, async () => {
    const { port } = server;
    await server.close();
    const statuses: unknown[] = [];
    const subscription = webSocket({ url: proxy.url, closeTimeout: 300, createSocket: diary.socketsOf('it') })
      .pipe(reconnect({ delay: constant(50) }))
      .subscribe((event) => {
        if (event.type === 'reconnecting') statuses.push((event.cause as { status?: number }).status);
        noted(event);
      });
    hold.push(subscription);
    await diary.until(() => statuses.length === 2);
    server = await mockServer({ port });
    await diary.has('open');
    expect(new Set(statuses)).toEqual(new Set([goneStatus]));
  });
});
