import { concat, from, NEVER, of, startWith, Subject, throwError, VirtualTimeScheduler } from 'rxjs';
import type { Connection } from '../../src/core/connection.js';
import { ConnectionClosedError, DialError, HandshakeError, ProtocolError } from '../../src/core/errors.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import { redact } from '../../src/core/redact.js';
import { type Logger, logEvents, type LogLevel } from '../../src/operators/logEvents.js';
import {
  close,
  connecting,
  draining,
  dropped,
  malformed,
  message,
  open,
  pong,
  reconnecting,
  retired,
} from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

type Event = ConnectionEvent<string, unknown>;

const levels = ['error', 'warn', 'info', 'debug'] as const;

/** A logger that keeps its entries, and shows them as they come. */
function memory() {
  const entries$ = new Subject<string>();
  const entries: object[] = [];
  const noted = (level: string) => (entry: object) => {
    entries.push({ level, ...entry });
    entries$.next(level);
  };
  const logger = Object.fromEntries(levels.map((level) => [level, noted(level)])) as unknown as Logger;
  return { logger, entries, entries$ };
}

describe('logEvents', () => {
  it(
    'tells a logger what happens, when, and to which connection',
    marbles(({ cold, expectObservable, expectSubscriptions, flush, a, events }) => {
      const source = cold(' co-x#', { ...events, x: close(a, 1006) }, new ConnectionClosedError(1006, ''));
      const subs = '        ^---!';
      const expected = '    co-x#';
      const log = '         ii-we';
      const { logger, entries, entries$ } = memory();

      expectObservable(entries$).toBe(log, { i: 'info', w: 'warn', e: 'error' });
      expectObservable(source.pipe(logEvents(logger))).toBe(
        expected,
        { ...events, x: close(a, 1006) },
        new ConnectionClosedError(1006, ''),
      );
      expectSubscriptions(source.subscriptions).toBe(subs);
      flush();
      const message = 'the connection was closed with code 1006';
      const connection = { connection: 'a', url: 'ws://a' };
      expect(entries).toEqual([
        { level: 'info', event: 'connecting', at: 0, url: 'ws://a' },
        { level: 'info', event: 'open', at: 1, ...connection },
        { level: 'warn', event: 'close', at: 3, ...connection, code: 1006, reason: '', wasClean: false },
        { level: 'error', event: 'error', at: 4, cause: { name: 'ConnectionClosedError', message, code: 1006 } },
      ]);
    }),
  );

  it('gives every event its level', () => {
    const everything = (a: Connection<unknown>): Readonly<Record<(typeof levels)[number], readonly Event[]>> => ({
      error: [],
      warn: [
        draining(a),
        reconnecting(1, 5, new Error('lost')),
        malformed(a, '}', new ProtocolError('no')),
        dropped('old'),
        close(a, 1006),
        retired(a, 'lost'),
      ],
      info: [connecting(), open(a), close(a), retired(a, 'released'), retired(a, 'expired')],
      debug: [message(a, 'm'), pong(a), { type: 'lease', connection: a, id: 7 } as never],
    });
    const a = mockConnection('a');

    for (const level of levels) {
      for (const event of everything(a)[level]) {
        const { logger, entries } = memory();
        NEVER.pipe(startWith(event), logEvents(logger, { level: 'debug' })).subscribe();
        expect(entries).toEqual([expect.objectContaining({ level, event: event.type })]);
      }
    }
  });

  it.each<[level: LogLevel, told: string[]]>([
    ['off', []],
    ['error', ['error']],
    ['warn', ['draining', 'error']],
    ['info', ['connecting', 'open', 'draining', 'error']],
    ['debug', ['connecting', 'open', 'message', 'draining', 'error']],
  ])('tells at level %s: %j', (level, told) => {
    marbles(({ cold, flush, events }) => {
      const { logger, entries } = memory();
      cold('comd#', events)
        .pipe(logEvents(logger, { level }))
        .subscribe({ error: () => undefined });
      flush();

      expect(entries.map((entry) => (entry as { event: string }).event)).toEqual(told);
    })();
  });

  it('tells the facts of each event', () => {
    const a = mockConnection('a');
    const { logger, entries } = memory();
    const happening: Event[] = [
      open(a),
      pong(a, 12),
      draining(a, 500),
      retired(a, 'released'),
      reconnecting(2, 900, new DialError('ws://a', 'refused')),
      dropped('old', 'expired'),
      { type: 'lease', connection: a, id: 7 } as never,
    ];
    of(...happening)
      .pipe(logEvents(logger, { level: 'debug', scheduler: new VirtualTimeScheduler() }))
      .subscribe();

    const connection = { at: 0, connection: 'a', url: 'ws://a' };
    expect(entries).toEqual([
      { level: 'info', event: 'open', ...connection },
      { level: 'debug', event: 'pong', ...connection, roundTrip: 12 },
      { level: 'warn', event: 'draining', ...connection, within: 500 },
      { level: 'info', event: 'retired', ...connection, reason: 'released' },
      {
        level: 'warn',
        event: 'reconnecting',
        at: 0,
        attempt: 2,
        delay: 900,
        cause: { name: 'DialError', message: 'could not connect to ws://a: refused' },
      },
      { level: 'warn', event: 'dropped', at: 0, reason: 'expired' },
      { level: 'debug', event: 'lease', ...connection },
      { level: 'info', event: 'complete', at: 0 },
    ]);
  });

  it('shows nothing of what was in messages, frames, and events that it does not know', () => {
    const a = mockConnection('a');
    const { logger, entries } = memory();
    from<ConnectionEvent<unknown, unknown>[]>([
      message(a, 'S3CR3T'),
      malformed(a, 'S3CR3T', new ProtocolError(`Unexpected token 'S', "S3CR3T" is not JSON`)),
      dropped('S3CR3T'),
      { type: 'lease', connection: a, of: 'S3CR3T' } as never,
    ])
      .pipe(logEvents(logger, { level: 'debug' }))
      .subscribe();

    expect(entries).toHaveLength(5);
    expect(JSON.stringify(entries)).not.toContain('S3CR3T');
  });

  it('shows of them what `payloads` makes of them', () => {
    const a = mockConnection('a');
    const { logger, entries } = memory();
    from<ConnectionEvent<unknown, unknown>[]>([
      message(a, { kind: 'auth', token: 'S3CR3T' }),
      malformed(a, '}', new ProtocolError('no')),
      dropped('old'),
      { type: 'lease', connection: a, id: 7 } as never,
    ])
      .pipe(logEvents(logger, { level: 'debug', payloads: redact }))
      .subscribe();

    expect(entries).toMatchObject([
      { event: 'message', data: { kind: 'auth', token: '[redacted]' } },
      { event: 'malformed', raw: '}', error: { name: 'ProtocolError', message: 'no' } },
      { event: 'dropped', reason: 'overflow', message: 'old' },
      { event: 'lease', id: 7 },
      {},
    ]);
  });

  it('adds its context to every entry, and lets it not overwrite what happened', () => {
    const { logger, entries } = memory();
    of(connecting())
      .pipe(logEvents(logger, { context: { service: 'chat', event: 'mine' } }))
      .subscribe();

    expect(entries).toMatchObject([
      { service: 'chat', event: 'connecting' },
      { service: 'chat', event: 'complete' },
    ]);
  });

  it('shows of an error name, message, code and causes, but not for ever', () => {
    const { logger, entries } = memory();
    const endless = Object.assign(new Error('round'), { request: 'S3CR3T' });
    endless.cause = endless;
    of(reconnecting(1, 1, new HandshakeError('no', 'auth', 4401, 'late')), reconnecting(2, 1, endless), reconnecting(3))
      .pipe(logEvents(logger))
      .subscribe();

    expect(entries).toMatchObject([
      { cause: { name: 'HandshakeError', message: 'handshake failed (auth): no', code: 4401, cause: 'late' } },
      { cause: { name: 'Error', message: 'round', cause: { message: 'round' } } },
      { attempt: 3 },
      {},
    ]);
    expect(JSON.stringify(entries[1]).match(/round/g)).toHaveLength(5);
    expect(JSON.stringify(entries)).not.toContain('S3CR3T');
  });

  it('keeps secrets out of errors, wherever they end up', () => {
    const { logger, entries } = memory();
    const refused = new DialError('wss://a', 'got 401 for Authorization: Bearer S3CR3T');
    const happening = of(reconnecting(1, 1, refused), connecting('wss://me:S3CR3T@a/?token=S3CR3T'));
    concat(
      happening,
      throwError(() => new Error('failed', { cause: refused })),
    )
      .pipe(logEvents(logger))
      .subscribe({ error: () => undefined });

    expect(entries).toHaveLength(3);
    expect(JSON.stringify(entries)).not.toContain('S3CR3T');
  });

  it('tells of an event before the event is passed on, so that the log is in order', () => {
    const { logger, entries$ } = memory();
    const order: string[] = [];
    entries$.subscribe((level) => order.push(level));
    of(connecting(), open(mockConnection('a')))
      .pipe(logEvents(logger))
      .subscribe(({ type }) => order.push(type));

    expect(order).toEqual(['info', 'connecting', 'info', 'open', 'info']);
  });

  it(
    'breaks no connection when the logger throws',
    marbles(({ cold, expectObservable, events }) => {
      const broken = (): never => {
        throw new Error('the disk is full');
      };
      const logger: Logger = { error: broken, warn: broken, info: broken, debug: broken };

      expectObservable(cold('com-x|', events).pipe(logEvents(logger, { level: 'debug' }))).toBe('com-x|', events);
      expectObservable(cold('com-#', events).pipe(logEvents(logger, { level: 'debug' }))).toBe('  com-#', events);
    }),
  );

  it('costs nothing when it is off', () => {
    const source = of(connecting());

    expect(source.pipe(logEvents(memory().logger, { level: 'off' }))).toBe(source);
  });

  it('makes no entry below its level', () => {
    let looked = 0;
    const event = Object.defineProperty(message(mockConnection('a'), 'm'), 'extra', {
      enumerable: true,
      get: () => ++looked,
    });

    of<Event>(event).pipe(logEvents(memory().logger)).subscribe();
    expect(looked).toBe(0);
    of<Event>(event)
      .pipe(logEvents(memory().logger, { level: 'debug' }))
      .subscribe();
    expect(looked).toBe(1);
  });

  it(
    'lets go of its source when it is unsubscribed',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const source = cold('com-', events);

      expectObservable(source.pipe(logEvents(memory().logger)), '--!').toBe('co', events);
      expectSubscriptions(source.subscriptions).toBe('^-!');
    }),
  );

  it('refuses a level that is none', () => {
    expect(() => logEvents(console, { level: 'verbose' as never })).toThrow(
      "logEvents: expected `level` to be one of 'off', 'error', 'warn', 'info', 'debug', got 'verbose'",
    );
  });
});
