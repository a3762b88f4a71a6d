import type { Duration } from '../core/duration.js';
import { expectDuration, expected } from '../core/expect.js';
import type { StartAnswer } from '../gateway/messages.js';
import type { ApiPath, FailOptions, StartedRequest, StartScript } from './mockApiOptions.js';
import { ScriptQueue, type ScriptOptions } from './scriptQueue.js';

/** An answer of the API. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | Uint8Array;
}

/** What is done with a request. */
export type ApiAct = ApiAnswer | 'hang' | 'cut';

/** What a mock API does other than usual. */
export class ApiScript {
  readonly #acts = { start: new ScriptQueue<ApiAct>('mockApi'), flush: new ScriptQueue<ApiAct>('mockApi') };
  readonly #starts = new ScriptQueue<StartScript | 'truncated' | 'garbage'>('mockApi');
  readonly #delays = { start: 0, flush: 0 };
  readonly #refused = new Map<string, number>();

  add(path: ApiPath, act: 'hang' | 'cut', options?: ScriptOptions): void {
    this.#acts[path].add(act, options);
  }

  fail(path: ApiPath, status: number, { retryAfter, body = 'scripted', ...options }: FailOptions = {}): void {
    expected(status >= 400 && status < 600, 'mockApi', 'status', 'a number from 400 to 599', status);
    const headers = retryAfter === undefined ? {} : { 'Retry-After': retryAfter };
    this.#acts[path].add({ status, headers, body }, options);
  }

  delay(path: ApiPath, delay: Duration): void {
    this.#delays[path] = expectDuration('mockApi', 'delay', delay, true);
  }

  answerStart(script: StartScript | 'truncated' | 'garbage', options?: ScriptOptions): void {
    this.#starts.add(script, options);
  }

  refuseReply(requestId: string, status: number): void {
    this.#refused.set(requestId, status);
  }

  recover(): void {
    this.#acts.start.clear();
    this.#acts.flush.clear();
    this.#starts.clear();
    this.#refused.clear();
    Object.assign(this.#delays, { start: 0, flush: 0 });
  }

  next(path: ApiPath): ApiAct | undefined {
    return this.#acts[path].next();
  }

  delayOf(path: ApiPath): number {
    return this.#delays[path];
  }

  refusalOf(requestId: string): number | undefined {
    return this.#refused.get(requestId);
  }

  /** What a start request is answered with, where the usual answer is `answer`. */
  start(
    answer: StartAnswer,
    request: StartedRequest,
    encode: (answer: StartAnswer) => Uint8Array,
  ): StartAnswer | Uint8Array {
    const script = this.#starts.next();
    if (script === 'truncated') return encode(answer).slice(0, -1);
    // 0xc1 is no msgpack, and 0xff begins no protobuf field.
    if (script === 'garbage') return Uint8Array.of(0xc1, 0xff, 0xff, 0xc1);
    const scripted = script?.(answer, request);
    return scripted instanceof Uint8Array ? scripted : { ...answer, ...scripted };
  }
}
