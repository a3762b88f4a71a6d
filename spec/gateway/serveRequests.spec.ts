import { EMPTY, fromEvent, Observable, of, Subject, throwError, timer } from 'rxjs';
import { completed, mockGatewayConnection, session, workRequest } from '../../marbles/gateway/letters.js';
import { ReadyState } from '../../src/core/connection.js';
import type { CompletedEvent, SkippedEvent, WorkerEvent } from '../../src/gateway/events.js';
import type { FromGateway, WorkRequest } from '../../src/gateway/messages.js';
import type { Work, WorkHandler } from '../../src/gateway/runWork.js';
import { serveRequests, type ServeRequestsConfig } from '../../src/gateway/serveRequests.js';
import { message, open } from '../../src/testing/letters.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array) => new TextDecoder().decode(body);

const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

/** A worker that serves one app, its gateway, and what happened so far. */
function serving(handle: WorkHandler, config: Partial<ServeRequestsConfig> = {}) {
  const gateway = mockGatewayConnection('a');
  const source = new Subject<WorkerEvent>();
  const events: WorkerEvent[] = [];
  const seen = jest.fn((event: WorkerEvent): void => {
    events.push(event);
  });
  const failed = jest.fn();
  const worker$ = source.pipe(serveRequests({ apps: { app: { handle } }, sdkVersion: 'test', ...config }));
  const subscription = worker$.subscribe({ next: seen, error: failed });
  const say = (data: FromGateway) => source.next(message(gateway, data));
  ends.push(() => source.complete());
  source.next(open(gateway));

  return {
    gateway,
    source,
    worker$,
    subscription,
    events,
    seen,
    failed,
    say,
    ask: (request: WorkRequest = workRequest()) => say({ kind: 'request', request }),
    loseLease: (requestId = 'r1') => say({ kind: 'leaseAck', requestId }),
    types: () => events.map(({ type }) => type).filter((type) => type !== 'open' && type !== 'message'),
    skipped: () =>
      events.filter((event): event is SkippedEvent => event.type === 'skipped').map(({ reason }) => reason),
    completions: () => events.filter((event): event is CompletedEvent => event.type === 'completed'),
  };
}

/** What becomes of one request. */
async function outcomeOf(
  handle: WorkHandler,
  request = workRequest(),
  config: Partial<ServeRequestsConfig> = {},
): Promise<CompletedEvent> {
  const { ask, completions } = serving(handle, config);
  ask(request);
  while (completions().length === 0) await new Promise(setImmediate);
  return completions()[0]!;
}

const replyOf = async (handle: WorkHandler, request?: WorkRequest) => (await outcomeOf(handle, request)).reply;

/** Something that throws whatever is done to it. */
const hostile = new Proxy(
  {},
  {
    get() {
      throw new Error('no');
    },
  },
);

describe('an acknowledgement of serveRequests', () => {
  it('repeats what the request is called by, with its traces, and not its payload', () => {
    const { gateway, ask } = serving(() => undefined);
    const systemTraceCtx = bytes('{"system":1}');
    const userTraceCtx = bytes('{"user":1}');

    ask(workRequest('r1', { stepId: 'step', systemTraceCtx, userTraceCtx }));
    expect(gateway.sent).toEqual([
      {
        kind: 'ack',
        request: {
          requestId: 'r1',
          accountId: 'account',
          envId: 'env',
          appId: 'app-id',
          functionSlug: 'app-function',
          stepId: 'step',
          runId: 'run',
          systemTraceCtx,
          userTraceCtx,
        },
      },
    ]);
  });

  it('is sent before the work begins', () => {
    const sentBefore: number[] = [];
    const { gateway, ask } = serving(() => void sentBefore.push(gateway.sent.length));

    ask();
    expect(sentBefore).toEqual([1]);
  });

  it('that cannot be sent makes the request somebody else’s, who may give it back', () => {
    const handle = jest.fn();
    const { gateway, ask, types, skipped } = serving(handle);

    gateway.failSends();
    ask();
    expect(skipped()).toEqual(['ackFailed']);
    expect(handle).not.toHaveBeenCalled();

    gateway.acceptSends();
    ask();
    expect(types()).toEqual(['skipped', 'received', 'completed']);
  });

  it('is not made for a request without an id: the gateway would end the connection over it', () => {
    const handle = jest.fn();
    const { ask, gateway, skipped } = serving(handle);
    ask({ ...workRequest(), requestId: '' });

    expect(gateway.sent).toEqual([]);
    expect(handle).not.toHaveBeenCalled();
    expect(skipped()).toEqual(['invalid']);
  });

  it('that cannot be repeated is told', () => {
    const { gateway, ask, skipped } = serving(() => new Subject<never>());

    ask();
    gateway.failSends();
    ask(workRequest('r1', { leaseId: 'newer' }));
    gateway.acceptSends();
    ask();
    expect(skipped()).toEqual(['ackFailed', 'duplicate']);
  });
});

