import type { MockApi } from '../../../src/testing/mockApi.js';
import type { MockGateway } from '../../../src/testing/mockGateway.js';
import type { WorkerConnection } from '../../../src/testing/workerConnection.js';
import type { Chance } from './chance.js';
import type { ChaosKit } from './chaosKit.js';
import { Crew } from './crew.js';

export interface SceneConfig {
  readonly gateways: number;
  readonly workers: number;
  /** Whether leases are short enough to run out while something is frozen, and are then given to somebody else. */
  readonly shortLeases: boolean;
}

/** A connection that takes requests. */
export interface ReadyConnection {
  readonly gateway: MockGateway;
  readonly connection: WorkerConnection;
}

/** Where everything happens: an API, gateways that come and go, and workers that come and go. */
export class Scene {
  readonly crew: Crew;
  gateways: readonly MockGateway[] = [];
  /** How many of the next start answers make no sense. */
  noise = 0;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #closing: Promise<void>[] = [];
  #opened = 0;

  private constructor(
    private readonly kit: ChaosKit,
    readonly api: MockApi,
    private readonly config: SceneConfig,
    readonly chance: Chance,
    luck: Chance,
  ) {
    this.crew = new Crew(kit, api.url, luck);
    this.#spread();
  }

  static async open(kit: ChaosKit, config: SceneConfig, chance: Chance, luck: Chance): Promise<Scene> {
    const scene = new Scene(kit, await kit.mockApi(), config, chance, luck);
    for (let number = 0; number < config.gateways; number++) await scene.addGateway();
    for (let number = 0; number < config.workers; number++) scene.crew.hire();
    return scene;
  }

  async addGateway(): Promise<void> {
    const gateway = await this.kit.mockGateway({
      api: this.api,
      // Never the name of one that is gone: connections are known by it.
      group: `gateway-${++this.#opened}`,
      heartbeatInterval: 100,
      extendLeaseInterval: 60,
      lease: this.config.shortLeases ? 400 : '1h',
      drainWindow: 600,
      connectTimeout: 500,
      reroute: this.config.shortLeases,
    });
    this.gateways = [...this.gateways, gateway];
  }

  /** Closes a gateway for good. */
  remove(gateway: MockGateway): void {
    this.gateways = this.gateways.filter((other) => other !== gateway);
    this.#closing.push(gateway.close());
  }

  get ready(): readonly ReadyConnection[] {
    return this.gateways.flatMap((gateway) =>
      gateway.connections
        .filter(({ state, draining, socket }) => state === 'ready' && !draining && socket.readyState === 1)
        .map((connection) => ({ gateway, connection })),
    );
  }

  after(delay: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delay);
    this.#timers.add(timer);
  }

  /** All is well again, and stays so. */
  heal(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.noise = 0;
    this.api.recover();
    this.#spread();
    for (const gateway of this.gateways) {
      gateway.thaw();
      gateway.accept();
      gateway.ackReplies('now');
      gateway.delayLeaseAcks(0);
    }
  }

  async close(): Promise<void> {
    this.crew.stop();
    await Promise.all([...this.#closing, ...this.gateways.map(async (gateway) => gateway.close())]);
    await this.api.close();
  }

  /** Spreads workers over the gateways, where the mock API would send all of them to the first. */
  #spread(): void {
    this.api.answerStart(
      (_answer, { decoded }) => {
        if (this.noise > 0) {
          this.noise--;
          return Uint8Array.of(0xc1, 0xff, 0xff, 0xc1);
        }
        const serving = this.gateways.filter(({ draining, group }) => !draining && !decoded?.exclude.includes(group));
        const gateway = this.chance.pick(serving.length > 0 ? serving : this.gateways);
        return gateway && { group: gateway.group, endpoint: gateway.url };
      },
      { times: Infinity },
    );
  }
}
