import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { type ClientOptions, WebSocket } from 'ws';

/** A plain `ws` client that writes down what happens to it. */
export interface WsClient {
  readonly socket: WebSocket;
  readonly log: readonly string[];
  /** Resolves with the log when the connection is over. */
  readonly over: Promise<readonly string[]>;
  opened(): Promise<void>;
  /** The next message. */
  message(): Promise<string>;
}

const clients = new Set<WsClient>();

export function wsClient(
  url: string,
  { protocols, ...options }: ClientOptions & { protocols?: string[] } = {},
): WsClient {
  const socket = new WebSocket(url, protocols, { perMessageDeflate: false, ...options });
  const log: string[] = [];
  socket.on('open', () => log.push('open'));
  socket.on('message', (data: Buffer, isBinary) => log.push(`${isBinary ? 'bytes' : 'text'} ${data.toString()}`));
  socket.on('ping', () => log.push('ping'));
  socket.on('pong', () => log.push('pong'));
  socket.on('error', (error: NodeJS.ErrnoException) => log.push(`error ${error.code ?? error.message}`));
  const over = new Promise<readonly string[]>((resolve) => {
    socket.on('close', (code, reason) => {
      log.push(`close ${code} ${reason.toString()}`.trimEnd());
      resolve(log);
    });
  });
  const opened = async (): Promise<void> => {
    if (socket.readyState !== WebSocket.OPEN) await once(socket, 'open');
  };
  const message = async (): Promise<string> => String((await once(socket, 'message'))[0]);
  const client: WsClient = { socket, log, over, opened, message };
  clients.add(client);
  return client;
}

/** Ends all clients. */
export async function endClients(): Promise<void> {
  for (const { socket } of clients) socket.terminate();
  await Promise.all([...clients].map(({ over }) => over));
  clients.clear();
}

/** Lets the sockets of this process speak until a condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}

/** The TCP handles of this process, which are counted until the end of the turn in which they were closed. */
export async function tcpHandles(): Promise<string[]> {
  await setImmediate();
  await setImmediate();
  return process.getActiveResourcesInfo().filter((name) => /^(TCP|Connect)/.test(name));
}
