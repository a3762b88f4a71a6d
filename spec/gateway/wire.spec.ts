import { join } from 'node:path';
import fc from 'fast-check';
import { encodePlain } from '../../src/codecs/msgpack/encoder.js';
import { msgpackWire } from '../../src/gateway/wire.js';
import type { WorkReply } from '../../src/gateway/messages.js';
import { readModules } from '../architecture/modules.js';
import { packageFaults } from '../architecture/rules.js';
import { carriedBy, refusal, wireLaws } from './wireLaws.js';

const { worker, gateway, startAnswer } = msgpackWire;
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const why = (message: unknown): string | undefined => refusal(gateway.decode, encodePlain(message))?.message;

const bytes = new Uint8Array([1, 2]);
const ids = {
  requestId: 'r',
  accountId: 'a',
  envId: 'e',
  appId: 'p',
  functionSlug: 'f',
  runId: 'u',
  systemTraceCtx: bytes,
  userTraceCtx: bytes,
};

const reply: WorkReply = {
  ...ids,
  status: 'done',
  body: bytes,
  noRetry: false,
  sdkVersion: 'v1',
  requestVersion: 1,
};

describe('the msgpack wire', () => {
  wireLaws(msgpackWire);

  it('reads no beginning of a frame', () => {
    for (const { said, encode, decode } of carriedBy(msgpackWire)) {
      for (const frame of fc.sample(said, { numRuns: 10, seed: 3 }).map(encode)) {
        for (let length = 0; length < frame.length; length++) {
          expect(refusal(decode, frame.subarray(0, length))).toBeDefined();
        }
      }
    }
  });

  it('names the kind and the field that is amiss', () => {
    const lease = { kind: 'extendLease', request: ids, leaseId: 'l' };
    expect(why(lease)).toBeUndefined();
    expect(why({ ...lease, leaseId: undefined })).toBe(
      'expected `extendLease.leaseId` to be a text of at most 1024 characters, got undefined',
    );
    expect(why({ ...lease, request: { ...ids, runId: 5 } })).toBe(
      'expected `extendLease.request.runId` to be a text of at most 1024 characters, got 5',
    );
    expect(why({ ...lease, request: { ...ids, stepId: {} } })).toMatch('`extendLease.request.stepId`');
    expect(why({ ...lease, request: { ...ids, userTraceCtx: 'text' } })).toBe(
      'expected `extendLease.request.userTraceCtx` to be binary data, got a text of 4',
    );
    expect(why({ ...lease, request: 7 })).toBe('expected `extendLease.request` to be a map, got 7');
  });

  it.each([
    [null, 'undefined'],
    [[], 'undefined'],
    [{}, 'undefined'],
    [{ kind: 5 }, '5'],
    [{ kind: 'hello' }, "'hello'"],
    [{ kind: '__proto__' }, "'__proto__'"],
    [{ kind: 'constructor' }, "'constructor'"],
  ])('takes the kind of %j for unknown', (message, got) => {
    expect(why(message)).toBe(`expected \`kind\` to be known, got ${got}`);
  });

  it.each<[string, object]>([
    ['status.inFlight', { kind: 'status', inFlight: 'r', closing: false }],
    ['status.inFlight[]', { kind: 'status', inFlight: ['r', 1], closing: false }],
    ['status.inFlight', { kind: 'status', inFlight: Array<string>(65_537).fill(''), closing: false }],
    ['status.closing', { kind: 'status', inFlight: [], closing: 1 }],
    ['reply.reply.status', { kind: 'reply', reply: { ...ids, status: 'toString' } }],
    ['extendLease.leaseId', { kind: 'extendLease', request: ids, leaseId: 'l'.repeat(1_025) }],
  ])('refuses a wrong `%s`', (field, message) => {
    expect(why(message)).toContain(`\`${field}\``);
  });

  it('refuses a trace context of more than 64 KiB: every message about the request repeats it', () => {
    const lease = (length: number) => ({
      kind: 'extendLease',
      request: { ...ids, userTraceCtx: new Uint8Array(length) },
      leaseId: 'l',
    });
    expect(why(lease(65_536))).toBeUndefined();
    expect(why(lease(65_537))).toBe('expected `extendLease.request.userTraceCtx` to be at most 65536 bytes, got 65537');
  });

  it('refuses a frame of more than 131,072 values before it reads them, whatever they are', () => {
    const list = (length: number) => ({ kind: 'pause', more: Array<object>(length).fill({}) });
    expect(why(list(131_072 - 4))).toBeUndefined();
    expect(why(list(131_072 - 3))).toBe('more than 131072 values');
  });

  it('shows no more of an unknown kind than it has to', () => {
    expect(why({ kind: 'k'.repeat(100) })).toBe(`expected \`kind\` to be known, got '${'k'.repeat(80)}…'`);
  });

  it.each([0.5, -1, NaN, 2n ** 60n, 2 ** 53, '1', null])('refuses %p for a whole number', (requestVersion) => {
    expect(why({ kind: 'reply', reply: { ...reply, requestVersion } })).toContain('`reply.reply.requestVersion`');
  });

  it.each([-1, NaN, Infinity, true, '1'.repeat(65), {}])('refuses %s for a duration', (statusInterval) => {
    const frame = encodePlain({ kind: 'ready', statusInterval });
    expect(refusal(worker.decode, frame)?.message).toBe('expected `ready.statusInterval` to be a duration');
  });

  it.each([
    ['no text', 5],
    ['nothing', ''],
    ['a page', 'https://gateway.example.com'],
    ['a scheme alone', 'ws://'],
    ['no address', 'wss:gateway'],
    ['too much', `ws://${'x'.repeat(65_532)}`],
  ])('refuses an endpoint that is %s', (_, endpoint) => {
    const answer = { connectionId: 'c', endpoint, group: 'g', sessionToken: 's', syncToken: 't' };
    const error = refusal((frame) => startAnswer.decode(frame as Uint8Array), encodePlain(answer));
    expect(error?.message).toMatch('`endpoint`');
  });

  it('shows no text that may be a secret', () => {
    const answer = { connectionId: 'c', endpoint: 'sesame', group: 'g', sessionToken: 's', syncToken: 't' };
    for (const bad of [answer, { ...answer, endpoint: 'ws://g', sessionToken: 'sesame'.repeat(20_000) }]) {
      const error = refusal((frame) => startAnswer.decode(frame as Uint8Array), encodePlain(bad));
      expect(error?.message).not.toContain('sesame');
    }
  });

  it('takes nil for an optional field that is absent', () => {
    const message = { kind: 'leaseAck', requestId: 'r', newLeaseId: null };
    expect(worker.decode(encodePlain(message))).toStrictEqual({ kind: 'leaseAck', requestId: 'r' });
  });

  it('leaves out an optional field that is undefined', () => {
    const message = { kind: 'ready', statusInterval: undefined } as never;
    expect(gateway.encode(message)).toEqual(encodePlain({ kind: 'ready' }));
  });

  it('gives objects whose prototype no peer can change', () => {
    const frame = hex('82 a4 6b696e64 a5 7061757365 a9 5f5f70726f746f5f5f 81 a4 6576696c 01');
    const message = gateway.decode(frame);
    expect(message).toStrictEqual({ kind: 'pause' });
    expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
    expect('evil' in message).toBe(false);
  });

  it('refuses a frame that is nested too deep, or claims more than it holds', () => {
    const frames = ['81 a4 6b696e64 ' + '91'.repeat(600) + 'c0', 'df ff ff ff ff', '81 a4 6b696e64 db ff ff ff ff'];
    for (const frame of frames) expect(refusal(gateway.decode, hex(frame))).toBeDefined();
  });

  it('checks what it sends as it does what it receives', () => {
    expect(() => worker.encode({ kind: 'extendLease', request: ids, leaseId: 5 as never })).toThrow(
      expect.objectContaining({ name: 'ProtocolError', message: expect.stringContaining('`extendLease.leaseId`') }),
    );
  });

  it('gives binary data that is no Buffer', () => {
    const message = worker.decode(
      gateway.encode({ kind: 'syncFailed', code: 'c', message: 'm', data: Buffer.from('x') }),
    );
    expect(Object.getPrototypeOf((message as { data: Uint8Array }).data)).toBe(Uint8Array.prototype);
  });

  it('costs nothing that only the wire of Inngest needs, nor the other way round', () => {
    const src = readModules(join(__dirname, '../../src'));
    expect(packageFaults(src, 'gateway/wire.ts', ['msgpackr', 'rxjs'])).toEqual([]);
    expect(packageFaults(src, 'gatewayInngest.ts', ['@bufbuild/protobuf/wire', 'rxjs'])).toEqual([]);
  });
});
