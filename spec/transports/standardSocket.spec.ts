import { setTimeout as wait } from 'node:timers/promises';
import { inspect } from 'node:util';
import { config, VirtualTimeScheduler } from 'rxjs';
import { ReadyState } from '../../src/core/connection.js';
import { fromWebSocket } from '../../src/transports/fromWebSocket.js';
import { webSocket } from '../../src/transports/webSocket.js';
import { Recording } from '../laws/recording.js';
import { FakeSocket } from './fakeSocket.js';

const unheard: unknown[] = [];

beforeAll(() => {
  config.onStoppedNotification = ({ kind }, subscriber) => {
    if (Recording.listensBy(subscriber)) unheard.push(kind);
  };
});

afterEach(async () => {
  // rxjs reports in a timer what a source says to a subscriber that does not listen any more.
  await wait(0);
  expect(unheard.splice(0)).toEqual([]);
});

afterAll(() => {
  config.onStoppedNotification = null;
});

/** A standard socket and what its subscriber is told. */
function adopted(scheduler = new VirtualTimeScheduler()) {
  const socket = new FakeSocket();
  return { socket, recording: new Recording(fromWebSocket(socket, { scheduler })), scheduler };
}

/** The same with an open connection. */
function opened() {
  const adoption = adopted();
  adoption.socket.opens();
  const [, open] = adoption.recording.events;
  if (open?.type !== 'open') throw new Error('not open');
  return { ...adoption, connection: open.connection };
}

describe('a socket of the platform', () => {
  it('is asked for ArrayBuffers, which arrive as plain Uint8Arrays; text arrives as text', () => {
    const { socket, recording } = opened();
    expect(socket.binaryType).toBe('arraybuffer');
    socket.hears(new Uint8Array([1, 2, 3]).buffer);
    socket.hears(new ArrayBuffer(0));
    socket.hears('text');
    expect(recording.messages).toEqual([new Uint8Array([1, 2, 3]), new Uint8Array(), 'text']);
    expect(recording.messages[0]?.constructor).toBe(Uint8Array);
  });

  it('lends the connection its state, its subprotocol and its bufferedAmount', () => {
    const { socket, connection } = opened();
    socket.protocol = 'v1';
    socket.bufferedAmount = 7;
    expect(connection).toMatchObject({ readyState: ReadyState.OPEN, protocol: 'v1', bufferedAmount: 7 });
    socket.readyState = ReadyState.CLOSING;
    expect(connection.readyState).toBe(ReadyState.CLOSING);
    expect(() => connection.send('late')).toThrow(expect.objectContaining({ name: 'NotOpenError' }) as Error);
    expect(socket.done).toEqual([]);
  });

  it('sends text and bytes as they are', () => {
    const { socket, connection } = opened();
    connection.send('text');
    connection.send(new Uint8Array([1, 2]));
    expect(socket.done).toEqual(['send text', 'send 1,2']);
  });

  it('refuses an object, of which browsers would make a text of their own', () => {
    const { socket, connection } = opened();
    expect(() => connection.send({ kind: 'say' } as never)).toThrow(
      new TypeError('send: expected `message` to be encoded, as by json(), got object'),
    );
    expect(socket.done).toEqual([]);
  });

  it('takes bytes in whatever form platforms take them', () => {
    const { socket, connection } = opened();
    const forms: unknown[] = [new ArrayBuffer(1), new DataView(new ArrayBuffer(1)), new Blob(['a'])];
    for (const bytes of forms) connection.send(bytes as Uint8Array);
    expect(socket.done).toHaveLength(3);
  });

  it('tells how it closed, cleanly or not', () => {
    const { socket, recording } = opened();
    socket.closes(1001, 'moving', false);
    expect(recording.story).toEqual(['connecting', 'open', 'close 1001 moving', 'ConnectionClosedError']);
    expect(recording.events.at(-1)).toMatchObject({ wasClean: false });
  });
});

