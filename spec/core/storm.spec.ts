import { constant, decorrelated, exponential } from '../../src/core/backoff.js';
import { storm } from './storm.js';

const runs = [
  { down: 0, seed: 1 },
  { down: 0, seed: 2 },
  { down: 5_000, seed: 3 },
  { down: 30_000, seed: 4 },
];
/** The same storm in a glass: ratios do not depend on the number of clients. */
const small = { clients: 20_000, capacity: 1, down: 5_000, seed: 1 };

/** The server knows how many it has lost, and what it can take. */
const hint = (missing: number): number => missing / 5;

describe('a reconnect storm of 100,000 clients on a server that takes 5,000 a second', () => {
  describe.each(runs)('after it was away for $down ms (seed $seed)', ({ down, seed }) => {
    it('is over within 1.40 of the least time, and peaks below 7 % in 100 ms, with the default policy', () => {
      const { back, peak } = storm({ policy: decorrelated(), down, seed });
      expect(back).toBeLessThanOrEqual(1.4);
      expect(peak).toBeLessThanOrEqual(0.07);
    });

    it('is over within 1.10 of the least time when the server tells those whom it refuses when to come', () => {
      const { back, peak } = storm({ policy: decorrelated(), down, seed, hint });
      expect(back).toBeLessThanOrEqual(1.1);
      expect(peak).toBeLessThanOrEqual(0.07);
    });
  });

  it('does not come about when the server announces its leave with a window', () => {
    const { back, peak, tries } = storm({ policy: decorrelated(), down: 0, seed: 1, hint, announced: true });
    expect(back).toBeLessThanOrEqual(1.1);
    expect(peak).toBeLessThanOrEqual(0.006);
    expect(tries).toBeLessThanOrEqual(1.05);
  });

  it.each([
    ['constant', constant(1_000)],
    ['exponential', exponential({ first: 1_000, max: 10_000 })],
  ])(
    'brings everybody at once, and takes five times as long at least, with %s waits that have no jitter',
    (_, policy) => {
      const { back, peak } = storm({ policy, ...small });
      expect(peak).toBe(1);
      expect(back).toBeGreaterThan(5);
    },
  );

  it('brings a third of them at once with exponential waits that have a jitter of 0.3', () => {
    const { back, peak } = storm({
      policy: exponential({ first: 1_000, max: 10_000, jitter: 0.3 }),
      ...small,
    });
    expect(peak).toBeGreaterThan(0.3);
    expect(back).toBeGreaterThan(2);
  });
});
