import WebSocket from 'ws';
import { json, requests } from '../dist/esm/index.js';
import { median } from './pair.mjs';
import { canonical, pollute } from './pipelines.mjs';

/** Requests of one turn, one after the other. */
const BLOCK = 400;

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** What one writes without a library: ids in a map. */
async function bare(url) {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const pending = new Map();
  let id = 0;
  socket.on('message', (data) => {
    const answer = JSON.parse(data.toString());
    const heard = pending.get(answer.id);
    pending.delete(answer.id);
    heard?.(answer);
  });
  await new Promise((resolve) => socket.on('open', resolve));
  return {
    ask: (heard) => {
      pending.set(++id, heard);
      socket.send(JSON.stringify({ id, text: 'hello' }));
    },
    end: () => socket.terminate(),
  };
}

/** `requests` behind the canonical stack; `kept`: another request is pending all the time, as in a busy application. */
async function asking(url, kept) {
  const shared$ = canonical(url, json());
  const rpc = requests(shared$, { id: ({ id }) => id, isReply: ({ id }) => id, timeout: '1h' });
  let id = 0;
  const held = await new Promise((resolve, reject) => {
    const hold = shared$.subscribe({
      next: ({ type }) => type === 'open' && setImmediate(() => resolve(hold)),
      error: reject,
    });
  });
  // The far end answers nothing to a text that is no request.
  if (kept) held.add(rpc.request({ id: 'kept', text: 'silence' }).subscribe());
  return {
    ask: (heard) => rpc.request({ id: ++id, text: 'hello' }).subscribe(heard),
    end: () => held.unsubscribe(),
  };
}

/** Microseconds between each request of a block and its answer. */
async function block({ ask }) {
  const times = [];
  for (let at = 0; at < BLOCK; at++) {
    const asked = process.hrtime.bigint();
    await new Promise((resolve) => {
      ask(() => {
        times.push(Number(process.hrtime.bigint() - asked) / 1e3);
        resolve();
      });
    });
    await turn();
  }
  return times;
}

/** Times of round trips, one at a time: the median of each contestant's block against that of the bare one's in the same round. */
export async function roundTrip({ base, rounds, report = () => undefined }) {
  const url = `${base}/echo`;
  const contestants = {
    bare: await bare(url),
    control: await bare(url),
    'requests, with others pending': await asking(url, true),
    'requests, one by one': await asking(url, false),
  };
  pollute();
  const names = Object.keys(contestants);
  const medians = new Map(names.map((name) => [name, []]));
  for (let round = -4; round < rounds; round++) {
    // Every contestant is once the first, and once the last.
    for (let at = 0; at < names.length; at++) {
      const name = names[(at + round + names.length) % names.length];
      const middle = median(await block(contestants[name]));
      if (round >= 0) medians.get(name).push(middle);
    }
    report(`round ${Math.max(0, round + 1)} of ${rounds}`);
  }
  for (const { end } of Object.values(contestants)) end();
  const before = medians.get('bare');
  return names.map((name) => ({
    name,
    time: median(medians.get(name)),
    ratio: median(medians.get(name).map((time, at) => time / before[at])),
  }));
}
