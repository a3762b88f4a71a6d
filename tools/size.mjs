// What an import costs a browser. Operators share the core layer with the transport that every client has, so that an
// operator's budget is for what it adds to one. `--developing` forgives names that are not exported yet;
// `--why reconnect heartbeat` shows which files a bundle of these names consists of.
// A budget that is not reached yet is said so in every run; until then its ceiling holds: what is over it may only shrink.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const developing = process.argv.includes('--developing');
const forbidden = /(^|\/)node_modules\/(?!isomorphic-ws\/browser\.js$)|^\(disabled\)|^node:/;

const CORE = 10_240;
const CLIENT = 4_096;
const OPERATOR = 1_024;
/** What is over its budget today, and how much it may weigh at most. */
const ceilings = {
  'all of hawser': 20_782,
  'webSocket + json + reconnect + heartbeat + messages': 6_078,
  '+ reconnect': 1_150,
};
const client = ['webSocket', 'json', 'reconnect', 'heartbeat', 'messages'];

/** Bundles a program for a browser. */
async function bundle(code) {
  const result = await build({
    absWorkingDir: root,
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    external: ['rxjs', 'rxjs/*'],
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const { inputs } = Object.values(result.metafile.outputs)[0];
  const parts = Object.entries(inputs).map(([file, { bytesInOutput }]) => [bytesInOutput, file]);
  return {
    code: result.outputFiles[0].contents,
    inputs: Object.keys(result.metafile.inputs),
    parts: parts.sort(([a], [b]) => b - a).filter(([size]) => size > 0),
  };
}

/** Makes one row of the table; `base` is a program that is there anyway, and only what comes on top of it counts. */
async function measure(label, code, budget, { raw = false, core = true, base } = {}) {
  const weigh = (bytes) => (raw ? bytes.length : gzipSync(bytes, { level: 9 }).length);
  try {
    const { code: bytes, inputs } = await bundle(code);
    const alone = weigh(bytes);
    const size =
      base === undefined ? alone : weigh((await bundle(base + code)).code) - weigh((await bundle(base)).code);
    const strays = core ? inputs.filter((input) => forbidden.test(input)) : [];
    const ceiling = Math.max(budget, ceilings[label] ?? 0);
    const missed = size > budget ? `missed by ${size - budget} B` : '';
    const faults = [
      ...(size > ceiling
        ? [`${size - ceiling} B over ${ceiling === budget ? 'the budget' : `the ceiling of ${ceiling} B`}`]
        : []),
      ...(strays.length ? [`drags in ${strays.join(', ')}`] : []),
    ];
    return { label, size, alone, budget, missed, faults };
  } catch (error) {
    return { label, size: NaN, alone: NaN, budget, faults: error.errors?.map(({ text }) => text) ?? [String(error)] };
  }
}

/** A program that uses the given exports and nothing else. */
const use = (names, from = 'hawser') =>
  `import { ${names.join(', ')} } from '${from}'; globalThis.${names.join('_')} = [${names.join()}];`;

/** The operators are the files of their folders, so that none can be forgotten here. */
const operators = ['codecs', 'operators']
  .flatMap((folder) => readdirSync(`${root}src/${folder}`))
  .filter((file) => file.endsWith('.ts') && file !== 'msgpack.ts')
  .map((file) => file.replace(/\.ts$/, ''));

if (!existsSync(`${root}dist/esm/index.js`)) {
  console.error('there is nothing to measure: `npm run build` comes first');
  process.exit(1);
}

const why = process.argv.indexOf('--why');
if (why !== -1) {
  const { parts } = await bundle(use(process.argv.slice(why + 1)));
  for (const [size, file] of parts) console.log(String(size).padStart(7), file);
  process.exit();
}

const core = await import('hawser');
const exported = Object.keys(core).filter((name) => typeof core[name] === 'function');
const missing = [...new Set([...client, ...operators])].filter((name) => !exported.includes(name));
const others = exported.filter((name) => !operators.includes(name)).sort();

const rows = [
  await measure("import 'hawser'", "import 'hawser';", 64, { raw: true }),
  await measure('all of hawser', "import * as all from 'hawser'; globalThis.x = all;", CORE),
  ...(client.some((name) => missing.includes(name)) ? [] : [await measure(client.join(' + '), use(client), CLIENT)]),
  ...(await Promise.all(
    operators
      .filter((name) => exported.includes(name))
      .sort()
      .map((name) => measure(`+ ${name}`, use([name]), OPERATOR, { base: use(['webSocket']) })),
  )),
  ...(await Promise.all(others.map((name) => measure(`(${name})`, use([name]), Infinity)))),
  await measure('(all of hawser/msgpack)', "import * as all from 'hawser/msgpack'; globalThis.x = all;", Infinity, {
    core: false,
  }),
];

console.log(
  'Bundles for a browser, minified and gzipped, rxjs left out. A `+` is what an operator adds to a bundle that has',
);
console.log('a `webSocket` in it; what stands in brackets has no budget.\n');
console.log(['  bytes', ' budget', '  alone', 'bundle'].join('  '));
for (const { label, size, alone, budget, missed, faults } of rows) {
  const figures = [size, budget === Infinity ? '' : budget, alone].map((figure) => String(figure).padStart(7));
  const verdict = faults.length ? `FAIL ${faults.join('; ')}` : (missed ?? '');
  console.log([...figures, label.padEnd(64), verdict].join('  ').trimEnd());
}
for (const name of missing) console.log(`${developing ? 'later' : 'FAIL'}: \`${name}\` is not exported by hawser`);

if (rows.some(({ faults }) => faults.length > 0) || (missing.length > 0 && !developing)) process.exitCode = 1;
