import { type Observable, retry } from 'rxjs';
import { type FakeSockets, fakeSockets, type MadeSocket } from '../../spec/client/fakeSockets.js';
import { webSocketSubject, type WebSocketSubject } from '../../src/client/webSocketSubject.js';
import type { WebSocketSubjectConfig } from '../../src/client/webSocketSubjectConfig.js';
import { DialError } from '../../src/core/errors.js';
import { HIGH_WATER } from '../../src/core/trySend.js';
import { marbles } from '../../src/testing/marbles.js';

/** A subject on sockets that do as a script says: `o` opens, `x` is lost, a digit is a message; each socket from its dial on. */
function scripted(
  scripts: readonly Observable<string>[],
  config?: Partial<WebSocketSubjectConfig<string>>,
): { subject: WebSocketSubject<string>; sockets: FakeSockets } {
  const sockets = fakeSockets();
  const act = (socket: MadeSocket, sign: string): void => {
    if (sign === 'o') socket.opens();
    else if (sign === 'x') socket.closes(1006, '', false);
    else socket.says(sign);
  };
  class Scripted extends sockets.WebSocketCtor {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols);
      scripts[sockets.all.length - 1]?.subscribe((sign) => act(this, sign));
    }
  }
  const subject = webSocketSubject<string>({ url: 'ws://fake', WebSocketCtor: Scripted, ...config });
  return { subject, sockets };
}

describe('webSocketSubject', () => {
  it(
    'keeps what it is told through the dials and the waits of a retry',
    marbles(({ cold, hot, expectObservable, flush }) => {
      const outgoing = hot('  1-2--3-----4--');
      const { subject, sockets } = scripted([
        cold('                --x'),
        cold('                     x'),
        cold('                        -o-m'),
      ]);
      const result = '        -----------m--';
      outgoing.subscribe(subject);

      expectObservable(subject.pipe(retry({ delay: 3 })), '--------------!').toBe(result);
      flush();
      expect(sockets.all.map((socket) => socket.sent)).toEqual([[], [], ['"1"', '"2"', '"3"', '"4"']]);
    }),
  );

  it(
    'errs when a dial takes longer than connectTimeout, and not when it takes no longer',
    marbles(({ cold, expectObservable }) => {
      const late = scripted([cold('    5ms o')], { connectTimeout: 4 });
      const inTime = scripted([cold('  3ms o-1')], { connectTimeout: 4 });
      const timeout = new DialError('ws://fake/', 'no answer within 4 ms');

      expectObservable(late.subject).toBe('----#', undefined, timeout);
      expectObservable(inTime.subject, '------!').toBe('-----1');
    }),
  );

  it(
    'waits 10 s for a dial by default',
    marbles(({ cold, expectObservable }) => {
      const { subject } = scripted([cold('-')]);
      const timeout = new DialError('ws://fake/', 'no answer within 10000 ms');

      expectObservable(subject).toBe('10s #', undefined, timeout);
    }),
  );

  it(
    'looks every 50 ms at a socket that has taken all it can, and sends on when there is room',
    marbles(({ cold, hot, expectObservable, flush }) => {
      const outgoing = hot('--1 9ms 2');
      const { subject, sockets } = scripted([cold('-o')]);
      const times: string[] = [];
      const full = hot('-f 60ms r', { f: HIGH_WATER + 1, r: 0 });
      full.subscribe((bytes) => (sockets.last.bufferedAmount = bytes));
      outgoing.subscribe(subject);
      hot('101ms a-b').subscribe((when) => times.push(`${when} ${sockets.last.sent.join()}`));

      expectObservable(subject, '200ms !').toBe('');
      flush();
      expect(times).toEqual(['a ', 'b "1","2"']);
    }),
  );

  it(
    'is not kept from looking at such a socket by messages that come more often',
    marbles(({ cold, hot, expectObservable, flush }) => {
      const { subject, sockets } = scripted([cold('-o')]);
      const counts: number[] = [];
      hot('-f 9ms r', { f: HIGH_WATER + 1, r: 0 }).subscribe((bytes) => (sockets.last.bufferedAmount = bytes));
      hot('-- 1 19ms 1 19ms 1 19ms 1').subscribe(subject);
      hot('53ms n').subscribe(() => counts.push(sockets.last.sent.length));

      expectObservable(subject, '100ms !').toBe('');
      flush();
      expect([counts, sockets.last.sent.length]).toEqual([[3], 4]);
    }),
  );
});
