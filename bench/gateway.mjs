// npm run bench:gateway [-- --quick] [-- --write]: what a gateway worker costs. Gateways and API live in a child process, so that the
// figures are those of workers alone; its own time is in the latencies.
import { fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { NEVER, Observable } from 'rxjs';
import { WebSocket } from 'ws';
import { gatewayWorker, msgpackWire } from '../dist/esm/gateway.js';

const quick = process.argv.includes('--quick');
const sizes = quick
  ? { connections: 30, trips: 500, leases: 2_000, seconds: 3, requests: [1_000, 5_000, 10_000], workers: 100 }
  : {
      connections: 300,
      trips: 5_000,
      leases: 10_000,
      seconds: 10,
      requests: [10_000, 50_000, 100_000],
      workers: 1_000,
    };

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
const quantile = (values, share) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
const ms = (value) => `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ms`;
const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const group = (count) => count.toLocaleString('en');

/** Bytes in use. More than once, for what a first collection finalizes a second one frees. */
async function heap() {
  for (let round = 0; round < 3; round++) {
    collect();
    await setTimeout(20);
  }
  return process.memoryUsage().heapUsed;
}

/** CPU milliseconds of this process in a second, garbage collections included. */
async function cpuPerSecond(seconds) {
  const before = process.cpuUsage();
  const begun = performance.now();
  await setTimeout(seconds * 1_000);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (performance.now() - begun);
}

const [load] = loadavg();
const host = fork(new URL('./gatewayHost.mjs', import.meta.url));
const calls = new Map();
const tell = (command, argument) =>
  new Promise((resolve) => {
    const id = calls.size + 1;
    calls.set(id, resolve);
    host.send({ id, command, argument });
  });
await new Promise((resolve) => {
  host.on('message', ({ id, result }) => (id === 0 ? resolve() : calls.get(id)(result)));
  host.once('exit', (code) => code && process.exit(code));
});

let ids = 0;
/** An id that is greater than all before, and has the form of a ULID. */
const ulid = () => `01M7YRCT0H${String(++ids).padStart(16, '0')}`;
const empty = new TextEncoder().encode('{}');
const request = () => ({
  ...{ requestId: ulid(), accountId: 'account', envId: 'env', appId: 'app', appName: 'app', functionId: 'work' },
  ...{ functionSlug: 'app-work', runId: ulid(), jobId: ulid(), leaseId: ulid() },
  ...{ systemTraceCtx: empty, userTraceCtx: empty, payload: empty },
});

/** Starts a worker; resolves when it is open. */
function connect(apiUrl, config = {}) {
  let subscription;
  const opened = new Promise((resolve, reject) => {
    const apps = [{ name: 'app', handle: ({ input }) => ({ body: input }) }];
    subscription = gatewayWorker({ apiUrl, apps, ...config }).subscribe({
      next: (event) => {
        if (event.type === 'open') resolve();
        config.heard?.(event);
      },
      error: reject,
    });
  });
  return { opened, stop: () => subscription.unsubscribe() };
}

async function connecting() {
  const { apiUrl } = await tell('open', {});
  const times = [];
  for (let at = 0; at < sizes.connections; at++) {
    const begun = performance.now();
    const { opened, stop } = connect(apiUrl);
    await opened;
    times.push(performance.now() - begun);
    stop();
    await setTimeout(2);
  }
  const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
  return [
    {
      what: `start request, dial and handshake (${group(times.length)} times)`,
      measured: `p50 ${ms(p50)}, p99 ${ms(p99)}, the first in a process ${ms(times[0])}`,
      target: ['below 2 s', Math.max(...times) < 2_000],
    },
  ];
}

/** Turns of both kinds by chance, so that noise hits both; the first ones, in which the code is still being compiled, do not count. */
async function latency() {
  const { apiUrl, bareUrl } = await tell('open', {});
  const { opened, stop } = connect(apiUrl);
  const echo = new WebSocket(bareUrl, { perMessageDeflate: false });
  echo.on('message', (data) => echo.send(data));
  await Promise.all([opened, new Promise((resolve) => echo.once('open', resolve)), tell('ready', 1)]);
  const payload = { number: 1, text: 'x'.repeat(230) };
  const times = { bare: [], request: [] };
  for (let block = -20; block < sizes.trips / 100; block++) {
    for (const kind of Math.random() < 0.5 ? ['bare', 'request'] : ['request', 'bare']) {
      const taken = await tell('roundTrips', { kind, count: 100, payload });
      if (block >= 0) times[kind].push(...taken);
    }
  }
  stop();
  echo.terminate();
  const at = (kind, share) => quantile(times[kind], share);
  const added = [0.5, 0.99].map((share) => at('request', share) - at('bare', share));
  return [
    {
      what: `a request with 256 B, acknowledged and answered, from the gateway and back (${group(times.bare.length)} times)`,
      measured: `p50 ${ms(at('request', 0.5))}, p99 ${ms(at('request', 0.99))}`,
    },
    {
      what: 'the same 256 B over bare `ws`, there and back',
      measured: `p50 ${ms(at('bare', 0.5))}, p99 ${ms(at('bare', 0.99))}`,
    },
    {
      what: 'added latency',
      measured: `p50 ${ms(added[0])}, p99 ${ms(added[1])}`,
      target: [`below 100 ms (aim 1 ms: ${added[1] < 1 ? '' : 'not '}reached)`, added[1] < 100],
    },
  ];
}

/**
 * A gateway in the same process, and no wire: messages are handed over as they are. Answers to extensions come in the next turn, or
 * not at all. What is left is the worker's own cost.
 */
function withoutWire({ answers: isAnswering }) {
  let deliver;
  const connect = () =>
    new Observable((subscriber) => {
      let answers = [];
      const flush = () => {
        const due = answers;
        answers = [];
        for (const data of due) deliver(data);
      };
      const send = (message) => {
        if (message.kind === 'connect') {
          const intervals = { heartbeatInterval: 10_000, extendLeaseInterval: 1_000, statusInterval: 0 };
          setImmediate(() => deliver({ kind: 'ready', ...intervals }));
        } else if (message.kind === 'extendLease' && isAnswering) {
          if (answers.push({ kind: 'leaseAck', requestId: message.request.requestId, newLeaseId: ulid() }) === 1) {
            setImmediate(flush);
          }
        } else if (message.kind === 'heartbeat') deliver({ kind: 'heartbeat' });
      };
      const connection = {
        ...{ id: '1', url: 'in-process:', protocol: '', readyState: 1, bufferedAmount: 0 },
        send,
        close() {},
      };
      deliver = (data) => subscriber.next({ type: 'message', connection, data });
      subscriber.next({ type: 'connecting', url: connection.url });
      subscriber.next({ type: 'open', connection });
      deliver({ kind: 'hello' });
    });
  const handedOver = { encode: (message) => message, decode: (frame) => frame };
  return {
    config: { connect, wire: { ...msgpackWire, worker: handedOver } },
    give: (request) => deliver({ kind: 'request', request }),
  };
}

/** What it costs to hold leases: with the wire, and without. */
async function leases() {
  const count = sizes.leases;
  let extended = 0;
  const holding = {
    concurrency: count,
    apps: [{ name: 'app', handle: () => NEVER }],
    heard: ({ type }) => (extended += type === 'extended' ? 1 : 0),
  };
  const held = async (stop) => {
    await setTimeout(2_000);
    extended = 0;
    const cpu = await cpuPerSecond(sizes.seconds);
    stop();
    return { cpu, rate: group(Math.round(extended / sizes.seconds)) };
  };

  const { apiUrl } = await tell('open', { extendLeaseInterval: '1s', lease: '30s' });
  const worker = connect(apiUrl, holding);
  await worker.opened;
  await tell('ready', 1);
  await tell('give', { count });
  const all = await held(worker.stop);

  const own = async (options) => {
    const { config, give } = withoutWire(options);
    const { opened, stop } = connect(apiUrl, { ...holding, ...config });
    await opened;
    for (let batch = 0; batch < 100; batch++) {
      for (let at = 0; at < count / 100; at++) give(request());
      await setTimeout(10);
    }
    return held(stop);
  };
  const answered = await own({ answers: true });
  const alone = await own({ answers: false });
  return [
    {
      what: `${group(count)} requests in flight, each lease extended once a second and answered: CPU of the worker`,
      measured: `${all.cpu.toFixed(1)} ms a second (${all.rate} extensions a second)`,
    },
    {
      what: 'the same without a wire: messages are handed over in the process, neither encoded nor sent',
      measured: `${answered.cpu.toFixed(1)} ms a second (${answered.rate} extensions a second)`,
    },
    {
      what: 'the same without answers: the timers of the leases, and the messages made',
      measured: `${alone.cpu.toFixed(1)} ms a second`,
      target: ['at most 12 ms for 10,000', (alone.cpu * 10_000) / count <= 12],
    },
  ];
}

async function memory() {
  const { apiUrl } = await tell('open', {});
  const { opened, stop } = connect(apiUrl);
  await opened;
  await tell('ready', 1);
  const payload = { text: 'x'.repeat(230) };
  const heaps = [];
  let done = 0;
  const begun = performance.now();
  for (const goal of sizes.requests) {
    await tell('work', { count: goal - done, concurrency: 100, payload });
    done = goal;
    heaps.push(await heap());
  }
  const rate = done / ((performance.now() - begun) / 1_000);
  stop();
  const growth = heaps.at(-1) - heaps[0];
  return [
    {
      what: `heap after ${sizes.requests.map(group).join(', ')} requests, 100 at a time`,
      measured: `${heaps.map(mib).join(', ')} (${group(Math.round(rate))} requests a second)`,
      target: ['flat', growth < 2 ** 20],
    },
  ];
}

async function fleet() {
  const { apiUrl } = await tell('open', {});
  const before = { heap: await heap(), rss: process.memoryUsage().rss };
  const count = sizes.workers;
  const begun = performance.now();
  const workers = [];
  const begin = async () => {
    while (workers.length < count) {
      const worker = connect(apiUrl, { instanceId: `worker-${workers.length}` });
      workers.push(worker);
      await worker.opened;
    }
  };
  // A server has room for 511 connections that it has not accepted yet: the others would wait for TCP to try again.
  await Promise.all(Array.from({ length: 100 }, begin));
  await tell('ready', count);
  const taken = performance.now() - begun;
  // The connections of the start requests are kept for a while.
  await setTimeout(6_000);
  const after = { heap: await heap(), rss: process.memoryUsage().rss };
  const cpu = await cpuPerSecond(sizes.seconds);
  for (const { stop } of workers) stop();
  return [
    { what: `${group(count)} workers in one process, started 100 at a time: until all are ready`, measured: ms(taken) },
    {
      what: 'the same: memory of one',
      measured: `heap ${((after.heap - before.heap) / count / 1_024).toFixed(1)} KiB, RSS ${((after.rss - before.rss) / count / 1_024).toFixed(1)} KiB`,
    },
    { what: 'the same: CPU while idle, with a heartbeat each every 10 s', measured: `${cpu.toFixed(1)} ms a second` },
  ];
}

const rows = [];
for (const part of [connecting, latency, leases, memory, fleet]) {
  for (const row of await part()) {
    const { what, measured, target: [target, reached] = [''] } = row;
    rows.push(`| ${what} | ${measured} | ${target && `${target}: ${reached ? 'reached' : '**missed**'}`} |`);
    console.log(rows.at(-1));
  }
}
host.disconnect();

if (process.argv.includes('--write')) {
  const machine = `Measured ${new Date().toISOString().slice(0, 10)} on ${cpus().length} cores of ${cpus()[0].model}, Node ${process.versions.node}; load ${load.toFixed(1)} before it began.`;
  const table = ['| what | measured | target |', '|---|---|---|', ...rows].join('\n');
  const path = new URL('../docs/performance.md', import.meta.url);
  const [before, , after] = readFileSync(path, 'utf8').split(/<!-- gateway:begin -->|<!-- gateway:end -->/);
  writeFileSync(path, `${before}<!-- gateway:begin -->\n\n${machine}\n\n${table}\n\n<!-- gateway:end -->${after}`);
}
