import {
  asyncScheduler,
  defer,
  delayWhen,
  finalize,
  ReplaySubject,
  type SchedulerAction,
  type SchedulerLike,
  type Subject,
  Subscription,
} from 'rxjs';
import { fetchPost } from '../../../src/gateway/fetchPost.js';
import type { HttpPost } from '../../../src/gateway/http.js';
import { hashSigningKey } from '../../../src/gateway/signingKeys.js';
import type { MockApi } from '../../../src/testing/mockApi.js';
import type { MockGateway } from '../../../src/testing/mockGateway.js';
import type { SentRequest } from '../../../src/testing/requestRouter.js';
import { gatewayScene } from './gatewayScene.js';
import { type HeldWork, heldWork } from './heldWork.js';
import type { StartedWorker } from './startWorker.js';

const KEY = `signkey-test-${'12345678'.repeat(4)}`;

/** What takes longer than 300 ms never ends, such as the waits between posts: a reply is posted again for another reason. */
const scheduler: SchedulerLike = {
  now: () => asyncScheduler.now(),
  schedule: <T>(work: (this: SchedulerAction<T>, state?: T) => void, delay: number, state?: T) =>
    delay < 300 ? asyncScheduler.schedule(work, delay, state) : Subscription.EMPTY,
};

/** A worker that lost its gateway and finds none, with work that ends when the test says so. */
interface CutOff {
  readonly gateway: MockGateway;
  readonly worker: StartedWorker;
  readonly work: HeldWork;
  readonly requests: readonly SentRequest[];
}

