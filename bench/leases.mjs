// node bench/leases.mjs [leases] [rounds]: what it costs to hold leases at 1 Hz, beside an rxjs `interval()` for each.
// Turns in random order, each in a process of its own, so that nobody pays for another's garbage; what counts is CPU time.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { interval, NEVER } from 'rxjs';
import { extendLease } from '../dist/esm/index.js';

/** How many seconds a turn lasts; the median one counts, for some of them pay for a garbage collection of all. */
const SECONDS = 8;
const BATCHES = 1_000;
const here = fileURLToPath(import.meta.url);
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const holders = {
  nothing: () => ({ unsubscribe() {} }),
  hawser: (extend) => NEVER.pipe(extendLease({ every: 1_000, lease: 'lease', extend, renewals$: NEVER })).subscribe(),
  rxjs: (extend) => interval(1_000).subscribe(extend),
};

/** CPU ms in a second, and how many extensions there were in it. */
async function turn(hold, count) {
  let extensions = 0;
  const held = [];
  // Work begins at any time: what begins together would be extended together, by whatever timer.
  for (let batch = 0; batch < BATCHES; batch++) {
    for (let at = 0; at < count / BATCHES; at++) held.push(hold(() => extensions++));
    await wait(1);
  }
  await wait(1_000);
  extensions = 0;
  const seconds = [];
  for (let second = 0; second < SECONDS; second++) {
    const before = process.cpuUsage();
    await wait(1_000);
    const { user, system } = process.cpuUsage(before);
    seconds.push((user + system) / 1_000);
  }
  for (const subscription of held) subscription.unsubscribe();
  return { cpu: median(seconds), extensions: extensions / SECONDS };
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const apart = (name, count) =>
  new Promise((resolve, reject) => fork(here, ['turn', name, count]).once('message', resolve).once('error', reject));

async function compare(count = 10_000, rounds = 5) {
  const names = Object.keys(holders);
  const turns = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of [...names].sort(() => Math.random() - 0.5)) turns[name].push(await apart(name, count));
  }
  const cost = {};
  for (const name of names) {
    const cpu = turns[name].map((one) => one.cpu);
    cost[name] = median(cpu);
    const range = `${Math.min(...cpu).toFixed(1)}–${Math.max(...cpu).toFixed(1)}`;
    const extensions = Math.round(median(turns[name].map((one) => one.extensions)));
    console.log(
      `${name.padEnd(8)} ${cost[name].toFixed(1).padStart(6)} ms CPU/s (${range}), ${extensions} extensions/s`,
    );
  }
  const ratio = (cost.rxjs - cost.nothing) / (cost.hawser - cost.nothing);
  console.log(
    `${count} leases at 1 Hz: ${cost.hawser.toFixed(1)} ms CPU/s (target 12), ${ratio.toFixed(1)} × less than interval() (target 4)`,
  );
}

const [first, ...rest] = process.argv.slice(2);
if (first === 'turn') {
  process.send(await turn(holders[rest[0]], Number(rest[1])));
  process.disconnect();
} else await compare(...[first, ...rest].filter(Boolean).map(Number));
