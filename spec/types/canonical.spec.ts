import { map, type Observable, pipe, Subject, take } from 'rxjs';
import type { Connection, ConnectionEvent, ConnectionEvents } from '../../src/index.js';
import {
  connectionState,
  dedupe,
  dial,
  drainHandover,
  drainOn,
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
import { msgpack } from '../../src/msgpack.js';
import { expectType } from './expectType.js';

interface FromServer {
  readonly kind: 'hello' | 'work' | 'draining';
  readonly interval: number;
}
interface ToServer {
  readonly kind: 'connect' | 'ping' | 'pause' | 'result';
}
interface Session {
  readonly interval: number;
}

const silent = { error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined };

describe('the types of a pipeline', () => {
  it('infer In, Out and Session through the canonical order without an annotation', () => {
    const outgoing$ = new Subject<ToServer>();
    const events$ = webSocket('ws://127.0.0.1').pipe(
      msgpack<FromServer, ToServer>(),
      handshake({
        within: '10s',
        exchange: (connection, messages$) => {
          expectType<Connection<ToServer>>()(connection);
          connection.send({ kind: 'connect' });
          return messages$.pipe(
            take(1),
            map(({ interval }) => ({ interval })),
          );
        },
      }),
      openTimeout({ within: '20s' }),
      heartbeat((connection) => ({
        interval: connection.session.interval,
        timeout: '5s',
        ping: (open) => open.send({ kind: 'ping' }),
        isPong: ({ kind }) => kind === 'hello',
      })),
      drainOn(({ kind }) => kind === 'draining', { within: ({ interval }) => interval }),
      reconnect(),
      drainHandover({
        linger: '25s',
        release: (old) => {
          expectType<number>()(old.session.interval);
          old.send({ kind: 'pause' });
        },
      }),
      sendFrom(outgoing$),
      logEvents(silent, { level: 'warn' }),
    );
    const shared$ = events$.pipe(shareConnection());

    shared$
      .pipe(messages())
      .subscribe((message) => expectType<FromServer>()(message))
      .unsubscribe();
    shared$
      .pipe(connectionState())
      .subscribe(({ connection }) => expectType<Connection<ToServer, { interval: number }> | undefined>()(connection))
      .unsubscribe();
    const subscription = shared$.subscribe((event) => {
      expectType<ConnectionEvent<FromServer, ToServer, { interval: number }>>()(event);
      if (event.type === 'open') expectType<{ interval: number }>()(event.connection.session);
      if (event.type === 'message') expectType<FromServer>()(event.data);
    });
    subscription.unsubscribe();
  });

  it('infer through a short client', () => {
    const prices$ = webSocket('ws://127.0.0.1').pipe(
      json<FromServer, ToServer>(),
      heartbeat({ interval: '10s', timeout: '5s', ping: (connection) => connection.send({ kind: 'ping' }) }),
      reconnect(),
      messages(),
    );
    prices$.subscribe((price) => expectType<FromServer>()(price)).unsubscribe();
  });

  it('refuse a message that the peer does not take', () => {
    const events$ = webSocket('ws://127.0.0.1').pipe(json<FromServer, ToServer>());
    const subscription = events$.subscribe((event) => {
      // @ts-expect-error 'hello' goes the other way
      if (event.type === 'open') event.connection.send({ kind: 'hello' });
    });
    subscription.unsubscribe();
  });

  it('stay what they are where a callback takes more than it is given', () => {
    const send = (connection: Connection<ToServer | FromServer>): void => connection.send({ kind: 'pause' });
    const isNever = (message: unknown): boolean => message === send;
    const pauses$ = new Subject<{ readonly kind: 'pause' }>();
    const events$ = webSocket('ws://127.0.0.1').pipe(
      json<FromServer, ToServer>(),
      handshake({ within: 1_000, exchange: (): Session[] => [{ interval: 1 }] }),
      heartbeat({ interval: '10s', timeout: '5s', ping: send, isPong: isNever }),
      heartbeat(() => ({ interval: '10s', timeout: '5s', ping: send, isPong: isNever })),
      drainOn(isNever),
      drainHandover({ linger: '25s', release: send }),
      dedupe({ key: isNever, window: 1 }),
      sendFrom(pauses$),
    );
    const subscription = events$.subscribe((event) => {
      expectType<ConnectionEvent<FromServer, ToServer, Session>>()(event);
    });
    subscription.unsubscribe();
  });

  it('infer through dial, where `failed` is annotated or not used', () => {
    const ask = (failed: readonly { readonly endpoint: string }[]) => [
      { endpoint: `ws://127.0.0.${1 + failed.length}` },
    ];
    const asked$ = dial(ask, ({ endpoint }) => webSocket(endpoint).pipe(json<FromServer, ToServer>()));
    expectType<ConnectionEvents<FromServer, ToServer, undefined>>()(asked$);
    const events$ = dial(
      () => [{ endpoint: 'ws://127.0.0.1' }],
      ({ endpoint }) =>
        webSocket(endpoint).pipe(
          json<FromServer, ToServer>(),
          handshake({ within: 1_000, exchange: (): Session[] => [{ interval: 1 }] }),
        ),
    ).pipe(reconnect(), drainHandover({ linger: 1_000 }));
    const subscription = events$.subscribe((event) => {
      expectType<ConnectionEvent<FromServer, ToServer, Session>>()(event);
    });
    subscription.unsubscribe();
  });
});

describe('the types of an operator that is held in a constant', () => {
  it('are those of whatever it is used on', () => {
    const keep = reconnect();
    const keepAll = pipe(reconnect(), shareConnection());
    const logged = (debug: boolean) => (debug ? logEvents(silent) : openTimeout({ within: 1 }));
    const prices$ = webSocket('ws://127.0.0.1').pipe(json<FromServer, ToServer>(), logged(true), keep, messages());
    expectType<Observable<FromServer>>()(prices$);
    const events$ = webSocket('ws://127.0.0.1').pipe(json<FromServer, ToServer>(), keepAll);
    expectType<ConnectionEvents<FromServer, ToServer, undefined>>()(events$);
  });
});
