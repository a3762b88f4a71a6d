import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from './docs/compile.js';
import { exampleSnippets, markdownSnippets, type Snippet, unboundNames } from './docs/snippets.js';

const root = join(__dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const below = (folder: string, extension: string): string[] =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith(extension) && !path.includes('node_modules'))
        .map((path) => `${folder}/${path}`)
    : [];

const documents = [
  ...readdirSync(root).filter((path) => path.endsWith('.md')),
  ...below('docs', '.md'),
  ...below('examples', '.md'),
];
const sources = below('src', '.ts');

describe('the documents', () => {
  /** Two snippets that are wrong on purpose: the program must find them, or it finds nothing. */
  const planted: Snippet[] = [
    {
      file: 'planted.md',
      line: 10,
      code: "const url = 'ws://a';\nwebSocket(url).subscribe((event) => event.nope);",
      preamble: '',
    },
    { file: 'planted.md', line: 20, code: 'whatIsThis();', preamble: '' },
    { file: 'planted.md', line: 30, code: 'const n: string = given;', preamble: 'declare const given: number;' },
  ];
  const snippets = [
    ...documents.flatMap((file) => markdownSnippets(file, read(file))),
    ...sources.flatMap((file) => exampleSnippets(file, read(file))),
  ];
  let faults: string[] = [];

  beforeAll(() => {
    faults = compile([...snippets, ...planted], root);
  }, 120_000);

  it('hold examples that compile', () => {
    expect(snippets.length).toBeGreaterThan(5);
    expect(faults.filter((fault) => !fault.startsWith('planted.md'))).toEqual([]);
  });

  it('are seen to hold one that does not, on its line', () => {
    expect(faults.filter((fault) => fault.startsWith('planted.md'))).toEqual([
      expect.stringMatching(/^planted\.md:11 Property 'nope' does not exist/),
      expect.stringMatching(/^planted\.md:20 Cannot find name 'whatIsThis'/),
      "planted.md:30 Type 'number' is not assignable to type 'string'.",
    ]);
  });
});

describe('reading snippets', () => {
  it('finds the ts blocks of Markdown, with what is declared for them', () => {
    const text = [
      '```ts',
      'a;',
      '```',
      '```sh',
      'b',
      '```',
      '<!-- docs: declare const c: 1; -->',
      '```ts',
      'c;',
      '```',
      '<!-- docs: declare const d: 1; -->',
      '',
      '```ts',
      'd;',
      '```',
    ];
    expect(markdownSnippets('x.md', text.join('\n'))).toEqual([
      { file: 'x.md', line: 2, code: 'a;', preamble: '' },
      { file: 'x.md', line: 9, code: 'c;', preamble: 'declare const c: 1;' },
      { file: 'x.md', line: 14, code: 'd;', preamble: 'declare const d: 1;' },
    ]);
  });

  it('finds the examples of doc comments, with their lines', () => {
    const text = [
      '/**',
      ' * Adds.',
      ' *',
      ' * @example',
      ' * add(',
      ' *   1,',
      ' * );',
      ' */',
      'export function add() {}',
    ];
    expect(exampleSnippets('x.ts', text.join('\n'))).toEqual([
      { file: 'x.ts', line: 5, code: 'add(\n  1,\n);', preamble: '' },
    ]);
  });

  it('knows which names a snippet has from elsewhere', () => {
    const code =
      'const { a: b, c = d } = e.f({ g: h, i }); (j: K) => { let l: m.N = j; o(b, c, l); }; import p from "q"; p();';
    expect([...unboundNames(code)].sort()).toEqual(['K', 'd', 'e', 'h', 'i', 'm', 'o']);
  });
});
