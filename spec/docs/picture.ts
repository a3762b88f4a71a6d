import { type Lifetime, readMarbles } from '../../src/testing/readMarbles.js';
import type { LabelledRow } from './diagrams.js';
import type { RecordedStream, RecordedTest } from './recordTest.js';

/** One sign of a picture. */
export interface Marble {
  readonly frame: number;
  readonly sign: string;
  /** The type of the event that it stands for, or `value`, `complete` or `error`. */
  readonly kind: string;
  /** What it stands for, in words. */
  readonly meaning: string;
  /** Whether it belongs to the second connection. */
  readonly isSecond: boolean;
}

export interface PictureRow {
  readonly label: string;
  readonly remark: string | undefined;
  readonly marbles: readonly Marble[];
  readonly lifetimes: readonly Lifetime[];
  /** The frame behind the last sign. */
  readonly end: number;
}

/** What there is to draw of an operator. */
export interface Picture {
  readonly operator: string;
  readonly title: string;
  readonly pipeline: readonly string[];
  readonly inputs: readonly PictureRow[];
  readonly outputs: readonly PictureRow[];
}

interface EventLike {
  readonly type: string;
  readonly url?: string;
  readonly connection?: { readonly id: string };
  readonly code?: number;
  readonly delay?: number;
}

const isEvent = (value: unknown): value is EventLike =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';

function inWords({ type, code, delay }: EventLike): string {
  if (type === 'close' && code !== 1000) return `close ${code}`;
  if (type === 'reconnecting') return `reconnecting in ${delay} ms`;
  return type;
}

/** What a sign of a stream stands for. */
function marbleOf({ values, error }: RecordedStream, sign: string, frame: number): Marble {
  const at = { frame, sign, isSecond: false };
  if (sign === '|') return { ...at, kind: 'complete', meaning: 'completes' };
  if (sign === '#') return { ...at, kind: 'error', meaning: error instanceof Error ? error.name : String(error) };
  const value = values ? values[sign] : sign;
  if (!isEvent(value)) return { ...at, kind: 'value', meaning: '' };
  const isSecond = value.connection?.id === 'b' || (value.connection === undefined && value.url === 'ws://b');
  return { ...at, kind: value.type, meaning: inWords(value), isSecond };
}

const FARTHEST = 60;

function rowOf(label: string, remark: string | undefined, stream: RecordedStream): PictureRow {
  const marks = readMarbles(stream.diagram);
  const length = [...stream.diagram.replaceAll(' ', '')].length;
  if (marks.some(({ frame }) => frame > FARTHEST)) throw new Error(`'${stream.diagram}' is too long to be drawn`);
  const { lifetimes, starts } = stream;
  const marbles = (starts.length > 0 ? starts : [0]).flatMap((start, at) =>
    marks
      .map(({ frame, sign }) => marbleOf(stream, sign, frame + start))
      // What would come later is drawn once only: there is room for it behind the last subscription.
      .filter(({ frame }) => starts.length < 2 || frame <= (lifetimes[at]?.unsubscribedFrame ?? Infinity)),
  );
  return { label, remark, marbles, lifetimes, end: length + Math.max(0, ...starts) };
}

/** A remark that the pipeline tells anyway, as `linger 3` behind `drainHandover({ linger: 3 })`, is left out. */
function remarkBeside(remark: string | undefined, pipeline: readonly string[]): string | undefined {
  const told = new Set(pipeline.join(' ').match(/\w+/g));
  return remark?.match(/\w+/g)?.every((word) => told.has(word)) ? undefined : remark;
}

/** What a diagram says, whether or not its line is drawn on behind the last sign. */
const marksOf = (diagram: string): string => diagram.replaceAll(' ', '').replace(/-+$/, '');

/** Joins a diagram of a document, which says what is worth showing and how it is called, with the test that it is taken from. */
export function pictureOf(operator: string, rows: readonly LabelledRow[], test: RecordedTest): Picture {
  const used = new Set<RecordedStream>();
  const joined = rows.map((row) => {
    const isDrawn = (each: RecordedStream): boolean => marksOf(each.diagram) === marksOf(row.marbles);
    const stream = test.streams.find((each) => !used.has(each) && isDrawn(each));
    if (!stream) throw new Error(`'${row.marbles}' is in no stream of the first test of ${operator}`);
    used.add(stream);
    return { role: stream.role, row: rowOf(row.label, remarkBeside(row.remark, test.pipeline), stream) };
  });
  const of = (role: RecordedStream['role']): PictureRow[] =>
    joined.filter((each) => each.role === role).map(({ row }) => row);
  return {
    operator,
    title: test.title,
    pipeline: test.pipeline,
    inputs: of('given'),
    outputs: of('expected'),
  };
}
