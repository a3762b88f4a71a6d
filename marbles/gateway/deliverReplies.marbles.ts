import { filter, map, NEVER, type Observable, of, takeWhile, tap } from 'rxjs';
import { constant } from '../../src/core/backoff.js';
import { deliverReplies, type DeliverRepliesConfig } from '../../src/gateway/deliverReplies.js';
import { GatewayApiError } from '../../src/gateway/errors.js';
import type { BufferedEvent, GatewayConnection, UndeliveredEvent, WorkerEvent } from '../../src/gateway/events.js';
import type { WorkReply } from '../../src/gateway/messages.js';
import { pendingReplies } from '../../src/gateway/pendingReplies.js';
import { drainHandover } from '../../src/operators/drainHandover.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { close, connecting, draining, message, open, reconnecting, retired } from '../../src/testing/letters.js';
import { type MarbleContext, marbles } from '../../src/testing/marbles.js';
import { accepted, completed, mockGatewayConnection, workReply, workRequest } from './letters.js';

const buffered = (requestId: string, reason: BufferedEvent['reason']): BufferedEvent => ({
  type: 'buffered',
  requestId,
  reason,
});
const undelivered = (requestId: string, reason: UndeliveredEvent['reason'], error?: unknown): UndeliveredEvent => ({
  type: 'undelivered',
  reply: workReply(requestId),
  reason,
  error,
});
const done = (requestId: string, body?: Uint8Array): WorkerEvent =>
  completed(workRequest(requestId), workReply(requestId, body && { body }));
const ack = (connection: GatewayConnection, requestId: string): WorkerEvent =>
  message(connection, { kind: 'replyAck' as const, requestId });

/**
 * Digits complete work. `k` and `l` acknowledge the replies to 1 and 2 over the first connection, `K` and `L` over the second.
 * `a` and `b` say that these are accepted over a connection, `g` `h` `i` `j` that 1 to 4 are over HTTP. `e` `f` `p` `q` say that 1 to 4
 * are buffered for want of a connection, `n` and `N` that 1 and 2 are for want of an acknowledgement, `s` and `S` that they were lost.
 */
function lettersOf(a: GatewayConnection, b: GatewayConnection) {
  return {
    c: connecting(),
    o: open(a),
    m: message(a, { kind: 'heartbeat' as const }),
    d: draining(a),
    x: close(a, 1006),
    r: reconnecting(),
    t: retired(a, 'released'),
    O: open(b),
    X: close(b, 1006),
    1: done('1'),
    2: done('2'),
    3: done('3'),
    4: done('4'),
    k: ack(a, '1'),
    l: ack(a, '2'),
    K: ack(b, '1'),
    L: ack(b, '2'),
    a: accepted('1'),
    b: accepted('2'),
    g: accepted('1', 'http'),
    h: accepted('2', 'http'),
    i: accepted('3', 'http'),
    j: accepted('4', 'http'),
    e: buffered('1', 'noConnection'),
    f: buffered('2', 'noConnection'),
    p: buffered('3', 'noConnection'),
    q: buffered('4', 'noConnection'),
    n: buffered('1', 'notAcked'),
    N: buffered('2', 'notAcked'),
    s: buffered('1', 'lost'),
    S: buffered('2', 'lost'),
  };
}

type Events = Readonly<Record<string, WorkerEvent>>;
interface Expectation {
  toBe: (diagram: string, more?: Events, error?: unknown) => void;
}

interface Context extends Omit<MarbleContext, 'a' | 'b' | 'events'> {
  readonly a: ReturnType<typeof mockGatewayConnection>;
  readonly b: ReturnType<typeof mockGatewayConnection>;
  readonly letters: Events;
  /** What a worker does. */
  readonly worker: (diagram: string, more?: Events, error?: unknown) => Observable<WorkerEvent>;
  readonly expectEvents: (result: Observable<WorkerEvent>, lifetime?: string) => Expectation;
  /** Compares what becomes of replies with a diagram. */
  readonly expectOutcomes: (
    source: Observable<WorkerEvent>,
    config: DeliverRepliesConfig,
    lifetime?: string,
  ) => Expectation;
}

