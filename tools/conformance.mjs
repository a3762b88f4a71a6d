// The official software of Inngest Connect, against ours: installs it in spec/conformance, and runs the specs there.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const project = join(root, 'spec/conformance');
const installed = join(project, 'node_modules/.installed-lock.json');
const lock = readFileSync(join(project, 'package-lock.json'), 'utf8');
const isCurrent = existsSync(installed) && readFileSync(installed, 'utf8') === lock;

let stop;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    stop?.();
    process.exit(1);
  });
}

/** Runs a command to its end, and ends it with all its children when it takes too long. */
async function run(seconds, command, ...args) {
  // In a group of its own, which can be ended as a whole.
  const child = spawn(command, args, { cwd: project, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  stop = () => process.kill(-child.pid, 'SIGKILL');
  const limit = setTimeout(() => {
    console.error(`${command}: not finished after ${seconds} s`);
    stop();
  }, seconds * 1_000);
  const code = await new Promise((resolve, reject) => child.on('exit', resolve).on('error', reject));
  clearTimeout(limit);
  stop = undefined;
  if (code !== 0) process.exit(1);
}

if (!existsSync(join(root, 'dist/esm/gateway.js'))) throw new Error('there is no dist: `npm run build` comes first');
if (!isCurrent) {
  console.log('installing the official SDKs');
  await run(300, 'npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline');
  writeFileSync(installed, lock);
}
const specs = readdirSync(project).filter((name) => name.endsWith('.test.mjs'));
await run(120, process.execPath, '--test', '--test-concurrency=1', '--test-reporter=spec', ...specs);
