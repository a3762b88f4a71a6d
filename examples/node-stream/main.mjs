// npm run example:node-stream: a live feed goes through a transform into a compressed file. Its link is cut twice, the disk is slow, nothing is lost. Offline, 6 seconds.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { constant, json, reconnect, webSocket } from 'hawser';
import { toReadable } from 'hawser/node';
import { tap } from 'rxjs';
import { openStation } from './station.mjs';

const READINGS = 20_000;
const CUT_AT = [6_000, 13_000];
const MARK = 256;
const start = Date.now();
const say = (text) => console.log(`${((Date.now() - start) / 1_000).toFixed(1).padStart(5)}s  ${text}`);

const folder = await mkdtemp(join(tmpdir(), 'readings-'));
const file = join(folder, 'readings.ndjson.gz');
const station = await openStation(READINGS);
const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());

let lastId = 0;
let mostQueued = 0;
let cuts = 0;
const events$ = webSocket(() => `${station.url}?after=${lastId}`).pipe(
  json(),
  reconnect({ delay: constant(300) }),
  tap((event) => {
    if (event.type === 'open') say(lastId === 0 ? 'open' : `open           goes on after ${lastId}`);
    if (event.type === 'reconnecting') say(`reconnecting   ${event.cause.message}`);
    if (event.type !== 'message') return;
    lastId = event.data.id;
    mostQueued = Math.max(mostQueued, readings.readableLength + 1);
  }),
);
const readings = toReadable(events$, { highWaterMark: MARK });

const toLines = new Transform({
  writableObjectMode: true,
  async transform({ id, celsius }, _encoding, done) {
    if (id === CUT_AT[cuts]) {
      cuts += 1;
      say(`the link is cut while ${id} is written`);
      station.cut();
    }
    if (id % 4_000 === 0) {
      say(`${String(id).padStart(5)} written  the disk takes a while`);
      await wait(200);
    }
    done(null, `${JSON.stringify({ id, celsius })}\n`);
  },
});

/** How often each reading is in the file. */
async function countInFile() {
  const counts = new Map();
  for await (const line of createInterface({ input: createReadStream(file).pipe(createGunzip()) })) {
    const { id } = JSON.parse(line);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

try {
  const { signal } = interrupted;
  await pipeline(readings, toLines, createGzip(), createWriteStream(file), { signal });
  const counts = await countInFile();
  const lost = READINGS - counts.size;
  const doubled = [...counts.values()].filter((count) => count > 1).length;
  const { size } = await stat(file);
  console.log('\n  readings  in the file  lost  doubled  cuts  dials  queued at most (mark)  bytes');
  const figures = [READINGS, counts.size, lost, doubled, cuts, station.dials, `${mostQueued} (${MARK})`, size];
  console.log(figures.map((figure, at) => String(figure).padStart([10, 13, 6, 9, 6, 7, 23, 7][at])).join(''));
  if (lost + doubled > 0 || cuts < CUT_AT.length) process.exitCode = 1;
} catch (error) {
  if (!interrupted.signal.aborted) throw error;
  console.log('interrupted: the socket and the file are closed');
  process.exitCode = 130;
} finally {
  await station.close();
  await rm(folder, { recursive: true });
}
