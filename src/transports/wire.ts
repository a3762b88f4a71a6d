import type { SchedulerLike } from 'rxjs';
import type { Connection, Frame } from '../core/connection.js';
import type { DialFailure } from '../core/errors.js';
import type { AnySocket, WebSocketLike } from './socketLike.js';

/** Who hears of a socket, whatever the platform. */
export interface WireEnd extends Pick<Connection<Frame>, 'readyState' | 'url'> {
  opened(): void;
  heard(frame: Frame): void;
  /** One of our pings was answered, after so many milliseconds. */
  answered(roundTrip: number): void;
  failed(why: string, failure: DialFailure): void;
  ended(code: number, reason: string, wasClean: boolean): void;
}

/** What can be done with a socket, whatever the platform. */
export interface Wire {
  send(frame: Frame): void;
  /** Takes leave of the peer. */
  close(code: number, reason: string): void;
  /** Drops the socket, where the platform can. */
  abandon?(): void;
  /** What the connection can do besides, on this platform. */
  readonly abilities?: Pick<Connection<Frame>, 'ping' | 'pause' | 'resume' | 'isPaused'>;
}

/** What a connection asks of any socket. */
export type SocketState = Pick<AnySocket, 'readyState' | 'protocol' | 'bufferedAmount'>;

/** Listens to a socket for `end`. */
export type MakeWire<Socket extends SocketState> = (socket: Socket, end: WireEnd, scheduler?: SchedulerLike) => Wire;

/** The wire of a standard socket: the socket itself. */
export const standardWire: MakeWire<WebSocketLike> = (socket, end) => {
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('open', () => end.opened());
  socket.addEventListener('message', ({ data }) =>
    end.heard(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer)),
  );
  // The event itself is no cause to pass on: it leads to the socket, and so to the address with its secrets.
  socket.addEventListener('error', ({ message = '', error }) =>
    end.failed(message || 'no reason given', { cause: error }),
  );
  socket.addEventListener('close', ({ code, reason, wasClean }) => end.ended(code, reason, wasClean));
  return socket;
};
