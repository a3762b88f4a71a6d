import { concatWith, from, Subject, throwError } from 'rxjs';
import { DialError } from '../../../src/core/errors.js';
import { redact } from '../../../src/core/redact.js';
import type { WorkerEvent } from '../../../src/gateway/events.js';
import { logWorker } from '../../../src/gateway/logWorker.js';
import { hashSigningKey } from '../../../src/gateway/signingKeys.js';
import { gatewayWorker } from '../../../src/gateway/worker.js';
import type { GatewayWorkerConfig } from '../../../src/gateway/workerConfig.js';
import type { LogEventsConfig, Logger } from '../../../src/operators/logEvents.js';
import { webSocket } from '../../../src/transports/webSocket.js';
import { gatewayScene } from './gatewayScene.js';
import { echo, startWorker, type StartedWorker } from './startWorker.js';

interface Entry {
  readonly level: string;
  readonly event: string;
  readonly at: number;
  readonly connection?: string;
  readonly url?: string;
}

const levels = ['error', 'warn', 'info', 'debug'] as const;

/** What a logger was given. */
function memory(): { readonly logger: Logger; readonly entries: Entry[] } {
  const entries: Entry[] = [];
  const noted = (level: string) => (entry: object) => void entries.push({ level, ...(entry as Omit<Entry, 'level'>) });
  return { entries, logger: Object.fromEntries(levels.map((level) => [level, noted(level)])) as unknown as Logger };
}

/** Everything that a worker lived through, told to a logger. */
const logOf = ({ events }: StartedWorker, config?: LogEventsConfig): Entry[] => {
  const { logger, entries } = memory();
  from(events).pipe(logWorker(logger, config)).subscribe();
  return entries;
};

const KEY = `signkey-test-${'12345678'.repeat(4)}`;
const FALLBACK = `signkey-test-${'abcdef01'.repeat(4)}`;
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';

/** What must not be in a log, in whole or in its telling part. */
const secrets = [
  '12345678'.repeat(4),
  'abcdef01'.repeat(4),
  ...[KEY, FALLBACK].map((key) => hashSigningKey(key).slice('signkey-test-'.length)),
  JWT,
  'S3CR3T',
];

