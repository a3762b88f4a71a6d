import { EMPTY, filter, first, firstValueFrom, map, type Observable } from 'rxjs';
import type { Connection, Traffic } from '../../src/core/connection.js';
import type { ConnectionEvents, ConnectionOperator } from '../../src/core/event.js';
import {
  type ConnectionSnapshot,
  type ConnectionStats,
  connectionState,
  connectionStats,
  countTraffic,
  dedupe,
  dial,
  drainHandover,
  drainOn,
  extendLease,
  type Frame,
  handshake,
  heartbeat,
  json,
  logEvents,
  messages,
  openTimeout,
  reconnect,
  sendFrom,
  shareConnection,
  webSocket,
} from '../../src/index.js';
import { expectType } from './expectType.js';

interface FromServer {
  readonly kind: 'hello' | 'ready' | 'draining';
  readonly id: number;
}
interface ToServer {
  readonly kind: 'connect' | 'ping' | 'bye';
}
interface Session {
  readonly interval: number;
}
interface Gateway {
  readonly group: string;
  readonly endpoint: string;
}
declare const frames$: ConnectionEvents<Frame, Frame, undefined>;
declare const outgoing$: Observable<ToServer>;
declare const logger: Record<'error' | 'warn' | 'info' | 'debug', (entry: object) => void>;

/** What is tested is that it compiles: it is not run. */
const compiles = (code: () => void): void => expect(code).toBeInstanceOf(Function);

describe('types', () => {
  it('are inferred through the canonical pipe without an annotation', () => {
    compiles(() => {
      const session$ = webSocket('wss://gateway.example.com').pipe(
        countTraffic(),
        json<FromServer, ToServer>(),
        handshake({
          within: '10s',
          exchange: (connection, messages$) => {
            expectType<Connection<ToServer>>()(connection);
            expectType<Observable<FromServer>>()(messages$);
            return messages$.pipe(
              filter(({ kind }) => kind === 'ready'),
              map(({ id }): Session => ({ interval: id })),
            );
          },
        }),
        openTimeout({ within: '15s' }),
        heartbeat((connection) => {
          expectType<Connection<ToServer, Session>>()(connection);
          return {
            interval: connection.session.interval,
            timeout: '5s',
            ping: (open) => open.send({ kind: 'ping' }),
            isPong: (message) => message.kind === 'hello',
          };
        }),
        drainOn((message) => message.kind === 'draining'),
        reconnect(),
      );
      expectType<ConnectionEvents<FromServer, ToServer, Session>>()(session$);

      const shared$ = session$.pipe(
        drainHandover({ linger: '25s', release: (old) => old.send({ kind: 'bye' }) }),
        dedupe({ key: (message) => message.id, window: 1_000 }),
        sendFrom(outgoing$),
        logEvents(logger, { level: 'debug' }),
        shareConnection(),
      );
      expectType<ConnectionEvents<FromServer, ToServer, Session>>()(shared$);
      expectType<Observable<FromServer>>()(shared$.pipe(messages()));
      expectType<Observable<ConnectionSnapshot<ToServer, Session>>>()(shared$.pipe(connectionState()));
      expectType<Observable<ConnectionStats>>()(shared$.pipe(connectionStats()));
    });
  });

  it('of a handshake come from what its exchange gives', () => {
    compiles(() => {
      const text$ = frames$.pipe(json<FromServer, ToServer>());
      const first$ = text$.pipe(handshake({ within: 1, exchange: (_, messages$) => messages$.pipe(first()) }));
      const promise$ = text$.pipe(
        handshake({ within: 1, exchange: async (_, messages$) => (await firstValueFrom(messages$)).id }),
      );
      const anyPeer = (connection: Connection<never>, messages$: Observable<unknown>): Observable<boolean> =>
        messages$.pipe(map(() => connection.readyState === 1));

      expectType<ConnectionEvents<FromServer, ToServer, boolean>>()(
        text$.pipe(handshake({ within: 1, exchange: anyPeer })),
      );
      const list$ = text$.pipe(handshake({ within: 1, exchange: () => ['session'] }));

      expectType<ConnectionEvents<FromServer, ToServer, FromServer>>()(first$);
      expectType<ConnectionEvents<FromServer, ToServer, number>>()(promise$);
      expectType<ConnectionEvents<FromServer, ToServer, string>>()(list$);
    });
  });

  it('of a dial come from `start` and `connect`', () => {
    compiles(() => {
      const start = async (): Promise<Gateway> => firstValueFrom(EMPTY);
      const plain$ = dial(start, ({ endpoint }) => webSocket(endpoint));
      const told$ = dial(
        (failed: readonly Gateway[]) => start().then((gateway) => failed[0] ?? gateway),
        (gateway) => {
          expectType<Gateway>()(gateway);
          return webSocket(gateway.endpoint).pipe(json<FromServer, ToServer>());
        },
        { key: ({ group }) => group },
      );

      expectType<ConnectionEvents<Frame, Frame, undefined>>()(plain$);
      expectType<ConnectionEvents<FromServer, ToServer, undefined>>()(told$);
    });
  });

  it('of work with a lease are those of the work, and the lease is of one type', () => {
    compiles(() => {
      const work$ = EMPTY as Observable<Gateway>;
      const renewals$ = EMPTY as Observable<string | undefined>;
      const extend = (lease: string): unknown => lease;
      const kept$ = work$.pipe(
        extendLease({
          every: '5s',
          lease: 'first',
          extend: (lease) => expectType<string>()(lease),
          renewals$,
        }),
      );

      expectType<Observable<Gateway>>()(kept$);
      expectType<Observable<Gateway>>()(
        work$.pipe(
          map((gateway) => gateway),
          extendLease({ every: 1, lease: { id: 7 }, extend: ({ id }) => expectType<number>()(id), renewals$: [] }),
        ),
      );
      extendLease<Gateway, string>({ every: 1, lease: 'first', extend, renewals$: Promise.resolve('second') });
      // @ts-expect-error the renewals are of another type
      extendLease({ every: 1, lease: 'first', extend, renewals$: [2] });
      // @ts-expect-error there is nothing between the two
      extendLease({ every: 1, lease: 'first', extend, renewals$, lost: 'retry' });
    });
  });

  it('keep traffic countable only where there are frames', () => {
    compiles(() => {
      expectType<ConnectionEvents<Frame, Frame, undefined>>()(frames$.pipe(countTraffic()));
      // @ts-expect-error messages have no bytes
      frames$.pipe(json<FromServer, ToServer>(), countTraffic());
      expectType<Traffic | undefined>()(({} as Connection<string>).traffic);
    });
  });

  it('of an operator that is made apart are its own', () => {
    compiles(() => {
      const dedupeById: ConnectionOperator<FromServer, ToServer, Session> = dedupe({ key: ({ id }) => id, window: 9 });
      expectType<ConnectionOperator<FromServer, ToServer, Session>>()(dedupeById);
      // @ts-expect-error there is no such field
      dedupe<FromServer, ToServer, Session>({ key: ({ uuid }) => uuid as unknown, window: 9 });
    });
  });

  it('are compared exactly: any, unknown and wider types do not pass', () => {
    const anything: unknown[] = [JSON.parse('1')];
    compiles(() => {
      expectType<number>()(anything.length);
      // @ts-expect-error the value is any, which would fit everything
      expectType<number>()(JSON.parse('1'));
      // @ts-expect-error a wider type was asked for
      expectType<number | string>()(anything.length);
      // @ts-expect-error a narrower type was asked for
      expectType<1>()(anything.length);
      // @ts-expect-error the value is unknown
      expectType<number>()(anything[0]);
    });
  });
});
