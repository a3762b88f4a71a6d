import ts from 'typescript';

/** One line of a marble diagram. */
export interface Row {
  readonly marbles: string;
  /** Where the first marble stands in its line. */
  readonly column: number;
}

/** One line of a diagram in a document. */
export interface LabelledRow extends Row {
  readonly label: string;
  /** What is said behind it in parentheses. */
  readonly remark?: string;
}

/** A marble diagram in a document. */
export interface Diagram {
  readonly file: string;
  /** The line of its first row. */
  readonly line: number;
  /** Whose marble tests it is taken from. */
  readonly operator: string;
  readonly rows: readonly LabelledRow[];
}

/** A label, its marbles, and perhaps a remark in parentheses. */
const ROW = /^(?<label>\s*\S.*?\s{2,}|\s*\S+\s)(?<marbles>\S+)(?:\s{2,}\((?<remark>.*)\))?\s*$/;

function readRows(lines: readonly string[]): LabelledRow[] {
  return lines
    .map((line) => ROW.exec(line)?.groups)
    .filter((groups) => groups !== undefined)
    .map(({ label = '', marbles = '', remark }) => ({
      label: label.replace(/^ \*/, '').trim(),
      marbles,
      column: label.length,
      ...(remark !== undefined && { remark }),
    }));
}

/** The ```marbles blocks of a Markdown text; the word after `marbles` names the operator. */
export function markdownDiagrams(file: string, text: string): Diagram[] {
  return [...text.matchAll(/^```marbles (\w+)\n([\s\S]*?)^```$/gm)].map(
    ({ 1: operator = '', 2: body = '', index }) => ({
      file,
      line: text.slice(0, index).split('\n').length + 1,
      operator,
      rows: readRows(body.split('\n')),
    }),
  );
}

/** The diagram in the doc comment of a source file: its lines that are indented by five, before any example. */
export function commentDiagram(file: string, text: string): Diagram | undefined {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => /^ \*\s{5}\S/.test(line));
  const example = lines.findIndex((line) => line.startsWith(' * @example'));
  if (first === -1 || (example !== -1 && example < first)) return undefined;
  const end = lines.findIndex((line, at) => at > first && !/^ \*\s{5}\S/.test(line));
  const operator = /(\w+)\.ts$/.exec(file)?.[1] ?? '';
  return { file, line: first + 1, operator, rows: readRows(lines.slice(first, end)) };
}

/** The string literals of each test of a marbles file, without their spaces, in the order of the tests. */
export function testRows(text: string): Row[][] {
  const source = ts.createSourceFile('marbles.ts', text, ts.ScriptTarget.Latest, true);
  const tests: Row[][] = [];
  const collect = (node: ts.Node, rows: Row[]): void => {
    if (ts.isStringLiteralLike(node)) {
      const spaces = /^ */.exec(node.text)?.[0].length ?? 0;
      const { character } = source.getLineAndCharacterOfPosition(node.getStart(source));
      rows.push({ marbles: node.text.replaceAll(' ', ''), column: character + 1 + spaces });
    }
    ts.forEachChild(node, (child) => collect(child, rows));
  };
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /^it\b/.test(node.expression.getText(source))) {
      const rows: Row[] = [];
      collect(node, rows);
      tests.push(rows);
    } else ts.forEachChild(node, visit);
  };
  visit(source);
  return tests;
}

/** Whether a test draws all rows of a diagram, and one below the other as the diagram does. */
export function isDrawn(rows: readonly Row[], test: readonly Row[]): boolean {
  const offsets = (row: Row): number[] =>
    test.filter(({ marbles }) => marbles === row.marbles).map(({ column }) => column - row.column);
  const [first, ...others] = rows.map(offsets);
  return !!first?.some((offset) => others.every((each) => each.includes(offset)));
}
