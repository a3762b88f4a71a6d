import { EMPTY, map, NEVER, Observable, of, Subject, takeWhile, throwError } from 'rxjs';
import type { BackoffContext } from '../../src/core/backoff.js';
import { deliverReplies, type DeliverRepliesConfig } from '../../src/gateway/deliverReplies.js';
import type { WorkerEvent } from '../../src/gateway/events.js';
import type { WorkReply } from '../../src/gateway/messages.js';
import { pendingReplies } from '../../src/gateway/pendingReplies.js';
import { postRetries } from '../../src/gateway/postRetries.js';
import { message, open } from '../../src/testing/letters.js';
import { completed, mockGatewayConnection, workRequest } from '../../marbles/gateway/letters.js';
import { HandScheduler } from '../core/handScheduler.js';
import { operatorLaws, type Operator, type Step } from '../laws/operator.js';
import { type Event, Output, Probe, Time } from '../laws/probe.js';

const done = (requestId: string): Event => completed(workRequest(requestId)) as never;
const unsent: Step = ({ probe }) => probe.next(done('1'));
const sent: Step = (context) => {
  context.probe.next(open(context.a));
  unsent(context);
};
const failed: Step = (context) => {
  unsent(context);
  context.time.pass(10);
};
const failing = (): Observable<never> => throwError(() => 'busy');
const operator = (config: Partial<DeliverRepliesConfig>): Operator =>
  deliverReplies({ flush: () => NEVER, ...config }) as unknown as Operator;

operatorLaws('deliverReplies', {
  operator: (scheduler) => operator({ scheduler }),
  data: [{ kind: 'heartbeat' }, { kind: 'hello' }],
  busy: {
    'while an acknowledgement is awaited': { operator: (scheduler) => operator({ scheduler }), steps: sent },
    'while a reply waits for its next post': {
      operator: (scheduler) => operator({ scheduler, flush: failing }),
      steps: failed,
    },
  },
  throwing: {
    isRefusal: (isRefusal) => ({
      operator: (scheduler) => operator({ scheduler, flush: failing, isRefusal }),
      steps: unsent,
    }),
    retry: (retry) => ({ operator: (scheduler) => operator({ scheduler, flush: failing, retry }), steps: unsent }),
    'isRefusal, at a later post': (boom) => {
      let posts = 0;
      const isRefusal = (): boolean => (++posts > 1 ? boom() : false);
      return {
        operator: (scheduler) => operator({ scheduler, flush: failing, isRefusal }),
        steps: (context) => {
          unsent(context);
          context.time.pass(5_000);
        },
      };
    },
  },
});

/** A worker in virtual time whose replies are delivered. */
function delivering(config: DeliverRepliesConfig) {
  const time = new Time();
  const probe = new Probe();
  const a = mockGatewayConnection('a');
  const events$ = probe.events$ as unknown as Observable<WorkerEvent>;
  const output = new Output(events$.pipe(deliverReplies({ ...config, scheduler: time.scheduler })));
  const tell = (event: WorkerEvent): void => probe.next(event as never);
  const told = (): string[] =>
    (output.values as WorkerEvent[]).map((event) => ('reason' in event ? `${event.type} ${event.reason}` : event.type));
  return { time, a, tell, told, output };
}

