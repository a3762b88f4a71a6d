import { from, of, Subject } from 'rxjs';
import { GatewayApiError, InvalidPayloadError } from '../../src/gateway/errors.js';
import type { WorkerEvent, WorkEvent } from '../../src/gateway/events.js';
import { logWorker } from '../../src/gateway/logWorker.js';
import type { Logger, LogLevel } from '../../src/operators/logEvents.js';
import { close, connecting, message, open, pong, retired } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { accepted, completed, mockGatewayConnection, ready, received, workReply, workRequest } from './letters.js';

const levels = ['error', 'warn', 'info', 'debug'] as const;

/** A logger that keeps its entries, and shows their levels as they come. */
function memory() {
  const entries$ = new Subject<string>();
  const entries: Record<string, unknown>[] = [];
  const noted = (level: string) => (entry: object) => {
    entries.push({ level, ...entry });
    entries$.next(level);
  };
  const logger = Object.fromEntries(levels.map((level) => [level, noted(level)])) as unknown as Logger;
  return { logger, entries, entries$ };
}

const a = mockGatewayConnection('a');
const request = workRequest('r1', { payload: new TextEncoder().encode('S3CR3T') });
const reply = workReply('r1', { body: new TextEncoder().encode('S3CR3T'), status: 'error' });
const error = new GatewayApiError('/flush answered 400', { status: 400 });

/** Each event of work with its level and what is told of it. */
const ofWork: readonly [WorkEvent, LogLevel, object][] = [
  [received(a, request), 'debug', { connection: 'a', url: 'ws://a', requestId: 'r1', functionSlug: 'app-function' }],
  [
    { type: 'extended', request, leaseId: 'lease-2' },
    'debug',
    { requestId: 'r1', functionSlug: 'app-function', leaseId: 'lease-2' },
  ],
  [
    { type: 'completed', request, reply: { ...reply, status: 'done' }, duration: 7 },
    'debug',
    { requestId: 'r1', functionSlug: 'app-function', status: 'done', duration: 7 },
  ],
  [
    { type: 'completed', request, reply, duration: 7, error: new RangeError('too far') },
    'warn',
    {
      requestId: 'r1',
      functionSlug: 'app-function',
      status: 'error',
      duration: 7,
      cause: { name: 'RangeError', message: 'too far' },
    },
  ],
  [accepted('r1', 'http'), 'debug', { requestId: 'r1', via: 'http' }],
  [
    { type: 'skipped', connection: a, request, reason: 'capacity' },
    'warn',
    { connection: 'a', url: 'ws://a', requestId: 'r1', functionSlug: 'app-function', reason: 'capacity' },
  ],
  [
    { type: 'leaseLost', request, work: 'cancelled' },
    'warn',
    { requestId: 'r1', functionSlug: 'app-function', work: 'cancelled' },
  ],
  [{ type: 'buffered', requestId: 'r1', reason: 'notAcked' }, 'warn', { requestId: 'r1', reason: 'notAcked' }],
  [
    { type: 'undelivered', reply, reason: 'refused', error },
    'warn',
    {
      requestId: 'r1',
      status: 'error',
      reason: 'refused',
      cause: { name: 'GatewayApiError', message: '/flush answered 400' },
    },
  ],
  [{ type: 'abandoned', requests: ['r1', 'r2'], replies: ['r3'] }, 'warn', { requests: 'r1 r2', replies: 'r3' }],
];

describe('logWorker', () => {
  it(
    'tells a logger what happens to a worker and its work',
    marbles(({ cold, expectObservable }) => {
      const letters = {
        c: connecting(),
        o: open(a),
        w: received(a),
        k: completed(),
        s: { type: 'skipped', connection: a, request, reason: 'closing' } as const,
      };
      const source = cold<WorkerEvent>('co-w-k-s-', letters);
      const log = '                     ii-d-d-w-';
      const { logger, entries$ } = memory();

      expectObservable(entries$).toBe(log, { i: 'info', d: 'debug', w: 'warn' });
      expectObservable(source.pipe(logWorker(logger, { level: 'debug' }))).toBe('co-w-k-s-', letters);
    }),
  );

  it.each(
    ofWork.map(
      ([event, level, facts]) =>
        [`${event.type}${'error' in event ? ' with an error' : ''}`, level, event, facts] as const,
    ),
  )('tells of %s at %s', (_what, level, event, facts) => {
    const { logger, entries } = memory();
    of<WorkerEvent>(event)
      .pipe(logWorker(logger, { level: 'debug' }))
      .subscribe();

    expect(entries[0]).toEqual({ level, event: event.type, at: expect.any(Number), ...facts });
    expect(JSON.stringify(entries)).not.toContain('S3CR3T');
  });

  it('gives the events of connections, and the end, the levels that they have in `logEvents`', () => {
    const { logger, entries } = memory();
    from<WorkerEvent[]>([
      connecting(),
      open(a),
      message(a, ready),
      pong(a),
      close(a, 1006),
      retired(a, 'lost'),
      retired(a, 'released'),
      { type: 'closing' },
      close(a),
    ])
      .pipe(logWorker(logger, { level: 'debug' }))
      .subscribe();

    expect(entries.map(({ level }) => level).join(' ')).toBe('info info debug debug warn warn info info info info');
  });

  it('does not show what a payload holds that does not parse', () => {
    const { logger, entries } = memory();
    const unread = new InvalidPayloadError(new SyntaxError(`Unexpected token 'S', "S3CR3T" is not JSON`));
    of<WorkerEvent>({ type: 'completed', request, reply, duration: 0, error: unread })
      .pipe(logWorker(logger))
      .subscribe();

    expect(entries[0]).toMatchObject({ level: 'warn', cause: { name: 'InvalidPayloadError' } });
    expect(JSON.stringify(entries)).not.toContain('S3CR3T');
  });

  it('tells nothing below its level, and costs nothing when it is off', () => {
    const { logger, entries } = memory();
    const source = from<WorkerEvent[]>([received(a), completed(), accepted()]);
    source.pipe(logWorker(logger)).subscribe();

    expect(entries.map(({ event }) => event)).toEqual(['complete']);
    expect(source.pipe(logWorker(logger, { level: 'off' }))).toBe(source);
  });

  it('refuses a level that is none', () => {
    expect(() => logWorker(console, { level: 'verbose' as never })).toThrow('logEvents: expected `level` to be one of');
  });
});
