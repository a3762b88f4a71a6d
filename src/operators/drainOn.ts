import { type Duration, milliseconds } from '../core/duration.js';
import type { ConnectionOperator } from '../core/event.js';
import { expectFunction } from '../core/expect.js';
import { operated } from '../core/operate.js';

export interface DrainOnConfig<In> {
  /** The notice's own hint: the time over which the peer would have its clients spread their moves. What is no duration is no hint. */
  readonly within?: (notice: In) => Duration | undefined;
}

/**
 * Turns a peer's notice that it is about to go into a `draining` event; the notice itself is not delivered as a message.
 *
 *     source   co-m-n-m--      (n is a message that isDraining accepts)
 *     result   co-m-d-m--
 *
 * @example
 * webSocket('wss://feed.example.com').pipe(
 *   json<Feed>(),
 *   drainOn((message) => message.kind === 'draining'),
 *   reconnect(),
 *   drainHandover({ linger: 5_000 }),
 * );
 */
export function drainOn<In, Out, Session>(
  isDraining: (message: NoInfer<In>) => boolean,
  { within }: DrainOnConfig<NoInfer<In>> = {},
): ConnectionOperator<In, Out, Session> {
  expectFunction('drainOn', 'isDraining', isDraining);

  return (source) =>
    operated(source, (subscriber) => ({
      next(event) {
        if (event.type !== 'message' || !isDraining(event.data)) {
          subscriber.next(event);
          return;
        }
        const { connection } = event;
        const hint = within?.(event.data);
        // The hint is the peer's: one that is none must not cost the connection.
        const ms = milliseconds(hint);
        subscriber.next({ type: 'draining', connection, ...(ms >= 0 && { within: ms }) });
      },
    }));
}
