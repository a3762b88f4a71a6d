import { setImmediate } from 'node:timers/promises';
import { Subject } from 'rxjs';
import type { ConnectionEvent } from '../../src/core/event.js';
import { sendFrom } from '../../src/operators/sendFrom.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

it('sendFrom sends a long queue in order, and does not move all of it for each message', async () => {
  const events$ = new Subject<ConnectionEvent<number>>();
  const outgoing$ = new Subject<number>();
  const connection = mockConnection<number>('a');
  const subscription = events$.pipe(sendFrom(outgoing$, { buffer: 200_000 })).subscribe();
  for (let n = 0; n < 200_000; n++) outgoing$.next(n);

  events$.next({ type: 'open', connection });
  // Half a minute would have passed if each had moved all the others: here the time limit of the test gets its turn.
  await setImmediate();

  expect(connection.sent).toHaveLength(200_000);
  expect(connection.sent.every((n, at) => n === at)).toBe(true);
  subscription.unsubscribe();
});
