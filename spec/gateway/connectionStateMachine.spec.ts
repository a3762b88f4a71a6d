import { states, stateEvents, shown, transition } from '../../src/core/state.js';
import { connectionStateMachine } from '../../src/gateway/connectionStateMachine.js';
import type { InternalState, StateEvent } from '../../src/core/state.js';

/** The shortest way into each state. */
const ways: Readonly<Record<InternalState, readonly StateEvent[]>> = {
  CONNECTING: [],
  ACTIVE: ['GATEWAY_READY'],
  RECONNECTING: ['ERROR_OCCURRED'],
  DRAINING_RECONNECTING: ['GATEWAY_READY', 'DRAINING_REQUESTED'],
  CLOSING: ['SHUTDOWN_REQUESTED'],
  CLOSED: ['SHUTDOWN_REQUESTED', 'SHUTDOWN_COMPLETED'],
};
const machineIn = (state: InternalState) => {
  const machine = connectionStateMachine();
  for (const event of ways[state]) machine.transition(event);
  return machine;
};

describe('connectionStateMachine', () => {
  it.each(states.flatMap((state) => stateEvents.map((event) => [state, event] as const)))(
    'in %s does with %s what the table says',
    (state, event) => {
      const machine = machineIn(state);
      expect(machine.internalState).toBe(state);
      const to = transition(state, event);

      expect(machine.transition(event)).toBe(to !== undefined);
      expect(machine.internalState).toBe(to ?? state);
      expect(machine.state).toBe(shown(to ?? state));
    },
  );

  it.each([
    ['CONNECTING', ['isConnecting']],
    ['ACTIVE', ['isActive']],
    ['RECONNECTING', ['isReconnecting']],
    ['DRAINING_RECONNECTING', ['isActive', 'isDraining']],
    ['CLOSING', ['isClosing']],
    ['CLOSED', ['isClosing', 'isTerminal']],
  ] as const)('in %s answers yes to %p and no to all else', (state, yes) => {
    const machine = machineIn(state);
    const questions = ['isConnecting', 'isActive', 'isReconnecting', 'isDraining', 'isClosing', 'isTerminal'] as const;
    expect(questions.filter((question) => machine[question]())).toEqual(yes);
  });

  it('tells listeners when the shown state changes, and not when only the inner one does', () => {
    const machine = connectionStateMachine();
    const told: string[] = [];
    const forget = machine.onStateChange(({ from, to, event }) => told.push(`${from} → ${to} by ${event}`));
    const events = ['WEBSOCKET_OPEN', 'GATEWAY_READY', 'DRAINING_REQUESTED', 'NEW_CONNECTION_READY'] as const;
    for (const event of [...events, 'CONNECTION_LOST'] as const) machine.transition(event);
    forget();
    machine.transition('SHUTDOWN_REQUESTED');
    expect(told).toEqual(['CONNECTING → ACTIVE by GATEWAY_READY', 'ACTIVE → RECONNECTING by CONNECTION_LOST']);
  });

  it('is not broken by a listener that throws, nor are the others', () => {
    const machine = connectionStateMachine();
    const told: string[] = [];
    machine.onStateChange(() => {
      throw new Error('broken');
    });
    machine.onStateChange(({ to }) => told.push(to));
    expect(machine.transition('GATEWAY_READY')).toBe(true);
    expect([machine.state, ...told]).toEqual(['ACTIVE', 'ACTIVE']);
  });

  it('tells a listener nothing more once it was let go, also when another listener did that', () => {
    const machine = connectionStateMachine();
    const told: string[] = [];
    machine.onStateChange(() => forget());
    const forget = machine.onStateChange(({ to }) => told.push(to));
    machine.transition('GATEWAY_READY');
    expect(told).toEqual([]);
  });

  it('lets go of one listening, where a listener listens twice', () => {
    const machine = connectionStateMachine();
    const told: string[] = [];
    const listener = ({ to }: { readonly to: string }) => told.push(to);
    const forget = machine.onStateChange(listener);
    machine.onStateChange(listener);
    forget();
    forget();
    machine.transition('GATEWAY_READY');
    expect(told).toEqual(['ACTIVE']);
  });

  it('remembers the last 50 changes, with their times', () => {
    const machine = connectionStateMachine({ scheduler: { now: () => 7 } as never });
    machine.transition('GATEWAY_READY');
    for (let at = 0; at < 40; at++) {
      machine.transition('DRAINING_REQUESTED');
      machine.transition('NEW_CONNECTION_READY');
    }
    expect(machine.history()).toHaveLength(50);
    expect(machine.history().at(-1)).toEqual({
      from: 'DRAINING_RECONNECTING',
      to: 'ACTIVE',
      event: 'NEW_CONNECTION_READY',
      at: 7,
    });
  });
});