function delivery(test: (context: Context) => void): () => void {
  return marbles((context) => {
    const a = mockGatewayConnection('a');
    const b = mockGatewayConnection('b');
    const letters: Events = lettersOf(a, b);
    const expectEvents: Context['expectEvents'] = (result, lifetime) => {
      const expectation = context.expectObservable(result, lifetime);
      return { toBe: (diagram, more, error) => expectation.toBe(diagram, { ...letters, ...more }, error) };
    };
    test({
      ...context,
      a,
      b,
      letters,
      expectEvents,
      worker: (diagram, more, error) => context.cold<WorkerEvent>(diagram, { ...letters, ...more }, error),
      expectOutcomes: (source, config, lifetime) =>
        expectEvents(source.pipe(deliverReplies(config), filter(isOutcome)), lifetime),
    });
  });
}

const isOutcome = ({ type }: WorkerEvent): boolean => ['accepted', 'buffered', 'undelivered'].includes(type);

/** The requests whose replies are sent over a connection. */
const repliesOver = ({ sent$ }: ReturnType<typeof mockGatewayConnection>): Observable<string> =>
  sent$.pipe(map((sent) => (sent.kind === 'reply' ? sent.reply.requestId : sent.kind)));

const never = (): Observable<never> => NEVER;

/** Posts each reply as it is drawn for its request. */
const postsOf =
  (posts: Readonly<Record<string, Observable<unknown>>>) =>
  ({ requestId }: WorkReply): Observable<unknown> =>
    posts[requestId] ?? NEVER;

describe('deliverReplies', () => {
  it(
    'sends replies over the connection, and posts those that are not acknowledged in time',
    delivery(({ cold, worker, a, expectObservable, expectSubscriptions, expectEvents }) => {
      const source = worker('o-1-k---2---------');
      const sent = '         --1-----2---------';
      const post = cold('                 ---|');
      const result = '       o-1-(ka)2----N--h-';
      const posted = '       -------------^--!-';
      const until = '        -----------------!';

      expectEvents(source.pipe(deliverReplies({ flush: () => post, ackWithin: 5 })), until).toBe(result);
      expectObservable(repliesOver(a)).toBe(sent);
      expectSubscriptions(post.subscriptions).toBe(posted);
    }),
  );

  it(
    'passes everything else on, as it comes',
    delivery(({ worker, expectEvents }) => {
      const deliver = deliverReplies({ flush: never });

      expectEvents(worker('c-o-m-d-O-(mt)Xrk|').pipe(deliver)).toBe('c-o-m-d-O-(mt)Xrk|');
      expectEvents(worker('c-o-#').pipe(deliver)).toBe('c-o-#');
    }),
  );

  it(
    'passes an event on before it acts on it',
    delivery(({ worker, a, expectEvents, flush }) => {
      const seen: string[] = [];
      a.sent$.subscribe(({ kind }) => seen.push(`sent ${kind}`));
      const result = worker('o-1-k').pipe(deliverReplies({ flush: never }));

      expectEvents(result.pipe(tap(({ type }) => seen.push(type))), '------!').toBe('o-1-(ka)');
      flush();
      expect(seen).toEqual(['open', 'completed', 'sent reply', 'message', 'accepted']);
    }),
  );

  it(
    'sends nothing when the consumer leaves because of a completion',
    delivery(({ worker, a, expectEvents, expectObservable }) => {
      const result = worker('o-1').pipe(deliverReplies({ flush: never }));

      expectEvents(result.pipe(takeWhile(({ type }) => type !== 'completed', true))).toBe('o-(1|)');
      expectObservable(repliesOver(a)).toBe('');
    }),
  );

  it(
    'delivers one reply to a request',
    delivery(({ worker, a, expectObservable, expectOutcomes }) => {
      const source = worker('o-1-1-k---');
      const sent = '         --1-------';
      const result = '       ------a---';
      const until = '        ---------!';

      expectOutcomes(source, { flush: never }, until).toBe(result);
      expectObservable(repliesOver(a)).toBe(sent);
      expectOutcomes(worker('1-1'), { flush: never }, until).toBe('e--');
    }),
  );
});

