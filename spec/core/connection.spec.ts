import {
  type Connection,
  connectionId,
  deriveConnection,
  ReadyState,
  type Traffic,
} from '../../src/core/connection.js';

class Inner implements Connection<string, string> {
  readonly id = 'c7';
  readonly url = 'ws://h/';
  protocol = '';
  readyState: number = ReadyState.CONNECTING;
  bufferedAmount = 0;
  readonly session = 'inner session';
  readonly traffic?: Traffic;
  readonly calls: unknown[][] = [];

  send(message: string): void {
    this.calls.push(['send', message]);
  }
  close(...args: unknown[]): void {
    this.calls.push(['close', ...args]);
  }
}

/** Its methods are of the class, and need their `this`. */
class FullInner extends Inner {
  ping(): void {
    this.calls.push(['ping']);
  }
  pause(): void {
    this.calls.push(['pause']);
  }
  resume(): void {
    this.calls.push(['resume']);
  }
}

describe('ReadyState', () => {
  it('has the numbers of the WebSocket standard', () => {
    expect(ReadyState).toEqual({ CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 });
  });
});

describe('deriveConnection', () => {
  it('passes through what is not overridden', () => {
    const inner = new Inner();
    const connection = deriveConnection<string, string, string>(inner, {});
    expect(connection).toMatchObject({ id: 'c7', url: 'ws://h/', session: 'inner session' });
    connection.send('hello');
    connection.close();
    connection.close(4000, 'done');
    expect(inner.calls).toEqual([
      ['send', 'hello'],
      ['close', undefined, undefined],
      ['close', 4000, 'done'],
    ]);
  });

  it('shows the state of the inner one as it is now', () => {
    const inner = new Inner();
    const connection = deriveConnection<string, string, string>(inner, {});
    expect([connection.protocol, connection.readyState, connection.bufferedAmount]).toEqual(['', 0, 0]);
    Object.assign(inner, { protocol: 'v1', readyState: ReadyState.OPEN, bufferedAmount: 42 });
    expect([connection.protocol, connection.readyState, connection.bufferedAmount]).toEqual(['v1', 1, 42]);
  });

  it('lets what the inner one throws through', () => {
    const inner = new Inner();
    inner.send = () => {
      throw new Error('not open');
    };
    expect(() => deriveConnection<string, string, string>(inner, {}).send('x')).toThrow('not open');
  });

  it('replaces how a message is sent', () => {
    const inner = new Inner();
    const connection = deriveConnection<string, { n: number }, string>(inner, {
      send: ({ n }) => inner.send(`n is ${n}`),
    });
    connection.send({ n: 7 });
    expect(inner.calls).toEqual([['send', 'n is 7']]);
  });

  it('replaces the session, also by undefined', () => {
    const inner = new Inner();
    expect(deriveConnection<string, string, number>(inner, { session: 42 }).session).toBe(42);
    expect(deriveConnection<string, string, undefined>(inner, { session: undefined }).session).toBeUndefined();
  });

  it('shows the traffic that is counted, the nearest count first', () => {
    const counted: Traffic = { messagesSent: 1, messagesReceived: 2, bytesSent: 3, bytesReceived: 4 };
    const inner = new Inner();
    expect(deriveConnection<string, string, string>(inner, {}).traffic).toBeUndefined();
    const outer = deriveConnection<string, string, string>(inner, { traffic: counted });
    expect(outer.traffic).toBe(counted);
    expect(deriveConnection<string, string, string>(outer, {}).traffic).toBe(counted);
    const nearer = { ...counted };
    expect(deriveConnection<string, string, string>(outer, { traffic: nearer }).traffic).toBe(nearer);
  });

  it('has ping, pause and resume where the inner one has them', () => {
    const inner = new FullInner();
    const connection = deriveConnection<string, string, string>(inner, {});
    connection.ping?.();
    connection.pause?.();
    connection.resume?.();
    expect(inner.calls).toEqual([['ping'], ['pause'], ['resume']]);
  });

  it('has none of them where the inner one has not', () => {
    const connection = deriveConnection<string, string, string>(new Inner(), {});
    expect([connection.ping, connection.pause, connection.resume]).toEqual([undefined, undefined, undefined]);
  });

  it('stands on derived ones too', () => {
    const inner = new FullInner();
    const coded = deriveConnection<string, number, string>(inner, { send: (n) => inner.send(String(n)) });
    const greeted = deriveConnection<number, number, { user: string }>(coded, { session: { user: 'ada' } });
    greeted.send(7);
    greeted.ping?.();
    inner.readyState = ReadyState.CLOSED;
    expect(greeted).toMatchObject({ id: 'c7', session: { user: 'ada' } });
    expect(greeted.readyState).toBe(ReadyState.CLOSED);
    expect(inner.calls).toEqual([['send', '7'], ['ping']]);
  });
});

describe('connectionId', () => {
  it('is another one each time', () => {
    expect(new Set(Array.from({ length: 10_000 }, connectionId)).size).toBe(10_000);
  });
});
