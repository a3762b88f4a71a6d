import type { Backoff } from './backoff.js';
import { closeAction, type CloseAction, type CloseCodes } from './closeCodes.js';
import { clampDelay } from './duration.js';

/** When to retry and when to give up. Times in milliseconds. */
export interface RetryRules {
  readonly delay: Backoff;
  readonly stableAfter: number;
  readonly maxAttempts: number;
  readonly maxElapsed: number;
  readonly closeCodes?: CloseCodes | undefined;
  readonly random: () => number;
}

/** The decision to try again. */
export interface Retry {
  /** Counts from 1. */
  readonly attempt: number;
  readonly delay: number;
  readonly action: Exclude<CloseAction, 'stop'>;
}

/** The least wait for the action `slow`, in milliseconds; up to as much again is added by chance. */
const SLOW = 10_000;

/** Decides what follows a failure, and remembers what the next decision depends on. Knows neither clock nor connection. */
export class Retries {
  #attempt = 0;
  #troubleSince: number | undefined;
  #previousDelay: number | undefined;
  #openedAt: number | undefined;
  /** The window, in milliseconds, in which the peer would have its clients come back. */
  #window: number | undefined;

  constructor(private readonly rules: RetryRules) {}

  opened(now: number): void {
    this.#openedAt = now;
    this.#window = undefined;
  }

  draining(within: number | undefined): void {
    this.#window = within;
  }

  /** What to do after a failure; `undefined` gives up. */
  failed(cause: unknown, now: number): Retry | undefined {
    const { stableAfter, maxAttempts, maxElapsed, closeCodes, random } = this.rules;
    if (this.#openedAt !== undefined && now - this.#openedAt >= stableAfter) this.#forget();
    this.#openedAt = undefined;
    this.#troubleSince ??= now;

    const action = actionOf(cause, closeCodes);
    const attempt = ++this.#attempt;
    if (action === 'stop' || attempt > maxAttempts) return undefined;

    const elapsed = now - this.#troubleSince;
    const wait = this.#wait({ attempt, elapsed, cause, previousDelay: this.#previousDelay, random }, action);
    if (wait === undefined || elapsed + wait > maxElapsed) return undefined;
    const delay = clampDelay(wait);
    this.#previousDelay = delay;
    return { attempt, delay, action };
  }

  #wait(context: Parameters<Backoff>[0], action: CloseAction): number | undefined {
    const { delay, random } = this.rules;
    const window = retryAfterOf(context.cause) ?? this.#window;
    this.#window = undefined;
    if (window !== undefined) return window * random();
    const wait = delay(context);
    if (wait === undefined) return undefined;
    if (!(wait >= 0))
      throw new TypeError(`reconnect: expected \`delay\` to give a number of at least 0 or undefined, got ${wait}`);
    return action === 'slow' ? Math.max(wait, SLOW * (1 + random())) : wait;
  }

  #forget(): void {
    this.#attempt = 0;
    this.#troubleSince = undefined;
    this.#previousDelay = undefined;
  }
}

/** What a failure asks for: by its close code or its HTTP status, where it has one. */
function actionOf(cause: unknown, table: CloseCodes | undefined): CloseAction {
  const { code, status } = (cause ?? {}) as { code?: unknown; status?: unknown };
  const number = typeof code === 'number' ? code : status;
  return typeof number === 'number' ? closeAction(number, table) : 'retry';
}

function retryAfterOf(cause: unknown): number | undefined {
  const { retryAfter } = (cause ?? {}) as { retryAfter?: unknown };
  return typeof retryAfter === 'number' && retryAfter >= 0 ? retryAfter : undefined;
}
