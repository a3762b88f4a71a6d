import { setTimeout } from 'node:timers/promises';
import type { ConnectedWorker } from '../../../src/gateway/connectWorker.js';
import type { WorkerEvent } from '../../../src/gateway/events.js';
import type { Work } from '../../../src/gateway/runWork.js';
import type { WorkResult } from '../../../src/gateway/workReply.js';
import type { Chance } from './chance.js';
import type { ChaosKit } from './chaosKit.js';

/** What happened to the workers, in numbers. */
export interface CrewFigures {
  readonly hired: number;
  readonly reconnects: number;
  readonly handovers: number;
  /** Replies that the other side has by way of HTTP. */
  readonly flushed: number;
  readonly leasesLost: number;
  readonly malformed: number;
  /** Replies that a worker gave up. */
  readonly undelivered: number;
  /** Requests that a worker acknowledged, and after which neither one accepted reply nor the loss of the lease followed. */
  readonly forgotten: number;
}

/** The workers, and what they count. */
export class Crew {
  #workers: ConnectedWorker[] = [];
  readonly #all: ConnectedWorker[] = [];
  readonly #counts = new Map<string, number>();
  /** 1 while a worker has yet to answer a request. */
  readonly #open = new Map<string, number>();
  #runs = 0;

  constructor(
    private readonly kit: ChaosKit,
    private readonly apiUrl: string,
    private readonly luck: Chance,
  ) {}

  get size(): number {
    return this.#workers.length;
  }

  hire(): void {
    const instanceId = `worker-${this.#all.length + 1}`;
    const worker = this.kit.connectWorker({
      apiUrl: this.apiUrl,
      instanceId,
      apps: [{ name: 'app', handle: async (work) => this.#work(work) }],
      delay: ({ random }) => 20 + 80 * random(),
      random: this.luck.next,
      concurrency: 50,
      setupTimeout: 500,
      apiTimeout: 300,
      ackWithin: 250,
      linger: 500,
    });
    worker.events$.subscribe((event) => this.#note(instanceId, event));
    this.#workers.push(worker);
    this.#all.push(worker);
  }

  /** Asks the worker that is there for the longest to end, with all that it has to do. */
  dismiss(): Promise<void> | undefined {
    return this.#workers.shift()?.close();
  }

  /** Resolves with what those who did not end in time are about. */
  async ended(within: number): Promise<readonly string[]> {
    const patience = new AbortController();
    const late = setTimeout(within, 'late', { signal: patience.signal }).catch(() => 'late');
    const all = await Promise.all(
      this.#all.map(async (worker) => {
        const end = await Promise.race([worker.closed.then(() => 'ended'), late]);
        return end === 'ended' ? [] : [JSON.stringify(worker.snapshot())];
      }),
    );
    patience.abort();
    return all.flat();
  }

  stop(): void {
    for (const worker of this.#all) worker.stop();
  }

  get figures(): CrewFigures {
    const count = (name: string): number => this.#counts.get(name) ?? 0;
    return {
      hired: this.#all.length,
      reconnects: count('reconnecting'),
      handovers: count('retired'),
      flushed: count('http'),
      leasesLost: count('leaseLost'),
      malformed: count('malformed'),
      undelivered: count('undelivered'),
      forgotten: [...this.#open.values()].filter((open) => open !== 0).length,
    };
  }

  /** Work of any length, each with a result of its own: what is done twice shows. */
  async #work({ signal }: Work): Promise<WorkResult> {
    const run = ++this.#runs;
    const length = this.luck.next() < 0.05 ? this.luck.between(400, 1_200) : this.luck.between(0, 150);
    if (length > 0) await setTimeout(length, undefined, { signal });
    return { body: { run } };
  }

  #note(worker: string, event: WorkerEvent): void {
    const add = (name: string): unknown => this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    const count = (requestId: string, by: number): void => {
      const key = `${worker} ${requestId}`;
      this.#open.set(key, (this.#open.get(key) ?? 0) + by);
    };
    add(event.type);
    if (event.type === 'received') count(event.request.requestId, 1);
    else if (event.type === 'leaseLost') count(event.request.requestId, -1);
    else if (event.type === 'accepted') count(event.requestId, -1);
    if (event.type === 'accepted' && event.via === 'http') add('http');
  }
}
