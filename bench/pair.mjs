// Paired measurement: all contestants live in one process and take short turns in random order, so that noise hits all alike.

/** CPU nanoseconds per message of one block. */
async function block(contestant, messages) {
  const before = process.cpuUsage();
  let timer;
  const stuck = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${contestant.name}: no end of a block after 30 s`)), 30_000);
  });
  await Promise.race([contestant.run(messages), stuck]).finally(() => clearTimeout(timer));
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / messages;
}

function shuffled(list) {
  const copy = [...list];
  for (let at = copy.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [copy[at], copy[other]] = [copy[other], copy[at]];
  }
  return copy;
}

const sorted = (numbers) => [...numbers].sort((a, b) => a - b);
const quantile = (numbers, share) => sorted(numbers)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))];
export const median = (numbers) => quantile(numbers, 0.5);

/**
 * Measures contestants against the one named `bare`; one named `control` is the same as `bare` and shows the noise.
 * A run whose control is off by more than `tolerance` is void, and repeated up to `tries` times.
 */
export async function paired({ contestants, messages, rounds, tolerance = 0.03, tries = 3, report = () => undefined }) {
  for (let attempt = 1; ; attempt++) {
    const costs = new Map(contestants.map(({ name }) => [name, []]));
    for (let round = -2; round < rounds; round++) {
      for (const contestant of shuffled(contestants)) {
        const cost = await block(contestant, messages);
        if (round >= 0) costs.get(contestant.name).push(cost);
      }
      report(`round ${Math.max(0, round + 1)} of ${rounds}${attempt > 1 ? `, attempt ${attempt}` : ''}`);
    }
    const bare = costs.get('bare');
    const rows = contestants.map(({ name }) => {
      const own = costs.get(name);
      const ratios = own.map((cost, at) => bare[at] / cost);
      return {
        name,
        cost: median(own),
        ratio: median(ratios),
        low: quantile(ratios, 0.1),
        high: quantile(ratios, 0.9),
      };
    });
    const control = rows.find(({ name }) => name === 'control').ratio;
    const isVoid = Math.abs(control - 1) > tolerance;
    if (!isVoid || attempt === tries) return { rows, control, isVoid, attempt };
    report(`void: the control is at ${control.toFixed(3)}`);
  }
}
