import type { GatewayWorkerConfig } from '../gateway/workerConfig.js';
import type { MockGatewayOptions } from './mockGatewayOptions.js';

/** Configures `connectionTestHarness()`. */
export interface ConnectionTestHarnessOptions {
  /** How many gateways there are; 2 by default, so that there is one to move to. */
  readonly gateways?: number;
  /** What all gateways have in common; their intervals are short by default, and requests whose lease ran out are sent again. */
  readonly gateway?: Omit<MockGatewayOptions, 'api' | 'group' | 'port' | 'wire'>;
  /** The worker; by default it has an app that answers with its input, and dials again after 20 ms. */
  readonly worker?: Partial<Omit<GatewayWorkerConfig, 'apiUrl'>>;
}
