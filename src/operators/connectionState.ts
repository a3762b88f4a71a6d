import { asyncScheduler, type Observable, type SchedulerLike } from 'rxjs';
import type { Connection } from '../core/connection.js';
import { ConnectionClosedError } from '../core/errors.js';
import type { ConnectionClose, ConnectionEvent, ConnectionEvents } from '../core/event.js';
import { operated } from '../core/operate.js';
import {
  type InternalState,
  remember,
  shown,
  type State,
  type StateChange,
  type StateEvent,
  transition,
} from '../core/state.js';

/** How a connection stands. */
export interface ConnectionSnapshot<Out = unknown, Session = unknown> {
  /** The state to show to users: a connection that is being handed over is ACTIVE. */
  readonly state: State;
  readonly internalState: InternalState;
  /** The number of the retry that is waited for or under way; 0 when there is none. */
  readonly attempt: number;
  /** When `internalState` was entered, in the time of the scheduler. */
  readonly since: number;
  /** The connection in use; undefined while there is none. */
  readonly connection: Connection<Out, Session> | undefined;
  /** Why there is no connection, where that is known: what ended the last one, the dial or the stream. */
  readonly cause: unknown;
  /** The last 50 changes of `internalState`, the latest last. */
  readonly history: readonly StateChange[];
}

export interface ConnectionStateConfig {
  /** Told of an event that the state machine does not allow, and which therefore did not change the state. No source that keeps the laws causes one. */
  readonly onIllegal?: (state: InternalState, event: StateEvent) => void;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/**
 * How the connection stands: a snapshot at once, and one on every change of anything in it.
 *
 *     source   -co-m-x-------|
 *     result   c-a---r-------(gz|)      (c CONNECTING, a ACTIVE, r RECONNECTING, g CLOSING, z CLOSED)
 *
 * The snapshots are those of one pure state machine. The end of the stream leads through CLOSING to CLOSED, and then the result
 * completes. An error does the same, with the error as `cause`: the result itself never errors, so that it can be bound to a view.
 * A `closing` event begins CLOSING early, and no reconnect on the way out changes it back.
 * A close with code 1000 waits for what follows it, the end or a retry, before it counts.
 *
 * @example
 * const state = toSignal(chat$.pipe(connectionState()));
 */
export function connectionState({ onIllegal, scheduler = asyncScheduler }: ConnectionStateConfig = {}): <
  In,
  Out,
  Session,
>(
  source: ConnectionEvents<In, Out, Session>,
) => Observable<ConnectionSnapshot<Out, Session>> {
  return <In, Out, Session>(source: ConnectionEvents<In, Out, Session>) =>
    operated<ConnectionEvent<In, Out, Session>, ConnectionSnapshot<Out, Session>>(source, (subscriber) => {
      type Snapshot = ConnectionSnapshot<Out, Session>;
      let now: Snapshot = {
        state: 'CONNECTING',
        internalState: 'CONNECTING',
        attempt: 0,
        since: scheduler.now(),
        connection: undefined,
        cause: undefined,
        history: [],
      };
      let farewell: ConnectionClose<Out, Session> | undefined;

      const emit = (next: Snapshot): void => {
        now = next;
        subscriber.next(now);
      };
      /** Moves the machine, and changes what else is known at the same time. */
      const move = (event: StateEvent, facts: Partial<Pick<Snapshot, 'attempt' | 'connection' | 'cause'>>): void => {
        const { internalState: from, history } = now;
        const to = transition(from, event);
        if (to === undefined) onIllegal?.(from, event);
        if (to !== undefined && to !== from) {
          const at = scheduler.now();
          const changed = { state: shown(to), internalState: to, since: at };
          emit({ ...now, ...facts, ...changed, history: remember(history, { from, to, event, at }) });
        } else if (Object.entries(facts).some(([name, fact]) => now[name as keyof typeof facts] !== fact)) {
          emit({ ...now, ...facts });
        }
      };
      const lost = (cause: unknown): void => {
        farewell = undefined;
        move('CONNECTION_LOST', { connection: undefined, cause });
      };
      /** On the way out only the end changes the state; what else is known of the connection still changes. */
      const heardWhileClosing = (event: ConnectionEvent<In, Out, Session>): void => {
        const isGone = event.type === 'close' || event.type === 'retired';
        if (event.type === 'open')
          move('SHUTDOWN_REQUESTED', { connection: event.connection, attempt: 0, cause: undefined });
        else if (event.type === 'reconnecting') {
          move('CONNECTION_LOST', { connection: undefined, attempt: event.attempt, cause: event.cause });
        } else if (isGone && event.connection === now.connection) move('CONNECTION_LOST', { connection: undefined });
      };
      const heard = (event: ConnectionEvent<In, Out, Session>): void => {
        if (now.state === 'CLOSING') {
          heardWhileClosing(event);
          return;
        }
        if (farewell) lost(new ConnectionClosedError(farewell.code, farewell.reason));
        switch (event.type) {
          case 'connecting':
            // A source that is subscribed anew after an error without a `close` says no more of the old connection than this.
            if (now.state === 'ACTIVE') lost(undefined);
            move('CONNECT_REQUESTED', {});
            break;
          case 'reconnecting':
            // A successor's retries are hidden: a retry that shows says that the draining connection vanished.
            move(now.internalState === 'DRAINING_RECONNECTING' ? 'CONNECTION_LOST' : 'RECONNECT_STARTED', {
              connection: undefined,
              attempt: event.attempt,
              cause: event.cause,
            });
            break;
          case 'open':
            if (event.connection === now.connection) return;
            move(now.internalState === 'CONNECTING' ? 'GATEWAY_READY' : 'NEW_CONNECTION_READY', {
              connection: event.connection,
              attempt: 0,
              cause: undefined,
            });
            break;
          case 'closing':
            move('SHUTDOWN_REQUESTED', {});
            break;
          case 'draining':
            if (event.connection === now.connection) move('DRAINING_REQUESTED', {});
            break;
          case 'retired':
            if (event.connection === now.connection) lost(undefined);
            break;
          case 'close':
            if (now.connection && event.connection !== now.connection) return;
            if (event.code === 1000) farewell = event;
            else lost(new ConnectionClosedError(event.code, event.reason));
            break;
        }
      };
      const end = (facts: { readonly cause?: unknown }): void => {
        move('SHUTDOWN_REQUESTED', { connection: undefined, attempt: 0, ...facts });
        move('SHUTDOWN_COMPLETED', {});
        subscriber.complete();
      };

      subscriber.next(now);
      return {
        next(event) {
          if (event.type !== 'message') heard(event);
        },
        error: (cause) => end({ cause }),
        complete: () => end({}),
      };
    });
}
