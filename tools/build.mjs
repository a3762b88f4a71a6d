// Two plain tsc runs: dist/esm, and dist/cjs with a package.json of its own that says so.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = `${root}node_modules/typescript-7/bin/tsc`;

rmSync(`${root}dist`, { recursive: true, force: true });
for (const dialect of ['esm', 'cjs']) {
  try {
    execFileSync(process.execPath, [tsc, '-p', `tsconfig.${dialect}.json`], { cwd: root, stdio: 'inherit' });
  } catch {
    // The compiler has said why.
    process.exit(1);
  }
}
writeFileSync(`${root}dist/cjs/package.json`, '{"type":"commonjs","sideEffects":false}\n');