describe('the log of a worker', () => {
  const scene = gatewayScene();

  /** A worker that is told to end by the test, with its log. */
  const logged = async (act: (shutdown: () => Promise<void>) => Promise<void>, config: LogEventsConfig = {}) => {
    const { logger, entries } = memory();
    const shutdown$ = new Subject<void>();
    const done = new Promise<void>((resolve, reject) => {
      gatewayWorker({ apiUrl: scene.api.url, apps: [echo], shutdown$ })
        .pipe(logWorker(logger, config))
        .subscribe({ complete: resolve, error: reject });
    });
    await act(() => {
      shutdown$.next();
      return done;
    });
    return entries;
  };

  it('is one object for each event, which JSON can tell, in the order of what happened', async () => {
    const gateway = await scene.gateway();
    const worker = scene.worker();
    await gateway.request({ appName: 'app', payload: { text: 'S3CR3T' } }).reply;
    await worker.event('accepted');
    await worker.shutdown();
    const entries = logOf(worker, { level: 'debug', context: { service: 'billing' } });

    expect(entries.map(({ level, event }) => `${level} ${event}`)).toEqual([
      'info connecting',
      'info open',
      'debug message',
      'debug received',
      'debug completed',
      'debug message',
      'debug accepted',
      'info closing',
      'info close',
      'info complete',
    ]);
    expect(entries.every((entry) => 'service' in entry && entry.at > 0)).toBe(true);
    expect(JSON.parse(JSON.stringify(entries))).toEqual(entries);
    expect(JSON.stringify(entries)).not.toContain('S3CR3T');
  });

  it('tells by its id which connection something happened on', async () => {
    const old = await scene.gateway({ group: 'old' });
    const next = await scene.gateway({ group: 'new' });
    const worker = scene.worker();
    await old.request({ appName: 'app' }).reply;
    await worker.event('accepted');
    old.drain();
    await worker.event('retired');
    await next.request().reply;
    await worker.event('accepted', 2);
    await worker.shutdown();
    const ids = worker.events.flatMap((event) => (event.type === 'open' ? [event.connection.id] : []));

    const told = logOf(worker, { level: 'debug' }).flatMap(({ event, connection, url }) =>
      connection === undefined ? [] : [`${event} ${ids.indexOf(connection)} ${url?.startsWith('ws://')}`],
    );
    expect(told).toEqual([
      ...['open 0 true', 'message 0 true', 'received 0 true', 'message 0 true', 'draining 0 true'],
      ...['open 1 true', 'retired 0 true', 'message 1 true', 'received 1 true', 'message 1 true', 'close 1 true'],
    ]);
  });

  it.each([
    ['error', []],
    ['warn', ['warn skipped']],
    ['info', ['info connecting', 'info open', 'warn skipped', 'info closing', 'info close', 'info complete']],
  ] as const)('tells at level %s: %j', async (level, told) => {
    const gateway = await scene.gateway();
    const entries = await logged(
      async (shutdown) => {
        const { reply, record } = gateway.request({ appName: 'app' });
        await reply;
        gateway.sendRequest({ ...record.request!, requestId: 'other', appName: 'nobody' });
        await gateway.request().reply;
        await shutdown();
      },
      { level },
    );

    expect(entries.map((entry) => `${entry.level} ${entry.event}`)).toEqual(told);
  });

  it('is not even begun when it is off', async () => {
    const gateway = await scene.gateway();
    const entries = await logged(
      async (shutdown) => {
        await gateway.request({ appName: 'app' }).reply;
        await shutdown();
      },
      { level: 'off' },
    );

    expect(entries).toEqual([]);
  });

  it('is not flooded: beats, requests and leases add nothing to it', async () => {
    const gateway = await scene.gateway({ heartbeatInterval: 100, statusInterval: 10, extendLeaseInterval: 10 });
    const worker = scene.worker();
    const connection = await gateway.waitForReady();
    await connection.waitForMessage('heartbeat', 5);
    await worker.event('pong', 5);
    await Promise.all(Array.from({ length: 50 }, async () => gateway.request().reply));
    await worker.event('accepted', 50);

    const entries = logOf(worker);
    expect(worker.events.length).toBeGreaterThan(200);
    expect(entries.map(({ event }) => event)).toEqual(['connecting', 'open', 'complete']);
  });

  describe('shows no secret', () => {
    /** Plants a secret by a way that others have, and gives all that is told of the worker then. */
    const told = async (config: Partial<GatewayWorkerConfig>, until: (worker: StartedWorker) => Promise<unknown>) => {
      const worker = startWorker({
        apiUrl: scene.api.url,
        signingKey: KEY,
        signingKeyFallback: FALLBACK,
        delay: () => 5,
        ...config,
      });
      await until(worker);
      worker.stop();
      const text = JSON.stringify(logOf(worker, { level: 'debug', payloads: redact }));
      expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
      return text;
    };
    const reconnecting = async (worker: StartedWorker): Promise<WorkerEvent> => worker.event('reconnecting');

    it.each([
      ['the signing key', KEY],
      ['the hashed key', `no such key: Bearer ${hashSigningKey(KEY)}`],
      ['the hash alone', `nobody has ${hashSigningKey(KEY).slice('signkey-test-'.length)}`],
      ['a session token', `the token ${JWT} is expired`],
      ['a token by its name', '{"error":"expired","sessionToken":"S3CR3T","nested":{"syncToken":"S3CR3T"}}'],
      ['a header', 'got Authorization: Bearer S3CR3T'],
    ])('when the API says %s in an error', async (_what, body) => {
      await scene.gateway();
      for (const status of [401, 401, 500, 400, 429]) scene.api.fail('start', status, { body, retryAfter: 0 });

      const text = await told({}, async (worker) => worker.event('open'));
      expect(text).toContain('AuthError');
      expect(text).toContain('ConnectionLimitError');
      expect(text).toContain('answered 400');
    });

    it('when the address of a gateway holds a token, whether it answers or not', async () => {
      const gateway = await scene.gateway();
      const spoiled = (url: string): string => `${url.replace('ws://', 'ws://me:S3CR3T@')}?token=S3CR3T&env=test`;
      gateway.server.refuse(403);

      const text = await told({ rewriteEndpoint: ({ endpoint }) => spoiled(endpoint) }, async (worker) => {
        await reconnecting(worker);
        await worker.event('open');
      });
      expect(text).toContain('DialError');
      expect(text).toContain('127.0.0.1');
    });

    it('when a gateway says it as it closes, or why it could not register the apps', async () => {
      const gateway = await scene.gateway();
      gateway.handshake({ syncFailed: { code: 'connect_internal_error', message: `key ${KEY}, sessionToken=S3CR3T` } });

      const text = await told({}, async (worker) => {
        const connection = await gateway.waitForReady();
        connection.close(4000, `session_token: S3CR3T ${JWT}`);
        await worker.event('close');
        await worker.event('open', 2);
      });
      expect(text).toContain('SyncFailedError');
      expect(text).toContain('"code":4000');
    });

    it('when work fails with it, or brings it', async () => {
      const gateway = await scene.gateway();
      const handle = (): never => {
        throw new Error(`could not reach https://ada:S3CR3T@example.com/?api_key=S3CR3T`, {
          cause: { message: 'password=S3CR3T', cause: new DialError(`wss://a/?token=S3CR3T`, `Bearer ${JWT}`) },
        });
      };
      const payload = { user: 'ada', password: 'S3CR3T', list: [{ apiKey: 'S3CR3T' }] };

      const text = await told({ apps: [{ name: 'app', handle }] }, async (worker) => {
        gateway.request({ appName: 'app', payload });
        await worker.event('accepted');
      });
      expect(text).toContain('could not reach');
    });

    it('when the stream errors with it', () => {
      const { logger, entries } = memory();
      const inner = new AggregateError([new Error('password=S3CR3T')], `signingKey: ${KEY}`);
      from<WorkerEvent[]>([{ type: 'connecting', url: 'ws://a' }])
        .pipe(concatWith(throwError(() => new Error(`Authorization: Bearer ${JWT}`, { cause: inner }))))
        .pipe(logWorker(logger))
        .subscribe({ error: () => undefined });

      const text = JSON.stringify(entries);
      expect(entries.map(({ level }) => level)).toEqual(['info', 'error']);
      expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    });

    it('of what is agreed on with a gateway: tokens are not part of a connection', async () => {
      await scene.gateway();
      const tokens: string[] = [];
      scene.api.answerStart((answer) => {
        tokens.push(answer.sessionToken, answer.syncToken);
        return undefined;
      });
      const worker = scene.worker({
        connect: ({ endpoint }) => webSocket({ url: endpoint, protocols: 'v1.hawser.gateway' }),
      });
      await worker.event('open');
      const text = JSON.stringify([logOf(worker, { level: 'debug', payloads: redact }), worker.events]);

      expect(tokens).toHaveLength(2);
      expect(tokens.filter((token) => text.includes(token))).toEqual([]);
    });
  });
});
