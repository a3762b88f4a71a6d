import { tap } from 'rxjs';
import { ProtocolError } from '../../src/core/errors.js';
import { endUnread } from '../../src/gateway/endUnread.js';
import { connecting, malformed, message, open } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

describe('endUnread', () => {
  it(
    'ends a connection whose peer says something while it leaves too much unread',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const connection = mockConnection<string>('a');
      let unsent = 0;
      Object.defineProperty(connection, 'bufferedAmount', { get: () => unsent });
      const letters = {
        c: connecting(),
        o: open(connection),
        m: message(connection, 'm'),
        q: malformed(connection),
      };
      const source = cold(' co-m-m-', letters);
      const amount = cold(' 0----9-', { 0: 0, 9: 9 });
      const expected = '    co-m-#';
      const error = new ProtocolError('the gateway does not read: 9 bytes wait to be sent');

      amount.pipe(tap((now) => (unsent = now))).subscribe();
      expectObservable(source.pipe(endUnread(5))).toBe(expected, letters, error);
      expectSubscriptions(source.subscriptions).toBe('^----!');
    }),
  );

  it(
    'lets a connection live on which just as much waits as may',
    marbles(({ cold, expectObservable }) => {
      const connection = mockConnection<string>('a');
      Object.defineProperty(connection, 'bufferedAmount', { get: () => 5 });
      const letters = { o: open(connection), m: message(connection, 'm') };

      expectObservable(cold('om-|', letters).pipe(endUnread(5))).toBe('om-|', letters);
    }),
  );
});
