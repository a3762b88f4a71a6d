import type { GatewayWire } from '../gateway/gatewayWire.js';
import type { StartAnswer } from '../gateway/messages.js';
import { faultProxy, type FaultProxy } from './faultProxy.js';
import { mockApi, type MockApi } from './mockApi.js';
import { mockGateway, type MockGateway } from './mockGateway.js';
import type { MockGatewayOptions } from './mockGatewayOptions.js';
import type { SentRequest } from './requestRouter.js';

/** Short intervals, so that scenes take moments; leases that run out are given to whoever is ready, as real ones are. */
const SHORT = { heartbeatInterval: '200ms', extendLeaseInterval: '500ms', lease: '2s', reroute: true } as const;

/** An API, its gateways, and the network between them and a worker. */
export class GatewayStage {
  readonly #proxies = new Map<string, FaultProxy>();

  private constructor(
    readonly api: MockApi,
    readonly gateways: readonly MockGateway[],
  ) {}

  static async open(
    count: number,
    options: Omit<MockGatewayOptions, 'api' | 'group' | 'port' | 'wire'>,
    wire?: GatewayWire,
  ): Promise<GatewayStage> {
    const { scheduler } = options;
    const shared = scheduler === undefined ? {} : { scheduler };
    const api = await mockApi({ ...shared, ...(wire && { wire }) });
    const gateways: MockGateway[] = [];
    for (let number = 1; number <= count; number++) gateways.push(await mockGateway({ ...SHORT, ...options, api }));
    const stage = new GatewayStage(api, gateways);
    for (const { url } of gateways) stage.#proxies.set(url, await faultProxy({ target: url, ...shared }));
    return stage;
  }

  /** The way to a gateway through the network. */
  readonly endpoint = ({ endpoint }: StartAnswer): string => this.#proxies.get(endpoint)?.url ?? endpoint;

  gateway(group: string | undefined): MockGateway | undefined {
    return this.gateways.find((gateway) => gateway.group === group);
  }

  /** Sends a request by way of a gateway that has a worker for it; undefined when none has. */
  request(payload: unknown): SentRequest | undefined {
    const serving = this.gateways.find(
      ({ draining, connections }) =>
        !draining && connections.some(({ state, draining }) => state === 'ready' && !draining),
    );
    return serving?.request({ payload });
  }

  /** Nothing passes any more between worker and gateways, and nobody is told. */
  part(): void {
    for (const proxy of this.#proxies.values()) proxy.silence();
  }

  async heal(): Promise<void> {
    await Promise.all(Array.from(this.#proxies.values(), async (proxy) => proxy.heal()));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#proxies.values(), ...this.gateways].map(async (server) => server.close()));
    await this.api.close();
  }
}
