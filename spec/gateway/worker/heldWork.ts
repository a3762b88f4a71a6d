import { Subject } from 'rxjs';
import type { Work } from '../../../src/gateway/runWork.js';
import type { WorkerApp } from '../../../src/gateway/workerConfig.js';
import type { WorkResult } from '../../../src/gateway/workReply.js';

/** Work that ends when the test says so. */
export interface HeldWork {
  readonly apps: readonly WorkerApp[];
  /** What was begun, in its order. */
  readonly begun: readonly Work[];
  /** The signal of work that was begun. */
  signal(requestId: string): AbortSignal;
  /** Ends work, with the id of its request for a body unless there is another result. */
  finish(requestId: string, result?: WorkResult): void;
}

/** An app named `app` that holds its work. */
export function heldWork(): HeldWork {
  const begun: Work[] = [];
  const ends = new Map<string, Subject<WorkResult>>();
  const find = <Value>(found: Value | undefined, requestId: string): Value => {
    if (found === undefined) throw new Error(`request ${requestId} is not in work`);
    return found;
  };
  return {
    apps: [
      {
        name: 'app',
        handle(work) {
          const end$ = new Subject<WorkResult>();
          begun.push(work);
          ends.set(work.request.requestId, end$);
          return end$;
        },
      },
    ],
    begun,
    signal: (requestId) =>
      find(
        begun.find(({ request }) => request.requestId === requestId),
        requestId,
      ).signal,
    finish(requestId, result = { body: requestId }) {
      const end$ = find(ends.get(requestId), requestId);
      end$.next(result);
      end$.complete();
    },
  };
}
