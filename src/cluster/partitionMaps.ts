import { asyncScheduler, from, Observable, type ObservableInput, type SchedulerLike } from 'rxjs';
import { type Backoff, exponential } from '../core/backoff.js';
import { clockOf } from '../core/clock.js';
import type { Duration } from '../core/duration.js';
import { isNamed } from '../core/errors.js';
import { expectDuration, expectFunction } from '../core/expect.js';
import { operate } from '../core/operate.js';
import { applyUpdate, epochsBehind, type PartitionMap, type PartitionMapUpdate } from './partitionMap.js';
import { questions } from './questions.js';

export interface PartitionMapsConfig {
  /**
   * Asks the cluster for its map; it is given the one that is known. The answer is its first value, or comes with the updates.
   * It is asked at once while there is no map, then when an update cannot be applied, and after `staleAfter`; one question at a time.
   */
  readonly refresh?: (map: PartitionMap | undefined) => ObservableInput<PartitionMapUpdate | undefined>;
  /** How long the map is taken for right without news; 60 s by default. */
  readonly staleAfter?: Duration;
  /** How long an answer may take; 5 s by default. A cluster that has nothing new to say may stay silent. */
  readonly within?: Duration;
  /**
   * How long to wait before the next question, where one failed or did not bring what is missing. Where it gives up, the next one is
   * asked after `staleAfter`. By default from 1 s to 30 s, doubled each time.
   */
  readonly retry?: Backoff;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
  /** Where chance comes from; `Math.random` by default. */
  readonly random?: () => number;
}

/**
 * Keeps a cluster's map up to date: gives a new one for every update that brings one, and asks for what is missing.
 *
 *     updates   -1---2---4-------5-      (4: what changed since 3; 5: since 4)
 *     answers            ---4            (asked for because 4 does not fit)
 *     maps      -1---2------4----5-
 *
 * Silence, a refresh that fails and an answer that brings nothing new are no errors. An update that breaks the rules is asked for again; it
 * is the error of the stream where nobody can be asked, or where it is the answer. Completes with the updates.
 */
export function partitionMaps(
  updates$: ObservableInput<PartitionMapUpdate>,
  {
    refresh,
    staleAfter = 60_000,
    within = 5_000,
    retry = exponential({ first: 1_000, max: 30_000, jitter: 0.3 }),
    scheduler = asyncScheduler,
    random = Math.random,
  }: PartitionMapsConfig = {},
): Observable<PartitionMap> {
  if (refresh !== undefined) expectFunction('partitionMaps', 'refresh', refresh);
  const stale = expectDuration('partitionMaps', 'staleAfter', staleAfter);
  const patience = expectDuration('partitionMaps', 'within', within);
  expectFunction('partitionMaps', 'retry', retry);

  return new Observable((subscriber) => {
    let map: PartitionMap | undefined;
    /** What the cluster is known to have, and we have not. */
    let missing: Moment | undefined;

    const take = (update: PartitionMapUpdate, isAnswer: boolean): void => {
      // An answer says what is: when it speaks of a former epoch, that one is back.
      const known =
        isAnswer && map ? { ...map, formerEpochs: epochsBehind(update.epoch, map.formerEpochs ?? []) } : map;
      const { map: newest, outcome } = applyUpdate(known, update);
      const isNews = outcome === 'applied' || outcome === 'unchanged';
      if (outcome === 'applied') map = newest;
      if (outcome === 'gap') missing = later(missing, update);
      else if (isNews && missing && map && isCovered(missing, map, isAnswer)) missing = undefined;
      if (isNews && !missing) asking?.settle();
      else if (isAnswer) asking?.retry();
      if (outcome === 'applied' && map) subscriber.next(map);
      if (outcome === 'gap') asking?.ask();
    };
    const asking =
      refresh &&
      questions<PartitionMapUpdate>({
        subscriber,
        clock: clockOf(scheduler),
        ask: () => refresh(map),
        answered: (answer) => take(answer, true),
        isUrgent: () => !map || missing !== undefined,
        staleAfter: stale,
        within: patience,
        retry,
        random,
      });

    operate({
      source: from(updates$),
      subscriber,
      next(update: PartitionMapUpdate) {
        try {
          take(update, false);
        } catch (error) {
          if (!asking || !isNamed(error, 'ProtocolError')) throw error;
          asking.ask();
        }
      },
      finalize: () => asking?.stop(),
    });
    if (!map && !subscriber.closed) asking?.ask();
  });
}

/** A moment of a cluster's life. */
type Moment = Pick<PartitionMap, 'epoch' | 'version'>;

function later(one: Moment | undefined, other: Moment): Moment {
  return one?.epoch === other.epoch && one.version > other.version ? one : other;
}

/** Whether a map has what was missing. Which of two epochs is the newer one only an answer can tell. */
function isCovered(missing: Moment, map: PartitionMap, isAnswer: boolean): boolean {
  return missing.epoch === map.epoch ? missing.version <= map.version : isAnswer;
}
