// npm run bench:cluster [-- --quick] [-- --write]: what it costs to find the owner of a key, to send it a message, and to follow the map.
// Contestants take short turns in random order in one process; what counts is its CPU time.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import HashRing from 'hashring';
import { concat, filter, groupBy, NEVER, of, Subject } from 'rxjs';
import { cachedHash, fnv1a } from '../dist/esm/cluster/hash.js';
import { applyUpdate } from '../dist/esm/cluster/partitionMap.js';
import { partitionMaps } from '../dist/esm/cluster/partitionMaps.js';
import { routeByPartition } from '../dist/esm/cluster/routeByPartition.js';
import { RoutingTable } from '../dist/esm/cluster/routingTable.js';

const rounds = process.argv.includes('--quick') ? 8 : 40;
/** Powers of two, so that going round costs nothing. */
const [KEYS, MESSAGES, RECENT] = [2 ** 14, 2 ** 11, 2 ** 8];
const names = Array.from({ length: 16 }, (_, at) => `node-${at}`);
const nodes = names.map((id) => ({ id, url: `ws://${id}.example.com` }));
const group = (count) => count.toLocaleString('en');

/** A map in which every partition has another owner than in the version before. */
const full = (count, version = 1) => {
  const [owner, one, other] = [0, 1, 2].map((next) => (at) => names[(at + version + next) % names.length]);
  const partitions = Array.from({ length: count }, (_, at) => ({ owner: owner(at), replicas: [one(at), other(at)] }));
  return { kind: 'full', epoch: 'one', version, nodes, partitions };
};
const mapOf = (update) => applyUpdate(undefined, update).map;

/** Keys as they come from a network: texts that are not put together from others. */
const keys = JSON.parse(
  JSON.stringify(Array.from({ length: KEYS }, (_, at) => `users:${(at * 7_919).toString(16).padStart(14, '0')}`)),
);
const messages = (count) =>
  keys.slice(0, MESSAGES).map((key) => ({ key, hash: fnv1a(key), partition: fnv1a(key) % count }));

let made = 0;
/** Looks owners up as `routeByPartition` does. Each has code of its own: engines make it for what they have seen there, the same text once. */
function owners(count, hash, different = KEYS) {
  const table = new RoutingTable(mapOf(full(count)), (node) => node);
  const owner = 'table.owners[table.partitionOf(hash(keys[at & last]))]';
  const body = `let length = 0; for (let at = 0; at < times; at++) length += ${owner}.id.length; return length;`;
  return new Function('table', 'hash', 'keys', 'last', `return (times) => { /* ${++made} */ ${body} };`)(
    table,
    hash,
    keys,
    different - 1,
  );
}

/** What no memory of keys can be cheaper than: one lookup in a Map that has the owners of all keys. */
function known(different) {
  const table = new Map(keys.slice(0, different).map((key) => [key, nodes[fnv1a(key) % nodes.length]]));
  return (times) => {
    let length = 0;
    for (let at = 0; at < times; at++) length += table.get(keys[at & (different - 1)]).id.length;
    return length;
  };
}

function ring(different, cached) {
  const table = new HashRing(names, 'md5', { 'max cache size': cached });
  return (times) => {
    let length = 0;
    for (let at = 0; at < times; at++) length += table.get(keys[at & (different - 1)]).length;
    return length;
  };
}

/** A node that is there at once, and takes everything. */
const connect = ({ id, url }) => {
  let sent = 0;
  const send = () => void sent++;
  const connection = { id, url, protocol: '', readyState: 1, bufferedAmount: 0, send, close: () => undefined };
  return concat(of({ type: 'connecting', url }, { type: 'open', connection }), NEVER);
};

/** Sends messages whose hash is known: what is left is their way to the node. */
function routed(count) {
  const outgoing$ = new Subject();
  const [partitionMap$, all] = [concat(of(mapOf(full(count))), NEVER), messages(count)];
  let current;
  const key = (message) => (current = message).key;
  outgoing$.pipe(routeByPartition({ key, hash: () => current.hash, partitionMap$, connect })).subscribe();
  return (times) => {
    for (let at = 0; at < times; at++) outgoing$.next(all[at & (MESSAGES - 1)]);
  };
}

/** Sends messages whose partition is known to what rxjs has for it. */
function dispatched(count, subscribe) {
  const [subject, all] = [new Subject(), messages(count)];
  let sent = 0;
  subscribe(subject, () => () => void sent++);
  return (times) => {
    for (let at = 0; at < times; at++) subject.next(all[at & (MESSAGES - 1)]);
  };
}
const bare = () => dispatched(1, (subject, consumer) => subject.subscribe(consumer()));
const grouped = (count) =>
  dispatched(count, (subject, consumer) => {
    subject.pipe(groupBy(({ partition }) => partition)).subscribe((one) => one.subscribe(consumer()));
  });
const filtered = (count) =>
  dispatched(count, (subject, consumer) => {
    for (let one = 0; one < count; one++) {
      subject.pipe(filter(({ partition }) => partition === one)).subscribe(consumer());
    }
  });

const [even, odd] = [full(16_384, 2), full(16_384, 3)];
const before = mapOf(even);
const changes = [{ partition: 7, owner: names[0], replicas: [names[1]] }];
const applied = (map, update) => (times) => {
  for (let at = 0; at < times; at++) applyUpdate(map, update);
};

/** Follows maps through the whole of `partitionMaps` and `routeByPartition`. */
function followed() {
  const updates$ = new Subject();
  NEVER.pipe(routeByPartition({ key: String, partitionMap$: partitionMaps(updates$), connect })).subscribe();
  let version = 0;
  return (times) => {
    for (let at = 0; at < times; at++) updates$.next({ ...(++version & 1 ? odd : even), version });
  };
}

