import { ignoreElements, map, NEVER, type Observable, of, Subject, take, tap } from 'rxjs';
import { type BackoffContext, constant, steps } from '../../src/core/backoff.js';
import type { PartitionMap, PartitionMapUpdate } from '../../src/cluster/partitionMap.js';
import { partitionMaps } from '../../src/cluster/partitionMaps.js';
import { marbles } from '../../src/testing/marbles.js';

const facts = { nodes: [{ id: 'a', url: 'ws://a' }], partitions: [{ owner: 'a', replicas: [] }] };
const full = (version: number, epoch = 'one'): PartitionMapUpdate => ({ kind: 'full', ...facts, epoch, version });
const delta = (version: number, epoch = 'one'): PartitionMapUpdate => {
  return { kind: 'delta', epoch, previous: version - 1, version, changes: [] };
};
const unchanged = (version: number): PartitionMapUpdate => ({ kind: 'unchanged', epoch: 'one', version });

/**
 * Digits: full maps. B, D, E, G: deltas to version 2, 4, 5, 7. =: nothing is newer than 1. x: what is no map.
 * v, w: full maps 1 and 2 of a second epoch. W: a delta to version 2 of it.
 */
const updates = {
  ...{ 1: full(1), 2: full(2), 4: full(4), 5: full(5), 7: full(7) },
  ...{ B: delta(2), D: delta(4), E: delta(5), G: delta(7) },
  ...{ v: full(1, 'two'), w: full(2, 'two'), W: delta(2, 'two') },
  ...{ '=': unchanged(1), x: { ...full(9), partitions: [] } as PartitionMapUpdate },
};

/** Maps by their versions: digits, and v, w for those of the second epoch. */
const named = (maps$: Observable<PartitionMap>): Observable<string> =>
  maps$.pipe(map(({ epoch, version }) => (epoch === 'one' ? `${version}` : ' vw'.charAt(version))));

const noMap = expect.objectContaining({ name: 'ProtocolError' }) as unknown;

