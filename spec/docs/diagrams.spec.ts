import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commentDiagram, type Diagram, isDrawn, markdownDiagrams, type Row, testRows } from './diagrams.js';

const root = join(__dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const namesIn = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replace(/\.ts$/, ''));

const operators = namesIn('src/operators');
const sources = [
  ...operators.map((name) => `src/operators/${name}.ts`),
  'src/codecs/codec.ts',
  'src/protocol/requests.ts',
  'src/protocol/channels.ts',
];
const documents = ['README.md', 'docs/operators.md', 'docs/testing.md', 'docs/architecture.md'];

/** The tests that a diagram may come from. */
function testsOf(operator: string): ReturnType<typeof testRows> {
  const file = ['operators', 'codecs', 'transports', 'protocol']
    .map((folder) => `marbles/${folder}/${operator}.marbles.ts`)
    .find((path) => existsSync(join(root, path)));
  return file === undefined ? [] : testRows(read(file));
}

const where = ({ file, line, operator }: Diagram): string => `${file}:${line} is no test of ${operator}`;

describe('the marble diagrams', () => {
  it.each(sources)('in the doc comment of %s is its first marble test', (file) => {
    const diagram = commentDiagram(file, read(file));

    expect(diagram?.rows.length).toBeGreaterThan(1);
    expect([diagram!].filter(({ operator, rows }) => !isDrawn(rows, testsOf(operator)[0] ?? [])).map(where)).toEqual(
      [],
    );
  });

  it.each(documents)('of %s are marble tests', (file) => {
    const diagrams = markdownDiagrams(file, read(file));

    expect(diagrams.filter(({ rows }) => rows.length < 2)).toEqual([]);
    expect(
      diagrams.filter(({ operator, rows }) => !testsOf(operator).some((test) => isDrawn(rows, test))).map(where),
    ).toEqual([]);
  });

  it('of the page on operators leave out none', () => {
    const file = 'docs/operators.md';
    const drawn = markdownDiagrams(file, read(file)).map(({ operator }) => operator);

    expect(operators.filter((name) => !drawn.includes(name))).toEqual([]);
  });
});

describe('reading diagrams', () => {
  const test = "it('x', () => {\n const s = cold(' co-m-');\n const e = '      c--m-';\n});";

  it('finds those of Markdown, without labels and remarks', () => {
    const text =
      '# One\n\n```marbles reconnect\nsource   co-(x#)      (a remark)\nresult   c\n```\n```text\nno  m\n```\n';

    expect(markdownDiagrams('a.md', text)).toEqual([
      {
        file: 'a.md',
        line: 4,
        operator: 'reconnect',
        rows: [
          { label: 'source', marbles: 'co-(x#)', column: 9, remark: 'a remark' },
          { label: 'result', marbles: 'c', column: 9 },
        ],
      },
    ]);
  });

  it('finds that of a doc comment, but no code of an example', () => {
    const text =
      '/**\n * Does.\n *\n *     source   co-\n *     late     o-\n *\n * @example\n * f({\n *     g,\n * });\n */';

    expect(commentDiagram('src/operators/does.ts', text)).toEqual({
      file: 'src/operators/does.ts',
      line: 4,
      operator: 'does',
      rows: [
        { label: 'source', marbles: 'co-', column: 16 },
        { label: 'late', marbles: 'o-', column: 16 },
      ],
    });
    expect(commentDiagram('x.ts', text.replace(/ {5}(source|late).*/g, ' text'))).toBeUndefined();
  });

  it('takes lines for those of a test only when they stand below each other as they do there', () => {
    const [drawn = []] = testRows(test);
    const rows = (second: string, column: number): Row[] => [
      { marbles: 'co-m-', column: 5 },
      { marbles: second, column },
    ];

    expect(isDrawn(rows('c--m-', 5), drawn)).toBe(true);
    expect(isDrawn(rows('c--m-', 6), drawn)).toBe(false);
    expect(isDrawn(rows('c-m-', 5), drawn)).toBe(false);
    expect(isDrawn(rows('c--m-', 5), [])).toBe(false);
  });
});