describe('the acknowledgement of a reply', () => {
  it.each([
    ['one millisecond before the deadline', 'o1---k---', '-----a---'],
    ['at the deadline', '                    o1----k--', '------a--'],
    ['one millisecond after it', '           o1-----k-', '------na-'],
  ])('comes %s', (_when, diagram, result) => {
    delivery(({ worker, expectOutcomes }) => {
      expectOutcomes(worker(diagram), { flush: never, ackWithin: 5 }, '---------!').toBe(result);
    })();
  });

  it(
    'is waited for 5 s, unless another time is given',
    delivery(({ worker, expectOutcomes }) => {
      expectOutcomes(worker('o1'), { flush: never }, '             6s !').toBe('- 5000ms  n');
      expectOutcomes(worker('o1'), { flush: never, ackWithin: '2s' }, '6s !').toBe('- 2000ms  n');
    }),
  );

  it(
    'has a deadline of its own for each reply',
    delivery(({ worker, expectOutcomes }) => {
      const source = worker('o1-2-3-l-------');
      const result = '       -------b-n---v-';
      const until = '        --------------!';

      expectOutcomes(source, { flush: never, ackWithin: 8 }, until).toBe(result, { v: buffered('3', 'notAcked') });
    }),
  );

  it(
    'aborts the post that is under way',
    delivery(({ cold, worker, expectOutcomes, expectSubscriptions }) => {
      const source = worker('o-1------k-----');
      const post = cold('           -----|  ');
      const result = '       -------n-a-----';
      const posted = '       -------^-!-----';
      const until = '        --------------!';

      expectOutcomes(source, { flush: () => post, ackWithin: 5 }, until).toBe(result);
      expectSubscriptions(post.subscriptions).toBe(posted);
    }),
  );

  it(
    'makes room for the next post',
    delivery(({ worker, expectOutcomes, flush }) => {
      const posted: string[] = [];
      const config: DeliverRepliesConfig = {
        parallel: 1,
        ackWithin: 5,
        flush: ({ requestId }) => {
          posted.push(requestId);
          return NEVER;
        },
      };

      expectOutcomes(worker('o12------k--'), config, '------------!').toBe('------nN-a--');
      flush();
      expect(posted).toEqual(['1', '2']);
    }),
  );

  it(
    'spares a reply that waits for its next post',
    delivery(({ cold, worker, expectOutcomes, expectSubscriptions }) => {
      const source = worker('o-1------k-----');
      const post = cold('           -#      ');
      const result = '       -------n-a-----';
      const posted = '       -------^!------';
      const until = '        --------------!';

      expectOutcomes(source, { flush: () => post, ackWithin: 5, retry: constant(3) }, until).toBe(result);
      expectSubscriptions(post.subscriptions).toBe(posted);
    }),
  );

  it(
    'is harmless when the post was faster, when it comes twice, and when nobody knows the reply',
    delivery(({ cold, worker, expectOutcomes }) => {
      const source = worker('l-o-1------k-k-l-2l-l--');
      const post = cold('             -|             ');
      const result = '       ---------ng-------b----';
      const until = '        ----------------------!';

      expectOutcomes(source, { flush: () => post, ackWithin: 5 }, until).toBe(result);
    }),
  );

  it(
    'counts over whichever connection it comes',
    delivery(({ worker, expectOutcomes }) => {
      const source = worker('o-1-O-K---');
      const result = '       ------a---';

      expectOutcomes(source, { flush: never, ackWithin: 6 }, '----------!').toBe(result);
    }),
  );

  it(
    'may come in the same call in which the reply is sent',
    delivery(({ hot, letters, a, expectEvents }) => {
      const source = hot<WorkerEvent>('o-1-----', letters);
      a.sent$.subscribe(() => source.next(ack(a, '1')));

      expectEvents(source.pipe(deliverReplies({ flush: never })), '-------!').toBe('o-(1ka)-');
    }),
  );
});

