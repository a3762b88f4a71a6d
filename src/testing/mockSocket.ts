import type { SchedulerLike, Subscriber } from 'rxjs';
import type { Outgoing } from '../client/outgoing.js';
import { type Connection, connectionId, expectOpen, ReadyState } from '../core/connection.js';
import { ConnectionClosedError, DialError } from '../core/errors.js';
import type { ConnectionEvent } from '../core/event.js';
import { withoutSecrets } from '../core/url.js';

/** A connection of a client that has no network: it opens in the next turn, and ends when it is told to. */
export class MockSocket implements Connection<Outgoing, undefined> {
  readonly id = connectionId();
  readonly url: string;
  readonly bufferedAmount = 0;
  readonly session = undefined;
  readyState: number = ReadyState.CONNECTING;

  constructor(
    private readonly subscriber: Subscriber<ConnectionEvent<never, Outgoing>>,
    url: string,
    readonly protocol: string,
    private readonly sent: (message: unknown) => void,
    scheduler: SchedulerLike,
  ) {
    this.url = withoutSecrets(url);
    subscriber.next({ type: 'connecting', url: this.url });
    subscriber.add(scheduler.schedule(() => this.open()));
    subscriber.add(() => (this.readyState = ReadyState.CLOSED));
  }

  send(outgoing: Outgoing): void {
    expectOpen(this);
    this.sent(outgoing.message);
    outgoing.sent();
  }

  close(code = 1000, reason = ''): void {
    this.end(code, reason, true);
  }

  /** Ends the connection, or the dial. */
  end(code: number, reason: string, wasClean: boolean): void {
    const { subscriber, readyState } = this;
    if (readyState === ReadyState.CLOSED) return;
    this.readyState = ReadyState.CLOSED;
    if (readyState === ReadyState.CONNECTING) {
      subscriber.error(new DialError(this.url, `closed with code ${code}`));
      return;
    }
    subscriber.next({ type: 'close', connection: this, code, reason, wasClean });
    if (code === 1000) subscriber.complete();
    else subscriber.error(new ConnectionClosedError(code, reason));
  }

  private open(): void {
    if (this.readyState !== ReadyState.CONNECTING) return;
    this.readyState = ReadyState.OPEN;
    this.subscriber.next({ type: 'open', connection: this });
  }
}
