import { diagram } from './diagram.js';
import { difference, isSame } from './difference.js';
import type { Lifetime } from './readMarbles.js';
import { shortForm } from './shortForm.js';
import type { Recorded } from './virtualRun.js';

/** What a test expects at one place of a stream, under the letter that its diagram has there. */
export interface Expected extends Recorded<unknown> {
  readonly sign: string;
}

type Values = Readonly<Record<string, unknown>> | undefined;

const same = (actual: Recorded<unknown>, expected: Recorded<unknown>): boolean => {
  const [one, other] = [actual.notification, expected.notification];
  if (actual.frame !== expected.frame || one.kind !== other.kind) return false;
  if (one.kind === 'N' && other.kind === 'N') return isSame(one.value, other.value);
  if (one.kind === 'E' && other.kind === 'E') return isSame(one.error, other.error);
  return true;
};

/** The letter of a value: the expected one where it fits, else any that the diagram or the values have, else `?`. */
function signOf(
  { notification }: Recorded<unknown>,
  hint: Expected | undefined,
  all: readonly Expected[],
  values: Values,
): string {
  if (notification.kind === 'C') return '|';
  if (notification.kind === 'E') return '#';
  const { value } = notification;
  const fits = (candidate: Expected | undefined): boolean =>
    candidate?.notification.kind === 'N' && isSame(value, candidate.notification.value);
  const found = fits(hint) ? hint : all.find(fits);
  if (found) return found.sign;
  if (!values) return typeof value === 'string' && [...value].length === 1 ? value : '?';
  return Object.keys(values).find((letter) => [...letter].length === 1 && isSame(value, values[letter])) ?? '?';
}

function told(sign: string, { notification }: Recorded<unknown>): string {
  if (notification.kind === 'C') return 'the end';
  if (notification.kind === 'E') return `# ${shortForm(notification.error)}`;
  return sign === '?' ? shortForm(notification.value) : `${sign} = ${shortForm(notification.value)}`;
}

/** Where two values differ that look alike in short form. */
function where(actual: Recorded<unknown>, expected: Recorded<unknown>): string {
  const [one, other] = [actual.notification, expected.notification];
  const path =
    one.kind === 'N' && other.kind === 'N' && shortForm(one.value) === shortForm(other.value)
      ? difference(one.value, other.value)
      : one.kind === 'E' && other.kind === 'E' && shortForm(one.error) === shortForm(other.error)
        ? difference(one.error, other.error)
        : undefined;
  return path ? ` (they differ at ${path})` : '';
}

/** The text that tells how a stream differs from what was expected, `undefined` when it does not. */
export function compareStreams(
  actual: readonly Recorded<unknown>[],
  expected: readonly Expected[],
  values?: Readonly<Record<string, unknown>>,
): string | undefined {
  if (actual.length === expected.length && actual.every((one, at) => same(one, expected[at] as Expected))) {
    return undefined;
  }
  /** What stands at the same place of the same moment. */
  const counterpart = (at: number): Expected | undefined => {
    const { frame } = actual[at] as Recorded<unknown>;
    const place = at - actual.findIndex((other) => other.frame === frame);
    return expected.filter((other) => other.frame === frame)[place];
  };
  const signs = actual.map((one, at) => signOf(one, counterpart(at), expected, values));
  const [above, below] = diagram([expected, actual.map(({ frame }, at) => ({ frame, sign: signs[at] ?? '?' }))]);
  const details = actual.flatMap((one, at) => {
    const other = counterpart(at);
    const sign = signs[at] ?? '?';
    const isUnknown =
      sign === '?' || (sign === '#' && !expected.some((candidate) => isSame(candidate.notification, one.notification)));
    if (!isUnknown || (other && same(one, other))) return [];
    const wanted = other ? told(other.sign, other) : 'nothing';
    return [`  at ${one.frame} ms: expected ${wanted}, got ${told(sign, one)}${other ? where(one, other) : ''}`];
  });
  return ['the streams differ', `  expected  ${above}`, `  actual    ${below}`, ...details]
    .join('\n')
    .replace(/ +$/gm, '');
}

/** The text that tells how subscriptions differ from what was expected, `undefined` when they do not. */
export function compareLifetimes(actual: readonly Lifetime[], expected: readonly Lifetime[]): string | undefined {
  if (
    actual.length === expected.length &&
    actual.every(
      (one, at) =>
        one.subscribedFrame === expected[at]?.subscribedFrame &&
        one.unsubscribedFrame === expected[at].unsubscribedFrame,
    )
  ) {
    return undefined;
  }
  const row = ({ subscribedFrame, unsubscribedFrame }: Lifetime): { frame: number; sign: string }[] => [
    { frame: subscribedFrame, sign: '^' },
    ...(unsubscribedFrame === Infinity ? [] : [{ frame: unsubscribedFrame, sign: '!' }]),
  ];
  const lines = diagram([...expected, ...actual].map(row));
  const block = (name: string, from: number, count: number): string[] =>
    count === 0
      ? [`  ${name.padEnd(8)}  none`]
      : lines.slice(from, from + count).map((line, at) => `  ${(at === 0 ? name : '').padEnd(8)}  ${line}`);
  return [
    'the subscriptions differ',
    ...block('expected', 0, expected.length),
    ...block('actual', expected.length, actual.length),
  ].join('\n');
}
