import { defer, noop, type ObservableInput, type Subscriber } from 'rxjs';
import type { Backoff } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import { clampDelay } from '../core/duration.js';
import { expected } from '../core/expect.js';
import { guarded, receiver } from '../core/operate.js';

export interface QuestionsConfig<Answer> {
  /** Who is waiting: its end is the end of all questions, and what goes wrong in a callback is its error. */
  readonly subscriber: Subscriber<never>;
  readonly clock: Clock;
  readonly ask: () => ObservableInput<Answer | undefined>;
  readonly answered: (answer: Answer) => void;
  /** Whether silence is not enough of an answer. */
  readonly isUrgent: () => boolean;
  /** Milliseconds between news and the next question. */
  readonly staleAfter: number;
  /** Milliseconds that an answer may take. */
  readonly within: number;
  readonly retry: Backoff;
  readonly random: () => number;
}

/** Questions to somebody who may fail, stay silent, or answer by another way: at most one at a time. */
export interface Questions {
  /** Asks now, unless a question is open or is to be asked again anyway. */
  readonly ask: () => void;
  /** Ends the open question: there was news. The next one is asked when it is stale. */
  readonly settle: () => void;
  /** Ends the open question, which did not help; it is asked again after the wait that the policy says. */
  readonly retry: (cause?: unknown) => void;
  readonly stop: () => void;
}

export function questions<Answer>(config: QuestionsConfig<Answer>): Questions {
  const { subscriber, clock, answered, isUrgent, staleAfter, within, random } = config;
  let question: Subscriber<Answer | undefined> | undefined;
  let isWaiting = false;
  let attempt = 0;
  let troubleSince = 0;
  let previousDelay: number | undefined;

  const deadline = clock.deadline(
    guarded(subscriber, () => {
      if (!question) begin();
      else if (isUrgent()) retry();
      else next(staleAfter);
    }),
  );
  const end = (): void => {
    question?.unsubscribe();
    question = undefined;
    isWaiting = false;
  };
  const next = (delay: number): void => {
    end();
    deadline.in(delay);
  };
  const begin = (): void => {
    end();
    // It stays open when it completes without an answer: that may come by another way.
    const asked = (question = receiver<Answer | undefined, never>({
      subscriber,
      next(answer) {
        if (answer === undefined) return;
        asked.unsubscribe();
        answered(answer);
      },
      error: retry,
      complete: noop,
    }));
    deadline.in(within);
    defer(config.ask).subscribe(asked);
  };
  const retry = (cause?: unknown): void => {
    if (++attempt === 1) troubleSince = clock.now();
    const wait = config.retry({ attempt, elapsed: clock.now() - troubleSince, cause, previousDelay, random });
    if (wait === undefined) {
      next(staleAfter);
      return;
    }
    expected(wait >= 0, 'partitionMaps', 'retry()', 'at least 0 or undefined', wait);
    previousDelay = clampDelay(wait);
    next(previousDelay);
    isWaiting = true;
  };

  return {
    ask() {
      if (!question && !isWaiting) begin();
    },
    settle() {
      attempt = 0;
      previousDelay = undefined;
      next(staleAfter);
    },
    retry,
    stop() {
      end();
      deadline.cancel();
    },
  };
}