describe('the apps of serveRequests', () => {
  it.each(['other', '', 'constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'do not include %p, whose requests are not acknowledged',
    (appName) => {
      const { gateway, ask, skipped } = serving(() => undefined);

      ask(workRequest('r1', { appName }));
      expect(skipped()).toEqual(['unknownApp']);
      expect(gateway.sent).toEqual([]);
    },
  );

  it('may be found by a function', () => {
    const found = jest.fn((name: string) => (name === 'app' ? { handle: () => ({ body: 'found' }) } : undefined));
    const { ask, completions, skipped } = serving(() => undefined, { apps: found });

    ask();
    ask(workRequest('r2', { appName: 'other' }));
    expect(completions().map(({ reply }) => text(reply.body))).toEqual(['found']);
    expect(skipped()).toEqual(['unknownApp']);
  });

  it('that cannot be looked up end the worker with an error', () => {
    const { ask, failed } = serving(() => undefined, {
      apps: () => {
        throw new Error('no apps');
      },
    });

    ask();
    expect(failed).toHaveBeenCalledWith(new Error('no apps'));
  });
});

describe('the result of work', () => {
  it('goes into a reply with the ids and the trace contexts of the request', async () => {
    const systemTraceCtx = bytes('{"system":1}');
    const userTraceCtx = bytes('{"user":1}');
    const request = workRequest('r1', { systemTraceCtx, userTraceCtx });

    expect(await outcomeOf(() => ({ body: { answer: 42 }, requestVersion: 2 }), request)).toEqual({
      type: 'completed',
      request,
      reply: {
        requestId: 'r1',
        accountId: 'account',
        envId: 'env',
        appId: 'app-id',
        runId: 'run',
        systemTraceCtx,
        userTraceCtx,
        status: 'done',
        body: bytes('{"answer":42}'),
        noRetry: false,
        sdkVersion: 'test',
        requestVersion: 2,
      },
      duration: expect.any(Number),
    });
  });

  it.each<[string, WorkHandler]>([
    ['an object', () => ({ body: 'last' })],
    ['a promise', async () => ({ body: 'last' })],
    ['an Observable, whose last value counts', () => of({ body: 'first' }, { body: 'last' })],
    ['an iterable', () => [{ body: 'first' }, { body: 'last' }]],
    [
      'an async generator',
      async function* () {
        yield { body: 'first' };
        yield { body: 'last' };
      },
    ],
    [
      'a ReadableStream',
      () =>
        new ReadableStream({
          start(controller) {
            controller.enqueue({ body: 'last' });
            controller.close();
          },
        }),
    ],
  ])('is %s', async (_, handle) => {
    expect(text((await replyOf(handle)).body)).toBe('last');
  });

  it.each<[string, WorkHandler]>([
    ['nothing', () => undefined],
    ['null', () => null as never],
    ['a promise of nothing', async () => {}],
    ['an Observable that ends without a value', () => EMPTY],
    ['an object without a body', () => ({})],
  ])('that is %s is done, with the body null', async (_, handle) => {
    expect(await replyOf(handle)).toMatchObject({ status: 'done', body: bytes('null') });
  });

  it.each([
    [undefined, 'done'],
    [199, 'error'],
    [200, 'done'],
    [201, 'done'],
    [205, 'done'],
    [206, 'notCompleted'],
    [207, 'done'],
    [299, 'done'],
    [300, 'error'],
    [404, 'error'],
    [500, 'error'],
    [NaN, 'error'],
    [-1, 'error'],
  ])('with the status %p is %s', async (status, expected) => {
    expect((await replyOf(() => ({ ...(status !== undefined && { status }), body: 1 }))).status).toBe(expected);
  });

  it.each<[string, unknown, Uint8Array]>([
    ['bytes as they are', Uint8Array.of(0, 255), Uint8Array.of(0, 255)],
    ['a text as UTF-8', 'grüße', bytes('grüße')],
    ['an empty text as nothing', '', bytes('')],
    ['an object as JSON', { a: [1, undefined] }, bytes('{"a":[1,null]}')],
    ['a number as JSON', 0, bytes('0')],
    ['false as JSON', false, bytes('false')],
  ])('sends %s', async (_, body, expected) => {
    expect((await replyOf(() => ({ body }))).body).toEqual(expected);
  });

  it.each<[unknown, string | undefined]>([
    ['120', '120'],
    [1.2, '2'],
    [0, '0'],
    [new Date(0), 'Thu, 01 Jan 1970 00:00:00 GMT'],
    [-1, undefined],
    [NaN, undefined],
    [Infinity, undefined],
    [new Date(NaN), undefined],
    [{}, undefined],
    ['a text that is too long for any date or number of seconds'.repeat(20), undefined],
  ])('says to try again after %p as %p', async (retryAfter, expected) => {
    const reply = await replyOf(() => ({ status: 500, noRetry: false, retryAfter: retryAfter as string }));

    expect(reply.retryAfter).toBe(expected);
    expect('retryAfter' in reply).toBe(expected !== undefined);
  });

  it('may say that trying again is in vain', async () => {
    expect((await replyOf(() => ({ status: 400, noRetry: true }))).noRetry).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a number', 42],
    ['a text', 'done'],
    ['a promise of a text', Promise.resolve('done')],
    ['bytes', Uint8Array.of(1, 2)],
  ])('that is %s is an error: it would be lost in silence', async (_, result) => {
    const { reply, error } = await outcomeOf(() => result as never);

    expect(reply.status).toBe('error');
    expect((error as Error).message).toMatch(
      /^serveRequests: expected `result` to be an object such as \{ body \}, got/,
    );
  });

  const cycle: Record<string, unknown> = {};
  cycle['cycle'] = cycle;
  it.each<[string, unknown]>([
    ['a bigint', 1n],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a cycle', cycle],
    ['what throws when it is read', hostile],
  ])('whose body is %s is an error', async (_, body) => {
    const { reply, error } = await outcomeOf(() => ({ body }));

    expect(reply.status).toBe('error');
    expect(error).toBeDefined();
  });

  it.each<[unknown]>([[-1], [0.5], [NaN], ['2']])(
    'whose version is %p is an error: no message could carry the reply',
    async (requestVersion) => {
      const { reply, error } = await outcomeOf(() => ({ requestVersion: requestVersion as number }));

      expect(reply).toMatchObject({ status: 'error', requestVersion: 1 });
      expect((error as Error).message).toMatch(/^serveRequests: expected `requestVersion` to be a whole number/);
    },
  );

  it('that throws when it is read is an error', async () => {
    expect(await outcomeOf(() => hostile)).toMatchObject({ reply: { status: 'error' }, error: new Error('no') });
    expect(
      await outcomeOf(async () => ({
        get body(): string {
          throw new Error('late');
        },
      })),
    ).toMatchObject({
      error: new Error('late'),
    });
  });
});

describe('work that fails', () => {
  const error = Object.assign(new RangeError('too much'), { noRetry: true, retryAfter: 7 });

  it.each<[string, WorkHandler]>([
    [
      'throws',
      () => {
        throw error;
      },
    ],
    ['rejects', () => Promise.reject(error)],
    ['errors', () => throwError(() => error)],
    [
      'errors after a result',
      () =>
        new Observable((subscriber) => {
          subscriber.next({});
          subscriber.error(error);
        }),
    ],
  ])('is answered when it %s', async (_, handle) => {
    const { reply, error: thrown } = await outcomeOf(handle);

    expect(thrown).toBe(error);
    expect(reply).toMatchObject({
      status: 'error',
      noRetry: true,
      retryAfter: '7',
      requestId: 'r1',
      sdkVersion: 'test',
    });
    expect(JSON.parse(text(reply.body))).toEqual({ name: 'RangeError', message: 'too much' });
  });

  it.each<[string, unknown, object]>([
    ['a text', 'oops', { name: 'Error', message: 'oops' }],
    ['undefined', undefined, { name: 'Error', message: 'undefined' }],
    ['null', null, { name: 'Error', message: 'null' }],
    ['a symbol', Symbol('s'), { name: 'Error', message: 'Symbol(s)' }],
    ['an object', { name: 1, message: 2 }, { name: 'Error', message: '[object Object]' }],
    ['what has no text', Object.create(null), { name: 'Error', message: 'what was thrown cannot be read' }],
    ['what throws when it is read', hostile, { name: 'Error', message: 'what was thrown cannot be read' }],
    [
      'what names a date that is none',
      { retryAfter: { [Symbol.toStringTag]: 'Date' } },
      { name: 'Error', message: 'what was thrown cannot be read' },
    ],
  ])('is answered when it throws %s', async (_, thrown, expected) => {
    const { reply, ...event } = await outcomeOf(() => {
      throw thrown;
    });

    expect(JSON.parse(text(reply.body))).toEqual(expected);
    expect(reply).toMatchObject({ status: 'error', noRetry: false });
    expect('error' in event).toBe(true);
  });
});

describe('the payload of a request', () => {
  const inputOf = async (payload: Uint8Array): Promise<unknown> => {
    let seen: unknown;
    await outcomeOf(({ input }) => void (seen = input), workRequest('r1', { payload }));
    return seen;
  };

  it('is read as JSON', async () => {
    expect(await inputOf(bytes('{"event":{"name":"grüße"}}'))).toEqual({ event: { name: 'grüße' } });
  });

  it('does no harm by its `__proto__`', async () => {
    expect(await inputOf(bytes('{"__proto__":{"admin":true},"a":{"__proto__":1}}'))).toEqual({ a: {} });
  });

  it.each([
    ['is no JSON', bytes('{')],
    ['is empty', bytes('')],
    ['is no UTF-8', Uint8Array.of(34, 255, 34)],
    ['is nested too deep', bytes('['.repeat(2_000) + ']'.repeat(2_000))],
  ])('that %s is answered, without retry, and not handled', async (_, payload) => {
    const handle = jest.fn();
    const { reply, error } = await outcomeOf(handle, workRequest('r1', { payload }));

    expect(error).toMatchObject({ name: 'InvalidPayloadError' });
    expect(reply).toMatchObject({ status: 'error', noRetry: true });
    expect(JSON.parse(text(reply.body))).toMatchObject({ name: 'InvalidPayloadError' });
    expect(handle).not.toHaveBeenCalled();
  });

  it('may be read by the app itself', async () => {
    const handle = jest.fn(({ input }: Work) => ({ body: input }));
    const parse = (payload: Uint8Array) => text(payload).split(',');
    const request = workRequest('r1', { payload: bytes('a,b') });

    expect(text((await outcomeOf(handle, request, { apps: { app: { handle, parse } } })).reply.body)).toBe('["a","b"]');
    expect(handle.mock.calls[0]![0].request).toBe(request);
  });

  it('that the app cannot read is answered with why', async () => {
    const cause = new Error('not mine');
    const parse = () => {
      throw cause;
    };

    const { error } = await outcomeOf(() => undefined, workRequest(), {
      apps: { app: { handle: () => undefined, parse } },
    });
    expect(error).toMatchObject({ message: 'the payload does not parse: not mine', cause });
  });
});

describe('the signal of work', () => {
  /** Work that never ends, and its signal. */
  const endless = () => {
    const works: Work[] = [];
    const handle: WorkHandler = (work) => {
      works.push(work);
      return new Promise<never>(() => {});
    };
    return { works, handle };
  };

  it('fires when the lease is lost, and the result that comes nevertheless is not told', async () => {
    const { ask, loseLease, types } = serving(
      ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve({ body: 'late' }))),
    );

    ask();
    loseLease();
    await new Promise(setImmediate);
    expect(types()).toEqual(['received', 'leaseLost']);
  });

  it('fires when nobody listens any more, and a rejection because of it goes nowhere', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    const { ask, subscription } = serving(
      ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
    );

    ask();
    subscription.unsubscribe();
    await new Promise(setImmediate);
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('fires when the time is up, and says so', async () => {
    const { works, handle } = endless();
    const { error } = await outcomeOf(handle, workRequest(), { executionDeadline: 1 });

    expect(error).toMatchObject({ name: 'ExecutionTimeoutError', within: 1 });
    expect(works[0]!.signal.aborted).toBe(true);
    expect(works[0]!.signal.reason).toBe(error);
  });

  it('fires before work whose time is up is told to be completed', async () => {
    const { works, handle } = endless();
    const { ask, seen, completions, events } = serving(handle, { executionDeadline: 1 });
    const abortedBy: Record<string, boolean | undefined> = {};

    seen.mockImplementation((event) => {
      events.push(event);
      abortedBy[event.type] = works[0]?.signal.aborted;
    });
    ask();
    while (completions().length === 0) await new Promise(setImmediate);
    expect(abortedBy).toEqual({ message: undefined, received: undefined, completed: true });
  });

  it('has fired for who asks for it too late', () => {
    const { works, handle } = endless();
    const { ask, loseLease } = serving(handle);

    ask();
    loseLease();
    expect(works[0]!.signal.aborted).toBe(true);
    expect(works[0]!.signal).toBe(works[0]!.signal);
  });

  it.each<[string, WorkHandler]>([
    ['ended', () => ({})],
    ['failed', () => throwError(() => new Error('failed'))],
  ])('does not fire for work that %s by itself', (_, handle) => {
    const works: Work[] = [];
    const { ask, source, types } = serving((work) => {
      works.push(work);
      return handle(work);
    });

    ask();
    source.complete();
    expect(types()).toEqual(['received', 'completed']);
    expect(works[0]!.signal.aborted).toBe(false);
  });

  it('fires before `leaseLost` is told', () => {
    const { works, handle } = endless();
    const { ask, loseLease, seen } = serving(handle);

    ask();
    const abortedBy: Record<string, boolean> = {};
    seen.mockImplementation(({ type }) => {
      abortedBy[type] = works[0]!.signal.aborted;
    });
    loseLease();
    expect(abortedBy).toEqual({ message: false, leaseLost: true });
  });

  it('does not fire for work that may finish without its lease', () => {
    const { works, handle } = endless();
    const { ask, loseLease, source } = serving(handle, { leaseLost: 'finish' });

    ask();
    loseLease();
    expect(works[0]!.signal.aborted).toBe(false);
    source.complete();
    expect(works[0]!.signal.aborted).toBe(true);
  });
});