describe('a reply over HTTP', () => {
  const scene = gatewayScene();

  const cutOff = async (howMany: number, config?: Parameters<typeof scene.worker>[0]): Promise<CutOff> => {
    const gateway = await scene.gateway();
    const work = heldWork();
    const worker = scene.worker({ apps: work.apps, ...config });
    const requests = Array.from({ length: howMany }, () => gateway.request());
    await Promise.all(requests.map(async ({ acked }) => acked));
    gateway.server.refuse(503, {}, { times: Infinity });
    gateway.drop();
    await worker.event('reconnecting');
    return { gateway, worker, work, requests };
  };
  const flushed = (): unknown[] => scene.api.flushes.map(({ decoded }) => decoded?.requestId);

  it('is posted with the key, and says what it would have said over the connection', async () => {
    const { work, requests, worker } = await cutOff(1, { signingKey: KEY, env: 'pr-7' });
    const [{ requestId, record }] = requests as [SentRequest];
    work.finish(requestId, { status: 206, body: { steps: 2 }, retryAfter: 3 });
    await worker.event('accepted');

    expect(scene.api.flushes).toMatchObject([
      {
        method: 'POST',
        path: '/v0/connect/flush',
        headers: {
          'content-type': 'application/msgpack',
          authorization: `Bearer ${hashSigningKey(KEY)}`,
          'x-inngest-env': 'pr-7',
        },
        status: 200,
      },
    ]);
    const { accountId, envId, appId, runId, systemTraceCtx, userTraceCtx } = record.request!;
    expect(record.reply?.reply).toMatchObject({
      ...{ requestId, accountId, envId, appId, runId, systemTraceCtx, userTraceCtx },
      ...{ status: 'notCompleted', noRetry: false, retryAfter: '3' },
      body: new TextEncoder().encode('{"steps":2}'),
    });
  });

  it('that the API never answers keeps no worker from coming back, and from other work', async () => {
    const { work, requests, worker, gateway } = await cutOff(1);
    const [{ requestId }] = requests as [SentRequest];
    scene.api.hang('flush');
    work.finish(requestId);
    await scene.api.waitForFlush();
    gateway.server.accept();
    const other = gateway.request();
    await other.acked;
    work.finish(other.requestId);

    expect(await worker.event('accepted')).toMatchObject({ requestId: other.requestId, via: 'connection' });
    expect(flushed()).toEqual([requestId]);
  });

  it('that the API refuses is given up, and holds up no other', async () => {
    const { work, requests, worker } = await cutOff(3);
    const [first, poisoned, last] = requests as [SentRequest, SentRequest, SentRequest];
    scene.api.refuseReply(poisoned.requestId, 400);
    for (const { requestId } of requests) work.finish(requestId);
    const { reply, reason, error } = await worker.event('undelivered');
    await worker.event('accepted', 2);

    expect([reply.requestId, reason]).toEqual([poisoned.requestId, 'refused']);
    expect(error).toMatchObject({ name: 'GatewayApiError', status: 400, message: expect.stringContaining('refused') });
    expect([first.record.reply?.from, last.record.reply?.from]).toEqual(['flush', 'flush']);
    await worker.shutdown();
    expect(flushed()).toHaveLength(3);
  });

  describe('whose post takes its time or fails', () => {
    /** Posts of replies that ended, well or not. */
    let ended$: ReplaySubject<void>;
    let ended: number;
    /** Answers to posts of replies are held until it emits. */
    let gate$: Subject<void> | undefined;

    const post: HttpPost = (request) => {
      const answer$ = defer(() => fetchPost(request));
      if (!request.url.endsWith('/flush')) return answer$;
      return answer$.pipe(
        delayWhen(() => gate$ ?? [undefined]),
        finalize(() => {
          ended++;
          ended$.next();
        }),
      );
    };
    /** Resolves when so many posts of replies have ended. */
    const endOf = async (howMany: number): Promise<void> =>
      new Promise((resolve) => {
        ended$.subscribe(() => {
          if (ended >= howMany) resolve();
        });
      });

    beforeEach(() => {
      ended$ = new ReplaySubject(1);
      ended = 0;
      gate$ = undefined;
    });

    it.each([
      ['500', 500],
      ['429', 429],
      ['408', 408],
      ['401 and there is no other key', 401],
    ])(
      'is kept when the API answers %s; a connection that opens changes nothing, and the end of the worker does not wait for the backoff',
      async (_what, status) => {
        const { work, requests, worker, gateway } = await cutOff(1, { post, scheduler });
        const [{ requestId, record }] = requests as [SentRequest];
        scene.api.fail('flush', status);
        work.finish(requestId);
        await endOf(1);
        gateway.server.accept();
        const other = gateway.request();
        await other.acked;
        work.finish(other.requestId);
        await worker.event('accepted');
        expect(flushed()).toEqual([requestId]);
        await worker.shutdown();

        expect(flushed()).toEqual([requestId, requestId]);
        expect(record.replies.map(({ from }) => from)).toEqual(['flush']);
        expect(worker.types).not.toContain('undelivered');
      },
    );

    it.each<[string, (api: MockApi) => void]>([
      ['hangs up', (api) => api.cut('flush')],
      ['does not answer', (api) => api.hang('flush')],
    ])('is kept when the API %s, and posted again as soon as a connection opens', async (_what, fail) => {
      const { work, requests, worker, gateway } = await cutOff(1, { apiTimeout: 50, post, scheduler });
      const [{ requestId, record }] = requests as [SentRequest];
      fail(scene.api);
      work.finish(requestId);
      await endOf(1);
      gateway.server.accept();
      await worker.event('accepted');

      expect(flushed()).toEqual([requestId, requestId]);
      expect(record.replies.map(({ from }) => from)).toEqual(['flush']);
      expect(worker.types).not.toContain('undelivered');
    });

    it('is posted once for each reason to try again, and not in between', async () => {
      const { work, requests, worker, gateway } = await cutOff(1, { post, scheduler });
      const [{ requestId }] = requests as [SentRequest];
      scene.api.cut('flush', { times: 3 });
      work.finish(requestId);
      await endOf(1);
      gateway.server.accept();
      await endOf(2);
      const other = gateway.request();
      await other.acked;
      work.finish(other.requestId);
      await worker.event('accepted');
      expect(scene.api.flushes).toHaveLength(2);
      gateway.drop();
      await endOf(3);
      await worker.shutdown();

      expect(scene.api.flushes.map(({ status }) => status)).toEqual([undefined, undefined, undefined, 200]);
      expect(worker.events.filter(({ type }) => type === 'accepted')).toEqual([
        { type: 'accepted', requestId: other.requestId, via: 'connection' },
        { type: 'accepted', requestId, via: 'http' },
      ]);
    });

    it('that was given up does not keep its request from being done when it comes again', async () => {
      const gateway = await scene.gateway({ ackReplies: 'never' });
      const worker = scene.worker({ ackWithin: 20 });
      const { requestId, record, reply } = gateway.request();
      scene.api.refuseReply(requestId);
      await reply;
      await worker.event('undelivered');
      if (record.request) gateway.sendRequest(record.request);
      await gateway.waitForMessage('reply', 2);

      expect(worker.types.filter((type) => type === 'received')).toHaveLength(2);
      expect(worker.types).not.toContain('skipped');
    });

    it('is not posted twice at once, whatever comes meanwhile: a connection, another one, the end of the worker', async () => {
      gate$ = new ReplaySubject(1);
      const { work, requests, worker, gateway } = await cutOff(1, { post });
      const [{ requestId }] = requests as [SentRequest];
      work.finish(requestId);
      await scene.api.waitForFlush();
      gateway.server.accept();
      await gateway.waitForReady(2);
      gateway.drop();
      await gateway.waitForReady(3);
      const done = worker.shutdown();
      await gateway.waitForMessage('pause');
      gate$.next();
      await done;

      expect(flushed()).toEqual([requestId]);
      expect(worker.events.filter(({ type }) => type === 'accepted')).toHaveLength(1);
    });

    it('gives way to newer ones when more would wait than may, and those are kept', async () => {
      const { work, requests, worker } = await cutOff(3, { post, scheduler, buffer: 2 });
      scene.api.fail('flush', 500, { times: Infinity });
      for (const [at, { requestId }] of requests.entries()) {
        work.finish(requestId);
        await endOf(at + 1);
      }
      const { reply, reason, error } = await worker.event('undelivered');
      expect([reply.requestId, reason]).toEqual([requests[0]?.requestId, 'overflow']);
      expect(error).toMatchObject({ status: 500 });
      scene.api.recover();
      await worker.shutdown();

      expect(requests.map(({ record }) => record.reply?.from)).toEqual([undefined, 'flush', 'flush']);
      expect(worker.types.filter((type) => type === 'undelivered')).toHaveLength(1);
    });

    it('does not keep a worker from its end for longer than that may wait, and is said to be abandoned', async () => {
      const { work, requests, worker } = await cutOff(1, { post, shutdownDeadline: 50 });
      const [{ requestId }] = requests as [SentRequest];
      scene.api.fail('flush', 500, { times: Infinity });
      work.finish(requestId);
      await endOf(1);
      await worker.shutdown();

      expect(worker.events.filter(({ type }) => type === 'abandoned')).toEqual([
        { type: 'abandoned', requests: [], replies: [requestId] },
      ]);
    });
  });
});
