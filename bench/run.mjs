// npm run bench [-- --quick] [-- --write]: what the canonical stack costs, beside bare `ws` and rxjs's own webSocket.
import { fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { receive } from './receive.mjs';
import { roundTrip } from './roundTrip.mjs';
import { send } from './send.mjs';

const quick = process.argv.includes('--quick');
const rounds = quick ? 6 : 24;
const version = (name) =>
  JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8')).version;

const receiving = [
  { size: 32, count: 19_968 },
  { size: 256, count: 9_984 },
  { size: 4096, count: 1_536 },
];
const sending = [1, 4, 16, 100].map((burst) => ({ burst, count: 8_000 }));

/** Targets, as ratios of throughput: rows of the tables by what they are compared for. */
const targets = {
  'receive 32 hawser, canonical stack, JSON': 0.95,
  'receive 256 hawser, canonical stack, JSON': 0.96,
  'receive 4096 hawser, canonical stack, JSON': 0.98,
  'receive 256 hawser, canonical stack, msgpack shared': 1.45,
  'receive 4096 hawser, canonical stack, msgpack shared': 2.8,
  'send 1 hawser, canonical stack': 0.93,
  'send 4 hawser, canonical stack': 2.1,
  'send 16 hawser, canonical stack': 3.2,
  'send 100 hawser, canonical stack': 4.3,
};

function table(key, title, { rows, control, isVoid }) {
  const lines = rows.map(({ name, cost, ratio, low, high }) => {
    const target = targets[`${key} ${name}`];
    const verdict = target === undefined ? '' : ratio >= target ? `${target} reached` : `${target} **missed**`;
    return `| ${name} | ${Math.round(cost)} | ${ratio.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)}) | ${verdict} |`;
  });
  const state = isVoid
    ? `**void**: the control is off by more than 3 % (${control.toFixed(3)})`
    : `control ${control.toFixed(3)}`;
  return [
    `### ${title}`,
    '',
    state,
    '',
    '| contestant | CPU ns a message | throughput against bare ws (10th–90th percentile) | target |',
    '|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
}

/** How much longer a round trip may take than over a bare socket. */
const ROUND_TRIP = 1.03;

function roundTripTable(title, rows) {
  const control = rows.find(({ name }) => name === 'control').ratio;
  const lines = rows.map(({ name, time, ratio }) => {
    const verdict = !name.startsWith('requests') ? '' : ratio <= ROUND_TRIP ? 'reached' : '**missed**';
    return `| ${name} | ${time.toFixed(1)} | ${ratio.toFixed(3)} | ${verdict && `${ROUND_TRIP} ${verdict}`} |`;
  });
  const state = Math.abs(control - 1) > 0.03 ? '**void**: the control is off by more than 3 %' : 'control';
  return [
    `### ${title}`,
    '',
    `${state} ${control.toFixed(3)}`,
    '',
    '| contestant | median µs | against bare ws | target |',
    '|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
}

const progress = (title) => (text) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${title}: ${text}`);
  else if (text.startsWith('void')) process.stderr.write(`${title}: ${text}\n`);
};

const server = fork(new URL('./server.mjs', import.meta.url));
const { port } = await new Promise((resolve) => server.once('message', resolve));
const base = `ws://127.0.0.1:${port}`;
const parts = [];
try {
  for (const { size, count } of receiving) {
    const title = `Receiving messages of ${size} B`;
    const result = await receive({ base, size, count, rounds, report: progress(title) });
    parts.push(table(`receive ${size}`, title, result));
    console.log(`\n${parts.at(-1)}`);
  }
  for (const { burst, count } of sending) {
    const title = `Sending 32 B, ${burst} a turn`;
    const result = await send({ base, burst, count, rounds, report: progress(title) });
    parts.push(table(`send ${burst}`, title, result));
    console.log(`\n${parts.at(-1)}`);
  }
  const title = 'Round trips, one at a time';
  parts.push(roundTripTable(title, await roundTrip({ base, rounds, report: progress(title) })));
  console.log(`\n${parts.at(-1)}`);
} finally {
  server.disconnect();
}

if (process.argv.includes('--write')) {
  const machine =
    `Measured ${new Date().toISOString().slice(0, 10)} on ${cpus().length} cores of ${cpus()[0].model}, Node ${process.versions.node}, ` +
    `ws ${version('ws')}, rxjs ${version('rxjs')}, msgpackr ${version('msgpackr')}; ${rounds} rounds.`;
  const path = new URL('../docs/performance.md', import.meta.url);
  const [before, , after] = readFileSync(path, 'utf8').split(/<!-- bench:begin -->|<!-- bench:end -->/);
  writeFileSync(path, `${before}<!-- bench:begin -->\n\n${machine}\n\n${parts.join('\n')}\n<!-- bench:end -->${after}`);
}
