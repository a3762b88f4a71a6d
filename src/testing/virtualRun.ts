import type { Observable, SchedulerAction, Subscription } from 'rxjs';
import { type ObservableNotification, Subject } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import type { Lifetime } from './readMarbles.js';

/** What a stream did, and when. */
export interface Recorded<T> {
  /** Milliseconds. */
  readonly frame: number;
  readonly notification: ObservableNotification<T>;
}

/**
 * On whose behalf a timer was set: the kit's own diagrams, the body of the test, the code that it looks at, or that code when it was
 * told to end (such as a close timeout, which is no leak).
 */
type Owner = 'kit' | 'test' | 'code' | 'farewell';

/** Who is forgiven more. */
const MILDNESS = { code: 0, farewell: 1, test: 2 };

/** What {@link VirtualRun} may be told. */
export interface VirtualRunConfig {
  /** What to do about timers that are still set after every observed stream has ended; `'fail'` by default. */
  readonly leftTimers?: 'fail' | 'ignore';
  /** How many timers may fire before a run is taken for endless; 500,000 by default. */
  readonly maxTimers?: number;
}

/** A virtual run that records streams, ends, and tells which timers the code under test has left behind. */
export class VirtualRun extends TestScheduler {
  readonly #owners = new WeakMap<Subscription, Owner>();
  readonly #config: Required<VirtualRunConfig>;
  /** Streams that are observed and have not ended; while there are any, every timer may be one of theirs. */
  readonly #live = new Set<object>();
  readonly #subscriptions: Subscription[] = [];
  #owner: Owner = 'test';
  #mildest: Exclude<Owner, 'kit'> = 'code';
  #fresh = new Set<Subscription>();
  /** When the last observed stream ended. */
  #endedAt: number | undefined;
  #fired = 0;

  constructor({ leftTimers = 'fail', maxTimers = 500_000 }: VirtualRunConfig = {}) {
    super(() => undefined);
    this.#config = { leftTimers, maxTimers };
  }

  override schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0, state?: T): Subscription {
    const action = super.schedule(work, delay, state);
    this.#adopt(action);
    return action;
  }

  /** Subscribes a stream when its lifetime begins (0 by default) and records what it does. */
  record<T>(stream: Observable<T>, { subscribedFrame, unsubscribedFrame }: Lifetime): readonly Recorded<T>[] {
    const recorded: Recorded<T>[] = [];
    const note = (notification: ObservableNotification<T>): void => {
      recorded.push({ frame: this.frame, notification });
    };
    const token = {};
    const end = (): void => this.#end(token);
    // A subject keeps no timers, and the kit's own (`sent$`) never end.
    if (!(stream instanceof Subject)) {
      this.#live.add(token);
      this.#endedAt = undefined;
    }
    let subscription: Subscription | undefined;
    this.#asKit(() => {
      this.schedule(
        () => {
          subscription = stream.subscribe({
            next: (value) => note({ kind: 'N', value }),
            error: (error: unknown) => {
              note({ kind: 'E', error });
              end();
            },
            complete: () => {
              note({ kind: 'C' });
              end();
            },
          });
          this.#subscriptions.push(subscription);
        },
        subscribedFrame === Infinity ? 0 : subscribedFrame,
      );
      if (unsubscribedFrame !== Infinity) {
        this.schedule(() => {
          subscription?.unsubscribe();
          end();
        }, unsubscribedFrame);
      }
    });
    return recorded;
  }

  /** Lets all time pass. */
  override flush(): void {
    this.#asKit(() => {
      for (let hot = this.hotObservables.shift(); hot; hot = this.hotObservables.shift()) hot.setup();
    });
    try {
      for (let action = this.actions[0]; action; action = this.actions[0]) {
        this.#expectNothingLeft();
        if ((this.#fired += 1) > this.#config.maxTimers) throw this.#endless();
        this.actions.shift();
        if (action.delay > this.frame) this.#mildest = 'code';
        this.frame = action.delay;
        this.#owner = this.#onBehalfOf(action);
        this.#fresh = new Set();
        const error: unknown = action.execute(action.state, action.delay);
        // A virtual timer that sets itself anew does so behind the scheduler's back.
        for (const other of this.actions) if (!this.#owners.has(other)) this.#adopt(other);
        if (error) throw error as Error;
        if (this.#endedAt !== undefined) this.#takeLeave();
      }
    } finally {
      this.#owner = 'test';
    }
  }

  /** Unsubscribes what is still subscribed. */
  end(): void {
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
  }

  /** rxjs runs the timers of its own schedulers that are due at one moment in each other's place: what is set then belongs to the mildest of them. */
  #onBehalfOf(action: Subscription): Owner {
    if (this.#owners.get(action) === 'kit') return 'code';
    for (const other of [action, ...this.actions.filter(({ delay }) => delay <= this.frame)]) {
      const owner = this.#owners.get(other) ?? 'code';
      if (owner !== 'kit' && MILDNESS[owner] > MILDNESS[this.#mildest]) this.#mildest = owner;
    }
    return this.#mildest;
  }

  #adopt(action: Subscription): void {
    this.#owners.set(action, this.#owner);
    this.#fresh.add(action);
  }

  #asKit(work: () => void): void {
    const owner = this.#owner;
    this.#owner = 'kit';
    try {
      work();
    } finally {
      this.#owner = owner;
    }
  }

  #end(token: object): void {
    if (this.#live.delete(token) && this.#live.size === 0) this.#endedAt = this.frame;
  }

  /** What is set in the very moment of the end is set because of it. */
  #takeLeave(): void {
    if (this.#endedAt !== this.frame || this.#live.size > 0) return;
    for (const action of this.#fresh) if (this.#owners.get(action) === 'code') this.#owners.set(action, 'farewell');
  }

  #expectNothingLeft(): void {
    if (this.#endedAt === undefined || this.#config.leftTimers === 'ignore') return;
    const ended = this.#endedAt;
    const isOwned = (owner: Owner) => (action: Subscription) => this.#owners.get(action) === owner;
    if (this.actions.some(isOwned('farewell'))) return;
    const left = this.actions.filter((action) => action.delay > ended && isOwned('code')(action));
    if (left.length === 0) return;
    const due = left.map(({ delay }) => `${delay} ms`).join(', ');
    throw new Error(
      `marbles: ${left.length} ${left.length === 1 ? 'timer is' : 'timers are'} left behind, due at ${due}; ` +
        `all observed streams had ended at ${ended} ms. Pass { leftTimers: 'ignore' } where that is meant`,
    );
  }

  #endless(): Error {
    return new Error(
      `marbles: no end after ${this.#config.maxTimers} timers, at ${this.frame} ms: ` +
        `end an endless stream with expectObservable(stream, '^---!'), or raise maxTimers`,
    );
  }
}