describe('deliverReplies', () => {
  it.each([
    [{ flush: undefined }, 'expected `flush` to be a function, got undefined'],
    [{ isRefusal: 400 }, 'expected `isRefusal` to be a function, got 400'],
    [{ retry: 1_000 }, 'expected `retry` to be a function, got 1000'],
    [{ ackWithin: 0 }, 'expected `ackWithin` to be above 0'],
    [{ ackWithin: 'soon' }, 'expected `ackWithin` to be above 0'],
    [{ maxReply: -1 }, 'expected `maxReply` to be a whole number of at least 0, got -1'],
    [{ buffer: 0 }, 'expected `buffer` to be a whole number of at least 1, got 0'],
    [{ parallel: 0 }, 'expected `parallel` to be a whole number of at least 1, got 0'],
    [{ overflow: 'error' }, "expected `overflow` to be one of 'drop-oldest', 'drop-newest', got 'error'"],
  ])('refuses %p', (config, why) => {
    expect(() => deliverReplies({ flush: () => EMPTY, ...config } as DeliverRepliesConfig)).toThrow(
      `deliverReplies: ${why}`,
    );
  });

  it('posts four replies at a time, unless another number is given', () => {
    const posted: string[] = [];
    const flush = ({ requestId }: WorkReply): Observable<never> => {
      posted.push(requestId);
      return NEVER;
    };
    const { tell } = delivering({ flush });
    for (let at = 0; at < 9; at++) tell(completed(workRequest(`${at}`)));

    expect(posted).toEqual(['0', '1', '2', '3']);
  });

  it('keeps 1,000 replies for the API, unless another number is given', () => {
    const { tell, told } = delivering({ flush: () => NEVER });
    for (let at = 0; at < 1_001; at++) tell(completed(workRequest(`${at}`)));

    expect(told().filter((one) => one === 'undelivered overflow')).toHaveLength(1);
  });

  it('waits with one timer for 10,000 acknowledgements, and with none when all have come', () => {
    const { tell, told, time, a } = delivering({ flush: () => NEVER });
    const ids = Array.from({ length: 10_000 }, (_, at) => `${at}`);
    tell(open(a));
    for (const id of ids) tell(completed(workRequest(id)));
    expect(time.timers).toBe(1);

    for (const requestId of ids) tell(message(a, { kind: 'replyAck', requestId }));
    expect(time.timers).toBe(0);
    expect(told().filter((one) => one === 'accepted')).toHaveLength(10_000);
  });

  it('posts 10,000 replies that nobody acknowledged, with a `flush` that answers in the same call', () => {
    const { tell, told, time, a } = delivering({ flush: () => of('here it is'), buffer: 10_000 });
    tell(open(a));
    for (let at = 0; at < 10_000; at++) tell(completed(workRequest(`${at}`)));
    time.pass(6_000);

    expect(told().filter((one) => one === 'accepted')).toHaveLength(10_000);
    expect(time.timers).toBe(0);
  });

  it('goes through a long queue with a `flush` that answers in the same call', () => {
    const flush = ({ requestId }: WorkReply): Observable<string> => (requestId === '0' ? NEVER : of('here it is'));
    const { tell, told } = delivering({ flush, parallel: 1, buffer: 10_001 });
    for (let at = 0; at < 10_001; at++) tell(completed(workRequest(`${at}`)));
    tell(message(mockGatewayConnection('b'), { kind: 'replyAck', requestId: '0' }));

    expect(told().filter((one) => one === 'accepted')).toHaveLength(10_001);
  });

  it('aborts the posts before it says at the end that their replies are given up', () => {
    const said: string[] = [];
    const posting$ = new Observable<never>(() => () => said.push('aborted'));
    of(completed(workRequest('1')))
      .pipe(deliverReplies({ flush: () => posting$ }))
      .subscribe({ next: ({ type }) => said.push(type), complete: () => said.push('complete') });

    expect(said).toEqual(['completed', 'buffered', 'aborted', 'undelivered', 'complete']);
  });

  it('posts nothing more when the consumer leaves because of what becomes of a reply', () => {
    const posted: string[] = [];
    const flush = ({ requestId }: WorkReply): Observable<string> => {
      posted.push(requestId);
      return of('here it is');
    };
    const work$ = of('1', '2', '3').pipe(map((id) => completed(workRequest(id))));
    work$
      .pipe(
        deliverReplies({ flush }),
        takeWhile(({ type }) => type !== 'accepted'),
      )
      .subscribe();
    work$
      .pipe(
        deliverReplies({ flush }),
        takeWhile(({ type }) => type !== 'buffered'),
      )
      .subscribe();

    expect(posted).toEqual(['1']);
  });

  it('may be told of an acknowledgement by the policy that it asks', () => {
    const { tell, told, time, a } = delivering({
      flush: failing,
      isRefusal: () => {
        tell(message(a, { kind: 'replyAck', requestId: '1' }));
        return false;
      },
    });
    tell(completed(workRequest('1')));
    time.pass(60_000);

    expect(told()).toEqual(['completed', 'buffered noConnection', 'message', 'accepted']);
    expect(time.timers).toBe(0);
  });
});

