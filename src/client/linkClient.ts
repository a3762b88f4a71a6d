import { Subject } from 'rxjs';
import { checkClose } from '../core/closeCodes.js';
import type { Frame } from '../core/connection.js';
import { messageOf } from '../core/errors.js';
import { Outcome } from '../core/outcome.js';
import { withoutSecrets } from '../core/url.js';
import type { ClientSettings } from './clientSettings.js';
import { type ConnectionState, connectionStateAfter, idle } from './connectionState.js';
import { type ConnectionStats, ConnectionStatsBook } from './connectionStats.js';
import type { Link } from './link.js';
import { listen } from './listen.js';
import { type News, trouble } from './news.js';
import { Session } from './session.js';
import type { SessionHost } from './sessionHost.js';
import type {
  EventListener,
  MessageListener,
  Unsubscribe,
  WebSocketClient,
  WebSocketMessage,
} from './webSocketClient.js';
import { WebSocketError, WS_ERROR_CODES } from './webSocketError.js';
import type { WebSocketEvent } from './webSocketEvent.js';

/** What listeners are told: an event, with the message if it is one. */
interface Told {
  readonly event: WebSocketEvent<never>;
  readonly message?: WebSocketMessage<never>;
}

/** A client over any kind of link. */
export class LinkClient<In, Out> implements WebSocketClient<In, Out>, SessionHost {
  readonly book = new ConnectionStatsBook();
  private readonly told = new Subject<Told>();
  /** What was not told to all yet: a listener may cause more, and all listeners hear everything in the same order. */
  private readonly untold: Told[] = [];
  private isTelling = false;
  private session: Session | undefined;
  private current: ConnectionState = idle;

  constructor(
    private readonly link: Link,
    readonly settings: ClientSettings,
  ) {}

  get state(): ConnectionState {
    return this.current;
  }

  get stats(): ConnectionStats {
    const { connectedAt } = this.current;
    return { ...this.book.read(), uptime: connectedAt ? this.settings.scheduler.now() - connectedAt.getTime() : 0 };
  }

  connect(url = this.settings.url ?? '', protocols = this.settings.protocols): Promise<void> {
    // What is left to say to the peer of before must not be heard as the new one's.
    this.session?.cut();
    if (this.session) {
      return this.refuse(
        new WebSocketError('connected or connecting already', WS_ERROR_CODES.CONNECTION_FAILED, false),
      );
    }
    try {
      const link$ = this.link(url, protocols);
      const session = (this.session = new Session(this, protocols));
      this.current = { ...idle, status: 'connecting', url: withoutSecrets(url), protocols };
      session.begin(link$);
      return session.opening.promise;
    } catch (error) {
      return refusal(error as Error);
    }
  }

  disconnect(code = 1000, reason = ''): Promise<void> {
    try {
      checkClose(code, reason);
    } catch (error) {
      return refusal(error as Error);
    }
    if (this.session) return this.session.end(code, reason);
    this.current = idle;
    return Promise.resolve();
  }

  send(message: Out): Promise<void> {
    const { session, settings, state } = this;
    if (!session || state.status === 'disconnected') {
      return this.refuse(new WebSocketError('not sent: not connected', WS_ERROR_CODES.SEND_FAILED, true));
    }
    let frame: Frame;
    try {
      frame = settings.codec.encode(message);
    } catch (cause) {
      return this.refuse(new WebSocketError(messageOf(cause), WS_ERROR_CODES.INVALID_MESSAGE, false, cause));
    }
    return session.send(message, frame);
  }

  subscribe<T extends In>(listener: MessageListener<T>): Unsubscribe {
    return listen(this.told, ({ message }) => message && listener(message));
  }

  subscribeToEvents(listener: EventListener<In>): Unsubscribe {
    return listen(this.told, ({ event }) => listener(event));
  }

  tell(...news: readonly News[]): void {
    const timestamp = this.settings.scheduler.now();
    for (const { event, status } of news) {
      const timed = { timestamp, ...event } as WebSocketEvent<never>;
      if (timed.type === 'error') this.book.errors++;
      this.current = connectionStateAfter(this.current, timed, status);
      this.untold.push({ event: timed });
    }
    this.tellAll();
  }

  deliver(data: unknown): void {
    const { type, id } = (data ?? {}) as { readonly type?: unknown; readonly id?: unknown };
    const timestamp = this.settings.scheduler.now();
    this.deliverMessage({
      type: typeof type === 'string' ? type : 'message',
      data,
      timestamp,
      ...(typeof id === 'string' && { id }),
    });
  }

  deliverMessage(message: WebSocketMessage): void {
    const { data, timestamp } = message;
    this.book.messagesReceived++;
    const event = { type: 'message', data: data as never, timestamp } as const;
    this.untold.push({ event, message: message as WebSocketMessage<never> });
    this.tellAll();
  }

  left(): void {
    this.current = idle;
  }

  ended(): void {
    this.session = undefined;
  }

  private tellAll(): void {
    if (this.isTelling) return;
    this.isTelling = true;
    for (let told = this.untold.shift(); told; told = this.untold.shift()) this.told.next(told);
    this.isTelling = false;
  }

  private refuse(error: WebSocketError): Promise<void> {
    const outcome = new Outcome();
    outcome.reject(error);
    this.tell(trouble(error));
    return outcome.promise;
  }
}

/** Who calls with what cannot be has to hear of it: unlike other rejections, this one is not looked at here. */
function refusal(error: Error): Promise<never> {
  return Promise.reject(error);
}
