import { Subject, type Subscriber } from 'rxjs';
import { type Connection, type Frame, isOpen } from '../core/connection.js';
import { isNamed, messageOf } from '../core/errors.js';
import type { ConnectionClose, ConnectionEvent, ConnectionEvents, ReconnectingEvent } from '../core/event.js';
import { receiver } from '../core/operate.js';
import { Outcome } from '../core/outcome.js';
import { sendFrom } from '../operators/sendFrom.js';
import type { ConnectionStatus } from './connectionState.js';
import { failureOf } from './failureOf.js';
import { type News, trouble } from './news.js';
import type { Outgoing } from './outgoing.js';
import type { SessionHost } from './sessionHost.js';
import { WebSocketError, WS_ERROR_CODES } from './webSocketError.js';

/** What happens between a call of `connect()` and the end of what it began. */
export class Session {
  readonly opening = new Outcome();
  private readonly outgoing$ = new Subject<Outgoing>();
  private readonly waiting = new Map<Outgoing, Outcome>();
  private readonly life: Subscriber<ConnectionEvent<unknown, Outgoing>>;
  private connection: Connection<Outgoing> | undefined;
  private farewell: ConnectionClose<Outgoing> | undefined;
  private leave: (Outcome & { readonly code: number; readonly reason: string }) | undefined;
  private wasOpen = false;
  private attempts = 0;
  private totalDelay = 0;

  constructor(
    private readonly host: SessionHost,
    private readonly protocols: readonly string[],
  ) {
    this.life = receiver<ConnectionEvent<unknown, Outgoing>, never>({
      next: (event) => this.heard(event),
      error: (cause) => this.gaveUp(cause),
      complete: () => this.finish(),
    });
  }

  begin(link$: ConnectionEvents<unknown, Outgoing>): void {
    const { retry, queueSize, scheduler } = this.host.settings;
    link$.pipe(retry, sendFrom(this.outgoing$, { buffer: queueSize, scheduler })).subscribe(this.life);
  }

  send(message: unknown, frame: Frame): Promise<void> {
    const outcome = new Outcome();
    const sent = (): void => {
      this.waiting.delete(outgoing);
      this.host.book.messagesSent++;
      outcome.resolve();
    };
    const outgoing: Outgoing = { message, frame, sent };
    this.waiting.set(outgoing, outcome);
    this.outgoing$.next(outgoing);
    return outcome.promise;
  }

  /** Takes leave of the peer, where there is one. */
  end(code: number, reason: string): Promise<void> {
    if (this.leave) return this.leave.promise;
    this.leave = Object.assign(new Outcome(), { code, reason });
    if (this.connection && isOpen(this.connection)) {
      this.host.left();
      this.connection.close(code, reason);
    } else this.cut();
    return this.leave.promise;
  }

  /** Ends a session that takes its leave. */
  cut(wasClean = false): void {
    const { leave } = this;
    if (!leave) return;
    this.close();
    this.host.tell({ event: { type: 'disconnected', code: leave.code, reason: leave.reason, wasClean } });
    this.settle(new WebSocketError('disconnected', WS_ERROR_CODES.CONNECTION_FAILED, true));
    leave.resolve();
  }

  private heard(event: ConnectionEvent<unknown, Outgoing>): void {
    const { host, leave } = this;
    switch (event.type) {
      case 'open':
        this.opened(event.connection);
        break;
      case 'message':
        if (!leave) host.deliver(event.data);
        break;
      case 'malformed':
        if (!leave) host.tell(trouble(unreadable(event.error)));
        break;
      case 'close':
        this.farewell = event;
        if (leave) this.cut(event.wasClean);
        break;
      case 'reconnecting':
        if (leave) this.cut();
        else this.lost(event);
        break;
      case 'dropped':
        // Those that waited until the end are told of it when it has come.
        if (event.reason !== 'ended') this.fail(event.message as Outgoing, 'the queue was full');
        break;
    }
  }

  private opened(connection: Connection<Outgoing>): void {
    const { host, attempts, totalDelay, protocols, wasOpen } = this;
    this.connection = connection;
    this.wasOpen = true;
    this.attempts = this.totalDelay = 0;
    this.opening.resolve();
    host.book.opened(connection.traffic);
    if (wasOpen) {
      host.book.reconnects++;
      host.tell({ event: { type: 'reconnected', attempts, totalDelay } });
    } else host.tell({ event: { type: 'connected', url: connection.url, protocols } });
  }

  private lost({ attempt, delay, cause }: ReconnectingEvent): void {
    this.attempts++;
    this.totalDelay += delay;
    const { maxAttempts } = this.host.settings;
    const error = isNamed(cause, 'ConnectionClosedError') ? [] : [trouble(failureOf(cause))];
    const next: News = { event: { type: 'reconnecting', attempt, delay, maxAttempts } };
    this.host.tell(...this.down('reconnecting', cause), ...error, next);
  }

  private gaveUp(cause: unknown): void {
    const { retries, maxAttempts } = this.host.settings;
    const failure = failureOf(cause);
    // Where nobody wants another connection, the end of this one is no failure.
    if (!retries && isNamed(cause, 'ConnectionClosedError') && failure.recoverable) this.finish(cause);
    else if (!retries || !failure.recoverable) this.finish(cause, failure);
    else {
      const why = `gave up after attempt ${maxAttempts}: ${failure.message}`;
      this.finish(cause, new WebSocketError(why, WS_ERROR_CODES.MAX_RECONNECTS, false, failure));
    }
  }

  /** The session ends by itself. */
  private finish(cause?: unknown, error?: WebSocketError): void {
    if (this.leave) {
      this.cut();
      return;
    }
    const status = error && 'failed';
    const news = this.down(status, cause);
    this.close();
    this.host.tell(...news, ...(error ? [trouble(error, status)] : []));
    this.settle(error ?? new WebSocketError('disconnected', WS_ERROR_CODES.CONNECTION_FAILED, true));
  }

  /** What is told of a connection that is gone, if there was one. */
  private down(status: ConnectionStatus | undefined, cause: unknown): News[] {
    if (!this.connection) return [];
    const { code = 1006, reason = messageOf(cause), wasClean = false } = this.farewell ?? {};
    this.connection = this.farewell = undefined;
    this.host.book.closed();
    return [{ event: { type: 'disconnected', code, reason, wasClean }, ...(status && { status }) }];
  }

  /** Lets go of the connection. */
  private close(): void {
    this.life.unsubscribe();
    this.host.book.closed();
    this.host.ended();
  }

  /** Answers those who still wait. */
  private settle(error: WebSocketError): void {
    this.opening.reject(error);
    for (const outgoing of [...this.waiting.keys()]) this.fail(outgoing, 'the client was disconnected before');
  }

  private fail(outgoing: Outgoing, why: string): void {
    const error = new WebSocketError(`not sent: ${why}`, WS_ERROR_CODES.SEND_FAILED, true);
    this.waiting.get(outgoing)?.reject(error);
    this.waiting.delete(outgoing);
    this.host.tell(trouble(error));
  }
}

/** A frame that could not be read. */
function unreadable(error: Error): WebSocketError {
  return new WebSocketError(error.message, WS_ERROR_CODES.INVALID_MESSAGE, true, error);
}
