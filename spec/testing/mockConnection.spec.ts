import { tap } from 'rxjs';
import { ReadyState } from '../../src/core/connection.js';
import { NotOpenError } from '../../src/core/errors.js';
import { marbles } from '../../src/testing/marbles.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

describe('mockConnection', () => {
  it('is open, and remembers what is sent', () => {
    const connection = mockConnection<string>('a');
    connection.send('one');
    connection.send('two');

    expect(connection.readyState).toBe(ReadyState.OPEN);
    expect(connection.sent).toEqual(['one', 'two']);
  });

  it(
    'draws what is sent',
    marbles(({ cold, expectObservable, a, events }) => {
      const source = cold('              co-m--m', events);
      const replies = source.pipe(
        tap(({ type }) => {
          if (type === 'message') a.send('seen');
        }),
      );

      expectObservable(replies).toBe('   co-m--m', events);
      expectObservable(a.sent$).toBe('   ---s--s', { s: 'seen' });
    }),
  );

  it('goes by its id, and by what else it is told', () => {
    expect(mockConnection('a')).toMatchObject({ id: 'a', url: 'ws://a', protocol: '', session: undefined });
    expect(mockConnection('a', { url: 'wss://host', protocol: 'v1', session: { user: 1 } })).toMatchObject({
      url: 'wss://host',
      protocol: 'v1',
      session: { user: 1 },
    });
  });

  it.each([
    ['connecting', ReadyState.CONNECTING],
    ['closing', ReadyState.CLOSING],
    ['lost', ReadyState.CLOSED],
  ] as const)('refuses to send and to ping once it is %s, until it is open again', (change, readyState) => {
    const connection = mockConnection<string>('a');
    connection[change]();

    expect(connection.readyState).toBe(readyState);
    expect(() => connection.send('lost')).toThrow(new NotOpenError(readyState, 'ws://a'));
    expect(() => connection.ping?.()).toThrow(new NotOpenError(readyState, 'ws://a'));

    connection.open();
    connection.send('kept');
    expect(connection.sent).toEqual(['kept']);
    expect(connection.pings).toBe(0);
  });

  it('remembers how it is closed, and is not open afterwards', () => {
    const connection = mockConnection('a');
    connection.close();
    connection.close(4000, 'why');

    expect(connection.closed).toEqual([
      { code: 1000, reason: '' },
      { code: 4000, reason: 'why' },
    ]);
    expect(connection.readyState).toBe(ReadyState.CLOSING);
    connection.lost();
    connection.close();
    expect(connection.readyState).toBe(ReadyState.CLOSED);
  });

  it('takes no close code that a real one would refuse', () => {
    const connection = mockConnection('a');
    expect(() => connection.close(1001)).toThrow(TypeError);
    expect(connection.closed).toEqual([]);
    expect(connection.readyState).toBe(ReadyState.OPEN);
  });

  it('counts pings, and knows whether it is paused', () => {
    const connection = mockConnection('a');
    connection.ping?.();
    connection.ping?.();
    connection.pause?.();
    expect(connection).toMatchObject({ pings: 2, paused: true });
    connection.resume?.();
    expect(connection.paused).toBe(false);
  });

  it('lacks what browsers lack, where it is told so', () => {
    const connection = mockConnection('a', { node: false });
    expect(connection.ping).toBeUndefined();
    expect(connection.pause).toBeUndefined();
    expect(connection.resume).toBeUndefined();
  });

  it('fails sends with what it is given, until it accepts them again', () => {
    const connection = mockConnection<string>('a');
    connection.failSends(new Error('full'));
    expect(() => connection.send('one')).toThrow(new Error('full'));
    connection.failSends();
    expect(() => connection.send('two')).toThrow(new Error('the send failed'));
    connection.acceptSends();
    connection.send('three');
    expect(connection.sent).toEqual(['three']);
  });
});