describe('a hostile handler', () => {
  const oops = new Error('oops');
  /** Work that cannot even be stopped without an error. */
  const unstoppable = (): Observable<never> =>
    new Observable(() => () => {
      throw oops;
    });

  it('that throws when its time is up is answered, and its turn goes on', async () => {
    const { ask, completions, source } = serving(({ request }) => (request.requestId === 'r1' ? unstoppable() : {}), {
      executionDeadline: 1,
      concurrency: 1,
    });

    ask();
    ask(workRequest('r2'));
    while (completions().length < 2) await new Promise(setImmediate);
    source.complete();
    expect(completions().map(({ reply }) => reply.status)).toEqual(['error', 'done']);
  });

  it('that throws when its lease is lost hinders nobody', () => {
    const { ask, loseLease, types, failed } = serving(
      ({ request }) => (request.requestId === 'r1' ? unstoppable() : {}),
      { concurrency: 1 },
    );

    ask();
    ask(workRequest('r2'));
    loseLease();
    expect(types()).toEqual(['received', 'received', 'completed', 'leaseLost']);
    expect(failed).not.toHaveBeenCalled();
  });

  it('that throws when the worker ends does not keep the others from being stopped', () => {
    const signals: AbortSignal[] = [];
    const { ask, subscription } = serving(({ signal }) => {
      signals.push(signal);
      return unstoppable();
    });

    ask();
    ask(workRequest('r2'));
    expect(() => subscription.unsubscribe()).toThrow('oops');
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('that never stops emitting is stopped with its lease', () => {
    const { ask, loseLease, types } = serving(
      ({ signal }) =>
        new Observable<object>((subscriber) => {
          const more = timer(0, 1).subscribe(() => subscriber.next({}));
          fromEvent(signal, 'abort').subscribe(() => subscriber.next({}));
          return more;
        }),
    );

    ask();
    loseLease();
    expect(types()).toEqual(['received', 'leaseLost']);
  });
});

describe('whoever is told of something by serveRequests', () => {
  it('may cause the same request in the same call: it is done once', () => {
    const handle = jest.fn(() => new Subject<never>());
    const { ask, seen, types, gateway } = serving(handle);

    seen.mockImplementationOnce(() => ask());
    ask();
    expect(types()).toEqual(['received', 'skipped']);
    expect(gateway.sent).toHaveLength(2);
    expect(handle).toHaveBeenCalledTimes(1);
  });

  it('may take back the lease as it is acknowledged: the work is not begun, and its end is the last that is heard of it', () => {
    const handle = jest.fn();
    const { ask, gateway, loseLease, types } = serving(handle);

    gateway.sent$.subscribe(() => loseLease());
    ask();
    expect(types()).toEqual(['leaseLost']);
    expect(handle).not.toHaveBeenCalled();
  });

  it('may take back the lease as it is told of the request: the work is not begun', () => {
    const handle = jest.fn();
    const { ask, seen, events, loseLease } = serving(handle);

    seen.mockImplementation((event) => {
      events.push(event);
      if (event.type === 'received') loseLease();
    });
    ask();
    expect(handle).not.toHaveBeenCalled();
    expect(events.filter(({ type }) => type !== 'message').map(({ type }) => type)).toEqual([
      'open',
      'received',
      'leaseLost',
    ]);
  });

  it('may ask for more from within the work, and for more than the stack would hold', () => {
    let count = 0;
    const { ask, completions } = serving(
      () => {
        if (++count < 20_000) ask(workRequest(`r${count}`));
        return {};
      },
      { concurrency: 1 },
    );

    ask(workRequest('r0'));
    expect(completions()).toHaveLength(20_000);
  });

  it('may leave as a message comes: nothing is acknowledged', () => {
    const { ask, seen, subscription, gateway } = serving(() => undefined);

    seen.mockImplementationOnce(() => subscription.unsubscribe());
    ask();
    expect(gateway.sent).toEqual([]);
  });

  it('may leave as a request is acknowledged: the work is not begun', () => {
    const handle = jest.fn();
    const { ask, subscription, gateway } = serving(handle);

    gateway.sent$.subscribe(() => subscription.unsubscribe());
    ask();
    expect(handle).not.toHaveBeenCalled();
  });

  it('may leave as work begins: it is stopped, and what waits is not begun', () => {
    const signals: AbortSignal[] = [];
    const { ask, subscription } = serving(({ signal, request }) => {
      signals.push(signal);
      if (request.requestId === 'r2') subscription.unsubscribe();
      return new Subject<never>();
    });

    ask();
    ask(workRequest('r2'));
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('may leave as work is completed', () => {
    const first = new Subject<object>();
    const handle = jest.fn(() => first);
    const { ask, seen, subscription } = serving(handle, { concurrency: 1 });

    ask();
    ask(workRequest('r2'));
    seen.mockImplementationOnce(() => subscription.unsubscribe());
    first.complete();
    expect(handle).toHaveBeenCalledTimes(1);
  });
});

describe('the memory of serveRequests', () => {
  it('holds the last 1,000 requests that were answered', () => {
    const { ask, skipped, completions } = serving(() => ({}));

    for (let at = 1; at <= 1_001; at++) ask(workRequest(`r${at}`));
    ask(workRequest('r2'));
    expect(skipped()).toEqual(['duplicate']);
    ask(workRequest('r1'));
    expect(skipped()).toEqual(['duplicate']);
    expect(completions()).toHaveLength(1_002);
  });

  it('holds a request that was done again as long as any other', () => {
    const undelivered$ = new Subject<string>();
    const { ask, skipped, completions } = serving(() => ({}), { undelivered$ });

    ask(workRequest('again'));
    undelivered$.next('again');
    ask(workRequest('again'));
    expect(completions()).toHaveLength(2);
    for (let at = 1; at < 1_000; at++) ask(workRequest(`r${at}`));
    ask(workRequest('again'));
    expect(skipped()).toEqual(['duplicate']);
  });

  it('is of one subscription', () => {
    const { ask, worker$, completions, gateway } = serving(() => ({}));
    const other = jest.fn();
    const subscription = worker$.subscribe(other);

    ask();
    subscription.unsubscribe();
    expect(completions()).toHaveLength(1);
    expect(other.mock.calls.map(([{ type }]) => type)).toEqual(['message', 'received', 'completed']);
    expect(gateway.sent).toHaveLength(2);
  });
});

describe('serveRequests', () => {
  it('knows nothing of replies: they are sent by who is told of them', () => {
    const { ask, gateway } = serving(() => ({}));

    ask();
    expect(gateway.sent.map(({ kind }) => kind)).toEqual(['ack']);
    expect(gateway.readyState).toBe(ReadyState.OPEN);
  });

  it('passes on the events of others', () => {
    const { source, seen } = serving(() => ({}));
    const event = completed();

    source.next(event);
    expect(seen).toHaveBeenLastCalledWith(event);
  });

  it('takes the empty id of a lease for none', () => {
    const { ask, say, types } = serving(() => new Subject<never>());

    ask();
    say({ kind: 'leaseAck', requestId: 'r1', newLeaseId: '' });
    expect(types()).toEqual(['received', 'leaseLost']);
    expect(session.extendLeaseInterval).toBe(5);
  });

  const app = { handle: () => undefined };
  it.each<[string, object, string]>([
    ['apps', { apps: undefined }, 'an object of apps by their names, or a function, got undefined'],
    ['apps.app.handle', { apps: { app: {} } }, 'a function, got undefined'],
    ['apps.app.handle', { apps: { app: undefined } }, 'a function, got undefined'],
    ['concurrency', { concurrency: 0 }, 'a whole number of at least 1, got 0'],
    ['queue', { queue: -1 }, 'a whole number of at least 0, got -1'],
    ['queue', { queue: Infinity }, 'a number between 0 and 1000000, got Infinity'],
    ['executionDeadline', { executionDeadline: '2' }, "above 0 ms, or a text such as '10s', got '2'"],
    ['leaseLost', { leaseLost: 'ignore' }, "one of 'cancel', 'finish', got 'ignore'"],
  ])('refuses a bad `%s`', (option, config, why) => {
    expect(() => serveRequests({ apps: { app }, ...config })).toThrow(
      new TypeError(`serveRequests: expected \`${option}\` to be ${why}`),
    );
  });
});
