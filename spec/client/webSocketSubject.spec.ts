import {
  map,
  type Observable,
  type Observer,
  type Unsubscribable,
  VirtualTimeScheduler,
  repeat,
  retry,
  Subject,
  take,
  takeWhile,
  throwError,
} from 'rxjs';
import type { WebSocketSubjectConfig as RxConfig } from 'rxjs/webSocket';
import { WebSocket as WsSocket } from 'ws';
import type { WebSocketSubject } from '../../src/client/webSocketSubject.js';
import { webSocketSubject } from '../../src/client/webSocketSubject.js';
import type { WebSocketSubjectConfig } from '../../src/client/webSocketSubjectConfig.js';
import { ReadyState } from '../../src/core/connection.js';
import type { DroppedEvent } from '../../src/core/event.js';
import { HIGH_WATER } from '../../src/core/trySend.js';
import { expectType } from '../types/expectType.js';
import { type FakeSockets, fakeSockets } from './fakeSockets.js';

/** A message that says whom it is for. */
interface Named {
  readonly name?: string;
  readonly value?: string;
  readonly last?: boolean;
}

let sockets: FakeSockets;
const subjects: Unsubscribable[] = [];

const aSubject = <T = unknown>(config: Partial<WebSocketSubjectConfig<T>> = {}): WebSocketSubject<T> => {
  const subject = webSocketSubject<T>({ url: 'ws://fake', WebSocketCtor: sockets.WebSocketCtor, ...config });
  subjects.push(subject);
  return subject;
};

/** Ends a subscription, or a whole subject. */
const unsubscribe = (what: Unsubscribable): void => what.unsubscribe();

/** Writes down what it is told. */
const aLog = (): Observer<unknown> & { readonly told: unknown[] } => {
  const told: unknown[] = [];
  return {
    told,
    next: (value) => told.push(value),
    error: (error: Error) => told.push(`${error.name}: ${error.message}`),
    complete: () => told.push('complete'),
  };
};

const closedWith = (code: number, reason = ''): string =>
  `ConnectionClosedError: the connection was closed with code ${code}${reason && `: ${reason}`}`;

beforeEach(() => {
  sockets = fakeSockets();
});

afterEach(() => {
  subjects.splice(0).forEach(unsubscribe);
  for (const socket of sockets.all) if (socket.readyState !== ReadyState.CLOSED) socket.closes(1000);
});

