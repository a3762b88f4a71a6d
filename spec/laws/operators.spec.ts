import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { concat, map, NEVER, of, retry, type SchedulerLike, throwError, timer } from 'rxjs';
import { codec } from '../../src/codecs/codec.js';
import { json } from '../../src/codecs/json.js';
import { msgpack } from '../../src/codecs/msgpack.js';
import { constant } from '../../src/core/backoff.js';
import { ConnectionClosedError } from '../../src/core/errors.js';
import { connectionState } from '../../src/operators/connectionState.js';
import { connectionStats } from '../../src/operators/connectionStats.js';
import { countTraffic } from '../../src/operators/countTraffic.js';
import { dedupe } from '../../src/operators/dedupe.js';
import { dial } from '../../src/operators/dial.js';
import { drainHandover } from '../../src/operators/drainHandover.js';
import { drainOn } from '../../src/operators/drainOn.js';
import { extendLease, type ExtendLeaseConfig } from '../../src/operators/extendLease.js';
import { fallback } from '../../src/operators/fallback.js';
import { handshake } from '../../src/operators/handshake.js';
import { heartbeat } from '../../src/operators/heartbeat.js';
import { logEvents } from '../../src/operators/logEvents.js';
import { messages } from '../../src/operators/messages.js';
import { openTimeout } from '../../src/operators/openTimeout.js';
import { reconnect } from '../../src/operators/reconnect.js';
import { sendFrom } from '../../src/operators/sendFrom.js';
import { shareConnection } from '../../src/operators/shareConnection.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { connecting, draining, open } from '../../src/testing/letters.js';
import { mockConnection } from '../../src/testing/mockConnection.js';
import { type Operator, operatorLaws, type OperatorUnderLaw, type Step } from './operator.js';

const silent = { error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined };

const dialled: Step = ({ probe }) => probe.next(connecting());
const opened: Step = (context) => {
  dialled(context);
  context.probe.next(open(context.a));
};
const drained: Step = (context) => {
  opened(context);
  context.probe.next(draining(context.a), 0);
};
const handedOver: Step = (context) => {
  drained(context);
  context.probe.next(open(context.b), 1);
};
const idle =
  (ms: number): Step =>
  (context) => {
    opened(context);
    context.time.pass(ms);
  };

/** Work with a lease. */
const held = (config: Partial<ExtendLeaseConfig<number>>): Operator =>
  extendLease({ every: 1_000, lease: 1, extend: () => undefined, renewals$: NEVER, ...config });

/** A source that serves because a better one failed; that one is `then` when it is tried again. */
const fallenBack =
  (then: ReturnType<Operator>): ((scheduler: SchedulerLike) => Operator) =>
  (scheduler) =>
  (source) =>
    fallback(
      [
        inTurn(
          throwError(() => 'blocked'),
          then as typeof source,
        ),
        source,
      ],
      { after: 1, scheduler },
    ).pipe(retry(1));

