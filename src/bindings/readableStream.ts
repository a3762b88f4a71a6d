import type { ConnectionEvents } from '../core/event.js';
import { type IterationConfig, iterations } from './iteration.js';

/**
 * The messages of a connection as a web stream: the first read dials, `cancel()` hangs up.
 *
 * Waits, pauses and drops as `toAsyncIterable` does, with the same options; an error comes after the messages that came before it.
 *
 * @example
 * const prices = toReadableStream(webSocket('wss://prices.example.com').pipe(json<Price>(), reconnect()));
 * await prices.pipeTo(new WritableStream({ write: (price) => show(price) }));
 */
export function toReadableStream<In, Out, Session>(
  events$: ConnectionEvents<In, Out, Session>,
  config: IterationConfig<In> = {},
): ReadableStream<In> {
  const iteration = iterations('toReadableStream', events$, config)();
  return new ReadableStream<In>(
    {
      async pull(controller) {
        const { done, value } = await iteration.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await iteration.return();
      },
    },
    // The queue is the iteration's: an error of a stream throws away what the stream's own queue holds.
    { highWaterMark: 0 },
  );
}
