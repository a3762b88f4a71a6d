/** `up`: from the client to the target; `down`: from the target to the client. */
export type Direction = 'up' | 'down';

/** Both directions unless one is named. */
export type Where = Direction | 'both';

/** What is done to the bytes of one direction. */
export interface Toxics {
  /** Milliseconds by which each byte is late, and by how much that varies either way. */
  latency: number;
  jitter: number;
  /** Bytes a second. */
  bandwidth: number;
  /** The most bytes that are written at once. */
  slice: number;
  /** Nothing is read and nothing is delivered, not even an end. */
  silent: boolean;
  /** How many more bytes pass before the connection is cut. */
  left: number;
  cutBy: 'cut' | 'reset';
}

/** A link in good health. */
export function noToxics(): Toxics {
  return { latency: 0, jitter: 0, bandwidth: Infinity, slice: Infinity, silent: false, left: Infinity, cutBy: 'cut' };
}

/** The most bytes that leave at once under a bandwidth limit: a fiftieth of a second's, so that they trickle and do not burst. */
export function portion({ bandwidth, slice }: Toxics): number {
  return Math.max(1, Math.min(slice, Math.floor(bandwidth / 50)));
}

/** How late a chunk is; `random` gives 0 to 1. Below 0 is not late at all. */
export function lateness({ latency, jitter }: Toxics, random: () => number): number {
  return jitter === 0 ? latency : latency + jitter * (2 * random() - 1);
}