const laws: Readonly<Record<string, OperatorUnderLaw>> = {
  codec: {
    operator: () => codec({ encode: String, decode: (frame) => Number(frame) }) as Operator,
    arrives: Number,
    throwing: { codec: (boom) => ({ operator: () => codec(boom) as Operator }) },
  },
  json: { operator: () => json() as Operator, arrives: Number },
  msgpack: {
    operator: () => msgpack() as Operator,
    data: [new Uint8Array([1]), new Uint8Array([2])],
    arrives: (frame) => (frame as Uint8Array)[0],
  },
  connectionState: {
    operator: (scheduler) => connectionState({ scheduler }),
    converts: true,
    absorbs: true,
    throwing: {
      onIllegal: (onIllegal) => ({
        operator: (scheduler) => connectionState({ onIllegal, scheduler }),
        steps: ({ probe, a, b }) => [open(a), open(b)].forEach((event) => probe.next(event)),
      }),
    },
  },
  connectionStats: {
    operator: (scheduler) => connectionStats({ scheduler }),
    converts: true,
    busy: { 'before a snapshot is due': { operator: (scheduler) => connectionStats({ scheduler }), steps: opened } },
  },
  countTraffic: { operator: () => countTraffic() as Operator },
  dedupe: {
    operator: () => dedupe({ key: (data) => data, window: 10 }),
    throwing: { key: (key) => ({ operator: () => dedupe({ key, window: 10 }) }) },
  },
  dial: {
    operator: () => (source) =>
      dial(
        () => of('target'),
        () => source,
      ),
    throwing: {
      connect: (boom) => ({ operator: () => () => dial(() => of('target'), boom) }),
      start: (boom) => ({ operator: () => (source) => dial(boom, () => source) }),
      key: (key) => ({
        operator: () => (source) =>
          dial(
            () => of('target'),
            () => source,
            { key },
          ),
      }),
    },
  },
  drainHandover: {
    operator: (scheduler) => drainHandover({ linger: 1_000, scheduler }),
    busy: {
      'while the successor is dialled': {
        operator: (scheduler) => drainHandover({ linger: 1_000, scheduler }),
        steps: drained,
      },
      'while it waits for its share of the time': {
        operator: (scheduler) => drainHandover({ linger: 1_000, scheduler, random: () => 0.5 }),
        steps: (context) => {
          opened(context);
          context.probe.next(draining(context.a, 1_000));
        },
      },
      'while the old connection lingers': {
        operator: (scheduler) => drainHandover({ linger: 1_000, scheduler }),
        steps: handedOver,
      },
    },
    throwing: {
      release: (release) => ({
        operator: (scheduler) => drainHandover({ linger: 1_000, release, scheduler }),
        steps: handedOver,
      }),
      until: (until) => ({
        operator: (scheduler) => drainHandover({ linger: 1_000, until, scheduler }),
        steps: handedOver,
      }),
    },
    acts: {
      'the old peer is released': {
        operator: (scheduler) => drainHandover({ linger: 1_000, release: (old) => old.send('bye'), scheduler }),
        steps: handedOver,
        because: 'b',
      },
    },
  },
  drainOn: {
    operator: () => drainOn(() => false),
    throwing: {
      isDraining: (isDraining) => ({ operator: () => drainOn(isDraining) }),
      within: (within) => ({ operator: () => drainOn(() => true, { within }) }),
    },
  },
  extendLease: {
    // It stands on work, whatever that says: here it says events.
    operator: (scheduler) => held({ scheduler }),
    busy: {
      'while a lease is kept': {
        operator: (scheduler) => held({ renewals$: timer(5_000, scheduler), scheduler }),
        steps: idle(1_500),
      },
    },
    throwing: {
      renewals$: (boom) => ({ operator: () => held({ renewals$: of(1).pipe(map(boom)) }) }),
    },
  },
  fallback: {
    operator: (scheduler) => (source) => fallback([source], { scheduler }),
    busy: {
      'while a worse source serves': { operator: fallenBack(NEVER), steps: opened },
      'while a better source is probed': { operator: fallenBack(NEVER), steps: idle(65_000) },
      'while the worse connection lingers': {
        operator: fallenBack(concat(of(connecting(), open(mockConnection('b'))), NEVER)),
        steps: idle(62_000),
      },
    },
  },
  handshake: {
    operator: (scheduler) => handshake({ within: 1_000, exchange: () => of('session'), scheduler }),
    busy: {
      'during the exchange': {
        operator: (scheduler) => handshake({ within: 1_000, exchange: () => timer(500, scheduler), scheduler }),
        steps: opened,
      },
    },
    throwing: {
      exchange: (exchange) => ({
        operator: (scheduler) => handshake({ within: 1_000, exchange, scheduler }),
        steps: opened,
      }),
      messages$: (boom) => ({
        operator: (scheduler) =>
          handshake({ within: 1_000, exchange: (_connection, messages$) => messages$.pipe(map(boom)), scheduler }),
      }),
    },
  },
  heartbeat: {
    operator: (scheduler) => heartbeat({ interval: 1_000, timeout: 1_000, scheduler }),
    busy: {
      'before a ping': {
        operator: (scheduler) => heartbeat({ interval: 1_000, timeout: 1_000, scheduler }),
        steps: opened,
      },
      'while an answer is awaited': {
        operator: (scheduler) => heartbeat({ interval: 1_000, timeout: 1_000, scheduler }),
        steps: idle(1_500),
      },
    },
    throwing: {
      config: (config) => ({ operator: () => heartbeat(config), steps: opened }),
      ping: (ping) => ({
        operator: (scheduler) => heartbeat({ interval: 1_000, timeout: 1_000, ping, scheduler }),
        steps: idle(1_500),
      }),
      isPong: (isPong) => ({
        operator: (scheduler) => heartbeat({ interval: 1_000, timeout: 1_000, isPong, scheduler }),
      }),
    },
  },
  logEvents: { operator: (scheduler) => logEvents(silent, { level: 'debug', payloads: String, scheduler }) },
  messages: { operator: () => messages(), converts: true },
  openTimeout: {
    operator: (scheduler) => openTimeout({ within: 1_000, scheduler }),
    busy: {
      'before it is open': { operator: (scheduler) => openTimeout({ within: 1_000, scheduler }), steps: dialled },
    },
  },
  reconnect: {
    operator: (scheduler) => reconnect({ maxAttempts: 0, scheduler }),
    busy: {
      'while it waits for a retry': {
        operator: (scheduler) => reconnect({ delay: constant(1_000), scheduler }),
        steps: (context) => {
          opened(context);
          context.probe.error(new ConnectionClosedError(1006, ''));
        },
      },
      'while credentials are awaited': {
        operator: (scheduler) => reconnect({ delay: constant(0), refreshAuth: () => timer(500, scheduler), scheduler }),
        steps: (context) => {
          opened(context);
          context.probe.error(new ConnectionClosedError(4401, ''));
          context.time.pass(1);
        },
      },
    },
    throwing: {
      delay: (delay) => ({
        operator: (scheduler) => reconnect({ delay, scheduler }),
        steps: ({ probe }) => probe.error('lost'),
      }),
      refreshAuth: (refreshAuth) => ({
        operator: (scheduler) => reconnect({ delay: constant(1), refreshAuth, scheduler }),
        steps: ({ probe, time }) => {
          probe.error(new ConnectionClosedError(4401, ''));
          time.pass(10);
        },
      }),
      while$: (boom) => ({
        operator: (scheduler) => reconnect({ while$: of(1).pipe(map(boom)), scheduler }),
        steps: () => undefined,
      }),
    },
  },
  sendFrom: {
    operator: (scheduler) => sendFrom(NEVER, { ttl: 1_000, scheduler }),
    busy: {
      'while a message waits': {
        operator: (scheduler) => sendFrom(of('m'), { ttl: 1_000, scheduler }),
        steps: dialled,
      },
    },
    throwing: {
      outgoing$: (boom) => ({ operator: () => sendFrom(of(1).pipe(map(boom))), steps: dialled }),
      encode: (boom) => ({
        operator: () => (source) =>
          source.pipe(codec({ encode: boom, decode: String }) as Operator as never, sendFrom(of('m'))),
        steps: opened,
      }),
    },
    acts: { 'what waited is sent': { operator: () => sendFrom(of('m')), steps: opened, because: 'a' } },
  },
  shareConnection: { operator: (scheduler) => shareConnection({ scheduler }), shares: true },
};

for (const [name, law] of Object.entries(laws)) operatorLaws(name, law);

describe('the laws of operators', () => {
  it('are asked of every operator there is', () => {
    const src = join(__dirname, '../../src');
    const files = ['codecs', 'operators'].flatMap((folder) => readdirSync(join(src, folder)));
    const names = files.filter((file) => file.endsWith('.ts')).map((file) => file.slice(0, -3));

    expect(Object.keys(laws).sort()).toEqual(names.sort());
  });
});
