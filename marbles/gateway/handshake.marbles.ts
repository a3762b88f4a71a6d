import { map, Subject, tap } from 'rxjs';
import { HandshakeError } from '../../src/core/errors.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import { GatewayClosingError, SyncFailedError, UnexpectedMessageError } from '../../src/gateway/errors.js';
import { gatewayHandshake } from '../../src/gateway/handshake.js';
import type { FromGateway, GatewaySession, ToGateway, WorkerAnnouncement } from '../../src/gateway/messages.js';
import { connecting, message } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { mockConnection, type MockConnection } from '../../src/testing/mockConnection.js';

const worker: WorkerAnnouncement = {
  connectionId: 'id',
  sessionToken: 'secret',
  syncToken: 'secret',
  instanceId: 'host',
  apps: [],
  capabilities: new Uint8Array(),
  manualReadiness: true,
  framework: 'connect',
  sdkVersion: 'test',
  sdkLanguage: 'js',
  startedAt: 0,
  system: { cpuCores: 1, memBytes: 1, os: 'linux' },
};
const defaults: GatewaySession = {
  connectionId: 'id',
  group: 'blue',
  heartbeatInterval: 10_000,
  extendLeaseInterval: 5_000,
  statusInterval: 0,
};
type Event = ConnectionEvent<FromGateway, ToGateway>;

const lettersOf = (a: MockConnection<ToGateway>, ready: Omit<Extract<FromGateway, { kind: 'ready' }>, 'kind'> = {}) => {
  const says = (data: FromGateway): Event => message(a, data);
  return {
    c: connecting(),
    o: { type: 'open', connection: a } as Event,
    h: says({ kind: 'hello' }),
    r: says({ kind: 'ready', ...ready }),
    b: says({ kind: 'heartbeat' }),
    m: says({ kind: 'replyAck', requestId: 'r1' }),
    d: says({ kind: 'draining' }),
    s: says({ kind: 'syncFailed', code: 'connect_invalid_function_config', message: 'no triggers' }),
    x: { type: 'close', connection: a, code: 1001, reason: 'connect_gateway_closing', wasClean: true } as Event,
  };
};
const sent = { w: { kind: 'connect', worker } } as const;

