import { connectWorker } from '../../src/gateway/connectWorker.js';
import { mockApi } from '../../src/testing/mockApi.js';
import { mockGateway } from '../../src/testing/mockGateway.js';
import { malformedFrames } from '../../src/testing/rawFrames.js';
import { chaosRun } from './chaos/chaosRun.js';
import { leftOver } from './worker/leftOver.js';

describe('workers while everything around them fails', () => {
  // `npm run chaos` does the same for a minute, with other seeds.
  it.each([
    { seed: 1, shortLeases: false },
    { seed: 2, shortLeases: true },
    { seed: 3, shortLeases: false },
  ])(
    'answer every request that they acknowledged, and none twice under one lease: %j',
    async (options) => {
      const left = leftOver();
      const figures = await chaosRun(
        { connectWorker, mockApi, mockGateway, malformedFrames },
        { ...options, seconds: 5 },
      );

      expect(figures).toMatchObject({
        lost: 0,
        doubled: 0,
        undelivered: 0,
        forgotten: 0,
        stuck: [],
        tales: [],
      });
      // Enough went wrong to mean something.
      expect(Object.values(figures.chaos).reduce((sum, times) => sum + times)).toBeGreaterThan(20);
      expect(figures.acked).toBeGreaterThan(200);
      expect(figures.reconnects).toBeGreaterThan(0);
      expect(await left()).toEqual([]);
    },
    60_000,
  );
});
