import fc from 'fast-check';
import { milliseconds } from '../../src/core/duration.js';
import type { FromGateway, RequestIds, ToGateway, WorkReply } from '../../src/gateway/messages.js';
import { goDuration } from '../../src/gateway/inngest/goDuration.js';
import { field } from '../../src/gateway/inngest/protoFields.js';
import { ProtoMessage } from '../../src/gateway/inngest/protoMessage.js';
import { int } from '../../src/gateway/inngest/protoTypes.js';
import * as tables from '../../src/gateway/inngest/tables.js';
import { inngestWire } from '../../src/gateway/inngestWire.js';
import { refusal, wireLaws } from './wireLaws.js';

const { worker, gateway, startRequest, startAnswer, flushRequest, flushAnswer } = inngestWire;
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const shown = (bytes: unknown): string => Buffer.from(bytes as Uint8Array).toString('hex');
const spaced = (text: string): string => text.replaceAll(' ', '');
const toWorker = (text: string): Error | undefined => refusal(worker.decode, hex(text));
const toOther = (text: string): Error | undefined => refusal(gateway.decode, hex(text));

const data = new Uint8Array([0x7b, 0x7d]);
const ids: RequestIds = {
  requestId: 'r',
  accountId: 'a',
  envId: 'e',
  appId: 'p',
  functionSlug: 'f',
  stepId: 's',
  runId: 'u',
  systemTraceCtx: data,
  userTraceCtx: data,
};
const reply: WorkReply = {
  requestId: 'r',
  accountId: 'a',
  envId: 'e',
  appId: 'p',
  status: 'done',
  body: data,
  noRetry: true,
  retryAfter: '5',
  sdkVersion: 'v',
  requestVersion: 2,
  systemTraceCtx: data,
  userTraceCtx: data,
  runId: 'u',
};
const SDK_RESPONSE = '0a0172 120161 1a0165 220170 2801 32027b7d 3801 420135 4a0176 5002 5a027b7d 62027b7d 6a0175';
const REQUEST_IDS = '0a0172 120161 1a0165 220170 2a0166 320173 3a027b7d 42027b7d 4a0175';

/** What is left of a message on the other side. */
function arrives(value: unknown): unknown {
  const message = value as FromGateway | ToGateway;
  if (message.kind === 'draining') return { kind: 'draining' };
  if (message.kind !== 'ready') return message;
  const intervals = Object.entries(message).filter(([, interval]) => interval !== '');
  return Object.fromEntries(
    intervals.map(([name, interval]) => [name, typeof interval === 'number' ? goDuration(interval) : interval]),
  );
}

