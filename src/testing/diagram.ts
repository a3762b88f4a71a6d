/** A sign of a row and the moment at which it stands. */
export interface Drawn {
  /** Milliseconds; a row's signs are in order. */
  readonly frame: number;
  readonly sign: string;
}

const WIDEST = 80;
/** The least wait that is worth writing as a time, when a diagram would be too wide. */
const LONG = 10;

/** The signs of each moment of a row. */
function cellsOf(row: readonly Drawn[]): ReadonlyMap<number, string> {
  const cells = new Map<number, string>();
  for (const { frame, sign } of row) cells.set(frame, (cells.get(frame) ?? '') + sign);
  return new Map([...cells].map(([frame, signs]) => [frame, [...signs].length > 1 ? `(${signs})` : signs]));
}

/** A wait as a diagram writes it. */
function time(wait: number): string {
  if (wait % 60_000 === 0) return ` ${wait / 60_000}m `;
  if (wait % 1_000 === 0) return ` ${wait / 1_000}s `;
  return ` ${wait}ms `;
}

/** The signs after which nothing follows in a row. */
const ENDS = /[|#!]/;

/**
 * Draws rows of marbles so that what happened at the same moment stands in the same column.
 * A drawing that would be too wide has its long waits written as times (` 9s `). As in every diagram, what happens at once is a
 * group; a moment that comes too soon after a group to be written the usual way is moved to the right in all rows.
 */
export function diagram(rows: readonly (readonly Drawn[])[]): string[] {
  const moments = [...new Set([0, ...rows.flat().map(({ frame }) => frame)])].sort((one, other) => one - other);
  const last = moments[moments.length - 1] ?? 0;
  const wide = last - (moments[0] ?? 0) + 1 > WIDEST;
  const lines = rows.map((row) => {
    const cells = cellsOf(row);
    const end = Math.max(-Infinity, ...row.filter(({ sign }) => ENDS.test(sign)).map(({ frame }) => frame));
    return { cells, end: end === -Infinity ? Infinity : end, text: '' };
  });
  moments.forEach((moment, at) => {
    const next = moments[at + 1];
    const parts = lines.map(({ cells, end }) => {
      if (moment > end) return '';
      const cell = cells.get(moment) ?? (next === undefined || Number.isInteger(next - moment) ? '-' : '');
      if (next === undefined || moment === end) return cell;
      const wait = next - moment - [...cell].length;
      if (wait <= 0) return cell;
      return cell + ((wide && wait > LONG) || !Number.isInteger(wait) ? time(wait) : '-'.repeat(wait));
    });
    const width = Math.max(...parts.map((part) => [...part].length));
    lines.forEach((line, row) => {
      const part = parts[row] ?? '';
      line.text += part + ' '.repeat(width - [...part].length);
    });
  });
  return lines.map(({ text }) => text.trimEnd());
}
