import type { SchedulerLike } from 'rxjs';
import { type Clock, clockOf, type Deadline } from '../core/clock.js';
import { CLOSED, type Connection, connectionId, isOpen } from '../core/connection.js';
import { BufferOverflowError } from '../core/errors.js';
import type { ConnectionEvents } from '../core/event.js';
import { expectCount } from '../core/expect.js';
import { Fifo } from '../core/fifo.js';
import { CONGESTED, trySend } from '../core/trySend.js';
import type { ConnectionProvider } from './connectionProvider.js';
import { type ProvidedNode, Provider } from './provider.js';

export interface HttpSyncProviderConfig {
  /** How many messages may wait for a connection; 1,000 by default. `send()` throws a `BufferOverflowError` for one more. */
  readonly buffer?: number;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

class HttpSyncProvider<In, Out> extends Provider<In, Out> {
  private readonly node: ProvidedNode<Out> = { id: 'http' };
  private readonly queue = new Fifo<{ readonly message: Out }>();
  private readonly connection = this.queueing();
  private readonly congestion: Deadline;
  private flushing = false;

  constructor(
    private readonly connection$: ConnectionEvents<In, Out>,
    private readonly buffer: number,
    clock: Clock,
  ) {
    super();
    this.congestion = clock.deadline(() => this.flush());
  }

  override getAnyConnection(): Connection<Out> {
    return this.connection;
  }

  override getConnection(): Connection<Out> {
    return this.connection;
  }

  override send(message: Out): void {
    if (this.isClosed) throw this.notOpen();
    this.flush();
    const { connection } = this.node;
    if (!this.flushing && this.queue.length === 0 && connection && trySend(connection, message)) return;
    if (this.queue.length >= this.buffer) throw new BufferOverflowError(this.buffer);
    this.queue.push({ message });
    this.lookAgain();
  }

  protected override abandon(): void {
    if (!this.isClosed) return;
    this.congestion.cancel();
    for (let one = this.queue.shift(); one; one = this.queue.shift()) {
      this.tell({ type: 'dropped', message: one.message, reason: 'ended' });
    }
  }

  protected override dial(): ConnectionEvents<In, Out> {
    return this.connection$.pipe(this.follow(this.node));
  }

  /** What waited goes before what listeners send. */
  protected override opened(node: ProvidedNode<Out>, connection: Connection<Out>): void {
    node.connection = connection;
    this.flush();
    // What was sent may have led to its end.
    if (node.connection === connection) super.opened(node, connection);
  }

  private flush(): void {
    if (this.flushing) return;
    this.congestion.cancel();
    this.flushing = true;
    while (this.queue.length > 0 && this.sentFirst());
    this.flushing = false;
  }

  /** Sockets do not tell when they take more. */
  private lookAgain(): void {
    const { connection } = this.node;
    if (connection && isOpen(connection)) this.congestion.in(CONGESTED);
  }

  /** Whether the first message that waits is out of the way. */
  private sentFirst(): boolean {
    const { queue, node } = this;
    const { connection } = node;
    if (!connection) return false;
    const first = queue.shift();
    if (!first) return false;
    try {
      if (trySend(connection, first.message)) return true;
      queue.unshift(first);
      this.lookAgain();
      return false;
    } catch (error) {
      // A message that cannot be sent at all must not stand in the way of the others.
      this.tell({ type: 'error', node: node.id, error });
      return true;
    }
  }

  private queueing(): Connection<Out> {
    const current = (): Connection<Out> | undefined => this.node.connection;
    const url = (): string => this.url;
    return {
      id: connectionId(),
      get url() {
        return url();
      },
      protocol: '',
      get readyState() {
        return current()?.readyState ?? CLOSED;
      },
      get bufferedAmount() {
        return current()?.bufferedAmount ?? 0;
      },
      session: undefined,
      send: (message) => this.send(message),
      close: (code, reason) => current()?.close(code, reason),
    };
  }
}

/**
 * Provides a connection that has nothing to hold on to, as node `http`. `getAnyConnection()` never throws: it gives a connection that
 * outlives all others, and lets messages wait, in order, until there is one.
 *
 * @example
 * const provider = httpSyncProvider(httpPolling({ url: 'https://chat.example.com/poll' }).pipe(json<Chat>(), reconnect()));
 */
export function httpSyncProvider<In, Out>(
  connection$: ConnectionEvents<In, Out>,
  { buffer = 1_000, scheduler }: HttpSyncProviderConfig = {},
): ConnectionProvider<In, Out> {
  return new HttpSyncProvider(connection$, expectCount('httpSyncProvider', 'buffer', buffer, 0), clockOf(scheduler));
}
