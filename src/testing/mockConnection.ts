import { type Observable, Subject } from 'rxjs';
import { checkClose } from '../core/closeCodes.js';
import { type Connection, ReadyState } from '../core/connection.js';
import { NotOpenError } from '../core/errors.js';

export interface MockConnectionConfig<Session> {
  /** `ws://` and the id by default. */
  readonly url?: string;
  readonly protocol?: string;
  readonly session?: Session;
  /** Whether there are `ping`, `pause` and `resume`, as on Node; true by default. */
  readonly node?: boolean;
}

/** A call of `close()`. */
export interface CloseCall {
  readonly code: number;
  readonly reason: string;
}

/** A connection without a network, for tests: it is open, remembers what is done to it, and changes its state when it is told to. */
export class MockConnection<Out = unknown, Session = unknown> implements Connection<Out, Session> {
  readonly url: string;
  readonly protocol: string;
  readonly session: Session;
  /** May be set. */
  bufferedAmount = 0;
  /** One of `ReadyState`; may be set. OPEN at first. */
  readyState: number = ReadyState.OPEN;
  /** The messages that were sent, in order. */
  readonly sent: Out[] = [];
  /** The messages as they are sent: what `expectObservable` draws. Never ends. */
  readonly sent$: Observable<Out>;
  /** The calls of `close()`, in order. */
  readonly closed: CloseCall[] = [];
  /** How many protocol pings were sent. */
  pings = 0;
  /** Whether it was paused, and not resumed since. */
  paused = false;
  readonly ping?: () => void;
  readonly pause?: () => void;
  readonly resume?: () => void;
  readonly isPaused?: () => boolean;
  readonly #sent = new Subject<Out>();
  #refusal: { readonly error: unknown } | undefined;

  constructor(
    readonly id: string,
    { url = `ws://${id}`, protocol = '', session, node = true }: MockConnectionConfig<Session> = {},
  ) {
    this.url = url;
    this.protocol = protocol;
    this.session = session as Session;
    this.sent$ = this.#sent;
    if (node) {
      this.ping = () => {
        this.#expectOpen();
        this.pings += 1;
      };
      this.pause = () => {
        this.paused = true;
      };
      this.resume = () => {
        this.paused = false;
      };
      this.isPaused = () => this.paused;
    }
  }

  send(message: Out): void {
    this.#expectOpen();
    if (this.#refusal) throw this.#refusal.error;
    this.sent.push(message);
    this.#sent.next(message);
  }

  close(code = 1000, reason = ''): void {
    checkClose(code, reason);
    this.closed.push({ code, reason });
    if (this.readyState !== ReadyState.CLOSED) this.readyState = ReadyState.CLOSING;
  }

  /** Makes every send throw `error`, an ordinary Error by default, until `acceptSends()`. */
  failSends(error: unknown = new Error('the send failed')): void {
    this.#refusal = { error };
  }

  acceptSends(): void {
    this.#refusal = undefined;
  }

  /** Makes its state CONNECTING: sends throw. */
  connecting(): void {
    this.readyState = ReadyState.CONNECTING;
  }

  /** Makes its state OPEN. */
  open(): void {
    this.readyState = ReadyState.OPEN;
  }

  /** Makes its state CLOSING: sends throw. */
  closing(): void {
    this.readyState = ReadyState.CLOSING;
  }

  /** Makes its state CLOSED, as when the link breaks: sends throw. */
  lost(): void {
    this.readyState = ReadyState.CLOSED;
  }

  #expectOpen(): void {
    if (this.readyState !== ReadyState.OPEN) throw new NotOpenError(this.readyState, this.url);
  }
}

/** Makes a {@link MockConnection}. */
export function mockConnection<Out = unknown, Session = unknown>(
  id: string,
  config?: MockConnectionConfig<Session>,
): MockConnection<Out, Session> {
  return new MockConnection(id, config);
}