describe('gatewayHandshake', () => {
  const introduce = (within?: number) =>
    gatewayHandshake({ worker, group: 'blue', ...(within !== undefined && { within }) });

  it(
    'introduces the worker when the gateway says hello, and opens when it is ready',
    marbles(({ cold, expectObservable, flush }) => {
      const a = mockConnection<ToGateway>('a');
      const source = cold<Event>('co-h-r-m-', lettersOf(a));
      const told = '             ---w-----';
      const expected = '         c----o-m-';
      let session: unknown;

      const result = source.pipe(
        introduce(),
        tap((event) => event.type === 'open' && (session = event.connection.session)),
        map(({ type }) => type),
      );
      expectObservable(result).toBe(expected, { c: 'connecting', o: 'open', m: 'message' });
      expectObservable(a.sent$).toBe(told, sent);
      flush();
      expect(session).toEqual(defaults);
    }),
  );

  it(
    'takes part when everything comes in one turn, and ignores a second hello',
    marbles(({ cold, flush }) => {
      const a = mockConnection<ToGateway>('a');
      const types: string[] = [];
      cold<Event>('c(ohhrhm)-', lettersOf(a))
        .pipe(introduce())
        .subscribe((event) => types.push(event.type));
      flush();
      expect(types).toEqual(['connecting', 'open', 'message', 'message']);
      expect(a.sent).toEqual([sent.w]);
    }),
  );

  it('takes part when the gateway is ready in the same call in which it is sent who connects', () => {
    const a = mockConnection<ToGateway>('a');
    const { o, h, r } = lettersOf(a);
    const source = new Subject<Event>();
    const types: string[] = [];
    a.sent$.subscribe(() => source.next(r));
    source.pipe(introduce()).subscribe((event) => types.push(event.type));
    source.next(o);
    source.next(h);
    expect(types).toEqual(['open']);
    expect(a.sent).toEqual([sent.w]);
    source.complete();
  });

  it.each([
    [
      'Go durations',
      { heartbeatInterval: '1m30s', extendLeaseInterval: '2m0s', statusInterval: '500ms' },
      90e3,
      120e3,
      500,
    ],
    ['numbers', { heartbeatInterval: 1, extendLeaseInterval: 2, statusInterval: 3 }, 1, 2, 3],
    ['too little', { heartbeatInterval: 0.5, extendLeaseInterval: 1e-9, statusInterval: '1ns' }, 1, 1, 1],
    ['nothing', { heartbeatInterval: '', extendLeaseInterval: '', statusInterval: '' }, 10e3, 5e3, 0],
    ['none of them', { heartbeatInterval: '0s', extendLeaseInterval: 0, statusInterval: '0s' }, 10e3, 5e3, 0],
  ])('takes the intervals from `ready`: %s', (_what, ready, heartbeatInterval, extendLeaseInterval, statusInterval) => {
    marbles(({ cold, flush }) => {
      let session: unknown;
      cold<Event>('ohr', lettersOf(mockConnection('a'), ready))
        .pipe(introduce())
        .subscribe((event) => event.type === 'open' && (session = event.connection.session));
      flush();
      expect(session).toEqual({ ...defaults, heartbeatInterval, extendLeaseInterval, statusInterval });
    })();
  });

  describe('fails', () => {
    const failure = (source: string, letters: object, within?: number): { error: HandshakeError; at: number } => {
      let end: { error: HandshakeError; at: number } | undefined;
      marbles(({ cold, flush, scheduler }) => {
        cold<Event>(source, letters as never)
          .pipe(introduce(within))
          .subscribe({ error: (error: unknown) => (end = { error: error as HandshakeError, at: scheduler.now() }) });
        flush();
      })();
      if (!end) throw new Error('it did not fail');
      return end;
    };

    it.each([
      ['hello', 'co'],
      ['ready', 'coh'],
      ['ready', 'co 9999ms h'],
    ])("when '%s' does not come within 10 s of the socket's opening (%s)", (phase, source) => {
      const { error, at } = failure(source, lettersOf(mockConnection<ToGateway>('a')));
      expect(error).toEqual(new HandshakeError(`no '${phase}' within 10000 ms`, phase));
      expect(at).toBe(10_001);
    });

    it('not when both come just in time', () => {
      expect(() => failure('co 4ms h 3ms r|', lettersOf(mockConnection('a')), 10)).toThrow('it did not fail');
      expect(failure('co 5ms h 4ms r|', lettersOf(mockConnection('a')), 10).error.phase).toBe('ready');
    });

    it.each([
      ['hello', 'cor', 'ready'],
      ['hello', 'com', 'replyAck'],
      ['ready', 'cohb', 'heartbeat'],
    ] as const)('when something else than %s comes (%s), and closes with 4001 UNEXPECTED', (phase, source, got) => {
      const a = mockConnection<ToGateway>('a');
      const { error } = failure(source, lettersOf(a));
      const cause = new UnexpectedMessageError(phase, got);
      expect(error).toEqual(new HandshakeError(`expected the message '${phase}', got '${got}'`, phase, 4001, cause));
      expect(a.closed).toEqual([{ code: 4001, reason: 'UNEXPECTED' }]);
    });

    it('when the gateway could not register the apps, with its reason', () => {
      const { error } = failure('cohs', lettersOf(mockConnection('a')));
      const cause = new SyncFailedError('connect_invalid_function_config', 'no triggers');
      expect(error.message).toContain('connect_invalid_function_config');
      expect(error.message).toContain('no triggers');
      expect(error).toEqual(new HandshakeError(cause.message, 'sync', undefined, cause));
    });

    it.each(['cod', 'cohd'])('when the gateway is about to close and says so (%s)', (source) => {
      const { error } = failure(source, lettersOf(mockConnection('a')));
      expect(error.cause).toEqual(new GatewayClosingError());
      expect(error.phase).toBe('closing');
    });

    it('when the gateway closes, with its code and reason', () => {
      const { error } = failure('cohx', lettersOf(mockConnection('a')));
      expect(error).toMatchObject({ phase: 'closed', code: 1001, cause: { reason: 'connect_gateway_closing' } });
    });

    it('when an interval is no duration, instead of guessing one', () => {
      const { error } = failure('cohr', lettersOf(mockConnection('a'), { heartbeatInterval: 'soon' }));
      expect(error).toMatchObject({ phase: 'ready', message: "handshake failed (ready): 'soon' is no duration" });
    });

    it('once, and says nothing over the socket that it gave up when a late hello comes', () => {
      const a = mockConnection<ToGateway>('a');
      const { at } = failure('co 20ms h', lettersOf(a), 5);
      expect(at).toBe(6);
      expect(a.sent).toEqual([]);
    });
  });

  it('refuses a limit that is none', () => {
    expect(() => introduce(-1)).toThrow('gatewayHandshake: expected `within` to be above 0');
  });
});
