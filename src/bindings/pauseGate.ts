import type { Connection } from '../core/connection.js';
import type { ConnectionEvent } from '../core/event.js';

/** How many gates hold each connection: those of all who share it. */
const holders = /* @__PURE__ */ new WeakMap<object, number>();

/** Stands between connections and a consumer: while it is shut, they are paused, where the platform can. */
export class PauseGate {
  #isShut = false;
  readonly #held = new Set<Pick<Connection<never>, 'resume'>>();

  /** Takes note of every event, after it was delivered. */
  saw<In, Out, Session>(event: ConnectionEvent<In, Out, Session>): void {
    if (!this.#isShut || !('connection' in event)) return;
    const { connection } = event;
    if (event.type === 'close' || event.type === 'retired') this.#held.delete(connection);
    else {
      if (!this.#held.has(connection)) holders.set(connection, (holders.get(connection) ?? 0) + 1);
      this.#held.add(connection);
      // Every time: a connection that is told to close reads on.
      connection.pause?.();
    }
  }

  /** From the next event on, what opens or still speaks is paused. */
  shut(): void {
    this.#isShut = true;
  }

  /** What no other gate holds is read again. */
  open(): void {
    this.#isShut = false;
    const held = [...this.#held];
    this.#held.clear();
    for (const connection of held) {
      const others = (holders.get(connection) ?? 1) - 1;
      holders.set(connection, others);
      if (others === 0) connection.resume?.();
    }
  }
}
