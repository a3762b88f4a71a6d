import { type Subscription, tap } from 'rxjs';
import { constant } from '../../src/core/backoff.js';
import type { ConnectionEvents } from '../../src/core/event.js';
import { dedupe } from '../../src/operators/dedupe.js';
import { fallback } from '../../src/operators/fallback.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { type FaultProxy, faultProxy } from '../../src/testing/faultProxy.js';
import { httpPolling } from '../../src/transports/httpPolling.js';
import { webSocket } from '../../src/transports/webSocket.js';
import { endClients, tcpHandles, wsClient } from '../testing/wsClient.js';
import { Diary } from './diary.js';
import { type Figures, figures } from './figures.js';
import { from, type Numbered, numbered, pollChannel } from './nchanClient.js';
import { nchan, nchanVersion, type Nginx } from './nginx.js';
import { stopPrograms } from './program.js';

const BATCH = 100;

jest.setTimeout(20_000);

const version = nchanVersion();
const isSkipped = version === undefined && process.env['CI'] !== 'true';
if (isSkipped) {
  console.warn(
    'SKIPPED: spec/peers/nchan.spec.ts needs nginx with nchan, and there is none (apt-get install nginx-light libnginx-mod-nchan)',
  );
}

(isSkipped ? describe.skip : describe)('with a real nchan, which speaks WebSocket and long-poll', () => {
  if (!version) {
    it('is tested', () => {
      throw new Error('there is no nginx with nchan here: apt-get install nginx-light libnginx-mod-nchan');
    });
    return;
  }

  const report = [version];
  const hold: Subscription[] = [];
  let diary: Diary;
  let server: Nginx;
  /** Only WebSockets go through it. */
  let proxy: FaultProxy;
  /** What came last: where any way goes on. */
  let last: string | undefined;
  let raw: number[];
  let numbers: number[];
  let sent: number;
  /** Of the publisher. */
  let confirmed: number;
  let publish: () => void;

  beforeEach(async () => {
    diary = new Diary();
    last = undefined;
    [raw, numbers] = [[], []];
    [sent, confirmed] = [0, 0];
    server = await nchan();
    proxy = await faultProxy({ target: server.port });
    const publisher = wsClient(`ws://127.0.0.1:${server.port}/publish`);
    publisher.socket.on('message', () => {
      confirmed++;
      diary.changed();
    });
    await publisher.opened();
    publish = () => {
      for (const end = sent + BATCH; sent < end;) publisher.socket.send(`${++sent}`);
    };
  });

  afterEach(async () => {
    for (const subscription of hold.splice(0)) subscription.unsubscribe();
    await Promise.all([diary.closed(), endClients()]);
    await proxy.close();
    await stopPrograms();
    expect(await tcpHandles()).toEqual([]);
  });

  afterAll(() => {
    process.stdout.write([...report, ''].join('\n'));
  });

  const socket = (): ConnectionEvents<Numbered, never, undefined> =>
    webSocket({
      url: () => from(`ws://127.0.0.1:${proxy.port}/socket`, last),
      protocols: 'ws+meta.nchan',
      closeTimeout: 300,
      createSocket: diary.socketsOf('socket'),
    }).pipe(numbered);

  const polling = (): ConnectionEvents<Numbered, never, undefined> => {
    const url = `http://127.0.0.1:${server.port}/poll`;
    return httpPolling({ url, longPoll: true, interval: 50, exchange: pollChannel(url, () => last) }).pipe(numbered);
  };

  const subscribe = (source: ConnectionEvents<Numbered, never, undefined>): void => {
    const ways = new Map<unknown, string>();
    const subscription = source
      .pipe(
        reconnect({ delay: constant(20) }),
        tap((event) => {
          if (event.type !== 'message') return;
          raw.push(event.data.number);
          diary.changed();
        }),
        dedupe({ key: ({ id }) => id, window: 1_000 }),
      )
      .subscribe((event) => {
        if (event.type === 'message') {
          last = event.data.id;
          numbers.push(event.data.number);
        }
        if (event.type === 'open') {
          ways.set(event.connection, event.connection.protocol === '' ? 'polling' : 'socket');
        }
        if ('connection' in event && event.type !== 'message') {
          diary.note(`${event.type} ${ways.get(event.connection)}`);
        }
        if (event.type === 'malformed') diary.note(String(event.error));
        diary.changed();
      });
    hold.push(subscription);
  };

  const all = async (): Promise<void> => diary.until(() => confirmed === sent && numbers.at(-1) === sent);

  const result = (run: string): Figures => {
    const figured = figures(sent, numbers);
    const { received, lost, duplicates, outOfOrder } = figured;
    report.push(
      `${run}: ${sent} sent, ${received} received, ${lost} lost, ${duplicates} twice (${figures(sent, raw).duplicates} before dedupe), ${outOfOrder} out of order`,
    );
    return figured;
  };

  it('reconnect goes on where the WebSocket was cut', async () => {
    subscribe(socket());
    await diary.has('open socket');
    for (const round of [1, 2, 3, 4, 5]) {
      publish();
      await diary.until(() => numbers.length > sent - BATCH / 2);
      proxy.cut();
      publish();
      await diary.until(() => diary.entries.filter((entry) => entry === 'open socket').length === round + 1);
    }
    await all();
    expect(result('reconnect, 5 cuts')).toMatchObject({ lost: 0, duplicates: 0, outOfOrder: 0, received: 10 * BATCH });
    expect(raw).toEqual(numbers);
  });

  it('fallback goes on by long-poll while WebSockets are refused, and comes back to them', async () => {
    subscribe(fallback([socket(), polling()], { after: 2, probe: 100, stableAfter: 50, linger: 200 }));
    await diary.has('open socket');
    publish();
    await all();

    publish();
    await diary.until(() => numbers.length > sent - BATCH / 2);
    proxy.refuse();
    proxy.cut();
    publish();
    await diary.has('open polling');
    await all();
    expect(figures(sent, raw).duplicates).toBe(0);

    publish();
    await diary.until(() => numbers.length > sent - BATCH / 2);
    await proxy.heal();
    await diary.has('draining polling');
    publish();
    await diary.has('retired polling');
    await all();
    expect(result('fallback and back')).toMatchObject({ lost: 0, duplicates: 0, outOfOrder: 0, received: 5 * BATCH });
    expect(diary.entries.filter((entry) => !/^(gone|leave)/.test(entry))).toEqual([
      'open socket',
      'close socket',
      'open polling',
      'draining polling',
      'open socket',
      'retired polling',
    ]);
  });

  it('a subscriber that does not say where it was gets everything again', async () => {
    subscribe(socket().pipe(tap({ subscribe: () => (last = undefined) })));
    await diary.has('open socket');
    publish();
    await all();
    proxy.cut();
    await diary.until(() => raw.length === 2 * sent);
    expect(result('no id')).toMatchObject({ lost: 0, duplicates: 0, received: BATCH });
  });
});
