import { defer, lastValueFrom, mergeMap, type Observable, range, switchMap, timeout, timer, toArray } from 'rxjs';
import { clampDelay } from '../core/duration.js';
import { expectCount, expectDuration } from '../core/expect.js';
import type { WorkReply } from '../gateway/messages.js';
import type { SentRequest } from './requestRouter.js';
import type { WaitOptions } from './waiting.js';

/** How much work there is; `within` is how long to wait for any reply. */
export interface WorkLoadOptions extends WaitOptions {
  /** 1,000 by default. */
  readonly requests?: number;
  /** How many of them wait for their replies at a time; 100 by default. */
  readonly concurrency?: number;
  /** `{}` by default. */
  readonly payload?: unknown;
}

/** How soon to look again for somebody who takes work. */
const LOOK_AGAIN = 5;

/** Sends requests, by what gives none while nobody takes work, and gives their replies. */
export async function workLoad(
  request: (payload: unknown) => SentRequest | undefined,
  { requests = 1_000, concurrency = 100, payload = {}, within = 4_000 }: WorkLoadOptions = {},
): Promise<readonly WorkReply[]> {
  expectCount('connectionTestHarness', 'requests', requests, 1);
  expectCount('connectionTestHarness', 'concurrency', concurrency, 1);
  const each = clampDelay(expectDuration('connectionTestHarness', 'within', within));
  const send = (): Observable<WorkReply> =>
    defer(() => request(payload)?.reply ?? timer(LOOK_AGAIN).pipe(switchMap(send)));
  const replies$ = range(requests).pipe(mergeMap(send, concurrency), timeout({ each }), toArray());
  return lastValueFrom(replies$, { defaultValue: [] });
}
