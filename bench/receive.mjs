import { webSocket as rxjsWebSocket } from 'rxjs/webSocket';
import WebSocket from 'ws';
import { json, messages } from '../dist/esm/index.js';
import { msgpack } from '../dist/esm/msgpack.js';
import { canonical, pollute } from './pipelines.mjs';
import { paired } from './pair.mjs';

/** Counts messages, and tells when as many as asked for have come. */
function counter() {
  let left = Infinity;
  let done;
  return {
    seen: () => {
      if (--left === 0) done();
    },
    wait: (count) =>
      new Promise((resolve) => {
        left = count;
        done = resolve;
      }),
  };
}

/** A contestant that asks for blocks of messages over its own connection. */
function asking(name, send, count) {
  let begun = false;
  return {
    name,
    async run(wanted) {
      // The first request is answered with four frames more: those that announce the structures, where there are any.
      const all = count.wait(wanted + (begun ? 0 : 4));
      begun = true;
      send(`go ${wanted}`);
      await all;
    },
  };
}

async function bare(name, url, parse = (data) => JSON.parse(data)) {
  const count = counter();
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on('message', (data) => {
    const message = parse(data);
    if (message !== null) count.seen();
  });
  await new Promise((resolve) => socket.on('open', resolve));
  return [asking(name, (text) => socket.send(text), count), () => socket.terminate()];
}

async function stack(name, url, decode) {
  const count = counter();
  let connection;
  const events$ = canonical(url, decode);
  let watch;
  const opened = new Promise((resolve) => {
    watch = events$.subscribe((event) => {
      if (event.type !== 'open') return;
      connection = event.connection;
      resolve();
    });
  });
  const hold = events$.pipe(messages()).subscribe((message) => {
    if (message !== null) count.seen();
  });
  hold.add(watch);
  await opened;
  return [asking(name, (text) => connection.send(text), count), () => hold.unsubscribe()];
}

async function rxjs(name, url) {
  const count = counter();
  let opened;
  const open = new Promise((resolve) => (opened = resolve));
  const subject = rxjsWebSocket({ url, WebSocketCtor: WebSocket, openObserver: { next: () => opened() } });
  const hold = subject.subscribe((message) => {
    if (message !== null) count.seen();
  });
  await open;
  return [asking(name, (text) => subject.next(text), count), () => hold.unsubscribe()];
}

/** Receiving, in messages of one size: CPU against bare `ws.on('message')` and JSON.parse. */
export async function receive({ base, size, count, rounds, report }) {
  pollute();
  const made = [
    await bare('bare', `${base}/json/${size}`),
    await bare('control', `${base}/json/${size}`),
    await bare('bare, data.toString() first', `${base}/json/${size}`, (data) => JSON.parse(data.toString())),
    await stack('hawser, canonical stack, JSON', `${base}/json/${size}`, json()),
    await rxjs('rxjs webSocket, JSON', `${base}/json/${size}`),
    await stack('hawser, canonical stack, msgpack', `${base}/plain/${size}`, msgpack()),
    await stack('hawser, canonical stack, msgpack shared', `${base}/shared/${size}`, msgpack({ shared: true })),
  ];
  try {
    return await paired({ contestants: made.map(([contestant]) => contestant), messages: count, rounds, report });
  } finally {
    for (const [, end] of made) end();
  }
}