describe('a reply that cannot be sent', () => {
  it(
    'is posted at once while there is no connection',
    delivery(({ cold, worker, a, expectOutcomes, expectObservable, expectSubscriptions }) => {
      const source = worker('c-1---o-x---2---');
      const post = cold('      --|       --| ');
      const result = '       --e-g-------f-h-';
      const posted = ['      --^-!           ', '------------^-!'];
      const until = '        ---------------!';

      expectOutcomes(source, { flush: () => post }, until).toBe(result);
      expectSubscriptions(post.subscriptions).toBe(posted);
      expectObservable(repliesOver(a)).toBe('');
    }),
  );

  it(
    'is posted while a lost connection is replaced',
    delivery(({ worker, a, expectOutcomes, expectObservable }) => {
      expectOutcomes(worker('o-r-1-'), { flush: never }, '-----!').toBe('----e-');
      expectObservable(repliesOver(a)).toBe('');
    }),
  );

  it(
    'is posted when the connection is about to close, or refuses to send it',
    delivery(({ worker, a, b, expectOutcomes, expectObservable }) => {
      a.closing();
      b.failSends();

      expectOutcomes(worker('o-1-O-2-'), { flush: never, ackWithin: 2 }, '--------!').toBe('--e---f-');
      expectObservable(repliesOver(a)).toBe('');
    }),
  );

  it(
    'is posted once when the connection ends in the call that should send it',
    delivery(({ hot, letters, a, expectEvents, flush }) => {
      const posted: string[] = [];
      const source = hot<WorkerEvent>('o-1-----', letters);
      a.send = () => {
        source.next(close(a, 1006));
        throw new Error('the connection is gone');
      };
      const post = ({ requestId }: WorkReply): Observable<never> => {
        posted.push(requestId);
        return NEVER;
      };

      expectEvents(source.pipe(deliverReplies({ flush: post })), '-------!').toBe('o-(1xs)-');
      flush();
      expect(posted).toEqual(['1']);
    }),
  );

  it(
    'is posted when it is too big for a message',
    delivery(({ worker, a, b, expectOutcomes, expectObservable }) => {
      const most = { 1: done('1', new Uint8Array(10)), 2: done('2', new Uint8Array(11)) };
      const usual = { 1: done('1', new Uint8Array(4_194_304)), 2: done('2', new Uint8Array(4_194_305)) };
      const tooBig = { v: buffered('2', 'tooBig') };

      expectOutcomes(worker('o-1-2', most), { flush: never, maxReply: 10 }, '-----!').toBe('----v', tooBig);
      expectOutcomes(worker('2-----', most), { flush: never, maxReply: 10 }, '-----!').toBe('v----', tooBig);
      expectObservable(repliesOver(a)).toBe('--1');
      expectOutcomes(worker('O-1-2', usual), { flush: never }, '-----!').toBe('----v', tooBig);
      expectObservable(repliesOver(b)).toBe('--1');
    }),
  );
});