const sections = [
  {
    title: 'From a key of 20 characters to its owner',
    unit: 'ns',
    contestants: [
      { name: 'hawser, 271 partitions', run: owners(271, fnv1a), target: 80 },
      { name: 'control', run: owners(271, fnv1a) },
      { name: 'hawser, 1 partition', run: owners(1, fnv1a), target: 80 },
      { name: 'hawser, 16,384 partitions', run: owners(16_384, fnv1a), target: 80 },
      { name: 'hawser, 271 partitions, `cachedHash`, keys that are not remembered', run: owners(271, cachedHash()) },
      { name: 'hawser, 271 partitions, `cachedHash`, recent keys', run: owners(271, cachedHash(), RECENT), target: 15 },
      { name: 'the floor: `Map.get` of recent keys, and nothing else', run: known(RECENT) },
      { name: 'hashring, keys that are not remembered', run: ring(KEYS, 1) },
      { name: 'hashring, recent keys', run: ring(RECENT, 5_000) },
    ],
  },
  {
    title:
      'From a hash to the connection of the owner (`bare` is a Subject with one subscriber, and taken off the others)',
    unit: 'ns',
    base: 'bare',
    contestants: [
      { name: 'bare', run: bare() },
      { name: 'control', run: bare() },
      ...[1, 271, 16_384].map((count) => ({ name: `hawser, ${group(count)}`, run: routed(count), target: 20 })),
      ...[1, 271, 16_384].map((count) => ({ name: `groupBy, ${group(count)}`, run: grouped(count) })),
      ...[16, 271].map((count) => ({ name: `a filter each, ${count}`, run: filtered(count) })),
    ],
  },
  {
    title: 'A map of 16,384 partitions',
    unit: 'ms',
    contestants: [
      { name: '`applyUpdate`, a full map', run: applied(before, odd), target: 5 },
      { name: 'control', run: applied(before, odd) },
      {
        name: '`applyUpdate`, one partition moves',
        run: applied(before, { kind: 'delta', epoch: 'one', previous: 2, version: 3, changes }),
        target: 5,
      },
      { name: '`partitionMaps` and `routeByPartition`, a full map', run: followed(), target: 5 },
    ],
  },
];

const quantile = (values, share) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)];
/** CPU nanoseconds that one time takes. */
function cost(run, times) {
  const before = process.cpuUsage();
  run(times);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / times;
}
/** How many times take so many nanoseconds. The least of several turns says it, for the first ones pay for being compiled. */
function sized(run, turn) {
  let times = 1;
  const least = () => Math.min(...Array.from({ length: 5 }, () => cost(run, times)));
  while (least() * times < turn) times *= 2;
  return times;
}

function measured({ contestants, unit, base }) {
  const scale = unit === 'ms' ? 1e6 : 1;
  // What takes milliseconds leaves garbage: every turn has to pay for its share of it.
  const turn = unit === 'ms' ? 1e8 : 1e7;
  const all = contestants.map((one) => ({ ...one, times: sized(one.run, turn), costs: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const one of [...all].sort(() => Math.random() - 0.5)) one.costs.push(cost(one.run, one.times) / scale);
  }
  const cheapest = base === undefined ? 0 : quantile(all.find(({ name }) => name === base).costs, 0.5);
  return all.map(({ name, target, costs }) => {
    const less = name === base || name === 'control' ? 0 : cheapest;
    const [low, middle, high] = [0.1, 0.5, 0.9].map((share) => quantile(costs, share) - less);
    return { name, target, low, middle, high };
  });
}

const isVoid = (control) => Math.abs(control - 1) > 0.03;
/** The rows of a section, and the control beside the first of them. What is void is measured again, up to three times. */
function valid(section, attempt = 1) {
  const rows = measured(section);
  const control = rows[1].middle / rows[0].middle;
  return isVoid(control) && attempt < 3 ? valid(section, attempt + 1) : { rows, control };
}

const parts = sections.map((section) => {
  const { rows, control } = valid(section);
  const digits = section.unit === 'ms' ? 2 : 1;
  const lines = rows.map(({ name, target, low, middle, high }) => {
    const verdict = target === undefined ? '' : `${target} ${middle <= target ? 'reached' : '**missed**'}`;
    const [least, half, most] = [low, middle, high].map((value) => value.toFixed(digits));
    return `| ${name} | ${half} (${least}–${most}) | ${verdict} |`;
  });
  const state = `${isVoid(control) ? '**void**: the control is off by more than 3 %: ' : 'control '}${control.toFixed(3)}`;
  const head = `| contestant | CPU ${section.unit} (10th–90th percentile) | target |`;
  const text = [`### ${section.title}`, '', state, '', head, '|---|---|---|', ...lines, ''].join('\n');
  console.log(`\n${text}`);
  return text;
});

if (process.argv.includes('--write')) {
  const machine = `Measured ${new Date().toISOString().slice(0, 10)} on ${cpus().length} cores of ${cpus()[0].model}, Node ${process.versions.node}; ${rounds} rounds.`;
  const path = new URL('../docs/performance.md', import.meta.url);
  const [before, , after] = readFileSync(path, 'utf8').split(/<!-- cluster:begin -->|<!-- cluster:end -->/);
  writeFileSync(
    path,
    `${before}<!-- cluster:begin -->\n\n${machine}\n\n${parts.join('\n')}\n<!-- cluster:end -->${after}`,
  );
}
process.exit();