describe('partitionMaps', () => {
  it(
    'gives a new map for every update that brings one, and asks for what is missing',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-1---2---4-------5-', { ...updates, 4: delta(4), 5: delta(5) });
      const answer = cold('         ---4      ', updates);
      const expected = '   -1---2------4----5-';
      const subs = '       ^-----------------!';
      const asked = ['     ^!', '   ---------^--!'];

      const result = partitionMaps(source, { refresh: () => answer });

      expectObservable(named(result), subs).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(answer.subscriptions).toBe(asked);
    }),
  );

  it(
    'asks at once when there is no map yet, and not when one came in the same call',
    marbles(({ cold, flush, expectObservable, expectSubscriptions }) => {
      const answer = cold('--1-', updates);
      const expected = '   --1';
      const refresh = jest.fn<typeof answer, [PartitionMap | undefined]>(() => answer);

      expectObservable(named(partitionMaps(NEVER, { refresh })), '^--!').toBe(expected);
      expectObservable(named(partitionMaps(of(full(1)), { refresh }))).toBe('(1|)');
      expectSubscriptions(answer.subscriptions).toBe('^-!');
      flush();
      expect(refresh.mock.calls).toEqual([[undefined]]);
    }),
  );

  it(
    'waits for the next full map where nobody can be asked',
    marbles(({ cold, expectObservable }) => {
      const source = cold('D-1-D-7-|', updates);
      const expected = '   --1---7-|';

      expectObservable(named(partitionMaps(source, { staleAfter: 1 }))).toBe(expected);
    }),
  );

  it(
    'gives no map for what is known or older',
    marbles(({ cold, expectObservable }) => {
      const source = cold('212=B4-|', updates);
      const expected = '   2----4-|';

      expectObservable(named(partitionMaps(source))).toBe(expected);
    }),
  );

  describe('without news', () => {
    it(
      'P10: asks whether the map is still right, and takes "unchanged" for news',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('1-----------------', updates);
        const answer = cold('    --=           ', updates);
        const expected = '   1-----------------';
        const asked = ['     (^!)', '----^-!', '----------^-!', '----------------^!'];

        const result = partitionMaps(source, { refresh: () => answer, staleAfter: 4 });

        expectObservable(named(result), '^----------------!').toBe(expected);
        expectSubscriptions(answer.subscriptions).toBe(asked);
      }),
    );

    it(
      'counts from the last news, which also came a millisecond before or says nothing new, and is not what is older',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('2---4---4--2----', updates);
        const answer = cold('            ----', updates);
        const expected = '   2---4-----------';

        const result = partitionMaps(source, { refresh: () => answer, staleAfter: 5 });

        expectObservable(named(result), '^--------------!').toBe(expected);
        expectSubscriptions(answer.subscriptions).toBe(['(^!)', '-------------^-!']);
      }),
    );

    it(
      'P10, P31: takes silence for no error, ends the question, and asks again later',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('1----------------', updates);
        const answer = cold<PartitionMapUpdate>('    -------------');
        const expected = '   1----------------';
        const asked = ['     (^!)', '----^--!', '-----------^--!'];

        const result = partitionMaps(source, { refresh: () => answer, staleAfter: 4, within: 3 });

        expectObservable(named(result), '^---------------!').toBe(expected);
        expectSubscriptions(answer.subscriptions).toBe(asked);
      }),
    );

    it(
      'is told by a node that lags behind, and asks again soon',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('2-----------', updates);
        const answer = cold('    -1      ', updates);
        const expected = '   2-----------';
        const asked = ['     (^!)', '----^!', '-------^!'];

        const result = partitionMaps(source, { refresh: () => answer, staleAfter: 4, retry: constant(2) });

        expectObservable(named(result), '^--------!').toBe(expected);
        expectSubscriptions(answer.subscriptions).toBe(asked);
      }),
    );
  });

  describe('with something missing', () => {
    it(
      'P31: asks until it comes, waiting longer after every silence',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('1D-----------------', updates);
        const answer = cold<PartitionMapUpdate>('------');
        const expected = '   1------------------';
        const asked = ['     (^!)', '-^-!', '----^-!', '---------^-!', '--------------^-!'];

        const result = partitionMaps(source, { refresh: () => answer, within: 2, retry: steps([1, 3]) });

        expectObservable(named(result), '^----------------!').toBe(expected);
        expectSubscriptions(answer.subscriptions).toBe(asked);
      }),
    );

    it(
      'P11: lives with a refresh that fails, or throws',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('1D-------', updates);
        const failing = cold<PartitionMapUpdate>('-#      ');
        const answer = cold('      -4 ', updates);
        const expected = '   1------4-';
        let count = 0;
        const refresh = () => {
          count++;
          if (count === 3) throw new Error('not connected');
          return count === 2 ? failing : answer;
        };

        const result = partitionMaps(source, { refresh, retry: constant(2) });

        expectObservable(named(result), '^--------!').toBe(expected);
        expectSubscriptions(failing.subscriptions).toBe('-^!');
        expectSubscriptions(answer.subscriptions).toBe(['(^!)', '------^!']);
      }),
    );

    it(
      'takes the answer from the updates, whether the refresh completes or says nothing',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('1D--4E-G--7-|', updates);
        const answer = cold(' u|', { u: undefined });
        const expected = '   1---45----7-|';
        const asked = ['     (^!)', '-^!', '-------^!'];

        const result = partitionMaps(source, { refresh: () => answer });

        expectObservable(named(result)).toBe(expected);
        expectSubscriptions(answer.subscriptions).toBe(asked);
      }),
    );

    it(
      'asks one question at a time, and again when the answer was overtaken',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('1DEGED-------', updates);
        const first = cold('  ---4       ', updates);
        const second = cold('       --7  ', updates);
        const expected = '   1---4----7---';
        const asked: Observable<PartitionMapUpdate | undefined>[] = [NEVER, first, second];

        const result = partitionMaps(source, { refresh: () => asked.shift() ?? NEVER, retry: constant(3) });

        expectObservable(named(result), '^-----------!').toBe(expected);
        expectSubscriptions(first.subscriptions).toBe('-^--!');
        expectSubscriptions(second.subscriptions).toBe('-------^-!');
      }),
    );

    it(
      'asks again after staleAfter where the policy has given up',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('1------------', updates);
        const answer = cold<PartitionMapUpdate>('-#           ');
        const expected = '   1------------';
        const asked = ['     (^!)', '---^!', '-----^!', '---------^!'];
        const retry = ({ attempt }: BackoffContext) => (attempt > 1 ? undefined : 1);

        const result = partitionMaps(source, { refresh: () => answer, retry, staleAfter: 3 });

        expectObservable(named(result), '^----------!').toBe(expected);
        expectSubscriptions(answer.subscriptions).toBe(asked);
      }),
    );

    it(
      'counts questions anew after news',
      marbles(({ cold, flush, expectObservable }) => {
        const source = cold('1D----4G--', updates);
        const answer = cold<PartitionMapUpdate>('#');
        const expected = '   1-----4---';
        const seen: unknown[] = [];
        const retry = ({ attempt, elapsed, cause, previousDelay }: BackoffContext) => {
          seen.push([attempt, elapsed, cause, previousDelay]);
          return attempt * 2;
        };

        const result = partitionMaps(source, { refresh: () => answer, retry });

        expectObservable(named(result), '^-------!').toBe(expected);
        flush();
        expect(seen).toEqual([
          [1, 0, 'error', undefined],
          [2, 2, 'error', 2],
          [1, 0, 'error', undefined],
        ]);
      }),
    );

    it(
      'P32: asks for the map when a node has left and another one is unknown',
      marbles(({ cold, expectObservable }) => {
        const unknown = { ...delta(2), changes: [{ partition: 0, owner: 'x', replicas: [] }] } as PartitionMapUpdate;
        const source = cold('1X---', { ...updates, X: unknown });
        const answer = cold(' --2 ', updates);
        const expected = '   1--2-';

        const result = partitionMaps(source, { refresh: () => answer });

        expectObservable(named(result), '^---!').toBe(expected);
      }),
    );
  });

  describe('when the cluster was started anew', () => {
    it(
      'P29: takes its map, and what follows, and nothing that is still said of before',
      marbles(({ cold, expectObservable }) => {
        const source = cold('4v5EW|', updates);
        const expected = '   4v--w|';

        expectObservable(named(partitionMaps(source))).toBe(expected);
      }),
    );

    it(
      'asks for its map when a delta is the first that is heard of it',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('4-W---5--', updates);
        const answer = cold('  --w   ', updates);
        const expected = '   4---w----';

        const result = partitionMaps(source, { refresh: () => answer });

        expectObservable(named(result), '^-------!').toBe(expected);
        expectSubscriptions(answer.subscriptions).toBe(['(^!)', '--^-!']);
      }),
    );

    it(
      'keeps the old map where the answer is that it is still right',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('1-W-------', updates);
        const answer = cold('  --=     ', updates);
        const expected = '   1---------';

        const result = partitionMaps(source, { refresh: () => answer, retry: constant(1) });

        expectObservable(named(result), '^--------!').toBe(expected);
        expectSubscriptions(answer.subscriptions).toBe(['(^!)', '--^-!']);
      }),
    );

    it(
      'goes back to an epoch of before only when it is told so after asking',
      marbles(({ cold, expectObservable }) => {
        const source = cold('1v2-------', updates);
        const answer = cold('      -4  ', updates);
        const expected = '   1v----4---';

        const result = partitionMaps(source, { refresh: () => answer, staleAfter: 4 });

        expectObservable(named(result), '^-------!').toBe(expected);
      }),
    );
  });

  describe('after an answer', () => {
    it(
      'still refuses what is said of an epoch that was left behind before it',
      marbles(({ cold, expectObservable }) => {
        const source = cold('1v---4-D', updates);
        const answer = cold('   -w  ', updates);
        const expected = '   1v--w---';

        const result = partitionMaps(source, { refresh: () => answer, staleAfter: 2 });

        expectObservable(named(result), '^-------!').toBe(expected);
      }),
    );

    it(
      'that goes back to an epoch of before, refuses the one that was left for it',
      marbles(({ cold, expectObservable, flush }) => {
        const source = cold('1v----w-', updates);
        const answer = cold('   -4  ', updates);
        const expected = '   1v--4---';
        const behind: unknown[] = [];

        const result = partitionMaps(source, { refresh: () => answer, staleAfter: 2 });

        expectObservable(named(result.pipe(tap((map) => behind.push(map.formerEpochs)))), '^-------!').toBe(expected);
        flush();
        expect(behind).toEqual([[], ['one'], ['two']]);
      }),
    );
  });

  describe('told what is no map', () => {
    it(
      'asks for one',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('1-x-----', updates);
        const answer = cold('  --2   ', updates);
        const expected = '   1---2---';

        const result = partitionMaps(source, { refresh: () => answer });

        expectObservable(named(result), '^-----!').toBe(expected);
        expectSubscriptions(answer.subscriptions).toBe(['(^!)', '--^-!']);
      }),
    );

    it(
      'errors where nobody can be asked, or where that is the answer',
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('1-x', updates);
        const answer = cold('-x ', updates);

        expectObservable(named(partitionMaps(source))).toBe('1-#', undefined, noMap);
        expectObservable(named(partitionMaps(NEVER, { refresh: () => answer }))).toBe('-#', undefined, noMap);
        expectSubscriptions(answer.subscriptions).toBe('^!');
      }),
    );
  });

  it(
    'ends with its source, and takes the open question with it',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const complete = cold('1D-|', updates);
      const failing = cold(' 1D-#', updates);
      const answer = cold('  -----', updates);
      const refresh = () => answer;

      expectObservable(named(partitionMaps(complete, { refresh }))).toBe('1--|');
      expectObservable(named(partitionMaps(failing, { refresh }))).toBe('1--#');
      expectObservable(named(partitionMaps(failing, { refresh })), '^-!').toBe('1--');
      expectSubscriptions(answer.subscriptions).toBe(['(^!)', '(^!)', '(^!)', '-^-!', '-^-!', '-^!']);
    }),
  );

  it(
    'lets go of a synchronous source, and of a question, when it is unsubscribed',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const answer = cold('--1', updates);
      const refresh = () => answer;
      const told: number[] = [];
      const source = of(1, 2, 4).pipe(
        tap((version) => told.push(version)),
        map((version) => full(version)),
      );

      expectObservable(named(partitionMaps(source, { refresh }).pipe(take(1)))).toBe('(1|)');
      expectObservable(named(partitionMaps(NEVER, { refresh }).pipe(take(1)))).toBe('--(1|)');
      expectSubscriptions(answer.subscriptions).toBe('^-!');
      expectObservable(of(told)).toBe('(t|)', { t: [1] });
    }),
  );

  it(
    'takes an update that is caused by a map in its turn',
    marbles(({ expectObservable, flush, cold }) => {
      const source = new Subject<PartitionMapUpdate>();
      const seen: string[] = [];
      const result = named(partitionMaps(source, { refresh: () => cold('-1', updates) })).pipe(
        tap((version) => {
          seen.push(version);
          if (version === '1') source.next(delta(2));
        }),
        take(2),
        ignoreElements(),
      );

      expectObservable(result).toBe('-|');
      flush();
      expect(seen).toEqual(['1', '2']);
    }),
  );

  it(
    'keeps a map for each subscription',
    marbles(({ cold, expectObservable }) => {
      const source = cold('1-D|', updates);
      const result = named(partitionMaps(source));

      expectObservable(result).toBe('      1--|');
      expectObservable(result, '-^---!').toBe('-1--|');
    }),
  );

  it(
    'errors with what the policy throws, or when it makes no sense',
    marbles(({ cold, expectObservable }) => {
      const source = cold('1D--', updates);
      const answer = cold<PartitionMapUpdate>('-#  ');
      const refresh = () => answer;
      const broken = () => {
        throw new Error('broken');
      };
      const senseless = new TypeError('partitionMaps: expected `retry()` to be at least 0 or undefined, got NaN');

      expectObservable(named(partitionMaps(source, { refresh, retry: () => NaN }))).toBe('1-#', undefined, senseless);
      expectObservable(named(partitionMaps(source, { refresh, retry: broken }))).toBe(
        '1-#',
        undefined,
        new Error('broken'),
      );
      expectObservable(named(partitionMaps(source, { refresh: () => NEVER, within: 1, retry: broken }))).toBe(
        '1-#',
        undefined,
        new Error('broken'),
      );
    }),
  );
});
