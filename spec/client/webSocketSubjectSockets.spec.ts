import { catchError, firstValueFrom, of, retry, toArray } from 'rxjs';
import { WebSocket } from 'ws';
import { webSocketSubject } from '../../src/client/webSocketSubject.js';
import type { WebSocketConstructor } from '../../src/client/webSocketSubjectConfig.js';
import type { DialError } from '../../src/core/errors.js';
import { domSocket } from '../transports/domSocket.js';
import { aServer, endAll } from '../transports/servers.js';

/** Makes sockets that have no more than the standard says. */
const StandardSocket = function (url: string, protocols?: string | string[]) {
  return domSocket(url, [protocols ?? []].flat());
} as unknown as WebSocketConstructor;

afterEach(endAll);

describe.each([
  ['the socket of ws by default', undefined],
  ['the constructor of ws', WebSocket],
  ['a standard constructor', StandardSocket],
])('webSocketSubject with %s', (_which, given) => {
  const constructor = given && { WebSocketCtor: given };
  const platform = globalThis as { WebSocket?: unknown };
  const global = Object.getOwnPropertyDescriptor(platform, 'WebSocket');

  // Later versions of Node have one of their own.
  beforeAll(() => delete platform.WebSocket);
  afterAll(() => {
    if (global) Object.defineProperty(platform, 'WebSocket', global);
  });

  it('talks to a server, in the protocol that they agree on, and leaves it with 1000', async () => {
    const server = await aServer({ protocols: ['chat'] });
    server.echo();
    const subject = webSocketSubject({ url: server.url, protocol: ['other', 'chat'], ...constructor });
    subject.next({ hello: 'there' });
    expect(await firstValueFrom(subject)).toEqual({ hello: 'there' });
    const connection = await server.waitForConnection(1);
    expect([connection.protocol, await connection.closed]).toEqual(['chat', { code: 1000, reason: '' }]);
  });

  it('takes and gives binary data', async () => {
    const server = await aServer();
    server.echo();
    for (const binaryType of ['arraybuffer', 'blob'] as const) {
      const subject = webSocketSubject<Blob | ArrayBuffer | Uint8Array>({
        url: server.url,
        binaryType,
        serializer: (data) => data,
        deserializer: ({ data }) => data as Blob,
        ...constructor,
      });
      subject.next(Uint8Array.of(1, 2, 3));
      const data = await firstValueFrom(subject);
      expect(data).toBeInstanceOf(binaryType === 'blob' ? Blob : ArrayBuffer);
      expect([...new Uint8Array(await new Response(data as Blob).arrayBuffer())]).toEqual([1, 2, 3]);
    }
  });

  it('sends a Blob', async () => {
    const server = await aServer();
    const subject = webSocketSubject<Blob>({ url: server.url, serializer: (data) => data, ...constructor });
    subject.next(new Blob([Uint8Array.of(1, 2, 3)]));
    const subscription = subject.subscribe();
    expect([...((await server.waitForMessage()) as Uint8Array)]).toEqual([1, 2, 3]);
    subscription.unsubscribe();
  });

  it('sends all, once and in order, that it is told while dials are refused and after links were closed or reset', async () => {
    const server = await aServer();
    const subject = webSocketSubject<number>({ url: server.url, ...constructor });
    let told = 0;
    const tell = (): void => subject.next(++told);
    const retries = retry<number>({
      delay: () => {
        tell();
        return of('at once');
      },
    });
    server.refuse(503, {}, { times: 3 });
    const subscription = subject.pipe(retries).subscribe();
    for (const leave of ['drain', 'drop', 'reset', 'closeWithoutCode'] as const) {
      const connection = await server.waitForConnection();
      tell();
      // With nothing under way: what was on the wire would be lost.
      await connection.waitForMessage(String(told));
      if (leave === 'drain') connection.close(1012, 'restart');
      else connection[leave]();
      await connection.closed;
    }
    await server.waitForConnection(5);
    tell();
    await server.waitForMessage(String(told));
    subscription.unsubscribe();
    expect(server.received).toEqual(Array.from({ length: told }, (_, at) => String(at + 1)));
  });

  it('abandons a server that does not answer its leave', async () => {
    const server = await aServer();
    const subject = webSocketSubject({ url: server.url, closeTimeout: 20, ...constructor });
    const ended = firstValueFrom(subject.pipe(toArray()));
    const connection = await server.waitForConnection();
    connection.freeze();
    subject.complete();
    expect(await ended).toEqual([]);
    connection.thaw();
    await connection.closed;
  });
});

it('tells the status of a dial that was refused', async () => {
  const server = await aServer();
  server.refuse(401);
  const subject = webSocketSubject({ url: server.url, WebSocketCtor: WebSocket });
  const error = await firstValueFrom(subject.pipe(catchError((error: unknown) => of(error as DialError))));
  expect(error).toMatchObject({ name: 'DialError', status: 401 });
});

it('gives binary data to a deserializer as a Buffer, where nothing else is asked of a socket of ws', async () => {
  const server = await aServer();
  server.greet(() => Uint8Array.of(1, 2));
  const deserializer = ({ data }: MessageEvent<unknown>): unknown => data;
  const subject = webSocketSubject({ url: server.url, deserializer, WebSocketCtor: WebSocket });
  expect(await firstValueFrom(subject)).toEqual(Buffer.of(1, 2));
});
