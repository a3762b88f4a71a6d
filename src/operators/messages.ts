import type { Observable } from 'rxjs';
import type { ConnectionEvents } from '../core/event.js';
import { operated } from '../core/operate.js';

/**
 * Only the data of the messages; all other events are dropped.
 *
 *     source   co-m-d-m-x|
 *     result   ---1---1--|
 *
 * @example
 * webSocket('wss://prices.example.com').pipe(json<Price>(), reconnect(), messages()).subscribe((price) => show(price));
 */
export function messages(): <In, Out, Session>(source: ConnectionEvents<In, Out, Session>) => Observable<In> {
  return (source) =>
    operated(source, (subscriber) => ({
      next(event) {
        if (event.type === 'message') subscriber.next(event.data);
      },
    }));
}
