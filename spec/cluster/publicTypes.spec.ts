import { join, relative } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '../..');

/** The declarations that an entry is published with, comments left out, by their paths. */
function declarations(entry: string): Map<string, string> {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    readonly config: { readonly compilerOptions: object };
  };
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [entry], include: [] }, ts.sys, root);
  const emitted = new Map<string, string>();
  const program = ts.createProgram([join(root, entry)], {
    ...options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    removeComments: true,
    outDir: root,
  });
  program.emit(undefined, (path, text) => emitted.set(relative(root, path), text));
  return emitted;
}

describe('the types of the cluster entry', () => {
  const mentions = (text: string): boolean => /\bWebSocket\b/.test(text);

  it('name no WebSocket: a provider is the same whatever it stands on', () => {
    const published = declarations('src/cluster.ts');
    const names = [...published.keys()].map((path) => path.replace(/^.*?(?=cluster)/, ''));
    expect(names).toEqual(expect.arrayContaining(['cluster.d.ts', 'cluster/connectionProvider.d.ts']));
    expect([...published].filter(([, text]) => mentions(text)).map(([path]) => path)).toEqual([]);
  });

  it('are seen to name one', () => {
    expect(mentions('getAnyConnection(): WebSocket;')).toBe(true);
    expect(mentions('declare function webSocket(): WebSocketLike;')).toBe(false);
  });
});
