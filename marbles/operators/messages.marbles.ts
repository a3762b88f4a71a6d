import { messages } from '../../src/operators/messages.js';
import { message } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';

describe('messages', () => {
  it(
    'emits only the data of the messages',
    marbles(({ cold, expectObservable, expectSubscriptions, a, events }) => {
      const source = cold(' co-m-d-m-x|', { ...events, m: message(a, '1') });
      const expected = '    ---1---1--|';
      const subs = '        ^---------!';

      expectObservable(source.pipe(messages())).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }),
  );

  it(
    'passes errors on',
    marbles(({ cold, expectObservable, events }) => {
      const source = cold('co-m#', events);

      expectObservable(source.pipe(messages())).toBe('---m#');
    }),
  );

  it(
    'lets go of its source when it is unsubscribed',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const source = cold(' co-m-m-m', events);
      const unsubscribe = ' ------!';

      expectObservable(source.pipe(messages()), unsubscribe).toBe('---m-m-');
      expectSubscriptions(source.subscriptions).toBe('^-----!');
    }),
  );
});
