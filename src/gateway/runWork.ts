import { defer, from, Observable, type ObservableInput, of } from 'rxjs';
import { jsonCodec } from '../codecs/json.js';
import type { Clock } from '../core/clock.js';
import { guarded, receiver } from '../core/operate.js';
import { ExecutionTimeoutError, InvalidPayloadError } from './errors.js';
import type { WorkReply, WorkRequest } from './messages.js';
import { workReply, type WorkResult } from './workReply.js';

/** A piece of work, as its handler sees it. */
export interface Work {
  /** The payload, parsed. */
  readonly input: unknown;
  readonly request: WorkRequest;
  /** Aborted when the work is cancelled: its lease is lost, its time is up, or the worker ended. Not when the work ended by itself. */
  readonly signal: AbortSignal;
}

// A handler that returns nothing is the plainest one.
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type
type Outcome = WorkResult | undefined | void;

/**
 * Does a piece of work. Of a stream of results the last one counts; none is a result without a body.
 * What is thrown, rejected or errored becomes a reply too, with the error's `noRetry` and `retryAfter` where it has them.
 */
export type WorkHandler = (work: Work) => ObservableInput<Outcome> | Outcome;

/** What does the work of one app. */
export interface WorkApp {
  readonly handle: WorkHandler;
  /** Reads a payload; JSON in UTF-8 by default, `__proto__` keys left out. What it throws is answered as an `InvalidPayloadError`. */
  readonly parse?: (payload: Uint8Array) => unknown;
}

export interface RunWorkConfig {
  /** How long the work may take, in milliseconds. */
  readonly within: number;
  readonly sdkVersion: string;
  readonly clock: Clock;
}

/**
 * Does the work that a request asks for, and emits the reply. Unsubscribing cancels the work and aborts its signal.
 * Errors with what the handler threw, an `InvalidPayloadError`, or an `ExecutionTimeoutError` when the time is up.
 */
export function runWork(
  { handle, parse = (payload) => jsonCodec.decode(payload) }: WorkApp,
  request: WorkRequest,
  { within, sdkVersion, clock }: RunWorkConfig,
): Observable<WorkReply> {
  return new Observable((subscriber) => {
    let controller: AbortController | undefined;
    let result: unknown;
    let over = false;
    let cancelled = false;
    let timeUp: ExecutionTimeoutError | undefined;

    const limit = clock.deadline(
      guarded(subscriber, () => {
        timeUp = new ExecutionTimeoutError(within);
        working.unsubscribe();
        subscriber.error(timeUp);
      }),
    );
    const working = receiver<unknown, WorkReply>({
      subscriber,
      next: (value) => (result = value),
      error(error) {
        over = true;
        subscriber.error(error);
      },
      complete() {
        over = true;
        subscriber.next(workReply(request, result, sdkVersion));
        subscriber.complete();
      },
      finalize() {
        limit.cancel();
        cancelled = !over;
        if (cancelled) controller?.abort(timeUp);
      },
    });

    limit.in(within);
    defer(() => {
      const input = parsed(parse, request.payload);
      const work: Work = {
        input,
        request,
        // Made when it is asked for: a controller costs more than all the rest.
        get signal() {
          controller ??= new AbortController();
          if (cancelled) controller.abort(timeUp);
          return controller.signal;
        },
      };
      const given = handle(work);
      return isStream(given) ? from(given) : of(given);
    }).subscribe(working);
  });
}

function parsed(parse: (payload: Uint8Array) => unknown, payload: Uint8Array): unknown {
  try {
    return parse(payload);
  } catch (cause) {
    throw new InvalidPayloadError(cause);
  }
}

const STREAMS = ['subscribe', 'then', Symbol.asyncIterator, Symbol.iterator, 'getReader'];

/** Whether rxjs would take something for a stream; a result is none. */
function isStream<T>(given: ObservableInput<T> | T): given is ObservableInput<T> {
  if (typeof given !== 'object' || given === null) return false;
  return STREAMS.some((key) => typeof (given as Partial<Record<PropertyKey, unknown>>)[key] === 'function');
}
