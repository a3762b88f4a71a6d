import { constant } from '../../../src/core/backoff.js';
import { type MockApi, mockApi } from '../../../src/testing/mockApi.js';
import { type MockGateway, mockGateway } from '../../../src/testing/mockGateway.js';
import type { MockGatewayOptions } from '../../../src/testing/mockGatewayOptions.js';
import { leftOver } from './leftOver.js';
import { startWorker, type StartedWorker, stopWorkers } from './startWorker.js';

/** Where workers are tested: an API, and as many gateways as a test asks for. */
export interface GatewayScene {
  readonly api: MockApi;
  gateway(options?: MockGatewayOptions): Promise<MockGateway>;
  /** A worker that dials again at once. */
  worker(config?: Partial<Parameters<typeof startWorker>[0]>): StartedWorker;
}

/** Makes a new scene for every test of the block it is called in; after each one, nothing may be left over. */
export function gatewayScene(): GatewayScene {
  let api: MockApi;
  let gateways: MockGateway[];
  let left: ReturnType<typeof leftOver>;

  beforeEach(async () => {
    left = leftOver();
    gateways = [];
    api = await mockApi();
  });
  afterEach(async () => {
    stopWorkers();
    await Promise.all(gateways.map(async (gateway) => gateway.close()));
    await api.close();
    expect(await left()).toEqual([]);
  });

  return {
    get api() {
      return api;
    },
    async gateway(options) {
      const gateway = await mockGateway({ api, extendLeaseInterval: 20, ...options });
      gateways.push(gateway);
      return gateway;
    },
    worker: (config) => startWorker({ apiUrl: api.url, delay: constant(5), ...config }),
  };
}
