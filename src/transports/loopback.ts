import { Observable, type SchedulerLike, Subject, type Subscriber } from 'rxjs';
import { clockOf } from '../core/clock.js';
import type { Frame } from '../core/connection.js';
import type { Duration } from '../core/duration.js';
import { DialError, type DialFailure } from '../core/errors.js';
import type { ConnectionEvent, ConnectionEvents } from '../core/event.js';
import { expectDuration } from '../core/expect.js';
import { withoutSecrets } from '../core/url.js';
import { LoopbackSocket } from './loopbackSocket.js';
import { SocketConnection } from './socketConnection.js';
import type { MakeWire } from './wire.js';

export interface LoopbackConfig {
  /** How long a frame is under way, in either direction; 0 by default. A dial takes it twice: there and back. */
  readonly latency?: Duration;
  /** How long to wait for the peer's leave before the connection is abandoned; 2 s by default. */
  readonly closeTimeout?: Duration;
  /** What both ends call the connection; `'loopback://local'` by default. */
  readonly url?: string;
  /** The subprotocol of its connections, `''` by default. */
  readonly protocol?: string;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

const listen: MakeWire<LoopbackSocket> = (socket, end) => socket.listen(end);

/** A link between two ends in one process. */
export interface Loopback {
  /** The client's end: each subscription dials. */
  readonly client$: ConnectionEvents<Frame, Frame, undefined>;
  /**
   * The server's end of each dial, as it arrives. Subscribe it then and there, once, to accept: what is not subscribed
   * when it has been emitted is refused.
   */
  readonly server$: Observable<ConnectionEvents<Frame, Frame, undefined>>;
  /** Makes dials that arrive from now on fail. */
  refuse(failure?: Pick<DialFailure, 'status' | 'retryAfter'>): void;
  /** Ends `refuse()`. */
  accept(): void;
  /**
   * Breaks what is connected or about to be: both ends are told at once, and what was under way is lost.
   * With another code than 1006 it is as if each end had heard it from the other.
   */
  cut(code?: number, reason?: string): void;
}

/**
 * A connection without a network: two ends in one process, with a scheduler for a wire.
 *
 * Frames arrive in order after `latency`, never in the turn in which they are sent; bytes are copied. In virtual time
 * everything is exact to the millisecond, so that a client and its server can be drawn as marbles.
 *
 * @example
 * const link = loopback({ latency: 5 });
 * link.server$.pipe(mergeMap((client$) => client$.pipe(json<string>()))).subscribe((event) => {
 *   if (event.type === 'message') event.connection.send(event.data.toUpperCase());
 * });
 * link.client$.pipe(json<string>(), messages()).subscribe((text) => console.log(text));
 */
export function loopback({
  latency = 0,
  closeTimeout = 2_000,
  url = 'loopback://local',
  protocol = '',
  scheduler,
}: LoopbackConfig = {}): Loopback {
  const target = withoutSecrets(url);
  const delay = expectDuration('loopback', 'latency', latency, true);
  const config = { closeTimeout: expectDuration('loopback', 'closeTimeout', closeTimeout, true), scheduler };
  const dials = new Subject<ConnectionEvents<Frame, Frame, undefined>>();
  const live = new Set<LoopbackSocket>();
  let refusal: (() => DialError) | undefined;

  const end = (): LoopbackSocket => {
    const socket = new LoopbackSocket(clockOf(scheduler), delay, protocol, () => live.delete(socket));
    live.add(socket);
    return socket;
  };

  const adopt = (socket: LoopbackSocket, subscriber: Subscriber<ConnectionEvent<Frame, Frame, undefined>>): void => {
    subscriber.next({ type: 'connecting', url: target });
    new SocketConnection(socket, listen, subscriber, target, config);
    // Nobody listens any more: nothing needs to be under way to this end.
    subscriber.add(() => socket.lost());
  };

  const client$ = new Observable<ConnectionEvent<Frame, Frame, undefined>>((subscriber) => {
    const client = end();
    const server = end();
    client.peer = server;
    server.peer = client;
    let served = false;
    let over = false;

    const refused = (why: DialError): void => {
      over = true;
      server.tell(() => subscriber.error(why));
    };
    const server$ = new Observable<ConnectionEvent<Frame, Frame, undefined>>((serving) => {
      if (served || over) {
        serving.error(new DialError(target, 'this dial is over, or served already'));
        return;
      }
      served = true;
      adopt(server, serving);
      if (serving.closed) return;
      server.tell(() => client.open());
      server.open();
    });
    const arrived = (): void => {
      if (refusal) {
        refused(refusal());
        return;
      }
      dials.next(server$);
      if (!served) refused(new DialError(target, 'nobody serves it'));
    };

    subscriber.add(() => {
      over = true;
      if (!served) server.lost();
    });
    adopt(client, subscriber);
    client.tell(arrived);
  });

  return {
    client$,
    server$: dials.asObservable(),
    refuse: ({ status, retryAfter } = {}) => {
      const why = status === undefined ? 'the dial is refused' : `the server answered ${status}`;
      refusal = () => new DialError(target, why, { status, retryAfter });
    },
    accept: () => {
      refusal = undefined;
    },
    cut: (code, reason) => {
      for (const socket of [...live]) socket.lost(code, reason);
    },
  };
}
