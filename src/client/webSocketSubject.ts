import { Observable, ObjectUnsubscribedError, type Observer, share, Subject, type Subscription } from 'rxjs';
import { checkClose } from '../core/closeCodes.js';
import { messageOf } from '../core/errors.js';
import { guarded, operate } from '../core/operate.js';
import type { Address } from '../transports/address.js';
import { LegacyWebSocket } from './legacyWebSocket.js';
import { Outbox, type Posted } from './outbox.js';
import type { WebSocketConstructor, WebSocketSubjectConfig } from './webSocketSubjectConfig.js';

/** How a socket is to be closed. */
interface Farewell {
  readonly code: number;
  readonly reason: string;
}

/** What {@link webSocketSubject} gives: what it hears are the messages that arrive, what it is told is sent. */
export class WebSocketSubject<T> extends Subject<T> {
  readonly #config: WebSocketSubjectConfig<T>;
  readonly #outbox: Outbox<T>;
  #socket: LegacyWebSocket<T>;
  /** What is to be done when all that waits was sent. */
  #farewell: Farewell | undefined;

  constructor(urlOrConfig: Address | WebSocketSubjectConfig<T>) {
    super();
    const given = 'url' in Object(urlOrConfig) ? urlOrConfig : { url: urlOrConfig };
    const { WebSocket } = globalThis as { WebSocket?: WebSocketConstructor };
    this.#config = { ...(WebSocket && { WebSocketCtor: WebSocket }), ...(given as WebSocketSubjectConfig<T>) };
    const { buffer = 10_000, overflow = 'error', droppedObserver } = this.#config;
    this.#outbox = new Outbox<T>('webSocketSubject', {
      buffer,
      overflow,
      send: (message) => this.#socket.send(message),
      dropped: (event) => droppedObserver?.next(event),
    });
    this.#socket = this.#nextSocket();
  }

  /** Whether somebody is subscribed. */
  override get observed(): boolean {
    return this.#socket.observed;
  }

  /** The first subscriber dials, the last one to leave hangs up with 1000. */
  override subscribe(
    observerOrNext?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    this.#expectUsable();
    return this.#socket.messages$.subscribe(observerOrNext as (value: T) => void, error, complete);
  }

  /** Sends a message; without a connection it waits for the next one, also for that of a later subscriber. */
  override next(message: T): void {
    this.#expectUsable();
    this.#post(message);
  }

  /**
   * Closes the connection with `{ code, reason }` after what waits was sent. The subscribers end as by any close: with 1000 they
   * complete, with another code they err. With anything else, such as the error of a source, they err with a TypeError.
   */
  override error(error: unknown): void {
    this.#expectUsable();
    const { code = NaN, reason = '' } = Object(error) as Partial<Farewell>;
    try {
      checkClose(code, reason);
    } catch (cause) {
      const what = `webSocketSubject: error() takes { code, reason } to close with (${messageOf(cause)})`;
      const refusal = new TypeError(what, { cause: error });
      if (!this.observed) throw refusal;
      this.#socket.fail(refusal);
      return;
    }
    this.#leave({ code, reason });
  }

  /** Closes the connection with 1000 after what waits was sent. The next subscriber dials again. */
  override complete(): void {
    this.#expectUsable();
    this.#leave({ code: 1000, reason: '' });
  }

  /** Ends it for good: subscribers complete, the connection is closed with 1000, and what waits is dropped. */
  override unsubscribe(): void {
    super.unsubscribe();
    this.#socket.complete();
    this.#outbox.clear();
  }

  /**
   * A subscription of the server's: the first subscriber of the result sends what `subMsg` gives, the last one to leave what
   * `unsubMsg` gives, unless the connection is gone; what arrives in between is filtered.
   */
  multiplex(subMsg: () => unknown, unsubMsg: () => unknown, messageFilter: (value: T) => boolean): Observable<T> {
    const messages$ = new Observable<T>((subscriber) => {
      const socket = this.#socket;
      const sub = this.#post(subMsg() as T);
      const leave = (): void => {
        // The server does not know of it yet, or the connection it knew it by is gone.
        if (this.#outbox.withdraw(sub) || !socket.isOpen) return;
        socket.send(unsubMsg() as T, Infinity);
      };
      // Before the messages are let go, and with them the connection, if nobody else listens.
      subscriber.add(guarded(subscriber, leave));
      operate({
        source: socket.messages$,
        subscriber,
        next(message) {
          if (messageFilter(message)) subscriber.next(message);
        },
      });
    });
    return messages$.pipe(share());
  }

  #nextSocket(): LegacyWebSocket<T> {
    const socket = new LegacyWebSocket<T>(this.#config, {
      ready: () => this.#flush(),
      left: () => {
        if (socket === this.#socket) this.#farewell = undefined;
      },
    });
    return socket;
  }

  #post(message: T): Posted<T> {
    const posted = this.#outbox.post(message);
    // Its serializer may have completed the subject.
    if (this.#farewell) this.#flush();
    return posted;
  }

  #flush(): void {
    this.#outbox.flush();
    const socket = this.#socket;
    const farewell = this.#farewell;
    if (!farewell || !socket.isOpen || !this.#outbox.isEmpty) return;
    this.#farewell = undefined;
    this.#config.closingObserver?.next(undefined);
    // Whoever subscribes from here on dials anew; those who did hear the rest.
    this.#socket = this.#nextSocket();
    socket.close(farewell.code, farewell.reason);
  }

  #leave(farewell: Farewell): void {
    if (!this.observed && this.#outbox.isEmpty) return;
    this.#farewell = farewell;
    this.#flush();
  }

  #expectUsable(): void {
    if (this.closed) throw new ObjectUnsubscribedError();
  }
}

/**
 * rxjs's `webSocket()`, which it takes the place of: a Subject whose messages go over a WebSocket, one connection for all subscribers.
 *
 * What waits for a connection outlives it: `retry` and `repeat` lose nothing of it. Only a close with 1000 completes; any other
 * errors with a `ConnectionClosedError`, a dial that fails with a `DialError`. `docs/migrating-from-rxjs-webSocket.md` lists what else differs.
 *
 * @example
 * const chat$ = webSocketSubject<Chat>('wss://chat.example.com');
 * chat$.pipe(retry({ delay: 1_000 })).subscribe((message) => show(message));
 * chat$.next({ kind: 'say', text: 'hello' });
 */
export function webSocketSubject<T>(urlOrConfig: Address | WebSocketSubjectConfig<T>): WebSocketSubject<T> {
  return new WebSocketSubject(urlOrConfig);
}