describe('pendingReplies', () => {
  it('takes no harm from a reply that it does not know', () => {
    const pending = pendingReplies();
    const a = mockGatewayConnection('a');
    pending.remove(a);
    pending.add(a);
    const settled = new Output(pending.settled(a));
    expect(settled.values).toHaveLength(0);

    pending.remove(a);
    expect([settled.values.length, settled.completed]).toEqual([1, 1]);
  });
});

describe('postRetries', () => {
  const random = (): number => 0.5;

  it('tells the policy how often, since when, and why', () => {
    const contexts: BackoffContext[] = [];
    const { failed } = postRetries({
      random,
      retry: (context) => {
        contexts.push(context);
        return context.attempt < 3 ? 100 * context.attempt : undefined;
      },
    })(1_000);

    expect([failed('busy', 1_010), failed('down', 1_200), failed('gone', 1_500)]).toEqual([100, 200, undefined]);
    expect(contexts).toEqual([
      { attempt: 1, elapsed: 10, cause: 'busy', previousDelay: undefined, random },
      { attempt: 2, elapsed: 200, cause: 'down', previousDelay: 100, random },
      { attempt: 3, elapsed: 500, cause: 'gone', previousDelay: 200, random },
    ]);
  });

  it('waits for an hour at most because the API asks for it', () => {
    const { failed, owed } = postRetries({})(0);

    expect(failed({ retryAfter: 7 * 86_400_000 }, 10)).toBe(3_600_000);
    expect(owed(20, true)).toBe(3_600_000 - 10);
  });

  it.each([undefined, null, 'busy', {}, { retryAfter: '5' }, { retryAfter: -5 }, { retryAfter: NaN }])(
    'owes nothing to the API after %p',
    (error) => {
      const { failed, owed } = postRetries({})(0);

      expect(failed(error, 10)).toBe(1_000);
      expect(owed(10, true)).toBe(0);
    },
  );

  it('owes nothing before the first post', () => {
    expect(postRetries({})(0).owed(0, true)).toBe(0);
  });

  it.each([-1, NaN])('refuses a policy that would wait %p ms', (wait) => {
    const { failed } = postRetries({ retry: () => wait })(0);

    expect(() => failed('busy', 0)).toThrow('deliverReplies: expected `retry()` to be a number of at least 0');
  });
});

describe('an acknowledgement on a host whose timers ring late', () => {
  const awaiting = () => {
    const scheduler = new HandScheduler();
    const source = new Subject<WorkerEvent>();
    const a = mockGatewayConnection('a');
    const told: string[] = [];
    const subscription = source
      .pipe(deliverReplies({ flush: () => NEVER, ackWithin: 5_000, scheduler }))
      .subscribe(({ type }) => told.push(type));
    source.next(open(a));
    source.next(completed());
    return { scheduler, source, a, told, subscription };
  };

  it('is waited for once more, for what arrived meanwhile is not read yet', async () => {
    const { scheduler, source, a, told, subscription } = awaiting();
    await scheduler.oversleep(60_000);
    source.next(message(a, { kind: 'replyAck', requestId: 'r1' } as const));

    expect(told).toEqual(['open', 'completed', 'message', 'accepted']);
    expect(scheduler.pending).toBe(0);
    subscription.unsubscribe();
  });

  it('is not waited for a third time, however late the timer', async () => {
    const { scheduler, told, subscription } = awaiting();
    await scheduler.oversleep(60_000);
    await scheduler.oversleep(60_000);

    expect(told).toEqual(['open', 'completed', 'buffered']);
    subscription.unsubscribe();
    expect(scheduler.pending).toBe(0);
  });
});
