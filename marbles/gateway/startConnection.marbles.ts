import type { Observable } from 'rxjs';
import { AuthError, ConnectionLimitError, GatewayApiError } from '../../src/gateway/errors.js';
import type { HttpAnswer } from '../../src/gateway/http.js';
import type { StartAnswer } from '../../src/gateway/messages.js';
import { signingKeys } from '../../src/gateway/signingKeys.js';
import { startConnection, type StartConnectionConfig } from '../../src/gateway/startConnection.js';
import { jsonWire } from '../../spec/gateway/jsonWire.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { marbles } from '../../src/testing/marbles.js';

const START: StartAnswer = {
  connectionId: 'id',
  endpoint: 'ws://gateway.test/',
  group: 'blue',
  sessionToken: 'session',
  syncToken: 'sync',
};

const answer = (status: number, headers: HttpAnswer['headers'] = {}): HttpAnswer => ({
  status,
  headers,
  body: status === 200 ? jsonWire.startAnswer.encode(START) : new Uint8Array(),
});
/** What the API answers: all is well, unauthorized, too many connections (with a wait in seconds, until a date). */
const answers = {
  a: answer(200),
  u: answer(401),
  l: answer(429, { 'retry-after': '7' }),
  d: answer(429, { 'retry-after': 'Thu, 01 Jan 1970 00:00:07 GMT' }),
  p: answer(429, { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }),
};
const started = { s: START };

const late = (ms: number): GatewayApiError => new GatewayApiError(`/v0/connect/start gave no answer within ${ms} ms`);
const unauthorized = new AuthError('/v0/connect/start answered 401', { status: 401 });
const limited = (retryAfter?: number): ConnectionLimitError =>
  new ConnectionLimitError('/v0/connect/start answered 429', { status: 429, retryAfter });

/** Asks an API whose answers are these streams, one after the other. */
const start = (post$: Observable<HttpAnswer>, config: Partial<StartConnectionConfig> = {}): Observable<StartAnswer> =>
  startConnection({
    apiUrl: 'http://api.test',
    keys: signingKeys(),
    wire: jsonWire,
    post: () => post$,
    timeout: 5,
    ...config,
  })([]);
const keys = { key: 'signkey-test-01', fallback: 'signkey-test-02' };

describe('startConnection', () => {
  it(
    'gives the first answer, and lets go of the request',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const post = cold<HttpAnswer>('---a-a-', answers);
      const subs = '                 ^--!';
      const expected = '             ---(s|)';

      expectObservable(start(post)).toBe(expected, started);
      expectSubscriptions(post.subscriptions).toBe(subs);
    }),
  );

  it(
    'asks anew on every subscription',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const post = cold<HttpAnswer>('--a', answers);
      const result = start(post);

      expectObservable(result).toBe('            --(s|)', started);
      expectObservable(result, '      -^---').toBe('---(s|)', started);
      expectSubscriptions(post.subscriptions).toBe(['^-!', '-^-!']);
    }),
  );

  it.each([
    ['one ms before the end of its time', '----a', '^---!', '----(s|)'],
    ['at the end of its time', '           -----a', '^----!', '-----(s|)'],
    ['one ms after the end of its time', ' ------a', '^----!', '-----#'],
    ['never', '                            -', '^----!', '-----#'],
  ])('when the answer comes %s', (_when, diagram, subs, expected) => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const post = cold<HttpAnswer>(diagram, answers);

      expectObservable(start(post)).toBe(expected, started, late(5));
      expectSubscriptions(post.subscriptions).toBe(subs);
    })();
  });

  it(
    'waits 10 s for an answer by default',
    marbles(({ cold, expectObservable }) => {
      const post = cold<HttpAnswer>('-', answers);
      const config = { apiUrl: 'http://api.test', keys: signingKeys(), wire: jsonWire, post: () => post };

      expectObservable(startConnection(config)([])).toBe('10s #', {}, late(10_000));
    }),
  );

  it(
    'takes its time from the scheduler',
    marbles(({ cold, expectObservable, scheduler }) => {
      const config: Partial<StartConnectionConfig> = {
        scheduler: {
          now: () => scheduler.now() + 5_000,
          schedule: (work, delay = 0, state) => scheduler.schedule(work as never, 2 * delay, state),
        },
      };

      expectObservable(start(cold('--d', answers), config)).toBe('--#', {}, limited(1_998));
      expectObservable(start(cold('-', answers), config)).toBe('----------#', {}, late(5));
    }),
  );

  describe('with a fallback key', () => {
    it(
      'asks again the moment the key is refused',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const first = cold<HttpAnswer>('--u    ', answers);
        const second = cold<HttpAnswer>('  ---a ', answers);
        const expected = '              -----(s|)';

        expectObservable(start(inTurn(first, second), { keys: signingKeys(keys) })).toBe(expected, started);
        expectSubscriptions(first.subscriptions).toBe('^-!');
        expectSubscriptions(second.subscriptions).toBe('--^--!');
      }),
    );

    it(
      'gives each key the whole time',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const first = cold<HttpAnswer>('----u', answers);
        const second = cold<HttpAnswer>('   -', answers);

        expectObservable(start(inTurn(first, second), { keys: signingKeys(keys) })).toBe('---------#', {}, late(5));
        expectSubscriptions(second.subscriptions).toBe('----^----!');
      }),
    );

    it(
      'passes on the second refusal',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const post = cold<HttpAnswer>('--u', answers);

        expectObservable(start(post, { keys: signingKeys(keys) })).toBe('----#', {}, unauthorized);
        expectSubscriptions(post.subscriptions).toBe(['^-!', '--^-!']);
      }),
    );

    it(
      'does not ask again when the time is up',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const post = cold<HttpAnswer>('-', answers);

        expectObservable(start(post, { keys: signingKeys(keys) })).toBe('-----#', {}, late(5));
        expectSubscriptions(post.subscriptions).toBe(['^----!']);
      }),
    );
  });

  it(
    'asks once without a fallback key',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const post = cold<HttpAnswer>('--u', answers);

      expectObservable(start(post, { keys: signingKeys({ key: keys.key }) })).toBe('--#', {}, unauthorized);
      expectSubscriptions(post.subscriptions).toBe(['^-!']);
    }),
  );

  it.each([
    ['in seconds', '--l', 7_000],
    ['as a date, seen from now', '--d', 6_998],
    ['as a date that is past', '--p', undefined],
  ])('tells how long the API would have it wait: %s', (_how, diagram, retryAfter) => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(start(cold<HttpAnswer>(diagram, answers))).toBe('--#', {}, limited(retryAfter));
    })();
  });

  it(
    'tells that no answer came',
    marbles(({ cold, expectObservable }) => {
      const cause = new Error('refused');
      const error = new GatewayApiError('/v0/connect/start gave no answer: refused', { cause });

      expectObservable(start(cold<HttpAnswer>('--#', answers, cause))).toBe('--#', {}, error);
    }),
  );

  it.each([
    ['the first answer', '^--!', ['^--!'], '---u'],
    ['the answer to the fallback key', '^----!', ['^--!', '---^-!'], '---u'],
  ])('aborts the request when it is unsubscribed before %s', (_when, lifetime, subs, diagram) => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const post = cold<HttpAnswer>(diagram, answers);

      expectObservable(start(post, { keys: signingKeys(keys) }), lifetime).toBe('-');
      expectSubscriptions(post.subscriptions).toBe(subs);
    })();
  });
});
