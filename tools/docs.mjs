// The reference of all entry points, with the guides of docs/ and the pictures of the operators, as a site in build/docs: `npm run docs`.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, Converter, ReflectionKind } from 'typedoc';

const root = fileURLToPath(new URL('..', import.meta.url));
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** The source of each entry, by its name in an import. */
const entries = Object.entries(exports)
  .filter(([, entry]) => entry.import)
  .map(
    ([
      key,
      {
        import: { types },
      },
    ]) => [join('hawser', key), types.replace(/^\.\/dist\/esm\/(.*)\.d\.ts$/, '$1')],
  );

const app = await Application.bootstrap({
  name: 'hawser',
  entryPoints: entries.map(([, file]) => join(root, `src/${file}.ts`)),
  tsconfig: join(root, 'tsconfig.json'),
  skipErrorChecking: true,
  out: join(root, 'build/docs'),
  readme: join(root, 'README.md'),
  projectDocuments: [join(root, 'docs/*.md'), join(root, 'CHANGELOG.md'), join(root, 'SECURITY.md')],
  excludeInternal: true,
  excludePrivate: true,
  disableSources: true,
  includeVersion: true,
  ignoredHighlightLanguages: ['marbles'],
  highlightLanguages: ['typescript', 'javascript', 'json', 'diff', 'html', 'shell', 'text', 'ini', 'tsx'],
});

/** Entries by the names under which they are imported. */
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
    module.name = entries.find(([, file]) => file === module.name)?.[0] ?? module.name;
  }
});

/** The diagram in a doc comment, as its picture. */
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  for (const { name, signatures = [] } of project.getReflectionsByKind(ReflectionKind.Function)) {
    const picture = join(root, `docs/marbles/${name}.svg`);
    if (!existsSync(picture)) continue;
    for (const { comment } of signatures) {
      const at = comment?.summary.findIndex(({ text }) => /^ {4}\S+ +\S/m.test(text)) ?? -1;
      if (at === -1) continue;
      const { text } = comment.summary[at];
      const [before] = text.split(/^ {4}\S/m, 1);
      const after = text.slice(before.length).replace(/^( {4}.*\n?)+/, '');
      const { target, anchor } = project.files.registerAbsolute(picture);
      comment.summary.splice(
        at,
        1,
        { kind: 'text', text: `${before}![${name}](` },
        { kind: 'relative-link', text: `docs/marbles/${name}.svg`, target, targetAnchor: anchor },
        { kind: 'text', text: `)\n\n${after}` },
      );
    }
  }
});

/** A heading such as `### \`heartbeat\`` without its backticks, or it would have no anchor. */
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  for (const { content } of project.getReflectionsByKind(ReflectionKind.Document)) {
    content.forEach((part, at) => {
      if (part.kind !== 'code' || !/(^|\n)#+ ([^\n]*)$/.test(content[at - 1]?.text ?? '')) return;
      content[at] = { kind: 'text', text: part.text.replaceAll('`', '') };
    });
  }
});

const project = await app.convert();
if (!project) process.exit(1);
await app.generateOutputs(project);
process.exit(app.logger.hasErrors() || app.logger.hasWarnings() ? 1 : 0);