describe('the wire of Inngest', () => {
  wireLaws(inngestWire, arrives);

  it.each<[string, FromGateway, string]>([
    ['a hello, which is no byte at all', { kind: 'hello' }, ''],
    [
      'a ready',
      { kind: 'ready', heartbeatInterval: 10_000, extendLeaseInterval: '1m30s' },
      '0802 120c 0a03313073 1205316d333073',
    ],
    ['a ready without opinions', { kind: 'ready' }, '0802'],
    [
      'a request',
      {
        kind: 'request',
        request: { ...ids, appName: 'n', functionId: 'i', jobId: 'j', leaseId: 'l', payload: data },
      },
      '0803 122d 0a0172 120161 1a0165 220170 2a016e 320169 3a0166 420173 4a027b7d 52027b7d 5a027b7d 620175 6a016c 72016a',
    ],
    ['a reply ack', { kind: 'replyAck', requestId: 'r' }, '0807 1203 0a0172'],
    ['a heartbeat', { kind: 'heartbeat' }, '080a'],
    ['a drain', { kind: 'draining', within: 5_000 }, '080b'],
    ['a new lease', { kind: 'leaseAck', requestId: 'r', newLeaseId: 'l' }, '080d 1206 0a0172 32016c'],
    ['a lost lease', { kind: 'leaseAck', requestId: 'r' }, '080d 1203 0a0172'],
    [
      'a lease whose id is empty, but there',
      { kind: 'leaseAck', requestId: 'r', newLeaseId: '' },
      '080d 1205 0a0172 3200',
    ],
    ['a failed sync', { kind: 'syncFailed', code: 'c', message: 'm', data }, '080e 120a 0a0163 12027b7d 1a016d'],
  ])('says %s', (_, message, frame) => {
    expect(shown(gateway.encode(message))).toBe(spaced(frame));
    expect(worker.decode(hex(frame))).toStrictEqual(arrives(message));
  });

  it.each<[string, ToGateway, string]>([
    [
      'a connect',
      {
        kind: 'connect',
        worker: {
          connectionId: 'c',
          instanceId: 'i',
          sessionToken: 's',
          syncToken: 't',
          capabilities: data,
          apps: [
            { appName: 'n', functions: data },
            { appName: 'm', appVersion: '', functions: new Uint8Array() },
          ],
          manualReadiness: true,
          system: { cpuCores: 2, memBytes: 2 ** 33, os: 'o' },
          environment: 'e',
          framework: 'f',
          platform: 'p',
          sdkVersion: 'v',
          sdkLanguage: 'l',
          startedAt: 1_500,
          maxConcurrency: 300,
        },
      },
      '0801 124d 0a0163 120169 1a06 0a0173 120174 22027b7d 2a07 0a016e 22027b7d 2a05 0a016d 1200 3001' +
        '3a0b 0802 108080808020 1a016f 420165 4a0166 520170 5a0176 62016c 6a08 0801 1080cab5ee01 70ac02',
    ],
    ['a ready', { kind: 'ready' }, '0804'],
    ['an ack', { kind: 'ack', request: ids }, `0805 121d ${REQUEST_IDS}`],
    ['a reply', { kind: 'reply', reply }, `0806 1227 ${SDK_RESPONSE}`],
    ['a pause', { kind: 'pause' }, '0808'],
    ['a heartbeat', { kind: 'heartbeat' }, '0809'],
    ['an extension', { kind: 'extendLease', request: ids, leaseId: 'l' }, `080c 1220 ${REQUEST_IDS} 52016c`],
    ['a status', { kind: 'status', inFlight: ['r', ''], closing: true }, '080f 1207 0a0172 0a00 1001'],
    ['an idle status', { kind: 'status', inFlight: [], closing: false }, '080f'],
  ])('answers with %s', (_, message, frame) => {
    expect(shown(worker.encode(message))).toBe(spaced(frame));
    expect(gateway.decode(hex(frame))).toStrictEqual(message);
  });

  it('has bodies without an envelope', () => {
    expect(shown(startRequest.encode({ exclude: [] }))).toBe('');
    expect(shown(startRequest.encode({ exclude: ['a', 'b'] }))).toBe(spaced('0a0161 0a0162'));
    const answer = { connectionId: 'c', endpoint: 'ws://g', group: 'g', sessionToken: 's', syncToken: 't' };
    expect(shown(startAnswer.encode(answer))).toBe(spaced('0a0163 120677733a2f2f67 1a0167 220173 2a0174'));
    expect(shown(flushRequest.encode(reply))).toBe(spaced(SDK_RESPONSE));
    expect(shown(flushAnswer.encode({ requestId: 'r' }))).toBe(spaced('0a0172'));
  });

  it('reads a start answer without an endpoint as malformed', () => {
    expect(refusal((body) => startAnswer.decode(body as Uint8Array), hex('0a0163'))?.message).toMatch('`endpoint`');
  });
});

