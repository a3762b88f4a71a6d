import { Observable, type Subscriber } from 'rxjs';
import { type Connection, deriveConnection } from './connection.js';
import { HandshakeError } from './errors.js';
import type { ConnectionEvent } from './event.js';

type Told<In, Out, Session = unknown> = Extract<ConnectionEvent<In, Out, Session>, { connection: unknown }>;

/** One connection on its way to a session: its messages go to who is subscribed to `messages$`, all else waits. */
export class Meeting<In, Out, Session> {
  /** Whether there is a session. */
  agreed = false;
  readonly messages$ = new Observable<In>((listener) => this.#listen(listener));
  #connection: Connection<Out, Session> | undefined;
  readonly #listeners = new Set<Subscriber<In>>();
  readonly #waiting: Told<In, Out>[] = [];

  constructor(
    readonly inner: Connection<Out>,
    private readonly subscriber: Subscriber<ConnectionEvent<In, Out, Session>>,
    private readonly fail: (meeting: Meeting<In, Out, Session>, error: HandshakeError) => void,
  ) {}

  tell(event: Told<In, Out>): void {
    const connection = this.#connection;
    if (connection) {
      this.subscriber.next(
        event.type === 'message' ? { type: 'message', connection, data: event.data } : { ...event, connection },
      );
    } else if (event.type === 'message' && this.#listeners.size > 0) {
      // A copy: who begins to listen because of a message does not get that message.
      for (const listener of [...this.#listeners]) listener.next(event.data);
    } else if (this.#waiting.push(event) > 100 && !this.agreed) {
      // A peer that sends so much does not take part in the exchange.
      this.fail(this, new HandshakeError('more than 100 events wait', 'overflow'));
    }
  }

  agree(session: Session): void {
    this.agreed = true;
    const { subscriber } = this;
    const connection = deriveConnection<Out, Out, Session>(this.inner, { session });
    // Not completed: a promise of a further message, that nobody awaits any more, would be rejected and nobody would catch it.
    this.#listeners.clear();
    subscriber.next({ type: 'open', connection });
    // What arrives while the consumer is told of what waited has to wait behind it.
    for (const event of this.#waiting) subscriber.next({ ...event, connection });
    this.#connection = connection;
    this.#waiting.length = 0;
  }

  #listen(listener: Subscriber<In>): void {
    if (this.agreed) return;
    for (let at = 0; at < this.#waiting.length && !listener.closed;) {
      const event = this.#waiting[at];
      if (event?.type === 'message') {
        this.#waiting.splice(at, 1);
        listener.next(event.data);
      } else at++;
    }
    this.#listeners.add(listener);
    listener.add(() => this.#listeners.delete(listener));
  }
}
