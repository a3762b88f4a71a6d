// npm start: a chat over a real WebSocket lives through a killed link, a frozen server and a server that drains. Offline, 20 seconds.
import {
  decorrelated,
  dedupe,
  drainHandover,
  drainOn,
  heartbeat,
  json,
  messages,
  reconnect,
  sendFrom,
  shareConnection,
  webSocket,
} from 'hawser';
import { filter, firstValueFrom, interval, map, Subject, timer } from 'rxjs';
import { openHarbour } from './harbour.mjs';
import { phaseTable } from './phases.mjs';
import { bold, dim, green, red, timeline, yellow } from './timeline.mjs';

const harbour = await openHarbour();
const outgoing$ = new Subject();

const chat$ = webSocket(() => harbour.address()).pipe(
  json(),
  heartbeat({
    interval: 500,
    timeout: 500,
    ping: (connection) => connection.send({ kind: 'ping' }),
    isPong: ({ kind }) => kind === 'pong',
  }),
  drainOn(({ kind }) => kind === 'draining'),
  reconnect({ delay: decorrelated({ first: 300, max: 2_000 }), stableAfter: 1_000 }),
  drainHandover({ linger: 600 }),
  dedupe({ key: ({ n }) => n, window: 100 }),
  sendFrom(outgoing$, { buffer: 500 }),
  shareConnection(),
);

const records = [];
/** What happened, for who draws it: `tools/timelineSvg.mjs`. */
export const story = { records, phases: [], from: Date.now() };
const heard = [];
const said = [];
const { phases, from: start } = story;

const tell = {
  open: ({ connection }) => green(`open          ${connection.url}`),
  draining: () => yellow('draining      the server asks us to move'),
  close: ({ code }) => red(`close         ${code}`),
  reconnecting: ({ attempt, delay, cause }) =>
    yellow(`reconnecting  attempt ${attempt} in ${Math.round(delay)} ms: ${cause.message}`),
  retired: ({ reason }) => green(`retired       the old connection, ${reason}`),
  dropped: ({ reason }) => red(`dropped       ${reason}`),
};
const seconds = () => dim(`${((Date.now() - start) / 1_000).toFixed(1).padStart(5)}s`);

const hold = chat$.subscribe({
  next(event) {
    records.push({ at: Date.now(), event });
    const line = tell[event.type]?.(event);
    if (line) console.log(`${seconds()}  ${line}`);
  },
  error: (error) => console.error(red(`the chat ended: ${error.message}`)),
});
hold.add(chat$.pipe(messages()).subscribe(({ n }) => heard.push({ n, at: Date.now() })));
const opened = () => firstValueFrom(chat$.pipe(filter(({ type }) => type === 'open')));

/** Runs one part of the story and remembers when it was. */
async function phase(title, act) {
  console.log(`\n${bold(title)}`);
  const from = Date.now();
  await act();
  phases.push({ title, from, to: Date.now() });
}
const wait = (ms) => firstValueFrom(timer(ms));
const reopened = () =>
  firstValueFrom(
    chat$.pipe(
      filter(({ type }, at) => at > 0 && type === 'open'),
      map(() => undefined),
    ),
  );

let interrupted = false;
process.once('SIGINT', () => {
  interrupted = true;
  console.log(dim('\ninterrupted: hanging up'));
  // What the story still waits for is of no interest any more.
  void end().finally(() => process.exit(130));
});

let traffic;
async function end() {
  traffic?.unsubscribe();
  hold.unsubscribe();
  await harbour.close();
}

await opened();
let spoken = 0;
traffic = interval(20).subscribe(() => {
  harbour.tell();
  spoken += 1;
  said.push({ n: spoken, at: Date.now() });
  outgoing$.next({ kind: 'chat', n: spoken });
});

await phase('1  A quiet stretch', () => wait(2_000));
await phase('2  The link is killed', async () => {
  await wait(500);
  const again = reopened();
  harbour.kill();
  await again;
  await wait(1_500);
});
await phase('3  The server freezes', async () => {
  await wait(500);
  const again = reopened();
  harbour.freeze();
  await wait(2_000);
  harbour.thaw();
  await again;
  await wait(1_500);
});
await phase('4  The server drains', async () => {
  await wait(500);
  const again = reopened();
  await harbour.drain(again.then(() => wait(1_000)));
  await wait(1_500);
});

if (!interrupted) {
  traffic.unsubscribe();
  await wait(200);
  console.log(
    `\n${bold('What happened')}${dim('   c connecting  o open  · news  d draining  x close  r reconnecting  t retired')}\n`,
  );
  console.log(timeline(records, start, Date.now()));
  const { text, news, chat, handoverLost } = phaseTable({
    phases,
    told: harbour.told,
    heard,
    said,
    arrived: harbour.arrived,
  });
  console.log(`\n${text}`);
  Object.assign(story, { to: Date.now(), news, chat, text });
  await end();
  if (handoverLost > 0) process.exitCode = 1;
}
