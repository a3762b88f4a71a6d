import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { anchors, brokenLinks } from './links.js';

const root = join(__dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const documents = ['', 'docs/', 'examples/'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: folder !== '', encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
    .map((path) => `${folder}${path}`),
);

describe('the links of the documents', () => {
  it.each(documents)('lead somewhere: %s', (file) => {
    expect(brokenLinks(file, read(file), root)).toEqual([]);
  });

  it('include every page of docs in the table of contents', () => {
    const contents = read('docs/README.md');
    const pages = readdirSync(join(root, 'docs')).filter((path) => path.endsWith('.md') && path !== 'README.md');

    expect(pages.filter((page) => !contents.includes(`](${page})`))).toEqual([]);
  });
});

describe('looking for broken links', () => {
  it.each([
    ['a file that is not there', '[a](README.none)', 'README.none'],
    ['a heading that is not there', '[a](#gone)', '#gone'],
    ['a heading that another file has not', '[a](README.md#gone)', 'README.md#gone'],
    ['a picture that is not there', '![a](docs/none.svg)', 'docs/none.svg'],
    ['a picture in a tag', '<img alt="a" src="docs/none.svg" width="1">', 'docs/none.svg'],
    ['a reference', '[a]: docs/none.md', 'docs/none.md'],
    ['an address without a host', '[a](https:///x)', 'https:///x'],
    ['a host without a domain', '[a](http://x/y)', 'http://x/y'],
  ])('finds %s', (_what, text, target) => {
    expect(brokenLinks('planted.md', `# Two words\n${text}`, root)).toEqual([`planted.md links to ${target}`]);
  });

  it('finds none where all lead somewhere', () => {
    const text =
      '# Two words\n[b](#two-words) [d](package.json) [e](https://x.y/z#a) `[f](g)` <img src="docs/timeline.svg">';

    expect(brokenLinks('planted.md', text, root)).toEqual([]);
  });

  it('knows the anchors of headings', () => {
    expect(anchors('# One `two` (three)\n```\n# no\n```\n## [A](b) & B\n## One two three')).toEqual([
      'one-two-three',
      'a--b',
      'one-two-three-1',
    ]);
  });
});
