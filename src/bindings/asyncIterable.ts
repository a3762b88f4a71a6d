import { map, type Observable } from 'rxjs';
import type { Connection } from '../core/connection.js';
import type { ConnectionEvents } from '../core/event.js';
import { type IterationConfig, iterations } from './iteration.js';

/**
 * The messages of a connection for `for await`: each loop dials, and leaving it hangs up.
 *
 * When the loop is slow, the connection is paused with `highWaterMark` messages waiting, and read again with a quarter of them left. What
 * the last read from the network held still joins them (on Node up to 64 KiB). An error is thrown after the messages that came before it.
 *
 * @example
 * for await (const price of toAsyncIterable(webSocket('wss://prices.example.com').pipe(json<Price>(), reconnect()))) {
 *   await show(price);
 * }
 */
export function toAsyncIterable<In, Out, Session>(
  events$: ConnectionEvents<In, Out, Session>,
  config: IterationConfig<In> = {},
): AsyncIterable<In> {
  return { [Symbol.asyncIterator]: iterations('toAsyncIterable', events$, config) };
}

export interface EachValueFromConfig<Value> extends Pick<IterationConfig<Value>, 'highWaterMark' | 'dropped'> {
  /** What gives way when so many values wait: the oldest or the newest of them, or everything: a `BufferOverflowError` follows them (the default). */
  readonly overflow?: 'drop-oldest' | 'drop-newest' | 'error';
}

/** What no platform can pause. */
const nowhere = {} as Connection<never>;

/**
 * The values of any Observable for `for await`, in a bounded queue: for what is not a connection, and so cannot be paused.
 *
 * @example
 * for await (const { state } of eachValueFrom(chat$.pipe(connectionState()))) badge(state);
 */
export function eachValueFrom<Value>(
  source$: Observable<Value>,
  { overflow = 'error', ...config }: EachValueFromConfig<Value> = {},
): AsyncIterable<Value> {
  const told$ = source$.pipe(map((data) => ({ type: 'message' as const, connection: nowhere, data })));
  return { [Symbol.asyncIterator]: iterations('eachValueFrom', told$, { ...config, overflow }) };
}
