import { ConnectionClosedError } from '../core/errors.js';
import type { ConnectionEvent, ConnectionEvents } from '../core/event.js';
import { expectCount } from '../core/expect.js';
import { receiver } from '../core/operate.js';
import { type Done, Outlet, type OutletConfig } from './outlet.js';

export interface WritableStreamConfig extends OutletConfig {
  /** How many messages may wait in the stream before `ready` is withheld; 1 by default. */
  readonly highWaterMark?: number;
}

/**
 * A web stream whose chunks are sent over a connection: the first write dials, `close()` closes with 1000, `abort()` hangs up.
 *
 * A write waits while no connection is open, and while an open one has taken all it can. The stream errors when the connection ends for good.
 * What the connection says is not read here: use `shareConnection` to read it too.
 *
 * @example
 * const writer = toWritableStream(webSocket('wss://chat.example.com').pipe(json<Chat>(), reconnect())).getWriter();
 * await writer.write({ kind: 'say', text: 'hello' });
 * await writer.close();
 */
export function toWritableStream<In, Out, Session>(
  events$: ConnectionEvents<In, Out, Session>,
  { highWaterMark = 1, ...config }: WritableStreamConfig = {},
): WritableStream<Out> {
  expectCount('toWritableStream', 'highWaterMark', highWaterMark, 0);
  const outlet = new Outlet<In, Out, Session>('toWritableStream', config);
  let begun = false;
  let fail: Done = () => undefined;
  const receiving = receiver<ConnectionEvent<In, Out, Session>, never>({
    next: (event) => outlet.heard(event),
    error: (error) => fail(error as Error),
    complete: () => fail(),
  });
  const hangUp: Done = (error) => {
    receiving.unsubscribe();
    outlet.ended(error);
  };

  return new WritableStream<Out>(
    {
      start(controller) {
        // `abort()` of the sink would come only after the write that waits.
        controller.signal.addEventListener('abort', () => hangUp(controller.signal.reason as Error));
        fail = (error) => {
          hangUp(error);
          // Once `close()` is under way this is too late to matter.
          controller.error(error ?? new ConnectionClosedError(1000, ''));
        };
      },
      write: (message) =>
        settled((done) => {
          outlet.write(message, done);
          if (begun) return;
          begun = true;
          events$.subscribe(receiving);
        }),
      async close() {
        await settled((done) => outlet.end(done));
        hangUp();
      },
    },
    { highWaterMark },
  );
}

/** A promise of what is done. */
function settled(act: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    act((error) => (error ? reject(error) : resolve()));
  });
}
