import fc from 'fast-check';
import {
  deliveryFaults,
  handoverFaults,
  happenings,
  leftFaults,
  orderFaults,
  restFaults,
  sendingFaults,
  stateFaults,
} from './laws.js';
import { runScript } from './runScript.js';
import { script } from './scripts.js';

const RUNS = Number(process.env['FC_RUNS'] ?? 5_000);
/** The seed that a run prints, given here, repeats it. */
const seed = Number(process.env['FC_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));

/** What must happen in some of so many scripts, or they prove little. */
const EXPECTED = [
  'two live',
  'retired expired',
  'retired lost',
  'retired released',
  'dropped overflow',
  'dropped expired',
  'malformed',
  'reconnecting',
  'left',
  'left in the midst',
  'completed',
  'ConnectionClosedError',
  'BufferOverflowError',
  'HandshakeError',
];

describe('the lives of connections, as chance would have them', () => {
  it('keep the laws', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(script, (one) => {
        const outcome = runScript(one);
        for (const what of new Set(happenings(outcome))) seen.set(what, (seen.get(what) ?? 0) + 1);
        expect([
          ...leftFaults(outcome),
          ...orderFaults(outcome),
          ...handoverFaults(outcome, one),
          ...deliveryFaults(outcome),
          ...sendingFaults(outcome, one),
          ...stateFaults(outcome),
          ...restFaults(outcome, one),
        ]).toEqual([]);
      }),
      { seed, numRuns: RUNS },
    );
    const rows = [...seen].sort(([, one], [, other]) => other - one).map(([what, runs]) => `${what} ${runs}`);
    process.stdout.write(`lives: ${RUNS} scripts, FC_SEED=${seed}; of these with ${rows.join(', ')}\n`);
    if (RUNS >= 1_000) expect(EXPECTED.filter((what) => !seen.has(what))).toEqual([]);
  });
});
