import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commentDiagram } from './diagrams.js';
import { drawPicture } from './drawPicture.js';
import { type PictureRow, pictureOf } from './picture.js';
import { pipelineOf, recordTest } from './recordTest.js';

const root = join(__dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const namesIn = (folder: string, extension: string): string[] =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder))
        .filter((file) => file.endsWith(extension))
        .map((file) => file.slice(0, -extension.length))
    : [];

/** The operators of a folder, those that are named or all that have marble tests, with the diagrams of their doc comments. */
const drawn = (folder: string, names = namesIn(`marbles/${folder}`, '.marbles.ts')) =>
  names.flatMap((name) => {
    const source = `src/${folder}/${name}.ts`;
    const diagram = existsSync(join(root, source)) ? commentDiagram(source, read(source)) : undefined;
    return diagram ? [{ name, tests: join(root, `marbles/${folder}/${name}.marbles.ts`), rows: diagram.rows }] : [];
  });
const core = ['operators', 'codecs', 'protocol'].flatMap((folder) => drawn(folder));
const operators = [...core, ...drawn('cluster'), ...drawn('gateway', ['serveRequests'])];

describe('the pictures', () => {
  // `npm run docs:pictures` draws them anew.
  it.each(operators)('have that of $name as its first marble test draws it', ({ name, tests, rows }) => {
    const file = join(root, `docs/marbles/${name}.svg`);
    const picture = drawPicture(pictureOf(name, rows, recordTest(tests, name)));
    if (process.env['DRAW'] === 'yes') writeFileSync(file, picture);

    expect(existsSync(file) ? readFileSync(file, 'utf8') : 'no picture').toBe(picture);
  });

  it('are those of all operators, and no others', () => {
    expect(namesIn('docs/marbles', '.svg').sort()).toEqual(operators.map(({ name }) => name).sort());
    expect(namesIn('src/operators', '.ts').filter((name) => !operators.some((each) => each.name === name))).toEqual([]);
  });

  it.each([
    ['README.md', core],
    ['docs/operators.md', core],
    ['docs/cluster.md', drawn('cluster')],
    ['docs/gateway.md', drawn('gateway', ['serveRequests'])],
  ])('stand all in %s', (document, those) => {
    const shown = [...read(document).matchAll(/marbles\/(\w+)\.svg/g)].map(([, name]) => name);

    expect(those.map(({ name }) => name).filter((name) => !shown.includes(name))).toEqual([]);
  });
});

describe('drawing a test', () => {
  /** Writes a file of marble tests and draws the first of them. */
  function rowsOf(test: string, ...drawn: string[]): readonly PictureRow[] {
    const folder = mkdtempSync(join(tmpdir(), 'marbles-'));
    try {
      const file = join(folder, 'op.marbles.ts');
      const kit = `import { marbles } from '${root}/src/testing/marbles';`;
      writeFileSync(
        file,
        `${kit} describe('op', () => { it('acts', marbles(${test})); it('is', () => { throw 1; }); });`,
      );
      const rows = drawn.map((marbles, at) => ({ label: `row ${at}`, marbles, column: 0 }));
      const { inputs, outputs } = pictureOf('op', rows, recordTest(file, 'op'));
      return [...inputs, ...outputs];
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  it('gives each sign the time and the meaning that it had', () => {
    const test =
      "({ cold, expectObservable, events }) => expectObservable(cold(' co(M|)', events)).toBe('co(M|)', events)";
    const [given, expected] = rowsOf(test, 'co(M|)', 'co(M|)');

    expect(given?.marbles.map(({ frame, kind, isSecond }) => [frame, kind, isSecond])).toEqual([
      [0, 'connecting', false],
      [1, 'open', false],
      [2, 'message', true],
      [2, 'complete', false],
    ]);
    expect(given?.lifetimes).toEqual([{ subscribedFrame: 0, unsubscribedFrame: 2 }]);
    expect(expected?.marbles).toEqual(given?.marbles);
  });

  it('begins a cold stream where it was subscribed', () => {
    const test = "({ cold, expectObservable }) => expectObservable(cold('ab'), '---^-!').toBe('---ab')";

    expect(rowsOf(test, 'ab')[0]?.marbles.map(({ frame }) => frame)).toEqual([3, 4]);
  });

  it('fails when the test does', () => {
    const test = "({ cold, expectObservable }) => expectObservable(cold('ab')).toBe('a-b')";

    expect(() => rowsOf(test, 'ab', 'a-b')).toThrow('the streams differ');
  });

  it('fails when a document draws what the test does not', () => {
    const test = "({ cold, expectObservable }) => expectObservable(cold('ab')).toBe('ab')";

    expect(() => rowsOf(test, 'ab', 'a-b')).toThrow("'a-b' is in no stream of the first test of op");
  });

  it.each([
    ['source.pipe(one(), op({ a: 1,\n }), two(3))', ['one()', 'op({ a: 1 })', 'two(3)']],
    ['op(one, two).pipe(three())', ['op(one, two)', 'three()']],
    ['expectObservable(source.pipe(op())).toBe()', ['op()']],
    ['run(result)', ['op(…)']],
  ])('tells the pipeline of %j', (code, pipeline) => {
    expect(pipelineOf(`source.pipe(op(0)); it('x', () => { const result = ${code}; });`, 'op')).toEqual(pipeline);
  });
});
