import { identity, of, Subject, type Subscription, tap } from 'rxjs';
import { constant } from '../../src/core/backoff.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import { dedupe } from '../../src/operators/dedupe.js';
import { dial } from '../../src/operators/dial.js';
import { drainHandover } from '../../src/operators/drainHandover.js';
import { drainOn } from '../../src/operators/drainOn.js';
import { handshake } from '../../src/operators/handshake.js';
import { heartbeat } from '../../src/operators/heartbeat.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { webSocket } from '../../src/transports/webSocket.js';
import { tcpHandles } from '../testing/wsClient.js';
import { Diary } from './diary.js';
import { type Figures, figures } from './figures.js';
import {
  answerPings,
  arrived,
  join,
  type NatsConnection,
  type NatsMessage,
  type NatsOperator,
  outrun,
} from './natsClient.js';
import { type Command, type Info, nats, NatsCodec, type Operation } from './natsCodec.js';
import { endPublishers, NatsPublisher } from './natsPublisher.js';
import { natsPair, type NatsServer, natsVersion, stopNatsServers } from './natsServer.js';

const SUBJECT = 'numbers';
const PER_SECOND = 2_000;
/** How long a server may be silent before a ping, and after it, in milliseconds. */
const [INTERVAL, TIMEOUT] = [400, 300];
const CLOSE_TIMEOUT = 300;

const isLameDuck = (operation: Operation): boolean => operation.kind === 'INFO' && operation.info.ldm === true;

const numberOf = (operation: Operation): number | undefined =>
  operation.kind === 'MSG' && /^\d+$/.test(operation.payload) ? Number(operation.payload) : undefined;

function entryOf(event: ConnectionEvent<Operation, Command, Info>): string | undefined {
  switch (event.type) {
    case 'open':
    case 'draining':
      return `${event.type} ${event.connection.session.server_name}`;
    case 'retired':
      return `retired ${event.connection.session.server_name} ${event.reason}`;
    case 'close':
      return `close ${event.connection.session.server_name} ${event.code}`;
    case 'reconnecting':
      return `reconnecting for ${(event.cause as Error).name}`;
    default:
      return undefined;
  }
}

describe('the codec of NATS, which keeps state', () => {
  const stream = Buffer.from('INFO {"server_name":"ä"}\r\nPING\r\nMSG t 1 7\r\nö\r\nPON\r\n-ERR \'no\'\r\n+OK\r\n');

  it.each([1, 2, 3, 7, 1_000])('reads the same operations from frames of %i bytes', (size) => {
    const decoder = new NatsCodec();
    const frames = Array.from({ length: Math.ceil(stream.length / size) }, (_, at) =>
      stream.subarray(at * size, (at + 1) * size),
    );
    expect(frames.flatMap((frame) => decoder.decode(frame))).toEqual([
      { kind: 'INFO', info: { server_name: 'ä' } },
      { kind: 'PING' },
      { kind: 'MSG', subject: 't', payload: 'ö\r\nPON' },
      { kind: 'ERR', why: "'no'" },
      { kind: 'OK' },
    ]);
  });
});

const version = natsVersion();
const isSkipped = version === undefined && process.env['CI'] !== 'true';
if (isSkipped)
  console.warn('SKIPPED: spec/peers/nats.spec.ts needs a nats-server, and there is none (apt-get install nats-server)');

