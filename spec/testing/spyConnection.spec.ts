import { ReadyState } from '../../src/core/connection.js';
import { NotOpenError } from '../../src/core/errors.js';
import { marbles } from '../../src/testing/marbles.js';
import { mockConnection } from '../../src/testing/mockConnection.js';
import { spyConnection } from '../../src/testing/spyConnection.js';

describe('spyConnection', () => {
  it('passes every call through, and remembers it', () => {
    const inner = mockConnection<string>('a');
    const spy = spyConnection(inner);
    spy.send('m');
    spy.ping?.();
    spy.pause?.();
    expect(inner.paused).toBe(true);
    spy.resume?.();
    spy.close(4000, 'why');

    expect(spy.calls).toEqual([
      { method: 'send', message: 'm' },
      { method: 'ping' },
      { method: 'pause' },
      { method: 'resume' },
      { method: 'close', code: 4000, reason: 'why' },
    ]);
    expect(inner).toMatchObject({ sent: ['m'], pings: 1, paused: false, closed: [{ code: 4000, reason: 'why' }] });
  });

  it('shows what the connection is at that moment', () => {
    const inner = mockConnection('a', { protocol: 'v1', session: { user: 1 } });
    const spy = spyConnection(inner);
    inner.bufferedAmount = 7;
    inner.lost();

    expect(spy.id).toBe('a');
    expect(spy.url).toBe('ws://a');
    expect(spy.protocol).toBe('v1');
    expect(spy.session).toEqual({ user: 1 });
    expect(spy.bufferedAmount).toBe(7);
    expect(spy.readyState).toBe(ReadyState.CLOSED);
  });

  it('remembers a call that throws, and throws', () => {
    const inner = mockConnection<string>('a');
    const spy = spyConnection(inner);
    inner.lost();

    expect(() => spy.send('m')).toThrow(NotOpenError);
    expect(spy.calls).toEqual([{ method: 'send', message: 'm', threw: new NotOpenError(ReadyState.CLOSED, 'ws://a') }]);
  });

  it('lacks what the connection lacks', () => {
    const spy = spyConnection(mockConnection('a', { node: false }));
    expect(spy.ping).toBeUndefined();
    expect(spy.pause).toBeUndefined();
    expect(spy.resume).toBeUndefined();
  });

  it(
    'draws its calls',
    marbles(({ cold, expectObservable, a }) => {
      const spy = spyConnection(a);
      cold('--sx').subscribe((letter) => {
        if (letter === 's') spy.send('m');
        else spy.close();
      });

      expectObservable(spy.calls$).toBe('--sx', {
        s: { method: 'send', message: 'm' },
        x: { method: 'close', code: undefined, reason: undefined },
      });
    }),
  );
});
