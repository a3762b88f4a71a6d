import { merge, NEVER, Observable, type SchedulerLike, Subject, Subscription, tap, throwError, timer } from 'rxjs';
import type { PartitionMap, PartitionMapUpdate } from '../../../src/cluster/partitionMap.js';
import { partitionMaps } from '../../../src/cluster/partitionMaps.js';
import { constant } from '../../../src/core/backoff.js';
import type { Cluster } from './cluster.js';
import type { Ledger } from './ledger.js';

/** What the client learns of the cluster: by being told, and by asking. */
export class MapFeed {
  /** What becomes of a question. */
  answers: 'answers' | 'silent' | 'fails' = 'answers';
  /** The map that counts. */
  applied: PartitionMap | undefined;
  /** All maps that counted. */
  readonly maps: PartitionMap[] = [];
  /** Gives maps to the router past everything that knows better. */
  readonly stale$ = new Subject<PartitionMap>();
  readonly maps$: Observable<PartitionMap>;
  private readonly updates$ = new Subject<PartitionMapUpdate>();
  private readonly late = new Subscription();
  private readonly behind = new Set<string>();
  private isAnswer = false;

  constructor(
    private readonly cluster: Cluster,
    private readonly ledger: Ledger,
    private readonly scheduler: SchedulerLike,
    private readonly latency: number,
  ) {
    const known$ = partitionMaps(this.updates$, {
      refresh: (known) => this.answer(known),
      staleAfter: 700,
      within: 60,
      retry: constant(40),
      scheduler,
    });
    this.maps$ = merge(known$.pipe(tap((map) => this.check(map))), this.stale$);
  }

  get isObserved(): boolean {
    return this.updates$.observed || this.stale$.observed;
  }

  /** Lets an update reach the client, now or later. */
  tell(update: PartitionMapUpdate, delay = 0): void {
    if (delay === 0) this.updates$.next(update);
    else this.late.add(this.scheduler.schedule(() => this.updates$.next(update), delay));
  }

  /** Forgets what was still to be told. */
  stop(): void {
    this.late.unsubscribe();
  }

  private answer(known: PartitionMap | undefined): Observable<PartitionMapUpdate> {
    this.ledger.count(`asked: ${this.answers}`);
    if (this.answers === 'silent') return NEVER;
    if (this.answers === 'fails') return throwError(() => new Error('no answer'));
    return new Observable((subscriber) =>
      timer(this.latency, this.scheduler).subscribe(() => {
        const { now } = this.cluster;
        const { epoch, version } = now;
        const isKnown = known?.epoch === epoch && known.version === version;
        this.isAnswer = true;
        subscriber.next(isKnown ? { kind: 'unchanged', epoch, version } : now);
        this.isAnswer = false;
        subscriber.complete();
      }),
    );
  }

  /** A map must be one that was so, and may not be of before. */
  private check(map: PartitionMap): void {
    const { ledger, applied, behind } = this;
    const { epoch, version } = map;
    const name = `map ${version} of ${epoch}`;
    const real = this.cluster.past.find((one) => one.epoch === epoch && one.version === version);
    if (JSON.stringify(real?.partitions) !== JSON.stringify(map.partitions)) ledger.faults.push(`${name} never was so`);
    if (applied?.epoch === epoch && version <= applied.version)
      ledger.faults.push(`${name} follows ${applied.version}`);
    if (behind.has(epoch) && !this.isAnswer) ledger.faults.push(`${name} comes back by itself`);
    if (applied && applied.epoch !== epoch) {
      ledger.count(behind.has(epoch) ? 'maps of a former epoch' : 'maps of a new epoch');
      behind.add(applied.epoch);
    }
    behind.delete(epoch);
    const moved = map.partitions.filter(({ owner }, at) => owner !== applied?.partitions[at]?.owner);
    ledger.count('maps applied');
    ledger.count('partitions moved', moved.length);
    this.applied = map;
    this.maps.push(map);
  }
}