describe('the connection that carries replies', () => {
  it(
    'ends, and they are posted at once, with it being dialled again',
    delivery(({ cold, worker, expectOutcomes, expectSubscriptions }) => {
      const source = worker('o1-2-x---r-');
      const post = cold('         ----|  ');
      const result = '       -----(sS)(gh)';
      const posted = ['      -----^---!', '-----^---!'];

      expectOutcomes(source, { flush: () => post }, '----------!').toBe(result);
      expectSubscriptions(post.subscriptions).toBe(posted);
    }),
  );

  it(
    'is given up without a close, and they are posted',
    delivery(({ worker, expectOutcomes }) => {
      expectOutcomes(worker('o1---r-'), { flush: never }, '------!').toBe('-----s-');
    }),
  );

  it(
    'is replaced, and each connection keeps its own replies until it ends',
    delivery(({ worker, a, b, expectOutcomes, expectObservable }) => {
      const source = worker('o1dO2--t--X---');
      const toA = '          -1------------';
      const toB = '          ----2---------';
      const result = '       -------s--S---';

      expectOutcomes(source, { flush: never }, '--------------!').toBe(result);
      expectObservable(repliesOver(a)).toBe(toA);
      expectObservable(repliesOver(b)).toBe(toB);
    }),
  );

  it(
    'is the new one when the one that brought the request is gone',
    delivery(({ worker, a, b, expectOutcomes, expectObservable }) => {
      const source = worker('o-x-r-cO-1-K---');
      const toB = '          ---------1-----';
      const result = '       -----------a---';

      expectOutcomes(source, { flush: never }, '--------------!').toBe(result);
      expectObservable(repliesOver(a)).toBe('');
      expectObservable(repliesOver(b)).toBe(toB);
    }),
  );
});

describe('a post', () => {
  it(
    'succeeds with its first value, and with its end',
    delivery(({ cold, worker, expectOutcomes, expectSubscriptions }) => {
      const value = cold('--v--');
      const end = cold('  --|  ');

      expectOutcomes(worker('1'), { flush: () => value }, '-----!').toBe('e-g');
      expectOutcomes(worker('1'), { flush: () => end }, '  -----!').toBe('e-g');
      expectOutcomes(worker('1'), { flush: () => of(1) }, '-----!').toBe('(eg)');
      expectSubscriptions(value.subscriptions).toBe('^-!');
    }),
  );

  it(
    'that fails is made again after 1, 2, 5, 10, 20 s and every 20 s from then on',
    delivery(({ cold, worker, expectOutcomes, expectSubscriptions }) => {
      const post = cold('#');
      const seconds = [0, 1, 3, 8, 18, 38, 58, 78];

      expectOutcomes(worker('1'), { flush: () => post }, '79s !').toBe('e');
      expectSubscriptions(post.subscriptions).toBe(seconds.map((at) => `${at}s (^!)`));
    }),
  );

  it(
    'that fails does not hold up the others',
    delivery(({ cold, worker, expectOutcomes, expectSubscriptions }) => {
      const source = worker('(123)         ');
      const poisoned = cold('-#            ');
      const second = cold('   -----|       ');
      const third = cold('         ----|   ');
      const result = '       (efp)-h---i---';
      const tries = ['       ^!            ', '----------^!  '];
      const until = '        -------------!';
      const flush = postsOf({ 1: poisoned, 2: second, 3: third });

      expectOutcomes(source, { flush, parallel: 1, retry: constant(7) }, until).toBe(result);
      expectSubscriptions(poisoned.subscriptions).toBe(tries);
    }),
  );

  it(
    'fails when `flush` throws',
    delivery(({ worker, expectOutcomes, flush }) => {
      let calls = 0;
      const config: DeliverRepliesConfig = {
        retry: constant(3),
        flush: () => {
          if (++calls < 3) throw new Error('not now');
          return of('here it is');
        },
      };

      expectOutcomes(worker('1'), config, '---------!').toBe('e-----g');
      flush();
      expect(calls).toBe(3);
    }),
  );

  it(
    'is made for so many replies at a time, in the order in which they came',
    delivery(({ cold, worker, expectOutcomes, expectSubscriptions }) => {
      const source = worker('1234-----------');
      const one = cold('     ------|        ');
      const two = cold('      ------|       ');
      const three = cold('         ------|  ');
      const four = cold('           ------| ');
      const result = '       efpq--gh----ij-';
      const until = '        --------------!';

      expectOutcomes(source, { flush: postsOf({ 1: one, 2: two, 3: three, 4: four }), parallel: 2 }, until).toBe(
        result,
      );
      expectSubscriptions(one.subscriptions).toBe('   ^-----!        ');
      expectSubscriptions(two.subscriptions).toBe('   -^-----!       ');
      expectSubscriptions(three.subscriptions).toBe(' ------^-----!  ');
      expectSubscriptions(four.subscriptions).toBe('  -------^-----! ');
    }),
  );

  it(
    'is the last one when the API refuses the reply',
    delivery(({ cold, worker, expectOutcomes, expectSubscriptions }) => {
      const post = cold('--#', {}, 'bad reply');
      const config = { flush: () => post, isRefusal: (error: unknown) => error === 'bad reply', retry: constant(1) };

      expectOutcomes(worker('1'), config, '------!').toBe('e-u---', { u: undelivered('1', 'refused', 'bad reply') });
      expectSubscriptions(post.subscriptions).toBe('^-!');
    }),
  );

  it(
    'is the last one when the policy gives up',
    delivery(({ cold, worker, expectOutcomes, expectSubscriptions }) => {
      const post = cold('    -#         ', {}, 'busy');
      const result = '       e------u---';
      const tries = ['       ^!         ', '---^!      ', '------^!   '];
      const until = '        ----------!';
      const retry = ({ attempt }: { attempt: number }) => (attempt < 3 ? 2 : undefined);

      expectOutcomes(worker('1'), { flush: () => post, retry }, until).toBe(result, {
        u: undelivered('1', 'gaveUp', 'busy'),
      });
      expectSubscriptions(post.subscriptions).toBe(tries);
    }),
  );
});

