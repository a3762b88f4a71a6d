import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { parseModule } from '../architecture/modules.js';
import { placeholders } from './placeholders.js';
import { type Snippet, unboundNames } from './snippets.js';

/** The entries of the package by the names they are imported under, with their source files. */
export function entries(root: string): Map<string, string> {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { readonly import: { readonly types: string } }>;
  };
  return new Map(
    Object.entries(exports).flatMap(([key, files]) => {
      if (typeof files === 'string') return [];
      const source = files.import.types.replace(/^\.\/dist\/esm\/(.*)\.d\.ts$/, 'src/$1.ts');
      return [[join('hawser', key), join(root, source)] as const];
    }),
  );
}

/** What can be imported without saying so: name to module. hawser goes before rxjs, the core entry before the others. */
function importable(root: string): Map<string, string> {
  const types = join(root, 'node_modules/rxjs/dist/types');
  const modules: (readonly [name: string, file: string])[] = [
    ...entries(root),
    ['rxjs', join(types, 'index.d.ts')],
    ['rxjs', join(types, 'internal/types.d.ts')],
    ['rxjs/testing', join(types, 'testing/index.d.ts')],
  ];
  const found = new Map<string, string>();
  for (const [module, file] of modules) {
    for (const name of parseModule(file, readFileSync(file, 'utf8')).exports) {
      if (!found.has(name)) found.set(name, module);
    }
  }
  return found;
}

/** What a snippet needs before its first line, in one line: placeholders, and imports for all public names it uses. */
export function prelude({ file, code, preamble }: Snippet, root: string, available = importable(root)): string {
  const own = file.startsWith('src/') ? parseModule(file, readFileSync(join(root, file), 'utf8')).exports : [];
  const declarations = preamble === '' ? [] : [preamble];
  const imports: string[] = [];
  const bound = new Set<string>();
  // A placeholder may use public names and other placeholders, so ask again until nothing is missing.
  for (let missing = true; missing;) {
    missing = false;
    for (const name of unboundNames([...declarations, code].join('\n'))) {
      if (bound.has(name)) continue;
      const module = available.get(name) ?? (own.includes(name) ? `/${file.replace(/\.ts$/, '')}` : undefined);
      if (module !== undefined) imports.push(`import { ${name} } from '${module.replace(/^\//, `${root}/`)}';`);
      else if (Object.hasOwn(placeholders, name)) declarations.push(placeholders[name]!);
      else continue;
      bound.add(name);
      missing = true;
    }
  }
  return [...imports, ...declarations, 'export {};'].join(' ');
}

/** Compiles all snippets in one program, against the sources, and tells what is wrong and on which line of which file. */
export function compile(snippets: readonly Snippet[], root: string): string[] {
  const available = importable(root);
  const virtual = new Map(
    snippets.map((snippet, index) => [
      `${root}/snippet-${index}.ts`,
      { snippet, text: `${prelude(snippet, root, available)}\n${snippet.code}` },
    ]),
  );
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  Object.assign(options, {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    paths: Object.fromEntries([...entries(root)].map(([name, file]) => [name, [file]])),
    verbatimModuleSyntax: false,
    isolatedModules: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
  } satisfies ts.CompilerOptions);

  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => virtual.has(path) || fileExists(path);
  host.readFile = (path) => virtual.get(path)?.text ?? readFile(path);
  host.getSourceFile = (path, language, ...rest) => {
    const text = virtual.get(path)?.text;
    return text === undefined
      ? getSourceFile(path, language, ...rest)
      : ts.createSourceFile(path, text, language, true);
  };

  const program = ts.createProgram([...virtual.keys()], options, host);
  return [...virtual].flatMap(([path, { snippet }]) => {
    const file = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((fault) => {
      // Line 0 is the prelude, which stands for the line before the snippet.
      const line = (file?.getLineAndCharacterOfPosition(fault.start ?? 0).line ?? 0) + snippet.line - 1;
      return `${snippet.file}:${line} ${ts.flattenDiagnosticMessageText(fault.messageText, ' ')}`;
    });
  });
}
