// npm run example:gateway: two workers do jobs while their gateways are restarted one after the other. Offline, 12 seconds.
import { gatewayWorker } from 'hawser/gateway';
import { firstValueFrom, map, Subject, takeWhile, tap, timer } from 'rxjs';
import { jobBoard } from './board.mjs';
import { openDepot } from './depot.mjs';
import { bold, dim, green, red, yellow } from './paint.mjs';

const JOBS = 24;
const depot = await openDepot();
const board = jobBoard();
const stop$ = new Subject();

/** A job takes a while, and shows on the board how far it is. Its last value is the reply. */
const pack =
  (worker) =>
  ({ input: { job, steps } }) =>
    timer(0, 100).pipe(
      takeWhile((step) => step < steps, true),
      tap((step) => board.progress(job, worker, step / steps)),
      map((step) => ({ body: { job, step } })),
    );

function startWorker(name) {
  const events$ = gatewayWorker({
    apiUrl: depot.apiUrl,
    apps: [{ name: 'packing', functions: [{ id: 'pack' }], handle: pack(name) }],
    instanceId: name,
    shutdown$: stop$,
  });
  return new Promise((resolve, reject) => {
    events$.subscribe({ next: (event) => tell(name, event), error: reject, complete: resolve });
  });
}

function tell(name, event) {
  switch (event.type) {
    case 'open':
      board.say(green(`${name} is connected to ${event.connection.session.group}`));
      break;
    case 'draining':
      board.say(yellow(`${name} is told to move: ${event.connection.session.group} is about to close`));
      break;
    case 'retired':
      board.say(dim(`${name} has left ${event.connection.session.group}`));
      break;
    case 'reconnecting':
      board.say(red(`${name} tries again in ${Math.round(event.delay)} ms: ${event.cause.message}`));
      break;
    case 'extended':
      board.extended(event.request.jobId);
      break;
    case 'accepted':
      board.accepted(event.requestId);
      break;
  }
}

// Workers, gateways and API are all in this process: they end with it.
process.once('SIGINT', () => {
  board.end();
  console.log(dim('interrupted'));
  process.exit(130);
});

console.log(bold(`${JOBS} jobs, two workers, two gateways that are restarted meanwhile\n`));
const workers = [startWorker('worker-1'), startWorker('worker-2')];
await depot.ready(2);

const replies = [];
for (let job = 1; job <= JOBS; job++) {
  const steps = 8 + ((job * 7) % 25);
  const sent = depot.send({ job, steps });
  board.add(job, sent.requestId);
  replies.push(sent.reply);
  await firstValueFrom(timer(200));
  if (job === 6 || job === 14) depot.restart();
}
await Promise.all(replies);
stop$.next();
await Promise.all(workers);
board.end();

const { sent, replied, lost, doubled, extensions } = depot.summary();
console.log(bold('\n  jobs  replies  lost  doubled  lease extensions  restarts'));
console.log(
  [sent, replied, lost, doubled, extensions, depot.restarts]
    .map((figure, at) => String(figure).padStart([6, 9, 6, 9, 18, 10][at]))
    .join(''),
);
await depot.close();
if (lost + doubled > 0 || replied !== JOBS) process.exitCode = 1;
