import type { connectWorker } from '../../../src/gateway/connectWorker.js';
import type { mockApi } from '../../../src/testing/mockApi.js';
import type { mockGateway } from '../../../src/testing/mockGateway.js';
import type { malformedFrames } from '../../../src/testing/rawFrames.js';

/** What a chaos run is made of: the sources, or the package as its users have it. */
export interface ChaosKit {
  readonly connectWorker: typeof connectWorker;
  readonly mockApi: typeof mockApi;
  readonly mockGateway: typeof mockGateway;
  readonly malformedFrames: typeof malformedFrames;
}
