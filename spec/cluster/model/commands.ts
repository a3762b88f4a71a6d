import fc from 'fast-check';
import { ADDRESSES } from './cluster.js';
import type { Ledger } from './ledger.js';
import type { World } from './world.js';

/** One thing that happens; afterwards the laws must hold. */
class Deed implements fc.Command<Ledger, World> {
  constructor(
    private readonly name: string,
    private readonly act: (world: World) => void,
  ) {}

  check(): boolean {
    return true;
  }

  run(ledger: Ledger, world: World): void {
    if (world.isOver) return;
    ledger.count('deeds');
    this.act(world);
    world.look();
    expect(ledger.faults).toEqual([]);
  }

  toString(): string {
    return this.name;
  }
}

interface Weighted {
  readonly weight: number;
  readonly arbitrary: fc.Arbitrary<Deed>;
}

function deed<Value>(
  weight: number,
  name: string,
  value: fc.Arbitrary<Value>,
  act: (world: World, value: Value) => void,
): Weighted {
  const arbitrary = value.map((one) => new Deed(`${name} ${JSON.stringify(one)}`, (world) => act(world, one)));
  return { weight, arbitrary };
}

const url = fc.constantFrom(...ADDRESSES);
const partition = fc.nat({ max: 7 });
const at = fc.nat({ max: 20 });
const keys = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1, maxLength: 5 });
const pause = fc.oneof(...[6, 30, 400].map((max) => fc.integer({ min: 1, max })));

/** How the client learns of a change: by the whole map, by what has changed, in time or late, or not before it asks. */
const told = fc.record({
  by: fc.constantFrom('full', 'full', 'delta', 'delta', 'late', 'never'),
  after: pause,
});

/** A change of the cluster, of which the client learns in some way. `act` tells whether it could be made. */
function change<Value>(
  weight: number,
  name: string,
  value: fc.Arbitrary<Value>,
  act: (world: World, value: Value) => boolean,
): Weighted {
  return deed(weight, name, fc.tuple(value, told), (world, [one, { by, after }]) => {
    if (!act(world, one)) return;
    const { cluster, feed, ledger } = world;
    ledger.count(`cluster: ${name}`);
    if (by === 'full') feed.tell(cluster.now);
    else if (by === 'delta') feed.tell(cluster.delta());
    else if (by === 'late') feed.tell(cluster.delta(), after);
  });
}

const changes = [
  change(
    2,
    'joins',
    fc.record({ url, takes: fc.array(partition, { maxLength: 4 }) }),
    ({ cluster }, { url, takes }) => {
      if (cluster.addresses.includes(url)) return false;
      cluster.join(url, takes);
      return true;
    },
  ),
  change(
    2,
    'leaves',
    fc.record({ url, isCut: fc.boolean(), spreads: fc.boolean() }),
    (world, { url, isCut, spreads }) => {
      const { cluster } = world;
      if (!cluster.addresses.includes(url)) return false;
      cluster.leave(url, spreads);
      if (isCut) world.peer(url).cut(1006);
      return true;
    },
  ),
  change(8, 'moves', fc.record({ partition, to: fc.option(url, { freq: 8 }) }), ({ cluster }, { partition, to }) => {
    if (to !== null && !cluster.addresses.includes(to)) return false;
    cluster.move(partition, to ?? undefined);
    return true;
  }),
  change(1, 'renames', fc.record({ url, to: fc.option(url) }), ({ cluster }, { url, to }) => {
    const { addresses } = cluster;
    if (!addresses.includes(url) || (to !== null && addresses.includes(to))) return false;
    cluster.rename(url, to ?? url);
    return true;
  }),
  change(1, 'restarts', fc.integer({ min: 1, max: 8 }), ({ cluster }, partitions) => {
    cluster.restart(partitions);
    return true;
  }),
  change(1, 'rolls back', fc.constant(null), ({ cluster }) => cluster.rollBack()),
];

const faults = [
  deed(3, 'drain', url, (world, url) => world.peer(url).drain()),
  deed(3, 'cut', fc.record({ url, code: fc.constantFrom(1006, 1001, 1000) }), (world, { url, code }) =>
    world.peer(url).cut(code),
  ),
  deed(3, 'dial', fc.record({ url, dial: fc.constantFrom('open', 'refuse', 'hang') }), (world, { url, dial }) => {
    world.peer(url).dial = dial;
  }),
  deed(
    4,
    'stall',
    fc.record({ url, stall: fc.constantFrom(undefined, undefined, 'silent', 'congested', 'full') }),
    (world, { url, stall }) => {
      if (stall) world.ledger.count(`stalls: ${stall}`);
      world.peer(url).stall = stall;
    },
  ),
  deed(3, 'refuse', fc.record({ url, refuses: fc.boolean() }), (world, { url, refuses }) => {
    world.peer(url).refuses = refuses;
  }),
  deed(1, 'settle', fc.constantFrom(0, 5, 60, 1_000), (world, settling) => {
    world.settling = settling;
  }),
  deed(1, 'answer', fc.constantFrom('answers', 'silent', 'fails'), (world, answers) => {
    world.feed.answers = answers;
  }),
];

const news = [
  deed(12, 'send', keys, (world, keys) => world.send(keys)),
  deed(10, 'pass', pause, (world, time) => world.scheduler.advance(time)),
  deed(2, 'old update', at, (world, at) => {
    const { past } = world.cluster;
    world.ledger.count('old updates');
    world.feed.tell(past[past.length - 1 - (at % past.length)]!);
  }),
  deed(2, 'old map', at, (world, at) => {
    const { applied, maps, stale$ } = world.feed;
    const old = maps[maps.length - 1 - (at % maps.length)];
    // A map that speaks of the present as of the past would be one that came after it.
    if (!applied || !old || old.formerEpochs?.includes(applied.epoch)) return;
    world.ledger.count('old maps');
    stale$.next(old);
  }),
  deed(
    2,
    'react',
    fc.record({
      to: fc.constantFrom('open', 'close', 'retired', 'reconnecting', 'dropped'),
      keys,
      leaves: fc.nat({ max: 19 }).map((chance) => chance === 0),
    }),
    (world, one) => {
      world.reaction = one;
    },
  ),
];

/** Everything that may happen, one after the other. */
export const commands = fc.commands<Ledger, World>(
  [...news, ...changes, ...faults].flatMap(({ weight, arbitrary }) =>
    new Array<typeof arbitrary>(weight).fill(arbitrary),
  ),
  { maxCommands: 60, size: 'max' },
);
