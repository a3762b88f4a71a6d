import { asyncScheduler, type SchedulerLike } from 'rxjs';
import {
  type InternalState,
  remember,
  shown,
  type State,
  type StateChange,
  type StateEvent,
  transition,
} from '../core/state.js';

/** Told of a change: the states as they are shown to users, and the event that caused it. */
export type StateListener = (change: { readonly from: State; readonly to: State; readonly event: StateEvent }) => void;

/** The connection's state machine as an object, for those who drive it themselves. */
export interface ConnectionStateMachine {
  /** The state to show to users: a connection that is being handed over is ACTIVE. */
  readonly state: State;
  readonly internalState: InternalState;
  /** Moves it; false, and no change, when the event is illegal in this state. */
  transition(event: StateEvent): boolean;
  /** Calls `listener` when the shown state changes; what it throws breaks nothing. Gives what ends that. */
  onStateChange(listener: StateListener): () => void;
  /** The last 50 changes of the internal state, the latest last. */
  history(): readonly StateChange[];
  isConnecting(): boolean;
  isActive(): boolean;
  isReconnecting(): boolean;
  isDraining(): boolean;
  /** CLOSING or CLOSED: nothing leads back. */
  isClosing(): boolean;
  isTerminal(): boolean;
}

/**
 * Makes a state machine in the state CONNECTING.
 *
 * It is a thin face over the table that `connectionState` folds events through; use that where there is a stream.
 *
 * @example
 * const machine = connectionStateMachine();
 * machine.transition('GATEWAY_READY');
 * console.log(machine.state); // ACTIVE
 */
export function connectionStateMachine({
  scheduler = asyncScheduler,
}: { readonly scheduler?: SchedulerLike } = {}): ConnectionStateMachine {
  const listeners = new Set<{ readonly tell: StateListener }>();
  let internalState: InternalState = 'CONNECTING';
  let history: readonly StateChange[] = [];
  const is = (...states: readonly InternalState[]): boolean => states.includes(internalState);

  return {
    get state() {
      return shown(internalState);
    },
    get internalState() {
      return internalState;
    },
    transition(event) {
      const from = internalState;
      const to = transition(from, event);
      if (to === undefined) return false;
      if (to === from) return true;
      internalState = to;
      history = remember(history, { from, to, event, at: scheduler.now() });
      const change = { from: shown(from), to: shown(to), event };
      if (change.from === change.to) return true;
      for (const listening of [...listeners]) {
        if (!listeners.has(listening)) continue;
        try {
          listening.tell(change);
        } catch {
          // The machine has moved, and the others are to know it.
        }
      }
      return true;
    },
    onStateChange(listener) {
      const listening = { tell: listener };
      listeners.add(listening);
      return () => void listeners.delete(listening);
    },
    history: () => history,
    isConnecting: () => is('CONNECTING'),
    isActive: () => is('ACTIVE', 'DRAINING_RECONNECTING'),
    isReconnecting: () => is('RECONNECTING'),
    isDraining: () => is('DRAINING_RECONNECTING'),
    isClosing: () => is('CLOSING', 'CLOSED'),
    isTerminal: () => is('CLOSED'),
  };
}
