// Ctrl-C in an example ends it, soon and with the status that shells expect: 130.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The example, and what it has printed when it is interrupted. */
const examples = [
  ['examples/quickstart/main.mjs', 'open '],
  ['examples/gateway-worker/main.mjs', 'replied'],
  ['examples/cluster/main.mjs', 'drains'],
  ['examples/chat/main.mjs', 'reconnecting'],
  ['examples/node-stream/main.mjs', 'goes on after'],
];
const root = fileURLToPath(new URL('..', import.meta.url));

for (const [file, moment] of examples) {
  const child = spawn(process.execPath, [file], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const patience = setTimeout(() => child.kill('SIGKILL'), 20_000);
  let printed = '';
  let interrupted = false;
  child.stdout.on('data', (text) => {
    printed += text;
    if (interrupted || !printed.includes(moment)) return;
    interrupted = true;
    child.kill('SIGINT');
  });
  const [code, signal] = await once(child, 'exit');
  clearTimeout(patience);
  const ok = interrupted && code === 130;
  console.log(`${ok ? 'ok  ' : 'FAIL'}  ${file} ends with ${code ?? signal}`);
  if (!ok) process.exitCode = 1;
}
