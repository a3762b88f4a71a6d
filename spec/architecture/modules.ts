import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';

/** What the rules want to know about one file. */
export interface Module {
  /** Relative to the folder that was read, such as `operators/heartbeat.ts`. */
  readonly path: string;
  /** What it imports, for values or only for types: a path like the above, or the name of a package. */
  readonly imports: readonly string[];
  /** The names it imports. */
  readonly importedNames: readonly string[];
  readonly exports: readonly string[];
  readonly lines: number;
  /** Where it asks the host for time or chance. */
  readonly hostCalls: readonly string[];
}

/** Reads all TypeScript files below a folder. */
export function readModules(folder: string): Module[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.split('\\').join('/'))
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => parseModule(path, readFileSync(posix.join(folder, path), 'utf8')));
}

/** Reads one file with the compiler's own parser, so that no comment or text is taken for code. */
export function parseModule(path: string, text: string): Module {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports = new Set<string>();
  const importedNames = new Set<string>();
  const hostCalls: string[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) imports.add(resolve(path, specifier));
    if (ts.isImportSpecifier(node)) importedNames.add((node.propertyName ?? node.name).text);
    const call = hostCallOf(node);
    if (call !== undefined)
      hostCalls.push(`${call} (line ${file.getLineAndCharacterOfPosition(node.getStart()).line + 1})`);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return {
    path,
    imports: [...imports],
    importedNames: [...importedNames],
    exports: file.statements.flatMap(exportsOf),
    lines: text.replace(/\n$/, '').split('\n').length,
    hostCalls,
  };
}

function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  return posix.join(posix.dirname(from), specifier.replace(/\.js$/, '.ts'));
}

/** The module that a node names, in any of the ways in which a module can be named. */
function specifierOf(node: ts.Node): string | undefined {
  let named: ts.Node | undefined;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) named = node.moduleSpecifier;
  else if (ts.isExternalModuleReference(node)) named = node.expression;
  else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) named = node.argument.literal;
  else if (ts.isCallExpression(node) && /^(import|require)$/.test(node.expression.getText())) named = node.arguments[0];
  return named && ts.isStringLiteralLike(named) ? named.text : undefined;
}

function exportsOf(statement: ts.Statement): string[] {
  if (ts.isExportDeclaration(statement)) {
    const { exportClause } = statement;
    return exportClause && ts.isNamedExports(exportClause) ? exportClause.elements.map(({ name }) => name.text) : [];
  }
  if (!ts.canHaveModifiers(statement)) return [];
  if (!ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  const { name } = statement as ts.DeclarationStatement;
  return name ? [name.getText()] : [];
}

/** The host's clock or dice, where a node reaches for them. `Math.random` may be the default of an option. */
function hostCallOf(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node) && /^(setTimeout|setInterval)$/.test(node.text)) return node.text;
  if (ts.isNewExpression(node) && node.getText() === 'new Date()') return 'new Date()';
  if (!ts.isPropertyAccessExpression(node)) return undefined;
  const name = node.getText();
  if (name === 'Math.random' && isDefault(node)) return undefined;
  return /^(globalThis\.)?(Date\.now|performance\.now|Math\.random)$/.test(name) ? name : undefined;
}

function isDefault({ parent }: ts.Node): boolean {
  if (ts.isBinaryExpression(parent)) return parent.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken;
  return ts.isBindingElement(parent) || ts.isParameter(parent);
}