(isSkipped ? describe.skip : describe)('with a real nats-server', () => {
  const report: string[] = [];
  const hold: Subscription[] = [];
  let diary: Diary;
  let current: NatsConnection | undefined;
  /** Whether anything that was published has arrived. */
  let isHeard: boolean;
  /** The numbers as they came, and after `dedupe`. */
  let numbers: number[];
  let deduped: number[];
  let message$: Subject<NatsMessage>;

  beforeEach(() => {
    diary = new Diary();
    current = undefined;
    isHeard = false;
    [numbers, deduped] = [[], []];
    message$ = new Subject();
  });

  afterEach(async () => {
    for (const subscription of hold.splice(0)) subscription.unsubscribe();
    await Promise.all([diary.closed(), endPublishers()]);
    await stopNatsServers();
    expect(await tcpHandles()).toEqual([]);
  });

  /** Subscribes to a pair of servers, of which the first is preferred. */
  const subscribe = (servers: readonly NatsServer[], keep: NatsOperator): Subscription => {
    const subscription = dial(
      (left: readonly NatsServer[]) => of(servers.find((server) => !left.includes(server)) ?? servers[0]!),
      ({ name, url }) =>
        webSocket({ url, closeTimeout: CLOSE_TIMEOUT, createSocket: diary.socketsOf(name) }).pipe(
          nats,
          handshake({ within: '2s', exchange: join(SUBJECT) }),
          answerPings(),
          heartbeat({ interval: INTERVAL, timeout: TIMEOUT }),
          drainOn(isLameDuck),
        ),
    )
      .pipe(
        reconnect({ delay: constant(100) }),
        tap((event) => {
          if (event.type === 'message') message$.next(event);
        }),
        keep,
        tap((event) => {
          const number = event.type === 'message' ? numberOf(event.data) : undefined;
          if (number !== undefined) numbers.push(number);
        }),
        dedupe({ key: numberOf, window: 10_000 }),
      )
      .subscribe({
        next: (event) => {
          if (event.type === 'open') current = event.connection;
          const number = event.type === 'message' ? numberOf(event.data) : undefined;
          if (number !== undefined) deduped.push(number);
          isHeard ||= event.type === 'message' && event.data.kind === 'MSG' && event.data.subject === SUBJECT;
          const entry = entryOf(event);
          if (entry) diary.note(entry);
          else diary.changed();
        },
        error: (error: unknown) => diary.note(String(error)),
        complete: () => diary.note('end'),
      });
    hold.push(subscription);
    return subscription;
  };

  const handover = (): NatsOperator =>
    drainHandover({
      linger: '2s',
      until: (old) => outrun(old, message$),
    });

  /** Publishes numbers at the second server while the first one, to which the client is connected, goes; gives what became of them. */
  const move = async (run: string, keep: NatsOperator): Promise<{ raw: Figures; clean: Figures }> => {
    const [a, b] = await natsPair();
    const publisher = await NatsPublisher.connect(b.url, SUBJECT);
    subscribe([a, b], keep);
    await diary.has('open a');
    // The servers tell each other of subscriptions in their own time.
    publisher.repeat('is anybody there?');
    await diary.until(() => isHeard);
    publisher.pause();

    publisher.count(PER_SECOND);
    await diary.until(() => numbers.length > 500);
    a.lameDuck();
    await diary.until(() => diary.entries.some((entry) => entry.startsWith('gone a')));
    await diary.has('open b');
    const sentBefore = publisher.sent;
    await diary.until(() => (numbers.at(-1) ?? 0) > sentBefore + 500);
    publisher.pause();
    await publisher.flush();
    await arrived(current!, message$);

    const [raw, clean] = [figures(publisher.sent, numbers), figures(publisher.sent, deduped)];
    const { sent, received, lost, duplicates, outOfOrder } = raw;
    report.push(
      `${run}: ${sent} sent, ${received} received, ${lost} lost, ${duplicates} twice (${clean.duplicates} after dedupe), ${outOfOrder} out of order`,
    );
    return { raw, clean };
  };

  if (!version) {
    it('is tested', () => {
      throw new Error('there is no nats-server here: apt-get install nats-server');
    });
    return;
  }

  afterAll(() => {
    process.stdout.write([version, ...report, ''].join('\n'));
  });

  it.each([1, 2, 3, 4, 5])('drainHandover loses nothing when the server goes (run %i of 5)', async (run) => {
    const { raw, clean } = await move(`drainHandover, run ${run}`, handover());
    expect(diary.entries).toEqual([
      'open a',
      'draining a',
      'open b',
      'leave a 1000',
      'retired a released',
      'gone a 1000',
    ]);
    expect(raw.lost).toBe(0);
    expect(clean).toMatchObject({ lost: 0, duplicates: 0, received: clean.sent });
  });

  it('reconnect alone loses some', async () => {
    const { raw } = await move('reconnect alone', identity);
    expect(diary.entries).toEqual([
      'open a',
      'draining a',
      'leave a 1001',
      'gone a 1001',
      'close a 1001',
      'reconnecting for ConnectionClosedError',
      'open b',
    ]);
    expect(raw.lost).toBeGreaterThan(0);
  });

  it('heartbeat finds out a frozen one in interval + timeout, and the next dial goes elsewhere', async () => {
    const [a, b] = await natsPair();
    subscribe([a, b], handover());
    await diary.has('open a');
    await a.freeze();
    await diary.has('open b');
    const entry = 'reconnecting for HeartbeatTimeoutError';
    expect(diary.entries.slice(0, 4)).toEqual(['open a', 'leave a 1000', entry, 'open b']);
    const silent = diary.timeOf(entry) - diary.timeOf('open a');
    report.push(`heartbeat: frozen server found out after ${silent.toFixed(0)} ms (${INTERVAL} + ${TIMEOUT})`);
    expect(silent).toBeGreaterThan(INTERVAL + TIMEOUT - 20);
    expect(silent).toBeLessThan(INTERVAL + TIMEOUT + 2_000);
    await diary.has('gone a 1006');
  });

  it('unsubscribing from a frozen one returns at once, and the socket is gone after closeTimeout', async () => {
    const [a, b] = await natsPair();
    const subscription = subscribe([a, b], handover());
    await diary.has('open a');
    await a.freeze();
    const began = performance.now();
    subscription.unsubscribe();
    const took = performance.now() - began;
    expect(diary.entries).toEqual(['open a', 'leave a 1000']);
    await diary.closed();
    expect(diary.entries).toEqual(['open a', 'leave a 1000', 'gone a 1006']);
    const left = diary.timeOf('gone a 1006') - began;
    report.push(
      `unsubscribing from a frozen server took ${took.toFixed(1)} ms, its socket was gone after ${left.toFixed(0)} ms (closeTimeout ${CLOSE_TIMEOUT})`,
    );
    expect(left).toBeLessThan(CLOSE_TIMEOUT + 2_000);
  });
});
