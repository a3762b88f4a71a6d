import { type Observable, share, Subject, type Subscriber } from 'rxjs';
import { jsonCodec } from '../codecs/json.js';
import { clockOf, type Deadline } from '../core/clock.js';
import { type Connection, deriveConnection, type Frame, isOpen } from '../core/connection.js';
import { type Duration, milliseconds } from '../core/duration.js';
import type { ConnectionEvent } from '../core/event.js';
import { guarded, type Handlers, operated } from '../core/operate.js';
import { CONGESTED, HIGH_WATER, trySend } from '../core/trySend.js';
import { platformSocket } from '../transports/platformSocket.js';
import type { WebSocketLike } from '../transports/socketLike.js';
import { webSocket } from '../transports/webSocket.js';
import { dataOf, frameOf } from './legacyData.js';
import type { WebSocketSubjectConfig } from './webSocketSubjectConfig.js';

/** Who sends over a connection. */
export interface LegacySender {
  /** Messages can be sent. */
  ready(): void;
  /** The last subscriber left. */
  left(): void;
}

/** A WebSocket as rxjs shows it: one connection, and its messages, for all who subscribe. */
export class LegacyWebSocket<T> {
  readonly messages$: Observable<T>;
  #connection: Connection<T> | undefined;
  #subscriber: Subscriber<T> | undefined;
  #output: Subject<T> | undefined;
  #congestion: Deadline | undefined;
  /** What the platform said when the socket opened. */
  #opening: Event | undefined;
  #binaryType = '';

  constructor(
    private readonly config: WebSocketSubjectConfig<T>,
    private readonly sender: LegacySender,
  ) {
    const { url, protocol = [], connectTimeout = 10_000, closeTimeout = 2_000, scheduler } = config;
    const createSocket = (address: string, protocols: string[]): WebSocketLike =>
      this.#watched(this.#socket(address, protocols, closeTimeout));
    const own = { url, protocols: protocol, connectTimeout, closeTimeout, createSocket };
    const events$ = webSocket(scheduler ? { ...own, scheduler } : own);
    const connector = (): Subject<T> => (this.#output = new Subject());
    const messages$ = operated(events$, (subscriber: Subscriber<T>) => this.#begin(subscriber));
    this.messages$ = messages$.pipe(share({ connector }));
  }

  get isOpen(): boolean {
    return this.#connection !== undefined && isOpen(this.#connection);
  }

  get observed(): boolean {
    return this.#output?.observed ?? false;
  }

  /** Sends a message; false when it cannot be sent now. One that the connection refuses is the subscribers' error. */
  send(message: T, highWater = HIGH_WATER): boolean {
    if (!this.#connection) return false;
    try {
      const sent = trySend(this.#connection, message, highWater);
      if (!sent && this.isOpen) this.#congestion?.in(CONGESTED);
      return sent;
    } catch (error) {
      this.fail(error);
      return true;
    }
  }

  close(code: number, reason: string): void {
    this.#connection?.close(code, reason);
  }

  /** Ends the subscribers with an error, and the connection. */
  fail(error: unknown): void {
    this.#subscriber?.error(error);
  }

  /** Completes the subscribers, and ends the connection. */
  complete(): void {
    this.#subscriber?.complete();
  }

  #begin(subscriber: Subscriber<T>): Handlers<ConnectionEvent<Frame, Frame, undefined>, T> {
    const congestion = clockOf(this.config.scheduler).deadline(guarded(subscriber, () => this.sender.ready()));
    let ended = false;
    this.#subscriber = subscriber;
    this.#congestion = congestion;
    return {
      next: (event) => {
        if (event.type === 'message') subscriber.next(this.#decode(event.data));
        else if (event.type === 'open') this.#opened(event.connection);
      },
      error(error) {
        ended = true;
        subscriber.error(error);
      },
      complete() {
        ended = true;
        subscriber.complete();
      },
      finalize: () => {
        congestion.cancel();
        if (!ended) this.sender.left();
      },
    };
  }

  #opened(inner: Connection<Frame>): void {
    const { serializer = (message: T) => jsonCodec.encode(message), openObserver } = this.config;
    const send = (message: T): void => inner.send(frameOf(serializer(message)));
    this.#connection = deriveConnection<Frame, T, unknown>(inner, { send });
    openObserver?.next(this.#opening as Event);
    this.sender.ready();
  }

  #decode(frame: Frame): T {
    const { deserializer } = this.config;
    if (!deserializer) return jsonCodec.decode(frame) as T;
    // Not one of the platform's own, which not every platform lets one make; deserializers look at the data.
    return deserializer({ type: 'message', data: dataOf(frame, this.#binaryType) } as MessageEvent);
  }

  #socket(address: string, protocols: string[], closeTimeout: Duration): WebSocketLike {
    const { protocol, WebSocketCtor } = this.config;
    if (!WebSocketCtor) return platformSocket(address, protocols, {}, milliseconds(closeTimeout));
    return protocol ? new WebSocketCtor(address, protocol) : new WebSocketCtor(address);
  }

  /** The observers of the config are given the platform's own events, also those of a socket that nobody listens to any more. */
  #watched(socket: WebSocketLike): WebSocketLike {
    const { binaryType, closeObserver } = this.config;
    const subscriber = this.#subscriber as Subscriber<T>;
    const opened = (event: Event): void => {
      this.#opening = event;
    };
    const closed = guarded(subscriber as Subscriber<never>, (event: CloseEvent) => closeObserver?.next(event));
    this.#binaryType = binaryType ?? socket.binaryType;
    socket.addEventListener('open', opened as () => void);
    socket.addEventListener('close', closed as () => void);
    return socket;
  }
}
