import { asyncScheduler, defer, noop, type ObservableInput, type SchedulerLike, type Subscriber, take } from 'rxjs';
import type { Backoff } from '../core/backoff.js';
import { clockOf, type Deadline } from '../core/clock.js';
import { expectCount, expectFunction, expectOneOf } from '../core/expect.js';
import { guarded, receiver } from '../core/operate.js';
import type { BufferedEvent, UndeliveredEvent, WorkerEvent } from './events.js';
import type { WorkReply } from './messages.js';
import { type PostRetries, postRetries } from './postRetries.js';

export interface UnsentRepliesConfig {
  /** Posts a reply to the API, which has it with the first value or the end. Unsubscribing aborts the post. */
  readonly flush: (reply: WorkReply) => ObservableInput<unknown>;
  /** Whether an error says that the API would never take the reply: it is not posted again. By default none says so. */
  readonly isRefusal?: (error: unknown) => boolean;
  /** How many replies may wait for the API, those that are being posted included; 1,000 by default. */
  readonly buffer?: number;
  /** What gives way when more would wait: the oldest (the default) or the newest. A reply that is being posted never does. */
  readonly overflow?: 'drop-oldest' | 'drop-newest';
  /** How long a reply waits after a post that failed; 1, 2, 5, 10 and from then on 20 s by default. At least the `retryAfter` of the error, where it has one. */
  readonly retry?: Backoff;
  /** How many replies are posted at a time; 4 by default. */
  readonly parallel?: number;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
  /** Where chance comes from; `Math.random` by default. */
  readonly random?: () => number;
}

/** Replies that go over HTTP. What becomes of them is told to the subscriber. */
export interface UnsentReplies {
  has(requestId: string): boolean;
  /** Posts a reply as soon as it is its turn. */
  add(reply: WorkReply, reason: BufferedEvent['reason']): void;
  /** The gateway has a reply after all: it need not be posted. Harmless when the reply is not known. */
  acked(requestId: string): void;
  /** Ends the waits between posts, but for those that the API asked for; without a hurry those of replies that the API answered go on too. */
  retryNow(hurry: boolean): void;
  /** Aborts all posts, and says of every reply that it is given up. */
  giveUp(): void;
  /** Aborts all posts in silence. */
  stop(): void;
}

interface Unsent {
  readonly reply: WorkReply;
  readonly retries: PostRetries;
  /** Set while it waits for its next post. */
  readonly again: Deadline;
  /** What the last post failed with. */
  error?: unknown;
}

/**
 * Checks the config, and gives what posts the replies of one subscriber: in the order in which they came, `parallel` at a time and none
 * twice at once. A reply whose post failed waits by itself while the others go on.
 */
export function unsentReplies(config: UnsentRepliesConfig): (subscriber: Subscriber<WorkerEvent>) => UnsentReplies {
  const { flush, isRefusal = () => false, scheduler = asyncScheduler } = config;
  const { buffer = 1_000, overflow = 'drop-oldest', parallel = 4 } = config;
  expectFunction('deliverReplies', 'flush', flush);
  expectFunction('deliverReplies', 'isRefusal', isRefusal);
  expectCount('deliverReplies', 'buffer', buffer, 1);
  expectCount('deliverReplies', 'parallel', parallel, 1);
  expectOneOf('deliverReplies', 'overflow', overflow, ['drop-oldest', 'drop-newest']);
  const beginRetries = postRetries(config);

  return (subscriber) => {
    const clock = clockOf(scheduler);
    /** All of them, the oldest first. */
    const unsent = new Map<string, Unsent>();
    /** Those that are posted as soon as there is room. */
    const due = new Set<Unsent>();
    const posts = new Map<Unsent, Subscriber<unknown>>();
    let filling = false;

    const undelivered = ({ reply, error }: Unsent, reason: UndeliveredEvent['reason']): void => {
      subscriber.next({ type: 'undelivered', reply, reason, error });
    };
    const remove = (one: Unsent): void => {
      const post = posts.get(one);
      unsent.delete(one.reply.requestId);
      due.delete(one);
      posts.delete(one);
      one.again.cancel();
      post?.unsubscribe();
    };
    const stop = (): void => unsent.forEach(remove);

    /** Begins posts while there is room. What a post brings about in the same call is left to the loop that began it. */
    const fill = (): void => {
      if (filling) return;
      filling = true;
      for (const one of due) {
        if (posts.size >= parallel) break;
        due.delete(one);
        post(one);
      }
      filling = false;
    };
    const post = (one: Unsent): void => {
      const { reply } = one;
      const hold = receiver<unknown, WorkerEvent>({
        subscriber,
        next: noop,
        error: (error) => failed(one, error),
        complete() {
          remove(one);
          subscriber.next({ type: 'accepted', requestId: reply.requestId, via: 'http' });
          fill();
        },
      });
      posts.set(one, hold);
      const answer$ = defer(() => flush(reply)).pipe(take(1));
      answer$.subscribe(hold);
    };
    const failed = (one: Unsent, error: unknown): void => {
      posts.delete(one);
      one.error = error;
      const refused = isRefusal(error);
      const wait = refused ? undefined : one.retries.failed(error, clock.now());
      // A callback may have brought about an acknowledgement, or the end.
      if (unsent.get(one.reply.requestId) !== one) return;
      if (wait !== undefined) one.again.in(wait);
      else {
        remove(one);
        undelivered(one, refused ? 'refused' : 'gaveUp');
      }
      fill();
    };
    /** What gives way to the newest reply. */
    const overflowing = (newest: Unsent): Unsent => {
      if (overflow === 'drop-oldest') for (const one of unsent.values()) if (!posts.has(one)) return one;
      return newest;
    };

    return {
      has: (requestId) => unsent.has(requestId),
      add(reply, reason) {
        const act = (): void => {
          due.add(one);
          fill();
        };
        const again = clock.deadline(guarded(subscriber, act));
        const one: Unsent = { reply, again, retries: beginRetries(clock.now()) };
        unsent.set(reply.requestId, one);
        due.add(one);
        const gone = unsent.size > buffer ? overflowing(one) : undefined;
        if (gone) remove(gone);
        subscriber.next({ type: 'buffered', requestId: reply.requestId, reason });
        if (gone) undelivered(gone, 'overflow');
        fill();
      },
      acked(requestId) {
        const one = unsent.get(requestId);
        if (!one) return;
        remove(one);
        subscriber.next({ type: 'accepted', requestId, via: 'connection' });
        fill();
      },
      retryNow(hurry) {
        const now = clock.now();
        for (const one of unsent.values()) {
          if (one.again.due === Infinity) continue;
          const owed = one.retries.owed(now, hurry);
          one.again.cancel();
          if (owed > 0) one.again.in(owed);
          else due.add(one);
        }
        fill();
      },
      giveUp() {
        const left = [...unsent.values()];
        stop();
        for (const one of left) undelivered(one, 'gaveUp');
      },
      stop,
    };
  };
}
