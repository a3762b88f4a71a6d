/** One sign of a diagram and the moment it stands for. */
export interface Mark {
  /** Milliseconds. */
  readonly frame: number;
  /** A letter, or one of `|`, `#`, `^`, `!`. */
  readonly sign: string;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };
const TIME = /^(\d+(?:\.\d+)?)(ms|s|m)(?= |$)/;

/**
 * Reads a marble diagram as `TestScheduler` does in run mode: a sign or `-` is one millisecond, spaces are none, ` 10ms `
 * (also `s` and `m`) is a wait, and what stands in `(` and `)` happens at once, although each of its signs takes a millisecond.
 * Unlike there, a time may also end the diagram.
 */
export function readMarbles(diagram: string): readonly Mark[] {
  const marks: Mark[] = [];
  const fail = (why: string): never => {
    throw new Error(`marbles: ${why} in '${diagram}'`);
  };
  const signs = [...diagram];
  let frame = 0;
  let group: number | undefined;
  for (let at = 0; at < signs.length; at++) {
    const sign = signs[at] ?? '';
    if (sign === ' ') continue;
    const time = at === 0 || signs[at - 1] === ' ' ? TIME.exec(signs.slice(at).join('')) : null;
    if (time) {
      frame += Number(time[1]) * (UNITS[time[2] ?? ''] ?? NaN);
      at += time[0].length - 1;
      continue;
    }
    if (sign === '(') {
      if (group !== undefined) fail('a group inside a group');
      group = frame;
    } else if (sign === ')') {
      if (group === undefined) fail('a group that ends before it begins');
      group = undefined;
    } else if (sign !== '-') {
      marks.push({ frame: group ?? frame, sign });
    }
    frame += 1;
  }
  if (group !== undefined) fail('a group without an end');
  return marks;
}

/** When a subscription begins and ends. */
export interface Lifetime {
  readonly subscribedFrame: number;
  /** Infinity while it lasts. */
  readonly unsubscribedFrame: number;
}

/** Reads the diagram of a subscription, which has at most one `^` and one `!`. `subscribedFrame` is Infinity without a `^`. */
export function readLifetime(diagram: string): Lifetime {
  let subscribedFrame = Infinity;
  let unsubscribedFrame = Infinity;
  for (const { frame, sign } of readMarbles(diagram)) {
    if (sign === '^' && subscribedFrame === Infinity) subscribedFrame = frame;
    else if (sign === '!' && unsubscribedFrame === Infinity) unsubscribedFrame = frame;
    else if (sign === '^' || sign === '!') throw new Error(`marbles: a second '${sign}' in '${diagram}'`);
    else throw new Error(`marbles: '${sign}' in '${diagram}', where only '^' and '!' have a meaning`);
  }
  return { subscribedFrame, unsubscribedFrame };
}

/** Milliseconds up to the `|` of a diagram. */
export function readTime(diagram: string): number {
  const end = readMarbles(diagram).find(({ sign }) => sign === '|');
  if (!end) throw new Error(`marbles: no '|' in '${diagram}': a time ends with one`);
  return end.frame;
}
