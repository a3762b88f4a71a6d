// The other end of bench/gateway.mjs, in a process of its own: the test kit's API and gateway, and a bare server beside it.
import { performance } from 'node:perf_hooks';
import { WebSocketServer } from 'ws';
import { mockApi, mockGateway } from '../dist/esm/testing.js';

const api = await mockApi();
const gateways = [];
const bare = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
let answered;
bare.on('connection', (socket) => socket.on('message', () => answered()));

/** The mock gateway remembers everything that tests may want to know: a bench lets it forget. */
function forget() {
  api.requests.length = 0;
  for (const { received, connections, server } of gateways) {
    for (const list of [received, server.received]) list.length = 0;
    for (const { received, socket } of connections) for (const list of [received, socket.received]) list.length = 0;
  }
}

const gateway = () => gateways.at(-1);

async function ask(payload) {
  const { requestId, reply } = gateway().request({ payload }, { within: '30s' });
  await reply;
  api.workBook.records.delete(requestId);
}

const commands = {
  /** A gateway of its own for each measurement. */
  async open(options) {
    for (const old of gateways.splice(0)) await old.close();
    api.workBook.records.clear();
    forget();
    gateways.push(await mockGateway({ api, ...options }));
    return { apiUrl: api.url, bareUrl: `ws://127.0.0.1:${bare.address().port}` };
  },
  ready: (count) =>
    gateway().waitUntil(() => gateway().connections.filter(({ state }) => state === 'ready').length >= count, {
      within: '60s',
    }),
  /** Milliseconds of so many round trips, one at a time: requests, or frames with nothing around them. */
  async roundTrips({ kind, count, payload }) {
    const [socket] = bare.clients;
    const frame = Buffer.from(JSON.stringify(payload));
    const times = [];
    for (let at = 0; at < count; at++) {
      const begun = performance.now();
      if (kind === 'request') await ask(payload);
      else await new Promise((resolve) => ((answered = resolve), socket.send(frame)));
      times.push(performance.now() - begun);
    }
    forget();
    return times;
  },
  /** So many requests, so many at a time. */
  async work({ count, concurrency, payload }) {
    let left = count;
    const one = async () => {
      while (left-- > 0) {
        await ask(payload);
        if (left % 1_000 === 0) forget();
      }
    };
    await Promise.all(Array.from({ length: concurrency }, one));
    forget();
  },
  /** So many requests, begun within a second and a bit. */
  async give({ count }) {
    for (let batch = 0; batch < 100; batch++) {
      for (let at = 0; at < count / 100; at++) gateway().request({ payload: {} });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  },
};

process.on('message', ({ id, command, argument }) => {
  void Promise.resolve(commands[command](argument)).then((result) => process.send({ id, result }));
});
process.on('disconnect', () => process.exit());
process.send({ id: 0 });