describe('a webSocketSubject, as rxjs has it', () => {
  it('is a Subject', () => {
    expect(aSubject()).toBeInstanceOf(Subject);
  });

  it('sends what it is told and tells what arrives', () => {
    const subject = aSubject();
    const log = aLog();
    subject.next('ping');
    subject.subscribe(log);
    expect(sockets.last.url).toBe('ws://fake');

    sockets.last.opens();
    expect(sockets.last.sent).toEqual(['"ping"']);
    for (const word of ['pong', { n: 1 }]) sockets.last.says(word);
    expect(log.told).toEqual(['pong', { n: 1 }]);
  });

  it('takes an address alone', () => {
    expect(webSocketSubject('ws://fake').observed).toBe(false);
    expect(webSocketSubject(() => 'ws://fake').observed).toBe(false);
  });

  it('can be piped, and subscribed by separate functions', () => {
    const subject = aSubject<string>();
    const heard: unknown[] = [];
    const functions = [(value: string) => heard.push(value), null, () => heard.push('complete')] as const;
    subject
      .pipe(
        map((word) => `${word}?`),
        map((word) => `${word}!`),
      )
      .subscribe(...functions);
    subject.asObservable().subscribe(...functions);
    sockets.last.opens();
    sockets.last.says('pong');
    sockets.last.closes(1000);
    expect(heard).toEqual(['pong?!', 'pong', 'complete', 'complete']);
  });

  it('passes on what a piped subject is told', () => {
    const subject = aSubject();
    subject.subscribe();
    sockets.last.opens();
    (subject.pipe(map(String)) as unknown as Observer<unknown>).next('through');
    expect(sockets.last.sent).toEqual(['"through"']);
  });

  it('dials when it is subscribed, and keeps in order what it was told before', () => {
    const subject = aSubject();
    const words = ['make', 'him', 'wait', 'for', 'it'];
    for (const word of words) subject.next(word);
    expect(sockets.all).toEqual([]);

    subject.subscribe();
    expect(sockets.last.sent).toEqual([]);
    sockets.last.opens();
    expect(sockets.last.sent).toEqual(words.map((word) => JSON.stringify(word)));
    subject.next('now');
    expect(sockets.last.sent.slice(-1)).toEqual(['"now"']);
  });

  it('has one socket for all subscribers, and says whether there are any', () => {
    const subject = aSubject();
    const logs = [aLog(), aLog()];
    const [first, second] = logs.map((log) => subject.subscribe(log));
    sockets.last.opens();
    sockets.last.says(1);
    expect(subject.observed).toBe(true);

    first?.unsubscribe();
    sockets.last.says(2);
    expect([sockets.all.length, sockets.last.readyState]).toEqual([1, ReadyState.OPEN]);
    second?.unsubscribe();
    expect(sockets.last.done).toEqual(['close 1000']);
    expect(subject.observed).toBe(false);
    expect(logs.map(({ told }) => told)).toEqual([[1], [1, 2]]);
  });

  it.each(['the subscription', 'the subject'])(
    'closes the socket when %s is unsubscribed while it connects',
    (which) => {
      const subject = aSubject();
      const log = aLog();
      const subscription = subject.subscribe(log);
      unsubscribe(which === 'the subject' ? subject : subscription);
      expect(sockets.last.done).toEqual(['close 1000']);
      sockets.last.opens();
      sockets.last.says('late');
      expect(log.told).toEqual(which === 'the subject' ? ['complete'] : []);
    },
  );

  it('dials anew while the old socket still closes, and the end of that changes nothing', () => {
    const subject = aSubject();
    const log = aLog();
    subject.subscribe().unsubscribe();
    const [first] = sockets.all;
    subject.subscribe(log);
    const second = sockets.last;
    expect(second).not.toBe(first);
    second.opens();
    first?.closes(1000);
    second.says('here');
    expect([log.told, second.done]).toEqual([['here'], []]);
  });

  it('closes the socket when it is completed, and completes its subscribers when the peer has left too', () => {
    const subject = aSubject();
    const log = aLog();
    subject.subscribe(log);
    sockets.last.opens();
    subject.complete();
    expect(sockets.last.done).toEqual(['close 1000']);
    sockets.last.says('still here');
    expect(log.told).toEqual(['still here']);
    sockets.last.closes(1000);
    expect(log.told).toEqual(['still here', 'complete']);
  });

  it('closes the socket with a code and a reason when it is told an error with these', () => {
    const subject = aSubject();
    const log = aLog();
    subject.subscribe(log);
    sockets.last.opens();
    subject.error({ code: 4000, reason: 'enough' });
    expect(sockets.last.done).toEqual(['close 4000 enough']);
    sockets.last.closes(4000, 'enough');
    expect(log.told).toEqual([closedWith(4000, 'enough')]);
  });

  it('completes its subscribers when it is told an error with code 1000', () => {
    const subject = aSubject();
    const log = aLog();
    subject.subscribe(log);
    sockets.last.opens();
    subject.error({ code: 1000 });
    sockets.last.closes(1000);
    expect(log.told).toEqual(['complete']);
  });

  it.each([
    [new Error('of a source')],
    ['a text'],
    [undefined],
    [{ code: 1006 }],
    [{ code: 4000, reason: 'x'.repeat(124) }],
  ])('errs with a TypeError, and closes with 1000, when it is told an error that is no code: %o', (told) => {
    const subject = aSubject();
    const errors: unknown[] = [];
    subject.subscribe({ error: (error: unknown) => errors.push(error) });
    sockets.last.opens();
    throwError(() => told).subscribe(subject);
    expect(errors).toEqual([new TypeError((errors[0] as Error).message, { cause: told })]);
    expect((errors[0] as Error).message).toMatch(
      /^webSocketSubject: error\(\) takes { code, reason } to close with \(/,
    );
    expect((errors[0] as Error).cause).toBe(told);
    expect(sockets.last.done).toEqual(['close 1000']);
  });

  it('throws the TypeError where nobody is subscribed', () => {
    expect(() => aSubject().error('lost')).toThrow(TypeError);
  });

  it.each([
    ['completed', (subject: Subject<unknown>) => subject.complete()],
    ['told an error', (subject: Subject<unknown>) => subject.error({ code: 4000 })],
  ])('can be subscribed again after it was %s: what it is told in between goes to the next socket', (_how, end) => {
    const subject = aSubject();
    subject.subscribe({ error: () => undefined });
    const first = sockets.last;
    first.opens();
    end(subject);
    subject.next('for the next');
    subject.subscribe();
    sockets.last.opens();
    expect(sockets.last).not.toBe(first);
    expect([first.sent, sockets.last.sent]).toEqual([[], ['"for the next"']]);
  });

  it('errs with a DialError when the socket cannot be made', () => {
    const log = aLog();
    class WebSocketCtor extends sockets.WebSocketCtor {
      constructor(url: string) {
        super(url);
        throw new Error('connection refused');
      }
    }
    aSubject({ WebSocketCtor }).subscribe(log);
    expect(log.told).toEqual(['DialError: could not connect to ws://fake/: connection refused']);
  });
});

describe('the config', () => {
  it('takes a protocol, or several, and an address that is asked for on every dial', () => {
    let dials = 0;
    const subject = aSubject({ protocol: 'chat', url: () => `ws://fake/?token=${++dials}` });
    subject.subscribe().unsubscribe();
    subject.subscribe();
    expect(sockets.all.map(({ url, offered }) => [url, offered])).toEqual([
      ['ws://fake/?token=1', 'chat'],
      ['ws://fake/?token=2', 'chat'],
    ]);
    aSubject({ protocol: ['a', 'b'] }).subscribe();
    expect(sockets.last.offered).toEqual(['a', 'b']);
    aSubject().subscribe();
    expect(sockets.last.offered).toBeUndefined();
  });

  it('takes a deserializer, which is given an event with the data', () => {
    const log = aLog();
    aSubject({ deserializer: ({ type, data }) => `${type} ${data}!` }).subscribe(log);
    sockets.last.opens();
    for (const word of ['ahoy', 'avast']) sockets.last.hears(word);
    expect(log.told).toEqual(['message ahoy!', 'message avast!']);
  });

  it.each([
    ['blob', Blob],
    ['arraybuffer', ArrayBuffer],
    [undefined, Blob],
  ] as const)('gives binary data to the deserializer as binaryType %s', async (binaryType, type) => {
    const data: (Blob | ArrayBuffer)[] = [];
    const deserializer = (event: MessageEvent): void => void data.push(event.data as Blob);
    aSubject({ deserializer, ...(binaryType && { binaryType }) }).subscribe();
    sockets.last.opens();
    sockets.last.hears(Uint8Array.of(1, 2).buffer);
    expect(data[0]).toBeInstanceOf(type);
    expect(await new Response(data[0]).arrayBuffer()).toEqual(Uint8Array.of(1, 2).buffer);
  });

  it('errs with what the deserializer throws, and closes with 1000', () => {
    const log = aLog();
    const deserializer = (): never => {
      throw new RangeError('cannot read this');
    };
    aSubject({ deserializer }).subscribe(log);
    sockets.last.opens();
    sockets.last.hears('x');
    expect(log.told).toEqual(['RangeError: cannot read this']);
    expect(sockets.last.done).toEqual(['close 1000']);
  });

  it('errs when what arrives is no JSON', () => {
    const log = aLog();
    aSubject().subscribe(log);
    sockets.last.opens();
    sockets.last.hears('{');
    expect(log.told).toEqual([expect.stringMatching(/^SyntaxError/)]);
  });

  it.each([
    ['text', 'a', 'send a'],
    ['an ArrayBuffer', Uint8Array.of(1, 2).buffer, 'send 1,2'],
    ['a view', new Uint8Array(Uint8Array.of(1, 2, 3).buffer, 1, 2), 'send 2,3'],
    ['a DataView', new DataView(Uint8Array.of(1, 2, 3).buffer, 2), 'send 3'],
    ['a Blob', new Blob(['x']), 'send [object Blob]'],
  ])('takes a serializer that gives %s', (_what, given, done) => {
    const subject = aSubject({ serializer: () => given });
    subject.subscribe();
    sockets.last.opens();
    subject.next('x');
    expect(sockets.last.done).toEqual([done]);
  });

  it('errs with what the serializer throws, closes with 1000, and has that message on no later socket', () => {
    const subject = aSubject();
    const log = aLog();
    const second = aLog();
    subject.subscribe(log);
    sockets.last.opens();
    subject.next(undefined);
    subject.next('good');
    expect(log.told).toEqual(['TypeError: json: no JSON for undefined']);
    expect(sockets.last.done).toEqual(['close 1000']);
    subject.subscribe(second);
    sockets.last.opens();
    expect([sockets.last.sent, second.told]).toEqual([['"good"'], []]);
  });

  it('keeps the order of what the serializer itself sends', () => {
    const subject: Subject<unknown> = aSubject({
      serializer: (message) => {
        if (message === 1) subject.next('because of 1');
        return String(message);
      },
    });
    subject.subscribe();
    sockets.last.opens();
    subject.next(1);
    subject.next(2);
    expect(sockets.last.sent).toEqual(['1', 'because of 1', '2']);
  });

  it('tells the openObserver before anything is sent, with the event of the socket', () => {
    const told: unknown[] = [];
    const subject = aSubject({
      openObserver: {
        next: ({ type }) => {
          told.push(type, [...sockets.last.done]);
          subject.next('last');
        },
      },
    });
    subject.next('first');
    subject.subscribe();
    sockets.last.opens();
    expect(told).toEqual(['open', []]);
    expect(sockets.last.sent).toEqual(['"first"', '"last"']);
  });

  it('sends what waits before an openObserver that completes has its way', () => {
    const subject = aSubject({ openObserver: { next: () => subject.complete() } });
    subject.next('first');
    subject.subscribe();
    sockets.last.opens();
    expect(sockets.last.done).toEqual(['send "first"', 'close 1000']);
  });

  it('tells the closeObserver how each socket closed, first, and with the event of the socket', () => {
    const told: unknown[] = [];
    const subject = aSubject({
      closeObserver: { next: ({ type, code, reason, wasClean }) => told.push([type, code, reason, wasClean]) },
    });
    subject.subscribe({ complete: () => told.push('complete') });
    sockets.last.opens();
    sockets.last.closes(1000, 'done');
    subject.subscribe({ error: (error: unknown) => told.push((error as Error).name) });
    sockets.last.closes(1006, '', false);
    const subscription = subject.subscribe();
    sockets.last.opens();
    subscription.unsubscribe();
    sockets.last.closes(1000);
    expect(told).toEqual([
      ['close', 1000, 'done', true],
      'complete',
      ['close', 1006, '', false],
      'DialError',
      ['close', 1000, '', true],
    ]);
  });

  it('tells the closingObserver when complete() or error() is about to close: what it sends still goes out', () => {
    const subject = aSubject({ closingObserver: { next: (value) => subject.next(value ?? 'farewell') } });
    subject.subscribe();
    sockets.last.opens();
    subject.complete();
    expect(sockets.last.done).toEqual(['send "farewell"', 'close 1000']);
    subject.subscribe({ error: () => undefined });
    sockets.last.opens();
    subject.error({ code: 4000 });
    expect(sockets.last.done).toEqual(['send "farewell"', 'close 4000']);
  });

  it.each(['openObserver', 'closeObserver'] as const)('errs with what an %s throws', (name) => {
    const log = aLog();
    const next = (): never => {
      throw new Error('thrown');
    };
    aSubject({ [name]: { next } }).subscribe(log);
    sockets.last.opens();
    sockets.last.closes(1000);
    expect(log.told).toEqual(['Error: thrown']);
  });

  it('takes the global WebSocket, if there is one when the subject is made', () => {
    const platform = globalThis as { WebSocket?: unknown };
    const before = Object.getOwnPropertyDescriptor(platform, 'WebSocket');
    Object.defineProperty(platform, 'WebSocket', { value: sockets.WebSocketCtor, configurable: true });
    const subject = webSocketSubject('ws://global');
    if (before) Object.defineProperty(platform, 'WebSocket', before);
    else delete platform.WebSocket;
    subject.subscribe();
    expect(sockets.last.url).toBe('ws://global');
    unsubscribe(subject);
  });

  it('refuses bad options', () => {
    expect(() => aSubject({ url: 'nowhere' })).toThrow('webSocket: expected `url` to be');
    expect(() => aSubject({ protocol: 'a b' })).toThrow('webSocket: expected `protocols` to be');
    expect(() => aSubject({ buffer: -1 })).toThrow('webSocketSubject: expected `buffer` to be');
    expect(() => aSubject({ overflow: 'drop' as never })).toThrow('webSocketSubject: expected `overflow` to be');
    expect(() => aSubject({ connectTimeout: 0 })).toThrow('webSocket: expected `connectTimeout` to be');
    expect(() => aSubject({ closeTimeout: -1 })).toThrow('webSocket: expected `closeTimeout` to be');
  });
});

describe('what waits', () => {
  it('outlives dials that fail: a retry sends all of it, in order', () => {
    const subject = aSubject();
    subject.pipe(retry(3)).subscribe();
    for (const n of [1, 2, 3]) {
      subject.next(n);
      sockets.last.closes(1006, '', false);
    }
    expect(sockets.all.length).toBe(4);
    sockets.last.opens();
    subject.next(4);
    expect(sockets.all.map(({ sent }) => sent)).toEqual([[], [], [], ['1', '2', '3', '4']]);
  });

  it('outlives a connection: what is told while the socket closes goes to the next one', () => {
    const subject = aSubject();
    subject.pipe(retry(1)).subscribe();
    const first = sockets.last;
    first.opens();
    subject.next(1);
    first.readyState = ReadyState.CLOSING;
    subject.next(2);
    first.closes(1012);
    subject.next(3);
    sockets.last.opens();
    expect([first.sent, sockets.last.sent]).toEqual([['1'], ['2', '3']]);
  });

  it('outlives its subscribers, and a repeat', () => {
    const subject = aSubject();
    subject.subscribe().unsubscribe();
    subject.next(1);
    subject.pipe(repeat(2)).subscribe();
    sockets.last.opens();
    sockets.last.readyState = ReadyState.CLOSING;
    subject.next(2);
    sockets.last.closes(1000);
    sockets.last.opens();
    expect(sockets.all.map(({ sent }) => sent)).toEqual([[], ['1'], ['2']]);
  });

  it('is sent before a complete() that came while the socket connects, also when the dial fails and is retried', () => {
    const subject = aSubject();
    const log = aLog();
    subject.pipe(retry(1)).subscribe(log);
    subject.next(1);
    subject.complete();
    sockets.last.closes(1006, '', false);
    sockets.last.opens();
    expect(sockets.last.done).toEqual(['send 1', 'close 1000']);
    sockets.last.closes(1000);
    expect([sockets.all.length, log.told]).toEqual([2, ['complete']]);
  });

  it('is sent by who subscribes after a complete(), which then closes', () => {
    const subject = aSubject();
    subject.next(1);
    subject.complete();
    subject.subscribe();
    sockets.last.opens();
    expect(sockets.last.done).toEqual(['send 1', 'close 1000']);
  });

  it('has no complete() before it, when nothing waited and nobody listened', () => {
    const subject = aSubject();
    subject.complete();
    subject.subscribe();
    sockets.last.opens();
    expect(sockets.last.done).toEqual([]);
  });

  it('has no complete() before it, when all those it was for have left', () => {
    const subject = aSubject();
    const subscription = subject.subscribe();
    subject.complete();
    subscription.unsubscribe();
    subject.subscribe();
    sockets.last.opens();
    expect([sockets.all.length, sockets.last.done]).toEqual([2, []]);
  });

  it('is sent before a complete(), also when a subscriber of the connection before leaves only now', () => {
    const subject = aSubject();
    const late = subject.subscribe();
    sockets.last.opens();
    subject.complete();
    subject.subscribe();
    subject.next(1);
    subject.complete();
    late.unsubscribe();
    sockets.last.opens();
    expect(sockets.last.done).toEqual(['send 1', 'close 1000']);
  });

  it('is sent before a complete() of its own serializer', () => {
    const subject: Subject<unknown> = aSubject({
      serializer: (message) => {
        if (message === 1) subject.complete();
        return String(message);
      },
    });
    subject.next(1);
    subject.next(2);
    subject.subscribe();
    sockets.last.opens();
    expect(sockets.last.done).toEqual(['send 1', 'send 2', 'close 1000']);
    subject.subscribe();
    sockets.last.opens();
    subject.next(1);
    expect(sockets.last.done).toEqual(['send 1', 'close 1000']);
  });

  it('leaves no timer behind when it waited for a socket that has taken all it can', () => {
    const scheduler = new VirtualTimeScheduler();
    const subject = aSubject({ scheduler });
    const subscription = subject.subscribe();
    sockets.last.opens();
    sockets.last.bufferedAmount = HIGH_WATER + 1;
    subject.next(1);
    expect(scheduler.actions.length).toBe(1);
    subscription.unsubscribe();
    sockets.last.closes(1000);
    expect(scheduler.actions).toEqual([]);
  });

  it('is bounded: next() throws beyond the buffer, and what waited is kept', () => {
    const subject = aSubject({ buffer: 2 });
    subject.next(1);
    subject.next(2);
    expect(() => subject.next(3)).toThrow('more than 2 messages wait');
    subject.subscribe();
    sockets.last.opens();
    for (const n of [4, 5, 6]) subject.next(n);
    expect(sockets.last.sent).toEqual(['1', '2', '4', '5', '6']);
  });

  it.each([
    ['drop-oldest', [1, 2], ['3', '4']],
    ['drop-newest', [3, 4], ['1', '2']],
  ] as const)('is bounded: with %s it tells what it drops', (overflow, gone, sent) => {
    const dropped: DroppedEvent[] = [];
    const subject = aSubject({ buffer: 2, overflow, droppedObserver: { next: (event) => dropped.push(event) } });
    for (const n of [1, 2, 3, 4]) subject.next(n);
    expect(dropped).toEqual(gone.map((message) => ({ type: 'dropped', message, reason: 'overflow' })));
    subject.subscribe();
    sockets.last.opens();
    expect(sockets.last.sent).toEqual(sent);
  });

  it('may be nothing: with a buffer of 0 an open socket is needed', () => {
    const subject = aSubject({ buffer: 0 });
    expect(() => subject.next(1)).toThrow('more than 0 messages');
    subject.subscribe();
    sockets.last.opens();
    subject.next(2);
    expect(sockets.last.sent).toEqual(['2']);
  });

  it('is told as dropped when the subject is unsubscribed, which can be told nothing more', () => {
    const dropped: unknown[] = [];
    const log = aLog();
    const subject = aSubject({ droppedObserver: { next: ({ message, reason }) => dropped.push([message, reason]) } });
    subject.subscribe(log);
    subject.next(1);
    unsubscribe(subject);
    unsubscribe(subject);
    expect([dropped, log.told, subject.closed]).toEqual([[[1, 'ended']], ['complete'], true]);
    for (const act of [() => subject.next(2), () => subject.complete(), () => subject.error({ code: 4000 })]) {
      expect(act).toThrow('object unsubscribed');
    }
    expect(() => subject.subscribe()).toThrow('object unsubscribed');
  });
});

describe('the end', () => {
  it.each([1001, 1005, 1006, 1011, 1012, 4000])(
    'is an error for a close with %d, clean or not, so that a retry dials again',
    (code) => {
      const subject = aSubject();
      const log = aLog();
      subject.pipe(retry(1)).subscribe(log);
      sockets.last.opens();
      sockets.last.closes(code, 'why', true);
      expect([sockets.all.length, log.told]).toEqual([2, []]);
      sockets.last.opens();
      sockets.last.closes(code, 'why', true);
      expect(log.told).toEqual([closedWith(code, 'why')]);
    },
  );

  it('is one for all subscribers, each of whom can retry', () => {
    const subject = aSubject();
    const logs = [aLog(), aLog(), aLog()];
    subject.pipe(retry(1)).subscribe(logs[0]);
    subject.subscribe(logs[1]);
    subject.pipe(retry(1)).subscribe(logs[2]);
    sockets.last.opens();
    sockets.last.closes(1012);
    expect(sockets.all.length).toBe(2);
    sockets.last.opens();
    sockets.last.says('again');
    expect(logs.map(({ told }) => told)).toEqual([['again'], [closedWith(1012)], ['again']]);
  });

  it('comes from the dial when that fails', () => {
    const log = aLog();
    aSubject().subscribe(log);
    sockets.last.fails();
    expect(log.told).toEqual(['DialError: could not connect to ws://fake/: no reason given']);
  });
});

describe('multiplex', () => {
  const named = (subject: WebSocketSubject<unknown>, name: string) =>
    subject.multiplex(
      () => ({ sub: name }),
      () => ({ unsub: name }),
      (message) => (message as Named).name === name,
    );

  it('subscribes at the server, filters what arrives, and unsubscribes before the socket closes', () => {
    const log = aLog();
    const subscription = named(aSubject(), 'foo')
      .pipe(map((message) => (message as Named).value))
      .subscribe(log);
    sockets.last.opens();
    for (const value of [1, 2, 3, 4, 5]) sockets.last.says({ name: value % 3 === 0 ? 'bar' : 'foo', value });
    subscription.unsubscribe();
    expect(log.told).toEqual([1, 2, 4, 5]);
    expect(sockets.last.done).toEqual(['send {"sub":"foo"}', 'send {"unsub":"foo"}', 'close 1000']);
  });

  it.each([
    ['retried', 1006, retry<unknown>(1)],
    ['repeated', 1000, repeat<unknown>(2)],
  ])('can be %s: it subscribes once at each socket', (_how, code, again) => {
    const log = aLog();
    named(aSubject(), 'foo')
      .pipe(
        again,
        map((message) => (message as Named).value),
      )
      .subscribe(log);
    for (const value of ['first', 'second']) {
      sockets.last.opens();
      expect(sockets.last.sent).toEqual(['{"sub":"foo"}']);
      sockets.last.says({ name: 'foo', value });
      if (value === 'first') sockets.last.closes(code);
    }
    expect([sockets.all.length, log.told]).toEqual([2, ['first', 'second']]);
  });

  it('keeps the socket until the last one has ended, each by its own messages', () => {
    const subject = aSubject();
    const told: string[] = [];
    const watch = (name: string) =>
      subject
        .multiplex(
          () => 'no-op',
          () => (told.push(`${name} leaves`), 'no-op'),
          (message) => (message as Named).name === name,
        )
        .pipe(takeWhile((message) => !(message as Named).last))
        .subscribe({ next: () => told.push(name), complete: () => told.push(`${name} complete`) });
    watch('A');
    watch('B');
    sockets.last.opens();
    for (const message of [{ name: 'A' }, { name: 'B' }, { name: 'A', last: true }, { name: 'B' }])
      sockets.last.says(message);
    expect([sockets.all.length, sockets.last.readyState]).toEqual([1, ReadyState.OPEN]);
    sockets.last.says({ name: 'B', last: true });
    expect(told).toEqual(['A', 'B', 'A complete', 'A leaves', 'B', 'B complete', 'B leaves']);
    expect(sockets.last.readyState).toBe(ReadyState.CLOSING);
  });

  it('subscribes and unsubscribes once for all subscribers of its result', () => {
    const subject = aSubject();
    const foo$ = named(subject, 'foo');
    const logs = [aLog(), aLog()];
    subject.subscribe();
    const [first, second] = logs.map((log) => foo$.subscribe(log));
    sockets.last.opens();
    first?.unsubscribe();
    sockets.last.says({ name: 'foo' });
    expect(logs.map(({ told }) => told.length)).toEqual([0, 1]);
    second?.unsubscribe();
    expect(sockets.last.sent).toEqual(['{"sub":"foo"}', '{"unsub":"foo"}']);
    foo$.subscribe();
    expect(sockets.last.sent.slice(2)).toEqual(['{"sub":"foo"}']);
  });

  it('takes the subscription back where the server has not heard of it', () => {
    const subject = aSubject();
    subject.subscribe();
    subject.next(1);
    named(subject, 'foo').subscribe().unsubscribe();
    sockets.last.opens();
    expect(sockets.last.sent).toEqual(['1']);
  });

  it('is not subscribed twice when the dial failed before the server heard of it', () => {
    named(aSubject(), 'foo').pipe(retry(2)).subscribe();
    sockets.last.closes(1006);
    sockets.last.closes(1006);
    sockets.last.opens();
    expect(sockets.last.sent).toEqual(['{"sub":"foo"}']);
  });

  it('says nothing to a connection that is gone, nor to the next one for it', () => {
    const subject = aSubject();
    const unsubMsg = jest.fn(() => 'unsub');
    subject.multiplex(() => 'sub', unsubMsg, Boolean).subscribe({ error: () => undefined });
    const first = sockets.last;
    first.opens();
    first.closes(1006);
    subject.subscribe();
    sockets.last.opens();
    expect([first.sent, sockets.last.sent]).toEqual([['"sub"'], []]);
    expect(unsubMsg).not.toHaveBeenCalled();
  });

  it('unsubscribes also where the socket has taken all it can: there is no later', () => {
    const subscription = named(aSubject(), 'foo').subscribe();
    sockets.last.opens();
    sockets.last.bufferedAmount = HIGH_WATER + 1;
    subscription.unsubscribe();
    expect(sockets.last.done).toEqual(['send {"sub":"foo"}', 'send {"unsub":"foo"}', 'close 1000']);
  });

  it.each([
    ['subMsg', 0, []],
    ['messageFilter', 1, ['"sub"', '"unsub"']],
  ])('errs with what %s throws', (name, dials, sent) => {
    const log = aLog();
    const thrower = (): never => {
      throw new Error('thrown');
    };
    const functions = { subMsg: () => 'sub', unsubMsg: () => 'unsub', messageFilter: () => true, [name]: thrower };
    aSubject().multiplex(functions.subMsg, functions.unsubMsg, functions.messageFilter).subscribe(log);
    for (const socket of sockets.all) {
      socket.opens();
      socket.says('x');
    }
    expect([log.told, sockets.all.length]).toEqual([['Error: thrown'], dials]);
    expect(sockets.all.flatMap((socket) => socket.sent)).toEqual(sent);
  });

  it('lets go of the socket also when unsubMsg throws', () => {
    const log = aLog();
    const unsubMsg = (): never => {
      throw new Error('thrown');
    };
    const foo$ = aSubject().multiplex(
      () => 'sub',
      unsubMsg,
      () => true,
    );
    foo$.pipe(take(1)).subscribe(log);
    sockets.last.opens();
    sockets.last.says('x');
    expect([log.told, sockets.last.done]).toEqual([
      ['x', 'complete'],
      ['send "sub"', 'close 1000'],
    ]);
  });
});

describe('the types', () => {
  it('take what rxjs takes, and the constructors of ws and of browsers', () => {
    const moved = (config: RxConfig<number>): WebSocketSubject<number> => webSocketSubject(config);
    expect(moved({ url: 'ws://fake', WebSocketCtor: sockets.WebSocketCtor as never }).observed).toBe(false);
    const configs: WebSocketSubjectConfig<number>[] = [
      { url: 'ws://fake', WebSocketCtor: WsSocket },
      { url: 'ws://fake', WebSocketCtor: sockets.WebSocketCtor },
      { url: 'ws://fake', deserializer: (event: MessageEvent<string>) => Number(event.data) },
      { url: 'ws://fake', closeObserver: { next: (event: CloseEvent) => event.code } },
    ];
    expectType<Observable<number>>()(
      webSocketSubject(configs[0]!).multiplex(
        () => 1,
        () => 2,
        (n) => n > 0,
      ),
    );
    expectType<WebSocketSubject<string>>()(webSocketSubject({ url: 'ws://fake', serializer: (text: string) => text }));
  });
});
