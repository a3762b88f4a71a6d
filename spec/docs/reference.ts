import ts from 'typescript';

/** The sections of a Markdown text by their headings, without backticks; a section ends with the next heading of its level or above. */
export function sections(text: string): Map<string, string> {
  const lines = text.split('\n');
  const headings = lines
    .map((line, at) => ({ at, heading: /^(#{2,4}) `?([\w ]+)`?$/.exec(line) }))
    .filter(({ heading }) => heading !== null)
    .map(({ at, heading }) => ({ at, depth: heading?.[1]?.length ?? 0, name: heading?.[2] ?? '' }));
  return new Map(
    headings.map(({ at, depth, name }, index) => {
      const next = headings.slice(index + 1).find((other) => other.depth <= depth);
      return [name, lines.slice(at, next?.at).join('\n')];
    }),
  );
}

/** The first cells of a section's table rows that are names in backticks. */
export function documentedNames(section: string): string[] {
  return [...section.matchAll(/^\| `([\w$]+)` /gm)].map(([, name = '']) => name);
}

/** The rows of a Markdown table, its head first. */
export function cells(table: string): string[][] {
  return table
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|\s*-/.test(line))
    .map((line) => line.split('|').slice(1, -1))
    .map((row) => row.map((cell) => cell.trim()));
}

/** The members of each interface of some source files, those of the interfaces that it extends included. */
export function interfaceMembers(texts: readonly string[]): Map<string, string[]> {
  const found = new Map<string, { own: string[]; bases: string[] }>();
  for (const text of texts) {
    const source = ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, true);
    for (const node of source.statements.filter((each) => ts.isInterfaceDeclaration(each))) {
      found.set(node.name.text, {
        own: node.members.map((member) => member.name?.getText(source) ?? ''),
        bases: (node.heritageClauses ?? []).flatMap(({ types }) =>
          types.map((type) => type.expression.getText(source)),
        ),
      });
    }
  }
  const members = (name: string): string[] => {
    const { own = [], bases = [] } = found.get(name) ?? {};
    return [...own, ...bases.flatMap(members)];
  };
  return new Map([...found.keys()].map((name) => [name, members(name)]));
}
