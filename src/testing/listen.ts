import { once } from 'node:events';
import type { Server } from 'node:net';
import { setImmediate } from 'node:timers/promises';

/** Listens on the loopback interface, on a free port unless one is given; rejects when it is taken. */
export async function listen<S extends Server>(server: S, port = 0): Promise<S> {
  server.listen(port, '127.0.0.1');
  // Rejects with the error event, should there be one first.
  await once(server, 'listening');
  return server;
}

/** Listens no longer, from this very moment; resolves when all connections have ended and no handle is left. */
export async function unlisten(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  await closed;
  await handlesFreed();
}

/** Handles are counted as active until the end of the turn in which they were closed. */
export async function handlesFreed(): Promise<void> {
  await setImmediate();
  await setImmediate();
}
