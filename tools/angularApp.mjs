// Installs and builds examples/angular as its users would: against the packed package.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
export const folder = join(root, 'examples/angular');
const modules = join(folder, 'node_modules');

const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], timeout: 300_000 });

/** Nothing to do when the lock file is older than what npm wrote last. */
function isInstalled() {
  const installed = join(modules, '.package-lock.json');
  const age = (file) => statSync(file).mtimeMs;
  return existsSync(installed) && age(installed) >= age(join(folder, 'package-lock.json'));
}

export function buildApp() {
  if (!isInstalled()) run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], folder);

  const home = mkdtempSync(join(tmpdir(), 'hawser-angular-'));
  try {
    const packed = run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', home], root);
    const [{ filename }] = JSON.parse(packed);
    rmSync(join(modules, 'hawser'), { recursive: true, force: true });
    mkdirSync(join(modules, 'hawser'));
    run('tar', ['xzf', join(home, filename), '-C', join(modules, 'hawser'), '--strip-components=1'], root);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  // The cache of the CLI does not notice that a package has changed under the same version.
  rmSync(join(folder, '.angular'), { recursive: true, force: true });
  return run(process.execPath, [join(modules, '@angular/cli/bin/ng.js'), 'build'], folder);
}
