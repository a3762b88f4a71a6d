import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { constant, decorrelated, exponential, fullJitter } from '../../src/core/backoff.js';
import { herd } from './herd.js';
import { cells } from './reference.js';

const policies = {
  "constant('1s')": constant('1s'),
  "exponential({ first: '1s', max: '30s' })": exponential({ first: '1s', max: '30s' }),
  "exponential({ first: '1s', max: '30s', jitter: 0.3 })": exponential({ first: '1s', max: '30s', jitter: 0.3 }),
  "fullJitter({ first: '5s', max: '1m' })": fullJitter({ first: '5s', max: '1m' }),
  'decorrelated()': decorrelated(),
};

describe('the page on operating', () => {
  it('tells how a crowd comes back as the policies have it', () => {
    const text = readFileSync(join(__dirname, '../../docs/operating.md'), 'utf8');
    const table = /<!-- herd: begin -->([\s\S]*)<!-- herd: end -->/.exec(text)?.[1] ?? '';
    const [, ...rows] = cells(table);

    expect(rows).toEqual(
      Object.entries(policies).map(([name, policy]) => {
        const restart = herd(policy, 0);
        const outage = herd(policy, 30_000);
        return [
          `\`${name}\``,
          ...[restart.peak, outage.peak, outage.dials].map((count) => count.toLocaleString('en')),
          ...[outage.half, outage.all].map((seconds) => `${seconds} s`),
        ];
      }),
    );
  });
});