describe('a dial that the platform gives up', () => {
  it('by an error and nothing else is a DialError (Node 22)', () => {
    const { socket, recording } = adopted();
    socket.fails();
    expect(recording.story).toEqual(['connecting', 'DialError']);
    expect((recording.error as Error).message).toBe('could not connect to ws://fake/?…: no reason given');
  });

  it('by an error and then a close is one DialError (browsers)', () => {
    const { socket, recording } = adopted();
    socket.fails();
    socket.closes(1006, '', false);
    expect(recording.story).toEqual(['connecting', 'DialError']);
  });

  it('by a close alone is a DialError', () => {
    const { socket, recording } = adopted();
    socket.closes(1015, 'TLS', false);
    expect(recording.story).toEqual(['connecting', 'DialError']);
    expect((recording.error as Error).message).toMatch(/: closed with code 1015: TLS$/);
  });

  it.each([
    ['what it says', { message: 'Received network error or non-101 status code.' }, /non-101 status code\.$/],
    ['that it says nothing', { message: '' }, /: no reason given$/],
  ])('tells %s', (_what, details, message) => {
    const { socket, recording } = adopted();
    socket.fails(details);
    expect((recording.error as Error).message).toMatch(message);
  });

  it('has the error of the platform as its cause, and not the event, which leads to the address', () => {
    const { socket, recording } = adopted();
    const error = new Error('refused');
    socket.fails({ error });
    expect((recording.error as Error).cause).toBe(error);
    const other = adopted();
    other.socket.fails();
    expect(inspect([recording.error, other.recording.error], { depth: 9, showHidden: true })).not.toMatch(/secret/);
  });
});

describe('an error of an open socket', () => {
  it('is not the end: the close tells it', () => {
    const { socket, recording } = opened();
    socket.fails({ message: 'Invalid UTF-8' });
    expect(recording.end).toBeUndefined();
    socket.closes(1006, '', false);
    expect(recording.story).toEqual(['connecting', 'open', 'close 1006 Invalid UTF-8', 'ConnectionClosedError']);
  });

  it('does not take the place of a reason that the peer gave', () => {
    const { socket, recording } = opened();
    socket.fails({ message: 'trouble' });
    socket.closes(4000, 'enough');
    expect(recording.story).toContain('close 4000 enough');
  });
});

describe('a socket that cannot be terminated', () => {
  it('is closed with 1000 when we unsubscribe, and then left to the platform', () => {
    const { socket, recording, scheduler } = opened();
    recording.unsubscribe();
    scheduler.flush();
    socket.hears('late');
    expect(socket.done).toEqual(['close 1000']);
    expect(recording.story).toEqual(['connecting', 'open']);
  });

  it('is closed while it is connecting too, and never opens', () => {
    const { socket, recording } = adopted();
    recording.unsubscribe();
    socket.opens();
    expect(socket.done).toEqual(['close 1000']);
    expect(recording.story).toEqual(['connecting']);
  });

  it('is closed once when we close and then unsubscribe, and waited for once', () => {
    const { socket, recording, connection, scheduler } = opened();
    connection.close(4000);
    recording.unsubscribe();
    expect(socket.done).toEqual(['close 4000']);
    socket.closes(4000);
    scheduler.flush();
    expect(scheduler.frame).toBe(0);
  });

  it('leaves no timer when it closes within close()', () => {
    const { socket, recording, scheduler } = opened();
    socket.close = () => socket.closes(1000);
    recording.unsubscribe();
    scheduler.flush();
    expect(scheduler.frame).toBe(0);
  });

  it('leaves no timer when it closes in time', () => {
    const { socket, recording, scheduler } = opened();
    recording.unsubscribe();
    socket.closes(1000);
    scheduler.flush();
    expect(scheduler.frame).toBe(0);
  });

  it('is given up after closeTimeout when nobody answers our close', () => {
    const { socket, recording, connection, scheduler } = opened();
    connection.close(4000, 'bye');
    scheduler.maxFrames = 1_999;
    scheduler.flush();
    expect(recording.end).toBeUndefined();
    scheduler.maxFrames = 2_000;
    scheduler.flush();
    expect(recording.story).toEqual(['connecting', 'open', 'close 4000 bye', 'ConnectionClosedError']);
    expect(recording.events.at(-1)).toMatchObject({ wasClean: false });
    socket.closes(1006, '', false);
    expect(recording.events.length).toBe(3);
  });

  it.each([1005, 1006, 1011])('may say that our close was answered with %d: our code stands', (code) => {
    const { socket, recording, connection } = opened();
    connection.close();
    socket.closes(code, 'theirs', code !== 1006);
    expect(recording.story).toEqual(['connecting', 'open', 'close 1000', 'complete']);
    expect(recording.events.at(-1)).toMatchObject({ wasClean: code !== 1006 });
  });
});

