import ts from 'typescript';

/** A piece of TypeScript in a document. */
export interface Snippet {
  /** The file it stands in, relative to the root. */
  readonly file: string;
  /** The line of the file on which its first line stands. */
  readonly line: number;
  readonly code: string;
  /** Declarations that a reader is spared. */
  readonly preamble: string;
}

/** All ```ts blocks of a Markdown file. A comment `<!-- docs: … -->` before a block is its preamble. */
export function markdownSnippets(file: string, text: string): Snippet[] {
  const snippets: Snippet[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const fence = /^(\s*)(`{3,})(\w*)/.exec(lines[at] ?? '');
    if (!fence) continue;
    const [, indent = '', ticks = '', language] = fence;
    const end = lines.findIndex((line, index) => index > at && line.trim() === ticks);
    const stop = end === -1 ? lines.length : end;
    if (language === 'ts' || language === 'typescript') {
      const code = lines
        .slice(at + 1, stop)
        .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
      // Prettier puts an empty line between a comment and a block.
      const before = lines[at - 1] === '' ? lines[at - 2] : lines[at - 1];
      const preamble = /^\s*<!-- docs: (.*) -->\s*$/.exec(before ?? '')?.[1] ?? '';
      snippets.push({ file, line: at + 2, code: code.join('\n'), preamble });
    }
    at = stop;
  }
  return snippets;
}

/** All `@example` blocks of a source file: what follows the tag, or the ```ts block in it. */
export function exampleSnippets(file: string, text: string): Snippet[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const snippets: Snippet[] = [];
  const seen = new Set<number>();
  const visit = (node: ts.Node): void => {
    for (const tag of ts.getJSDocTags(node)) {
      if (tag.tagName.text !== 'example' || seen.has(tag.pos)) continue;
      seen.add(tag.pos);
      const line = source.getLineAndCharacterOfPosition(tag.tagName.end).line + 2;
      const written = text.slice(tag.tagName.end, tag.parent.end);
      const code = exampleCode(ts.getTextOfJSDocComment(tag.comment) ?? '');
      // The compiler trims blank lines and the rest of the tag's own line.
      const offset = written.split('\n').findIndex((each) => code !== '' && each.includes(code.split('\n')[0] ?? ''));
      snippets.push({ file, line: line + Math.max(0, offset - 1), code, preamble: '' });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return snippets;
}

function exampleCode(comment: string): string {
  return /```(?:ts|typescript)\n([\s\S]*?)\n\s*```/.exec(comment)?.[1] ?? comment;
}

/** The names that a piece of code uses and does not declare anywhere itself. */
export function unboundNames(code: string): Set<string> {
  const source = ts.createSourceFile('snippet.ts', code, ts.ScriptTarget.Latest, true);
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) (isDeclaration(node) ? declared : isReference(node) ? used : new Set()).add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return new Set([...used].filter((name) => !declared.has(name)));
}

/** Whether an identifier is the name under which something can be spoken of from here on; members are not. */
function isDeclaration(name: ts.Identifier): boolean {
  const { parent } = name;
  if (ts.isImportClause(parent) || ts.isImportSpecifier(parent) || ts.isNamespaceImport(parent)) return true;
  if (ts.isBindingElement(parent) || ts.isVariableDeclaration(parent) || ts.isParameter(parent))
    return parent.name === name;
  if (ts.isTypeParameterDeclaration(parent)) return parent.name === name;
  return (
    (ts.isFunctionDeclaration(parent) ||
      ts.isFunctionExpression(parent) ||
      ts.isClassLike(parent) ||
      ts.isInterfaceDeclaration(parent) ||
      ts.isTypeAliasDeclaration(parent) ||
      ts.isEnumDeclaration(parent)) &&
    parent.name === name
  );
}

function isReference(name: ts.Identifier): boolean {
  const { parent } = name;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === name;
  if (ts.isQualifiedName(parent)) return parent.left === name;
  if (ts.isBindingElement(parent)) return parent.propertyName !== name;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  return !(
    (ts.isPropertyAssignment(parent) || ts.isClassElement(parent) || ts.isTypeElement(parent)) &&
    parent.name === name
  );
}
