// Runs the test of examples/marble-tested as its users would: against the packed package. It must pass, and fail when the pipeline is broken.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'marble-tested-'));

/** Runs jest in the example; its exit code and what it said. */
function test() {
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [jest], {
    cwd: home,
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { passed: status === 0, said: stdout + stderr };
}

function check(name, ok, said) {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`);
  if (ok) return;
  console.log(said);
  process.exitCode = 1;
}

try {
  cpSync(join(root, 'examples/marble-tested'), home, { recursive: true });
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', home], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  mkdirSync(join(home, 'node_modules/hawser'), { recursive: true });
  execFileSync('tar', ['xzf', join(home, filename), '-C', join(home, 'node_modules/hawser'), '--strip-components=1']);
  for (const name of ['rxjs', 'tslib', 'ws', 'isomorphic-ws', 'msgpackr']) {
    symlinkSync(join(root, 'node_modules', name), join(home, 'node_modules', name));
  }

  const whole = test();
  check('marble-tested: its test passes', whole.passed, whole.said);

  const pipeline = join(home, 'prices.cjs');
  const source = readFileSync(pipeline, 'utf8');
  const breaks = [
    ['a heartbeat that waits longer', 'timeout: 5_000', 'timeout: 5_001'],
    ['a retry that comes too soon', 'constant(2_000)', 'constant(1_999)'],
    ['no handover', 'drainHandover({ linger: 1_000 }),', ''],
    ['an old connection that is let go too late', 'linger: 1_000', 'linger: 1_001'],
  ];
  for (const [name, from, to] of breaks) {
    if (!source.includes(from)) throw new Error(`prices.cjs has no ${from}`);
    writeFileSync(pipeline, source.replace(from, to));
    const broken = test();
    check(`marble-tested: its test fails with ${name}`, !broken.passed && broken.said.includes('differ'), broken.said);
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
