// npm run chaos [-- --seconds 60] [--seed N] [--runs 1]: workers do numbered requests while everything around them fails.
//
// At random, but the same for the same seed as far as timing allows: connections and gateways end (FIN), are reset (RST) or freeze;
// gateways drain and are replaced, or are gone at once; acknowledgements of replies and of leases come late, in reverse order or not
// at all; requests are repeated; frames and messages are malformed; the API answers with errors, with noise, late or never; workers
// are replaced. Then all is well again, and the workers end gracefully.
//
// What is guaranteed: a request that a worker acknowledged gets a reply, and the gateway accepts exactly one. All of these must be 0:
//   lost         acknowledged and never answered.
//   doubled      two replies that say different things, although the lease never ran out: the work was done twice under one lease.
//                Every run of a piece of work answers with a number of its own, so that doing it twice shows.
//   forgotten    acknowledged by a worker, and then neither one accepted reply nor the loss of the lease, as the worker tells it.
//   undelivered  replies that a worker gave up.
//   stuck        workers that were asked to end and did not.
// Each run happens twice. First with long leases that never run out, so that nobody makes up for what a worker loses. Then with leases
// that run out while a gateway is frozen or a worker finds none; the gateway gives the request to somebody else, as real ones do. The
// first worker is told and stops, unless it has answered by then, and then the replies of both cross. No worker can prevent that: the
// gateway takes the first, and `overtaken` counts how often. `repeated` counts replies that came again as they were, because their
// acknowledgement was lost or late: gateways know replies by their request, so they do no harm.
// A request that got lost on its way to a worker is not acknowledged: with long leases it stays so, and is not counted as lost.
import { connectWorker } from 'hawser/gateway';
import { malformedFrames, mockApi, mockGateway } from 'hawser/testing';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    runs: { type: 'string', default: '1' },
  },
});

// The same that the tests run for a few seconds; it knows types only, and is given the package as its users have it.
const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('../spec/gateway/chaos/chaosRun.ts', import.meta.url))],
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
});
const { chaosRun } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
);

const faults = ['lost', 'doubled', 'forgotten', 'undelivered', 'stuck'];
const kit = { connectWorker, mockApi, mockGateway, malformedFrames };
const seconds = Number(values.seconds);

function print({ chaos, tales, stuck, ...figures }) {
  const all = { ...figures, stuck: stuck.length };
  const counted = [...faults, ...Object.keys(all).filter((name) => !faults.includes(name))];
  for (const name of counted) console.log(`  ${name.padEnd(30)} ${String(all[name]).padStart(6)}`);
  console.log('  of chaos:');
  for (const [kind, times] of Object.entries(chaos)) console.log(`    ${kind.padEnd(28)} ${String(times).padStart(6)}`);
  for (const tale of [...tales.slice(0, 10), ...stuck.slice(0, 10)]) console.log(`  ! ${tale}`);
  if (faults.some((name) => all[name] > 0)) process.exitCode = 1;
}

for (let run = 0; run < Number(values.runs); run++) {
  const seed = Number(values.seed) + run;
  for (const shortLeases of [false, true]) {
    console.log(`\nseed ${seed}, ${seconds} s, ${shortLeases ? 'short' : 'long'} leases`);
    print(await chaosRun(kit, { seed, seconds, shortLeases }));
  }
}
