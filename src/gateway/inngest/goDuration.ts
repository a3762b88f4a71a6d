import type { Duration } from '../../core/duration.js';

/** A duration as Go prints it: `'10s'`, `'1m30s'`, `'2m0s'`; `''` where there is none. Texts are left as they are. */
export function goDuration(value: Duration | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  // A wish for less than a millisecond is not a wish for none.
  const ms = Math.ceil(value);
  if (ms === 0) return '0s';
  if (ms < 1_000) return `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = `${(ms % 60_000) / 1_000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
