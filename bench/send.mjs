import { Subject } from 'rxjs';
import { webSocket as rxjsWebSocket } from 'rxjs/webSocket';
import WebSocket from 'ws';
import { json } from '../dist/esm/index.js';
import { canonical, pollute } from './pipelines.mjs';
import { paired } from './pair.mjs';
import { sample } from './samples.mjs';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A contestant that sends bursts, one each turn of the event loop, until the far end says that it has them all. */
function bursting(name, send, done, burst) {
  const message = sample(32);
  return {
    name,
    async run(count) {
      const all = done();
      send(`go${count}`);
      for (let sent = 0; sent < count; sent += burst) {
        for (let at = 0; at < burst; at++) send(message);
        await turn();
      }
      await all;
    },
  };
}

/** A promise for the next answer. */
function answers() {
  let settle = () => undefined;
  return { heard: () => settle(), next: () => new Promise((resolve) => (settle = resolve)) };
}

async function bare(name, url, burst) {
  const answer = answers();
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on('message', answer.heard);
  await new Promise((resolve) => socket.on('open', resolve));
  return [
    bursting(name, (message) => socket.send(JSON.stringify(message)), answer.next, burst),
    () => socket.terminate(),
  ];
}

/** The ceiling: what a stack of no cost would reach by the same means, one write a turn and frames in one piece. */
async function corked(name, url, burst) {
  const answer = answers();
  const socket = new WebSocket(url, { perMessageDeflate: false });
  let tcp;
  socket.on('upgrade', (response) => (tcp = response.socket));
  socket.on('message', answer.heard);
  await new Promise((resolve) => socket.on('open', resolve));
  let held = false;
  const release = () => {
    held = false;
    tcp.uncork();
  };
  const say = (message) => {
    if (!held) {
      held = true;
      tcp.cork();
      process.nextTick(release);
    }
    socket.send(Buffer.from(JSON.stringify(message)), { binary: false });
  };
  return [bursting(name, say, answer.next, burst), () => socket.terminate()];
}

async function stack(name, url, burst) {
  const answer = answers();
  const outgoing$ = new Subject();
  let hold;
  await new Promise((resolve) => {
    hold = canonical(url, json(), outgoing$).subscribe((event) => {
      if (event.type === 'open') resolve();
      if (event.type === 'message') answer.heard();
    });
  });
  return [bursting(name, (message) => outgoing$.next(message), answer.next, burst), () => hold.unsubscribe()];
}

async function rxjs(name, url, burst) {
  const answer = answers();
  let opened;
  const open = new Promise((resolve) => (opened = resolve));
  const subject = rxjsWebSocket({
    url,
    WebSocketCtor: WebSocket,
    openObserver: { next: () => opened() },
    deserializer: ({ data }) => data,
  });
  const hold = subject.subscribe(answer.heard);
  await open;
  return [bursting(name, (message) => subject.next(message), answer.next, burst), () => hold.unsubscribe()];
}

/** Sending 32 B messages in bursts: CPU against bare `ws.send(JSON.stringify(message))`. */
export async function send({ base, burst, count, rounds, report }) {
  pollute();
  const url = `${base}/sink`;
  const made = [
    await bare('bare', url, burst),
    await bare('control', url, burst),
    await corked('bare, corked by hand', url, burst),
    await stack('hawser, canonical stack', url, burst),
    await rxjs('rxjs webSocket', url, burst),
  ];
  try {
    return await paired({ contestants: made.map(([contestant]) => contestant), messages: count, rounds, report });
  } finally {
    for (const [, end] of made) end();
  }
}
