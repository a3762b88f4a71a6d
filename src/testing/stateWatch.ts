import { noop, type Observable, type SchedulerLike, type Subscription } from 'rxjs';
import type { InternalState, State, StateChange } from '../core/state.js';
import type { WorkerState } from '../gateway/workerState.js';
import { Waiting, type WaitOptions } from './waiting.js';

const WHO = 'connectionTestHarness';

/** How many changes of state an error tells. */
const TOLD = 20;

/** Keeps all changes of a worker's state, and compares them with what a test expects. */
export class StateWatch {
  readonly changes: StateChange[] = [];
  readonly #waiting: Waiting;
  readonly #subscription: Subscription;
  #seen = 0;
  #now!: WorkerState;

  constructor(
    private readonly state$: Observable<WorkerState>,
    scheduler: SchedulerLike,
  ) {
    this.#waiting = new Waiting(WHO, scheduler);
    this.#subscription = state$.subscribe({
      next: (state) => {
        this.#now = state;
        const latest = state.history.at(-1);
        if (latest && latest !== this.changes.at(-1)) this.changes.push(latest);
        this.#waiting.changed();
      },
      error: noop,
    });
  }

  /** Throws unless the worker is in this state. */
  is(expected: InternalState): void {
    const { internalState } = this.#now;
    if (internalState !== expected) {
      throw new Error(`${WHO}: expected the connection to be ${expected}, it is ${internalState}; ${this.history}`);
    }
  }

  /** Rejects when the state that users are shown is, or during the act becomes, another one. */
  async remains<Value>(expected: State, act: () => Promise<Value>): Promise<Value> {
    let other: string | undefined;
    const watch = this.state$.subscribe({
      next: ({ state }) => {
        if (state !== expected) other ??= state;
      },
      error: noop,
    });
    try {
      const value = await act();
      if (other === undefined) return value;
    } finally {
      watch.unsubscribe();
    }
    throw new Error(
      `${WHO}: expected the connection to be shown as ${expected} all the time, it was ${other}; ${this.history}`,
    );
  }

  /** Resolves with the first change to a state after the one that was waited for before. */
  async next(to: InternalState, options?: WaitOptions): Promise<StateChange> {
    const look = (): StateChange | undefined => {
      const at = this.changes.findIndex((change, index) => index >= this.#seen && change.to === to);
      if (at === -1) return undefined;
      this.#seen = at + 1;
      return this.changes[at];
    };
    return this.#waiting.until({ look, wanted: `a change to ${to}`, found: () => this.history }, options);
  }

  /** Resolves when the worker is in a state that passes. */
  async until(wanted: string, test: (state: WorkerState) => boolean, options?: WaitOptions): Promise<WorkerState> {
    const look = (): WorkerState | undefined => (test(this.#now) ? this.#now : undefined);
    return this.#waiting.until({ look, wanted, found: () => this.history }, options);
  }

  end(): void {
    this.#subscription.unsubscribe();
    this.#waiting.end();
  }

  /** What happened, in a line. */
  get history(): string {
    const first = this.changes[0]?.from ?? this.#now.internalState;
    const last = this.changes.slice(-TOLD).map(({ event, to }) => `→ ${to} (${event})`);
    const skipped = this.changes.length > TOLD ? '… ' : `${first} `;
    return `its states: ${skipped}${last.join(' ')}`.trimEnd();
  }
}
