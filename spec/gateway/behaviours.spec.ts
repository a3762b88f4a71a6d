import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { behaviours } from './behaviours.js';

const root = join(__dirname, '../..');

describe('the behaviours of a worker', () => {
  it('are all there, in order', () => {
    expect(behaviours.map(([number]) => number)).toEqual(Array.from({ length: 94 }, (_, at) => at + 1));
  });

  it.each(behaviours.map(([number, what, ...tests]) => ({ number, what, tests })))(
    '$number. $what: is tested',
    ({ tests }) => {
      expect(tests.length).toBeGreaterThan(0);
      const missing = tests.filter(([file, words]) => !readFileSync(join(root, file), 'utf8').includes(words));
      expect(missing).toEqual([]);
    },
  );
});
