// The program of the page that the browser is shown: the library, and what a test may ask of it.
import type { Subscription } from 'rxjs';
import {
  type Connection,
  type ConnectionEvent,
  type ConnectionEvents,
  constant,
  heartbeat,
  json,
  reconnect,
  webSocket,
} from '../../src/index.js';
import { msgpack } from '../../src/msgpack.js';

interface Message {
  readonly kind: string;
  readonly bytes?: Uint8Array;
}

const ping = (connection: Connection<Message>): void => connection.send({ kind: 'ping' });
const isPong = ({ kind }: Message): boolean => kind === 'pong';

/** Pipes by name. */
const pipes = {
  frames: (url: string) => webSocket({ url, protocols: ['v2.frames', 'v1.frames'] }),
  json: (url: string) => webSocket({ url, closeTimeout: 200 }).pipe(json<Message>()),
  reconnecting: (url: string) => webSocket(url).pipe(json<Message>(), reconnect({ delay: constant(20) })),
  watched: (url: string) =>
    webSocket(url).pipe(
      json<Message>(),
      heartbeat({ interval: 200, timeout: 300, ping, isPong }),
      reconnect({ delay: constant(100) }),
    ),
  msgpack: (url: string) => webSocket(url).pipe(msgpack<Message>()),
  impatient: (url: string) => webSocket({ url, connectTimeout: 150 }),
} satisfies Record<string, (url: string) => ConnectionEvents<unknown, never, undefined>>;

/** A page has no types that a test could import: everything is told as text. */
function describe(event: ConnectionEvent<unknown, unknown>): string {
  switch (event.type) {
    case 'open':
      return `open ${event.connection.protocol}`.trimEnd();
    case 'message':
      return `message ${inWords(event.data)}`;
    case 'close':
      return `close ${event.code} ${event.reason} ${event.wasClean ? 'clean' : 'unclean'}`.replace('  ', ' ');
    case 'reconnecting':
      return `reconnecting ${nameOf(event.cause)}`;
    case 'pong':
      return 'pong';
    default:
      return event.type;
  }
}
const nameOf = (error: unknown): string => (error as Error).name;
const inWords = (data: unknown): string =>
  data instanceof Uint8Array
    ? `${data.constructor.name} ${data.join()}`
    : JSON.stringify(data, (_key, value: unknown) => (value instanceof Uint8Array ? inWords(value) : value));

/** Inside `page.evaluate` a strict policy does not hold: only in a turn of the page's own. */
const inItsOwnTurn = <T>(act: () => T): Promise<T> =>
  new Promise((resolve, reject) =>
    setTimeout(() => {
      try {
        resolve(act());
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    }),
  );

let subscription: Subscription | undefined;
let current: Connection<never> | undefined;

const page = {
  log: [] as string[],
  connect: (pipe: keyof typeof pipes, url: string) =>
    inItsOwnTurn(() => {
      const events$: ConnectionEvents<unknown, never, undefined> = pipes[pipe](url);
      subscription = events$.subscribe({
        next(event) {
          if (event.type === 'open') current = event.connection;
          page.log.push(describe(event));
        },
        error: (error: unknown) =>
          page.log.push(`error ${nameOf(error)} ${String((error as { status?: number }).status ?? '')}`.trimEnd()),
        complete: () => page.log.push('complete'),
      });
    }),
  send: (message: unknown) => inItsOwnTurn(() => current?.send(message as never)),
  sendBytes: (...bytes: number[]) => inItsOwnTurn(() => current?.send(new Uint8Array(bytes) as never)),
  /** What the page's policy forbids. */
  evaluate: () => inItsOwnTurn(() => String(Reflect.construct(Function, ['']))),
  close: (code?: number, reason?: string) => inItsOwnTurn(() => current?.close(code, reason)),
  abilities: () => (['ping', 'pause', 'resume'] as const).filter((name) => current?.[name] !== undefined),
  unsubscribe: () => subscription?.unsubscribe(),
};
export type HawserPage = typeof page;
Object.assign(globalThis, { hawser: page });