describe('a reply that waits for its next post', () => {
  it(
    'is posted at once when a connection opens, once for each',
    delivery(({ cold, worker, expectOutcomes, expectSubscriptions }) => {
      const source = worker('1---o--(OO)----');
      const post = cold('    -#             ');
      const tries = ['       ^!             ', '----^!         ', '-------^!      '];
      const until = '        --------------!';

      expectOutcomes(source, { flush: () => post, retry: constant(50) }, until).toBe('e');
      expectSubscriptions(post.subscriptions).toBe(tries);
    }),
  );

  it(
    'is posted at once when there is a hurry',
    delivery(({ cold, hot, worker, expectOutcomes, expectSubscriptions }) => {
      const source = worker(' 1-----------');
      const post = cold('     -#          ');
      const hurry$ = hot('    ----h-------');
      const tries = ['        ^!          ', '----^!      '];
      const until = '         -----------!';

      expectOutcomes(source, { flush: () => post, retry: constant(50), hurry$ }, until).toBe('e');
      expectSubscriptions(post.subscriptions).toBe(tries);
    }),
  );

  it(
    'is not posted twice at once when connections open while it is posted',
    delivery(({ cold, worker, expectOutcomes, expectSubscriptions }) => {
      const source = worker('1-o-O-----');
      const post = cold('    ------|   ');
      const result = '       e-----g---';

      expectOutcomes(source, { flush: () => post }, '---------!').toBe(result);
      expectSubscriptions(post.subscriptions).toBe('^-----!');
    }),
  );

  it(
    'waits at least as long as the API asked for, whatever opens',
    delivery(({ cold, worker, expectOutcomes, expectSubscriptions }) => {
      const source = worker('1----o--------');
      const post = cold('    -#            ', {}, new GatewayApiError('busy', { status: 503, retryAfter: 8 }));
      const tries = ['       ^!            ', '---------^!   '];
      const until = '        -------------!';

      expectOutcomes(source, { flush: () => post, retry: constant(3) }, until).toBe('e');
      expectOutcomes(worker('1--'), { flush: () => post, retry: constant(3) }, until).toBe('e');
      expectSubscriptions(post.subscriptions).toBe([tries[0]!, tries[0]!, tries[1]!, tries[1]!]);
    }),
  );

  it(
    'waits for the policy when the API answered, whatever opens: a gateway that drains again and again must not make a fleet storm it',
    delivery(({ cold, hot, worker, expectOutcomes, expectSubscriptions }) => {
      const source = worker(' 1--o--O-----  ');
      const post = cold('     -#            ', {}, new GatewayApiError('broken', { status: 500 }));
      const tries = ['        ^!            ', '---------^!   '];
      const hurried = cold('  -#            ', {}, new GatewayApiError('broken', { status: 500 }));
      const hurry$ = hot('    ----h         ');
      const triesInAHurry = ['^!            ', '----^!        ', '-------------^!'];

      expectOutcomes(source, { flush: () => post, retry: constant(8) }, '-----------!').toBe('e');
      expectOutcomes(source, { flush: () => hurried, retry: constant(8), hurry$ }, '---------------!').toBe('e');
      expectSubscriptions(post.subscriptions).toBe(tries);
      expectSubscriptions(hurried.subscriptions).toBe(triesInAHurry);
    }),
  );

  it(
    'waits for the policy when the API asked for less, but no longer than that when a connection opens',
    delivery(({ cold, worker, expectOutcomes, expectSubscriptions }) => {
      const source = worker('1-o-----------');
      const post = cold('    -#            ', {}, new GatewayApiError('busy', { status: 503, retryAfter: 4 }));
      const tries = ['       ^!            ', '-----^!       '];
      const other = cold('   -#            ', {}, new GatewayApiError('busy', { status: 503, retryAfter: 4 }));
      const others = ['      ^!            ', '---------^!   '];
      const until = '        -------------!';

      expectOutcomes(source, { flush: () => post, retry: constant(8) }, until).toBe('e');
      expectSubscriptions(post.subscriptions).toBe(tries);
      expectOutcomes(worker('1'), { flush: () => other, retry: constant(8) }, until).toBe('e');
      expectSubscriptions(other.subscriptions).toBe(others);
    }),
  );
});

