import { throwError } from 'rxjs';
import type { WorkHandler } from '../../../src/gateway/runWork.js';
import type { RequestIds, WorkReply } from '../../../src/gateway/messages.js';
import { gatewayScene } from './gatewayScene.js';
import { heldWork } from './heldWork.js';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

const IDS: RequestIds = {
  requestId: 'request-1',
  accountId: 'account-1',
  envId: 'env-1',
  appId: 'app-1',
  functionSlug: 'app-pay',
  stepId: 'step-1',
  runId: 'run-1',
  systemTraceCtx: bytes('{"traceparent":"00-aa-bb-01"}'),
  userTraceCtx: bytes('{"traceparent":"00-cc-dd-01"}'),
};

describe('a request to a worker', () => {
  const scene = gatewayScene();

  it('is acknowledged before its work ends, with all that it is called by; its reply copies the ids and the trace contexts', async () => {
    const gateway = await scene.gateway();
    const work = heldWork();
    scene.worker({ apps: work.apps });
    const request = gateway.request({ ...IDS, appName: 'app', payload: { amount: 7 } });
    await request.acked;
    expect(gateway.received.filter(({ kind }) => kind === 'ack' || kind === 'reply')).toEqual([
      { kind: 'ack', request: IDS },
    ]);
    expect(work.begun).toMatchObject([{ input: { amount: 7 }, request: { ...IDS, leaseId: request.leaseIds[0] } }]);

    work.finish('request-1');
    const { functionSlug, stepId, ...copied } = IDS;
    const reply = await request.reply;
    expect(reply).toMatchObject(copied);
    expect(reply).not.toHaveProperty('stepId', stepId);
    expect(reply).not.toHaveProperty('functionSlug', functionSlug);
    expect(request.record.ackedBy).toEqual(['group-1 #1']);
  });

  it.each(['other', ''])(
    "for the app '%s' that the worker does not have is not acknowledged, and told",
    async (appName) => {
      const gateway = await scene.gateway();
      const worker = scene.worker();
      const { requestId, record } = gateway.request({ appName });
      expect(await worker.event('skipped')).toMatchObject({ reason: 'unknownApp', request: { requestId, appName } });
      await gateway.request().reply;

      expect(record.ackedBy).toEqual([]);
      expect(record.reply).toBeUndefined();
      expect(gateway.connections).toHaveLength(1);
    },
  );

  it('is done by the app that it is for', async () => {
    const gateway = await scene.gateway();
    const app = (name: string) => ({ name, handle: async () => Promise.resolve({ body: `${name} did it` }) });
    scene.worker({ apps: [app('billing'), app('mail')] });
    const replies = await Promise.all(['mail', 'billing'].map(async (appName) => gateway.request({ appName }).reply));

    expect(replies.map(({ body }) => text(body))).toEqual(['mail did it', 'billing did it']);
    expect(gateway.received[0]).toMatchObject({ worker: { apps: [{ appName: 'billing' }, { appName: 'mail' }] } });
  });

  it('that comes while the worker ends is not acknowledged', async () => {
    const gateway = await scene.gateway();
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const first = gateway.request();
    const { request } = await first.acked;
    const ended = worker.shutdown();
    await gateway.waitForMessage('pause');
    const [connection] = gateway.connections;
    gateway.sendRequest({ ...request!, requestId: 'late' }, connection);
    expect(await worker.event('skipped')).toMatchObject({ reason: 'closing', request: { requestId: 'late' } });

    work.finish(first.requestId);
    await ended;
    expect(gateway.workBook.record('late').ackedBy).toEqual([]);
    expect(gateway.workBook.summary()).toMatchObject({ acked: 1, replied: 1, lost: 0 });
  });

  it('that comes again over another connection is acknowledged there, and neither done nor answered twice', async () => {
    const gateway = await scene.gateway();
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps });
    const { acked, record, requestId, reply } = gateway.request();
    const { request } = await acked;
    gateway.drop();
    await gateway.waitForReady(2);
    gateway.sendRequest(request!);
    expect(await worker.event('skipped')).toMatchObject({ reason: 'duplicate', connection: { readyState: 1 } });
    work.finish(requestId);
    await reply;
    await worker.event('accepted');
    gateway.sendRequest(request!);
    await worker.event('skipped', 2);

    expect(work.begun).toHaveLength(1);
    await gateway.waitForMessage('ack', 3);
    expect(record.ackedBy).toEqual(['group-1 #1', 'group-1 #2', 'group-1 #2']);
    expect(record.replies.map(({ from }) => from)).toEqual(['group-1 #2']);
  });

  it('beyond what may wait is not acknowledged, and those that wait come next', async () => {
    const gateway = await scene.gateway();
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps, concurrency: 1, queue: 1 });
    const requests = [gateway.request(), gateway.request(), gateway.request()] as const;
    const [first, second, third] = requests;
    expect(await worker.event('skipped')).toMatchObject({
      reason: 'capacity',
      request: { requestId: third.requestId },
    });
    await gateway.waitUntil(() => second.record.extensions > 1);
    expect(work.begun).toHaveLength(1);

    work.finish(first.requestId);
    await worker.event('completed');
    work.finish(second.requestId);
    await second.reply;
    expect(requests.map(({ record }) => record.ackedBy.length)).toEqual([1, 1, 0]);
  });

  it('that takes too long is answered with an error, its signal is aborted, and the next one has its turn', async () => {
    const gateway = await scene.gateway();
    const work = heldWork();
    scene.worker({ apps: work.apps, executionDeadline: 30, concurrency: 1 });
    const slow = gateway.request();
    const next = gateway.request();
    const reply = await slow.reply;
    await gateway.waitUntil(() => next.record.ackedBy.length > 0);
    const signal = work.signal(slow.requestId);

    expect(reply.status).toBe('error');
    expect(text(reply.body)).toBe('{"name":"ExecutionTimeoutError","message":"the work was not done within 30 ms"}');
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({ name: 'ExecutionTimeoutError' });
    expect((await next.reply).status).toBe('error');
    expect(work.begun).toHaveLength(2);
  });

  describe('is answered', () => {
    const answerTo = async (handle: WorkHandler): Promise<WorkReply> => {
      const gateway = await scene.gateway();
      const worker = scene.worker({ apps: [{ name: 'app', handle }] });
      const { reply } = gateway.request();
      await worker.event('accepted');
      return reply;
    };

    it.each([
      [200, 'done'],
      [201, 'done'],
      [206, 'notCompleted'],
      [302, 'error'],
      [400, 'error'],
      [500, 'error'],
    ] as const)('in the words of HTTP: a status of %i is %s', async (status, inWords) => {
      const reply = await answerTo(() => ({ status, body: { status } }));

      expect(reply).toMatchObject({ status: inWords, noRetry: false, requestVersion: 1 });
      expect(text(reply.body)).toBe(`{"status":${status}}`);
    });

    it('with whether and when to try again', async () => {
      const date = new Date(Date.UTC(2030, 0, 1));
      const gone = await answerTo(() => ({ status: 500, noRetry: true, retryAfter: date, requestVersion: 2 }));

      expect(gone).toMatchObject({
        status: 'error',
        noRetry: true,
        retryAfter: 'Tue, 01 Jan 2030 00:00:00 GMT',
        requestVersion: 2,
      });
    });

    it('with what its error knows, also when nothing is thrown but a stream errors', async () => {
      const reply = await answerTo(() => throwError(() => Object.assign(new Error('busy'), { retryAfter: 2.5 })));

      expect(reply).toMatchObject({ status: 'error', noRetry: false, retryAfter: '3' });
      expect(text(reply.body)).toBe('{"name":"Error","message":"busy"}');
    });

    it('when its handler throws before it gives anything', async () => {
      const reply = await answerTo(() => {
        throw Object.assign(new RangeError('never'), { noRetry: true });
      });

      expect(reply).toMatchObject({ status: 'error', noRetry: true });
      expect(text(reply.body)).toBe('{"name":"RangeError","message":"never"}');
    });
  });
});
