/** A moment at which something is due; it can be moved and called off as often as one likes, at the price of an assignment. */
export interface Deadline {
  /** When it is due, in the clock's time; Infinity while it is not set. */
  readonly due: number;
  /** Sets it to `delay` milliseconds from `from`, by default from now. */
  in(delay: number, from?: number): void;
  cancel(): void;
}

/**
 * Deadlines fall on a grid: at most 50 ms late when they are set for a second or more, 10 ms from a tenth on, 1 ms below.
 * 10,000 heartbeats a second then cost 20 timers a second instead of 10,000.
 */
export const grid = (delay: number): number => (delay >= 1_000 ? 50 : delay >= 100 ? 10 : 1);