describe('more replies than may wait for the API', () => {
  it(
    'cost the oldest that is not being posted',
    delivery(({ worker, expectOutcomes }) => {
      const source = worker('123---4----');
      const result = '       ef(pu)(qv)-';

      expectOutcomes(source, { flush: never, buffer: 2, parallel: 1 }, '----------!').toBe(result, {
        u: undelivered('2', 'overflow'),
        v: undelivered('3', 'overflow'),
      });
    }),
  );

  it(
    'cost the newest where the policy says so',
    delivery(({ worker, expectOutcomes }) => {
      const source = worker('123---4----');
      const result = '       ef(pu)(qv)-';
      const config = { flush: never, buffer: 2, parallel: 1, overflow: 'drop-newest' } as const;

      expectOutcomes(source, config, '----------!').toBe(result, {
        u: undelivered('3', 'overflow'),
        v: undelivered('4', 'overflow'),
      });
    }),
  );

  it(
    'cost the newest when all others are being posted',
    delivery(({ worker, expectOutcomes }) => {
      expectOutcomes(worker('12----'), { flush: never, buffer: 1 }, '-----!').toBe('e(fu)', {
        u: undelivered('2', 'overflow'),
      });
    }),
  );

  it(
    'cost a reply that waits for its next post, and its wait',
    delivery(({ cold, worker, expectOutcomes, expectSubscriptions }) => {
      const post = cold('-#', {}, 'busy');
      const config = { flush: postsOf({ 1: post }), buffer: 1, retry: constant(6) };

      expectOutcomes(worker('1---2---------'), config, '-------------!').toBe('e---(fu)', {
        u: undelivered('1', 'overflow', 'busy'),
      });
      expectSubscriptions(post.subscriptions).toBe('^!');
    }),
  );
});

