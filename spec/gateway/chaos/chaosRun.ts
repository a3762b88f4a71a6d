import { setTimeout } from 'node:timers/promises';
import type { WorkRecord } from '../../../src/testing/workRecord.js';
import { calamities } from './calamities.js';
import { Chance } from './chance.js';
import type { ChaosKit } from './chaosKit.js';
import type { CrewFigures } from './crew.js';
import { Scene, type SceneConfig } from './scene.js';

export interface ChaosOptions extends Partial<SceneConfig> {
  readonly seed: number;
  readonly seconds: number;
}

/** What became of it. The first block is to be all zeros. */
export interface ChaosFigures extends CrewFigures {
  /** Requests that a worker acknowledged and nobody ever answered. */
  readonly lost: number;
  /** Requests of which two different replies came although their lease never ran out. */
  readonly doubled: number;
  /** What those are about that were asked to end and did not. */
  readonly stuck: readonly string[];

  readonly sent: number;
  readonly acked: number;
  readonly replied: number;
  /** Replies that came again as they were. */
  readonly repeated: number;
  /** Replies by a worker whose lease had run out: another one has done the work, too. The gateway takes the first. */
  readonly overtaken: number;
  readonly extensions: number;
  readonly expiries: number;
  readonly chaos: Readonly<Record<string, number>>;
  /** The tales of what was lost or doubled. */
  readonly tales: readonly string[];
}

/** How many requests may wait for their replies at a time. */
const OPEN = 150;

/** How many of the last requests are looked at to tell how many are in work. */
const RECENT = 1_000;

/** How long it may take until all is well again, in milliseconds. */
const PATIENCE = 20_000;

/** Lets workers work while everything around them fails, heals it all, and counts. */
export async function chaosRun(kit: ChaosKit, options: ChaosOptions): Promise<ChaosFigures> {
  const { seed, seconds, gateways = 3, workers = 4, shortLeases = false } = options;
  const chance = new Chance(seed);
  const scene = await Scene.open(kit, { gateways, workers, shortLeases }, chance, new Chance(seed + 1));
  const kinds = Object.entries(calamities(kit));
  const chaos: Record<string, number> = Object.fromEntries(kinds.map(([kind]) => [kind, 0]));
  const { workBook } = scene.api;
  const records: WorkRecord[] = [];
  const over = performance.now() + seconds * 1_000;
  const going = (): boolean => performance.now() < over;

  const send = async (): Promise<void> => {
    const luck = new Chance(seed + 2);
    while (going()) {
      const open = records.slice(-RECENT).filter(isInWork).length;
      for (let room = Math.min(OPEN - open, 10); room > 0; room--) {
        const { gateway } = luck.pick(scene.ready) ?? {};
        if (gateway) records.push(gateway.request({ payload: { number: records.length } }).record);
      }
      await setTimeout(10);
    }
  };
  const strike = async (): Promise<void> => {
    while (going()) {
      await setTimeout(chance.between(10, 120));
      const [kind, act] = chance.pick(kinds) ?? [];
      if (!kind || !act) continue;
      chaos[kind] = (chaos[kind] ?? 0) + 1;
      await act(scene);
    }
  };

  await Promise.all([send(), strike()]);
  scene.heal();
  // Half of the workers end with all that they have to do, the others when nothing is left that could come back.
  for (let half = scene.crew.size >> 1; half > 0; half--) void scene.crew.dismiss();
  const limit = performance.now() + PATIENCE;
  // A lease that runs out brings back what got lost.
  const isOpen = (record: WorkRecord): boolean => isInWork(record) || (shortLeases && !record.reply);
  while (records.some(isOpen) && performance.now() < limit) await setTimeout(20);
  while (scene.crew.size > 0) void scene.crew.dismiss();
  const stuck = await scene.crew.ended(PATIENCE);

  const acked = records.filter(({ ackedBy }) => ackedBy.length > 0);
  const lost = acked.filter(({ reply }) => !reply);
  const twice = records.filter(isAnsweredTwice);
  const doubled = twice.filter(({ expiries }) => expiries === 0);
  const figures: ChaosFigures = {
    lost: lost.length,
    doubled: doubled.length,
    stuck,
    ...scene.crew.figures,
    sent: records.length,
    acked: acked.length,
    replied: records.filter(({ reply }) => reply).length,
    repeated: workBook.summary().repeated,
    overtaken: twice.length - doubled.length,
    extensions: workBook.summary().extensions,
    expiries: workBook.summary().expiries,
    chaos,
    tales: [...lost, ...doubled].map(String),
  };
  await scene.close();
  return figures;
}

/** Whether a worker has taken a request and not answered. One that got lost on its way to a worker is in nobody's work. */
function isInWork({ reply, ackedBy }: WorkRecord): boolean {
  return !reply && ackedBy.length > 0;
}

/** Whether two replies say different things. */
function isAnsweredTwice({ replies: [first, ...others] }: WorkRecord): boolean {
  return others.some(({ reply }) => Buffer.compare(reply.body, first?.reply.body ?? new Uint8Array()) !== 0);
}