describe('proto3, as the wire of Inngest has it', () => {
  it('writes fields in the order of their numbers, however the table names them', () => {
    const table = new ProtoMessage<{ b: number; a: number }>('Pair', { b: field(2, int), a: field(1, int) });
    expect(shown(table.encode({ b: 5, a: 6 }))).toBe(spaced('0806 1005'));
  });

  it('takes what is not there for empty', () => {
    expect(gateway.decode(hex('0801'))).toStrictEqual({
      kind: 'connect',
      worker: {
        connectionId: '',
        instanceId: '',
        sessionToken: '',
        syncToken: '',
        capabilities: new Uint8Array(),
        apps: [],
        manualReadiness: false,
        system: { cpuCores: 0, memBytes: 0, os: '' },
        framework: '',
        sdkVersion: '',
        sdkLanguage: '',
        startedAt: 0,
      },
    });
  });

  it('skips fields it does not know, of every wire type', () => {
    const unknown = 'f80705 f907 0000000000000000 fd07 00000000 fa0701ff fb07 f80701 fb07fc07 fc07';
    expect(worker.decode(hex(`0807 ${unknown} 1225 ${unknown} 0a0172`))).toStrictEqual({
      kind: 'replyAck',
      requestId: 'r',
    });
  });

  it('reads fields in any order, the last of several, and messages in parts', () => {
    expect(worker.decode(hex('1206 0a0172 0a0173 0801 0807'))).toStrictEqual({ kind: 'replyAck', requestId: 's' });
    const connect = gateway.decode(hex('0801 120a 1a03 0a0173 1a03 120174'));
    expect(connect).toMatchObject({ worker: { sessionToken: 's', syncToken: 't' } });
  });

  it.each([
    ['what the other end says', '0801', '`kind` to be known, got 1'],
    ['a kind of the future', '0863', '`kind` to be known, got 99'],
    ['a negative kind', '08ffffffffffffffffff01', '`kind` to be known, got -1'],
    [
      'a kind beyond 53 bits',
      '08ffffffffffffffff7f',
      'ConnectMessage: kind does not decode: an integer of more than 53',
    ],
    ['a kind that ends early', '08ff', 'ConnectMessage: kind does not decode'],
    ['a kind that never ends', `08${'ff'.repeat(20)}`, 'ConnectMessage: kind does not decode'],
    ['a kind of text', '0a0137', 'ConnectMessage: kind does not decode: wire type 2 instead of 0'],
    ['a payload that ends early', '0807 1205 0a0172', 'ConnectMessage: payload does not decode'],
    ['a payload that claims 4 GiB', '0807 12ffffffff0f', 'ConnectMessage: payload does not decode'],
    ['a field that claims more than its message', '0807 1203 0a0572', 'WorkerReplyAckData: requestId does not decode'],
    ['a field of another wire type', '0807 1202 0805', 'WorkerReplyAckData: requestId does not decode: wire type 0'],
    ['text that is not UTF-8', '0807 1203 0a01ff', 'WorkerReplyAckData: requestId does not decode'],
    ['field 0', '0807 1202 0005', 'WorkerReplyAckData: the tag at byte 0 does not decode'],
    ['a wire type that is none', '0807 1202 0f05', 'WorkerReplyAckData: the tag at byte 0 does not decode'],
    ['the end of no group', '0807 1201 7c', 'WorkerReplyAckData: field 15 does not decode'],
    ['a group without an end', '0807 1201 7b', 'WorkerReplyAckData: field 15 does not decode'],
    [
      'text that is too long',
      `0807 128608 0a8308${'61'.repeat(1_027)}`,
      '`replyAck.requestId` to be a text of at most',
    ],
    ['noise in a message without fields', '080a 1201 ff', 'a message without fields: the tag at byte 0'],
  ])('refuses %s', (_, frame, why) => {
    expect(toWorker(frame)?.message).toContain(why);
  });

  it.each([
    ['a status that is none', '0806 1202 2803', '`reply.reply.status` to be one of'],
    ['a version below 0', '0806 120b 50ffffffffffffffffff01', '`reply.reply.requestVersion` to be a whole number'],
    ['a start before 1970', '0801 120d 6a0b 08ffffffffffffffffff01', '`connect.worker.startedAt`'],
    ['a start in millions of years', '0801 120a 6a08 08ffffffffffff0f', '`connect.worker.startedAt`'],
    ['a concurrency below 0', '0801 120b 70ffffffffffffffffff01', '`connect.worker.maxConcurrency`'],
    ['a message within a message that ends early', '0801 1203 1a010a', 'AuthData: sessionToken does not decode'],
    ['a field that reaches beyond its message', '0801 1207 1a03 0a0573 6161', 'AuthData: sessionToken does not decode'],
  ])('refuses %s of a worker', (_, frame, why) => {
    expect(toOther(frame)?.message).toContain(why);
  });

  it('refuses groups that are nested without end', () => {
    expect(toWorker('fb07'.repeat(100_000))?.message).toContain('field 127 does not decode');
  });

  it.each([
    ['of a list', '2a00', 140_000],
    ['that are not known', 'f80700', 140_000],
    ['that come again and again', '0a00', 140_000],
    ['within messages, of which there are fewer', '1a040a001200', 70_000],
  ])('refuses a frame with too many fields %s', (_, fields, times) => {
    const payload = hex(fields.repeat(times));
    const frame = tables.ConnectMessage.encode({ kind: 1, payload });
    expect(refusal(gateway.decode, frame)?.message).toContain('does not decode: more than 131072 fields');
  });

  it('gives binary data that does not keep the frame alive', () => {
    const frame = Buffer.from(gateway.encode({ kind: 'syncFailed', code: '', message: '', data }) as Uint8Array);
    const message = worker.decode(frame) as { data: Uint8Array };
    frame.fill(0);
    expect(message.data).toStrictEqual(data);
  });

  it('counts time in seconds and nanoseconds', () => {
    const started = gateway.decode(hex('0801 120a 6a08 0801 10ff93ebdc03'));
    expect(started).toMatchObject({ worker: { startedAt: 1_999 } });
  });
});

describe('goDuration', () => {
  it.each([
    [undefined, ''],
    ['', ''],
    ['1h', '1h'],
    [0, '0s'],
    [0.2, '1ms'],
    [500, '500ms'],
    [1_000, '1s'],
    [1_500, '1.5s'],
    [10_000, '10s'],
    [60_000, '1m0s'],
    [90_000, '1m30s'],
    [3_600_000, '1h0m0s'],
    [90_061_001, '25h1m1.001s'],
  ])('writes %p as %p', (value, text) => {
    expect(goDuration(value)).toBe(text);
  });

  it('writes what reads as the same number of milliseconds', () => {
    fc.assert(fc.property(fc.nat({ max: 2 ** 31 }), (ms) => expect(milliseconds(goDuration(ms))).toBe(ms)));
  });
});