describe('fromWebSocket', () => {
  it('takes over a socket that is open already', () => {
    const socket = new FakeSocket();
    socket.opens();
    const recording = new Recording(fromWebSocket(socket, { scheduler: new VirtualTimeScheduler() }));
    expect(recording.story).toEqual(['connecting', 'open']);
    recording.unsubscribe();
  });

  it.each(['connecting', 'open'])('hangs up when it is unsubscribed in the %s event of such a socket', (type) => {
    const socket = new FakeSocket();
    socket.opens();
    const recording = new Recording(fromWebSocket(socket, { scheduler: new VirtualTimeScheduler() }), (event, self) => {
      if (event.type === type) self.unsubscribe();
    });
    expect(recording.types.at(-1)).toBe(type);
    expect(socket.done).toEqual(['close 1000']);
  });

  it.each([ReadyState.CLOSING, ReadyState.CLOSED])('refuses a socket in the state %d', (readyState) => {
    const socket = new FakeSocket();
    socket.readyState = readyState;
    const recording = new Recording(fromWebSocket(socket, { scheduler: new VirtualTimeScheduler() }));
    expect(recording.story).toEqual(['DialError']);
    expect((recording.error as Error).message).toBe('could not connect to ws://fake/?…: its socket is closed already');
  });

  it('gives one socket to one subscriber', () => {
    const socket = new FakeSocket();
    const source$ = fromWebSocket(socket, { scheduler: new VirtualTimeScheduler() });
    const [one, two] = [new Recording(source$), new Recording(source$)];
    socket.opens();
    expect([one.story, two.story]).toEqual([['connecting', 'open'], ['DialError']]);
    expect(socket.done).toEqual([]);
  });

  it('makes a socket for each subscriber when it is given a function', () => {
    const sockets: FakeSocket[] = [];
    const options = { scheduler: new VirtualTimeScheduler() };
    const source$ = fromWebSocket(() => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    }, options);
    expect(sockets.length).toBe(0);
    const [one, two] = [new Recording(source$), new Recording(source$)];
    sockets[1]?.opens();
    expect([one.story, two.story]).toEqual([['connecting'], ['connecting', 'open']]);
  });

  it.each([new Error('no more sockets'), 'no more sockets'])('fails with a DialError when it throws %p', (cause) => {
    const recording = new Recording(
      fromWebSocket(() => {
        throw cause;
      }),
    );
    expect(recording.story).toEqual(['DialError']);
    expect(recording.error).toMatchObject({ cause });
    expect((recording.error as Error).message).toMatch(/: no more sockets$/);
  });

  it('takes a socket that does not tell where it leads', () => {
    const socket = new FakeSocket();
    Reflect.deleteProperty(socket, 'url');
    const recording = new Recording(fromWebSocket(socket, { scheduler: new VirtualTimeScheduler() }));
    expect(recording.events).toEqual([{ type: 'connecting', url: '' }]);
    recording.unsubscribe();
  });

  it('refuses a closeTimeout that is none when it is made', () => {
    expect(() => fromWebSocket(new FakeSocket(), { closeTimeout: -1 })).toThrow(TypeError);
  });
});

describe('createSocket', () => {
  it('is given the whole address and the subprotocols', () => {
    const asked: unknown[] = [];
    const createSocket = (...given: unknown[]): FakeSocket => {
      asked.push(given);
      return new FakeSocket();
    };
    const url = 'ws://user:secret@fake/?token=secret';
    const recording = new Recording(
      webSocket({ url, protocols: 'v1', createSocket, scheduler: new VirtualTimeScheduler() }),
    );
    expect(asked).toEqual([[url, ['v1']]]);
    expect(recording.events).toEqual([{ type: 'connecting', url: 'ws://fake/?…' }]);
    recording.unsubscribe();
  });

  it('may throw: a DialError', () => {
    const createSocket = (): never => {
      throw new Error('mixed content');
    };
    const recording = new Recording(webSocket({ url: 'ws://fake', createSocket }));
    expect(recording.story).toEqual(['connecting', 'DialError']);
    expect((recording.error as Error).message).toBe('could not connect to ws://fake/: mixed content');
  });

  it('is not called when the `connecting` event was enough', () => {
    let asked = 0;
    const createSocket = (): FakeSocket => {
      asked += 1;
      return new FakeSocket();
    };
    new Recording(webSocket({ url: 'ws://fake', createSocket }), (_event, self) => self.unsubscribe());
    expect(asked).toBe(0);
  });
});
