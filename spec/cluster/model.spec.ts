import fc from 'fast-check';
import { commands } from './model/commands.js';
import { setting } from './model/setting.js';
import { World } from './model/world.js';

const RUNS = Number(process.env['FC_RUNS'] ?? 2_000);
/** The seed that a run prints, given here, repeats it. */
const seed = Number(process.env['FC_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));

/** What must happen in so many runs, or they prove little. */
const EXPECTED = [
  ...['joins', 'leaves', 'moves', 'renames', 'restarts', 'rolls back'].map((what) => `cluster: ${what}`),
  ...['maps of a new epoch', 'maps of a former epoch', 'old maps', 'old updates', 'partitions moved'],
  ...['asked: answers', 'asked: silent', 'asked: fails', 'told of a wrong owner', 'refused', 'asked if all is handled'],
  ...['drains', 'links broken', 'dial: refuse', 'dial: hang', 'stalls: silent', 'stalls: congested', 'stalls: full'],
  ...['reconnecting', 'retired: expired', 'retired: lost', 'hung up', 'reactions', 'left', 'completed'],
  ...['to the owner', 'to a copy', 'handled', 'lost', 'dropped', 'ended by overflow'],
];

describe('a cluster, as chance would have it', () => {
  it('keeps the order of each key, sends to owners only, loses nothing in silence, and leaves nothing behind', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(setting, commands, (one, deeds) => {
        const world = new World(one);
        fc.modelRun(() => ({ model: world.ledger, real: world }), deeds);
        if (one.end !== 'leaves' && !world.isOver) world.rest();
        if (one.end === 'completes' && !world.isOver) world.complete();
        if (!world.hasLeft) world.leave();
        for (const [what, times] of world.ledger.happenings) seen.set(what, (seen.get(what) ?? 0) + times);
        expect(world.ledger.faults).toEqual([]);
      }),
      { seed, numRuns: RUNS },
    );
    const rows = [...seen].sort(([, one], [, other]) => other - one).map(([what, times]) => `${what} ${times}`);
    process.stdout.write(`cluster: ${RUNS} runs, FC_SEED=${seed}; ${rows.join(', ')}\n`);
    if (RUNS >= 1_000) expect(EXPECTED.filter((what) => !seen.has(what))).toEqual([]);
  });
});
