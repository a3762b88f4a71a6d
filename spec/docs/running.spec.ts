import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { entries, prelude } from './compile.js';
import { markdownSnippets } from './snippets.js';

const root = join(__dirname, '../..');
const sources = entries(root);

/** Runs a snippet as a module, with the entries of the package read from their sources. */
function run(code: string): void {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  // The names of the test runner are given, so that the snippet sees what a test file does.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the code is that of our own documents
  const module = new Function('require', 'exports', 'describe', 'it', 'expect', outputText) as (
    ...globals: unknown[]
  ) => void;
  const load = (name: string): unknown => jest.requireActual(sources.get(name) ?? name);
  module(load, {}, describe, it, expect);
}

const tests = ['README.md', ...readdirSync(join(root, 'docs')).map((file) => `docs/${file}`)]
  .filter((file) => file.endsWith('.md'))
  .flatMap((file) => markdownSnippets(file, readFileSync(join(root, file), 'utf8')))
  .filter(({ code }) => /^(it|describe)\(/m.test(code));

// Tests that documents show are run, not just compiled.
for (const snippet of tests) {
  describe(`${snippet.file}:${snippet.line}`, () => run(`${prelude(snippet, root)}\n${snippet.code}`));
}

it('finds the tests of the documents', () => {
  expect(tests.length).toBeGreaterThan(5);
});