describe('the end of the stream', () => {
  it(
    'is preceded by all replies that nobody confirmed',
    delivery(({ cold, worker, expectOutcomes, expectSubscriptions }) => {
      const source = worker('o1-x2--O3-|    ');
      const busy = cold('       -#          ', {}, 'busy');
      const post = cold('        --------|  ');
      const result = '       ---sf-----(uvw|)';
      const posted = '       ----^-----!    ';
      const flush = postsOf({ 1: busy, 2: post });

      expectOutcomes(source, { flush, retry: constant(50) }, undefined).toBe(result, {
        u: undelivered('1', 'gaveUp', 'busy'),
        v: undelivered('2', 'gaveUp'),
        w: undelivered('3', 'gaveUp'),
      });
      expectSubscriptions(post.subscriptions).toBe(posted);
    }),
  );

  it(
    'is preceded by them when it is an error, too',
    delivery(({ worker, expectOutcomes }) => {
      const source = worker('o1-x-O2-#     ', {}, 'lost for good');
      const result = '       ---s----(uv#) ';

      expectOutcomes(source, { flush: never }).toBe(
        result,
        { u: undelivered('1', 'gaveUp'), v: undelivered('2', 'gaveUp') },
        'lost for good',
      );
    }),
  );

  it(
    'aborts posts in silence when the consumer leaves, and no timer is left',
    delivery(({ cold, worker, expectOutcomes, expectSubscriptions }) => {
      const source = worker('o1-x2--O3-----');
      const busy = cold('       -#         ');
      const post = cold('        --------| ');
      const result = '       ---sf---------';
      const posted = '       ----^----!    ';
      const until = '        ---------!    ';

      expectOutcomes(source, { flush: postsOf({ 1: busy, 2: post }), retry: constant(50) }, until).toBe(result);
      expectSubscriptions(post.subscriptions).toBe(posted);
    }),
  );
});

describe('pendingReplies', () => {
  it(
    'settles a connection when no reply that went over it awaits its acknowledgement',
    delivery(({ worker, a, b, expectObservable, expectOutcomes }) => {
      const pending = pendingReplies();
      const source = worker('o1-2---k-l--');
      const early = '        -----^------';
      const late = '         ----------^-';
      const settled = (connection: GatewayConnection) => pending.settled(connection).pipe(map(() => 'y'));

      expectOutcomes(source, { flush: never, pending }, '-----------!').toBe('-------a-b--');
      expectObservable(settled(a), early).toBe('---------(y|)');
      expectObservable(settled(a), late).toBe(' ----------(y|)');
      expectObservable(settled(b), early).toBe('-----(y|)');
    }),
  );

  it(
    'settles a connection whose replies are not acknowledged in time, and one whose worker is unsubscribed',
    delivery(({ worker, a, b, expectObservable, expectOutcomes }) => {
      const pending = pendingReplies();
      const settled = (connection: GatewayConnection) => pending.settled(connection).pipe(map(() => 'y'));

      expectOutcomes(worker('o1--O2---'), { flush: never, pending, ackWithin: 5 }, '--------!').toBe('------n--');
      expectObservable(settled(a), '--^').toBe('------(y|)');
      expectObservable(settled(b), '------^').toBe('--------(y|)');
    }),
  );

  it(
    'lets a handover go of the old connection with the last acknowledgement',
    delivery(({ cold, letters, expectEvents, expectSubscriptions }) => {
      const pending = pendingReplies();
      const old = cold<WorkerEvent>('    o1-d-----k----', letters);
      const successor = cold<WorkerEvent>('  --O--------', letters);
      const oldSubs = '                  ^--------!----';
      const result = '                   o1-d-O---(kat)';
      const handover = drainHandover({ linger: 50, until: (connection) => pending.settled(connection as never) });
      const source = inTurn(old as never, successor as never).pipe(handover) as unknown as Observable<WorkerEvent>;

      expectEvents(source.pipe(deliverReplies({ flush: never, pending })), '--------------!').toBe(result);
      expectSubscriptions(old.subscriptions).toBe(oldSubs);
    }),
  );
});
