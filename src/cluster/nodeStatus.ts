import type { CircuitState } from './circuitBreaker.js';

/**
 * `idle`: not dialled, for nothing was to be sent; `connecting`, `open`, `reconnecting`: as its events say; `failed`: its stream ended, and is
 * tried again later; `closed`: let go.
 */
export type NodeState = 'idle' | 'connecting' | 'open' | 'reconnecting' | 'failed' | 'closed';

/** How things stand with a node. */
export interface NodeStatus {
  /** What the map calls it. */
  readonly id: string;
  /** Without the secrets that the map may have in it. */
  readonly url: string;
  readonly state: NodeState;
  /** Why it is `reconnecting` or `failed`; undefined where its stream completed. */
  readonly cause?: unknown;
  /** Of its circuit, where there is a `circuitBreaker`. */
  readonly circuit?: CircuitState | undefined;
}
