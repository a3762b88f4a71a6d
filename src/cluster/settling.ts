import { from, noop, type ObservableInput, type Subscriber, take } from 'rxjs';
import { type Connection, isOpen } from '../core/connection.js';
import { operate } from '../core/operate.js';
import type { Passage } from './passage.js';

/** What a partition waits for before its messages go another way than the one before. */
export interface Barrier {
  readonly done: boolean;
}

/** Tells when what was sent over a connection has been handled. Its first value, or its end, counts. */
export type Settled<Out, Session> = (old: Connection<Out, Session>) => ObservableInput<unknown>;

/** Done once everything was handed to the network. */
class HandedOver implements Barrier {
  constructor(private readonly connection: Pick<Connection<never>, 'readyState' | 'bufferedAmount'>) {}

  get done(): boolean {
    return !isOpen(this.connection) || this.connection.bufferedAmount === 0;
  }
}

/** Asked for once by all partitions that leave a connection for the same reason. */
class Asked<Out, Session> implements Barrier {
  private answered = false;

  constructor(
    private readonly connection: Connection<Out, Session>,
    readonly round: number,
  ) {}

  /** What goes over a connection that has ended is settled, one way or the other. */
  get done(): boolean {
    return this.answered || !isOpen(this.connection);
  }

  ask(settled: Settled<Out, Session>, subscriber: Subscriber<never>, changed: () => void): void {
    const complete = (): void => {
      this.answered = true;
      changed();
    };
    operate({ source: from(settled(this.connection)).pipe(take(1)), subscriber, next: noop, complete });
  }
}

/** Waits for what is under way over the connections that partitions leave. */
export class Settling<Out, Session> {
  private round = 0;
  private readonly asked = new WeakMap<Passage<Out, Session>, Asked<Out, Session>>();

  constructor(
    private readonly settled: Settled<Out, Session> | undefined,
    private readonly subscriber: Subscriber<never>,
    private readonly changed: () => void,
  ) {}

  /** Routes have changed: what was asked before says nothing about partitions that leave a connection from now on. */
  renew(): void {
    this.round += 1;
  }

  /** A barrier for a partition that has sent its last message over `passage`. */
  leave(passage: Passage<Out, Session>): Barrier {
    const { connection } = passage;
    if (!this.settled) return new HandedOver(connection);
    let asked = this.asked.get(passage);
    if (asked?.round !== this.round) {
      asked = new Asked(connection, this.round);
      this.asked.set(passage, asked);
      if (isOpen(connection)) asked.ask(this.settled, this.subscriber, this.changed);
    }
    return asked;
  }
}
