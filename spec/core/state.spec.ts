import {
  HISTORY,
  type InternalState,
  remember,
  shown,
  type StateChange,
  type StateEvent,
  stateEvents,
  states,
  transition,
} from '../../src/core/state.js';

const [CONNECTING, ACTIVE, RECONNECTING, DRAINING, CLOSING, CLOSED] = [
  'CONNECTING',
  'ACTIVE',
  'RECONNECTING',
  'DRAINING_RECONNECTING',
  'CLOSING',
  'CLOSED',
] as const;
const ______ = undefined;

/** Every cell of the machine: a row per event, a column per state. */
const columns: readonly InternalState[] = [CONNECTING, ACTIVE, RECONNECTING, DRAINING, CLOSING, CLOSED];
// prettier-ignore
const table: [StateEvent, ...(InternalState | undefined)[]][] = [
  //                       CONNECTING    ACTIVE        RECONNECTING  DRAINING      CLOSING  CLOSED
  ['CONNECT_REQUESTED',    CONNECTING,   ______,       CONNECTING,   DRAINING,     ______,  ______],
  ['WEBSOCKET_OPEN',       CONNECTING,   ______,       ______,       DRAINING,     ______,  ______],
  ['AUTH_SUCCESS',         CONNECTING,   ______,       ______,       DRAINING,     ______,  ______],
  ['AUTH_FAILED',          RECONNECTING, ______,       RECONNECTING, DRAINING,     ______,  ______],
  ['GATEWAY_READY',        ACTIVE,       ______,       ______,       ______,       ______,  ______],
  ['DRAINING_REQUESTED',   ______,       DRAINING,     ______,       DRAINING,     ______,  ______],
  ['NEW_CONNECTION_READY', ______,       ______,       ACTIVE,       ACTIVE,       ______,  ______],
  ['ERROR_OCCURRED',       RECONNECTING, RECONNECTING, RECONNECTING, DRAINING,     CLOSING, ______],
  ['CONNECTION_LOST',      RECONNECTING, RECONNECTING, RECONNECTING, RECONNECTING, CLOSING, ______],
  ['RECONNECT_STARTED',    RECONNECTING, RECONNECTING, RECONNECTING, DRAINING,     ______,  ______],
  ['SHUTDOWN_REQUESTED',   CLOSING,      CLOSING,      CLOSING,      CLOSING,      CLOSING, ______],
  ['SHUTDOWN_COMPLETED',   ______,       ______,       ______,       ______,       CLOSED,  ______],
];

describe('the state machine', () => {
  it('has six states and twelve events', () => {
    expect(states).toEqual(columns);
    expect(stateEvents).toEqual(table.map(([event]) => event));
    expect(table.flatMap(([, ...cells]) => cells)).toHaveLength(72);
  });

  describe.each(table.map(([event, ...cells]) => ({ event, cells })))('on $event', ({ event, cells }) => {
    it.each(columns.map((state, at) => [state, cells[at]] as const))('leads from %s to %s', (state, next) => {
      expect(transition(state, event)).toBe(next);
    });
  });

  it('has no way out of CLOSED', () => {
    for (const event of stateEvents) expect(transition(CLOSED, event)).toBeUndefined();
  });

  it('has a way from every other state to CLOSED, by SHUTDOWN_REQUESTED and SHUTDOWN_COMPLETED', () => {
    for (const state of [CONNECTING, ACTIVE, RECONNECTING, DRAINING, CLOSING]) {
      const closing = transition(state, 'SHUTDOWN_REQUESTED');
      expect(closing && transition(closing, 'SHUTDOWN_COMPLETED')).toBe(CLOSED);
    }
  });

  it('reaches every state from CONNECTING', () => {
    const reached = new Set<InternalState>([CONNECTING]);
    for (const state of reached) {
      for (const event of stateEvents) {
        const next = transition(state, event);
        if (next) reached.add(next);
      }
    }
    expect([...reached].sort()).toEqual([...states].sort());
  });
});

describe('shown', () => {
  it('shows DRAINING_RECONNECTING as ACTIVE, for the old connection still serves', () => {
    expect(shown(DRAINING)).toBe(ACTIVE);
  });

  it.each([CONNECTING, ACTIVE, RECONNECTING, CLOSING, CLOSED])('shows %s as it is', (state) => {
    expect(shown(state)).toBe(state);
  });
});

describe('remember', () => {
  const change = (at: number): StateChange => ({ from: ACTIVE, to: RECONNECTING, event: 'CONNECTION_LOST', at });

  it('adds a change to the history and leaves the old history alone', () => {
    const before = [change(1)];
    expect(remember(before, change(2))).toEqual([change(1), change(2)]);
    expect(before).toEqual([change(1)]);
  });

  it('keeps the last 50 changes', () => {
    expect(HISTORY).toBe(50);
    let history: readonly StateChange[] = [];
    for (let at = 0; at < 50; at++) history = remember(history, change(at));
    expect(history.map(({ at }) => at)).toEqual(Array.from({ length: 50 }, (_, at) => at));
    for (let at = 50; at < 120; at++) history = remember(history, change(at));
    expect(history.map(({ at }) => at)).toEqual(Array.from({ length: 50 }, (_, at) => at + 70));
  });
});
