// npm run example:cluster: a counter for each key goes on while the nodes that own the keys are restarted one after the other. Offline, 7 seconds.
import { drainHandover, drainOn, json, reconnect, webSocket } from 'hawser';
import { routeByPartition } from 'hawser/cluster';
import { filter, firstValueFrom, interval, race, Subject, timer } from 'rxjs';
import { bold, dim, green, red, yellow } from '../gateway-worker/paint.mjs';
import { openHarbour } from './harbour.mjs';
import { openLedger } from './ledger.mjs';

const KEYS = ['anchor', 'bollard', 'buoy', 'fender', 'hawser', 'keel', 'mast', 'tiller', 'winch'];
const NODES = ['node-a', 'node-b', 'node-c'];
const ledger = openLedger(KEYS, NODES);
const harbour = await openHarbour(NODES, ledger.arrived);

const outgoing$ = new Subject();
const handled$ = new Subject();
let questions = 0;

const connect = (node) =>
  webSocket(node.url).pipe(
    json(),
    drainOn((message) => message.draining),
    reconnect(),
    drainHandover({ linger: 100 }),
  );

/** Asks a node whether it has handled what it was sent: only then do its keys go to another one. */
const settled = (connection) => {
  const question = ++questions;
  connection.send({ question });
  return handled$.pipe(filter((handled) => handled === question));
};

const tellState = ({ id, state, cause }) => {
  if (state === 'open') ledger.say(green(`${id} is connected`));
  if (state === 'closed') ledger.say(dim(`${id} is let go`));
  if (state === 'reconnecting') ledger.say(red(`${id} is tried again: ${cause?.message}`));
};

const routing = outgoing$
  .pipe(
    routeByPartition({
      key: (message) => message.key,
      partitionMap$: harbour.partitionMap$,
      connect,
      settled,
      idle: 500,
      onState: tellState,
    }),
  )
  .subscribe((event) => {
    if (event.type === 'message') handled$.next(event.data.handled);
  });

// Nodes and client are all in this process: they end with it.
process.once('SIGINT', () => {
  ledger.clear();
  console.log(dim('interrupted'));
  process.exit(130);
});

console.log(bold(`${KEYS.length} keys, three nodes that are restarted meanwhile\n`));
const counting = interval(10).subscribe(() => {
  for (const key of KEYS) outgoing$.next({ key, n: ledger.next(key) });
});
for (const name of NODES) {
  await firstValueFrom(timer(800));
  ledger.show();
  ledger.say(yellow(`${name} drains: the others take its keys`));
  await harbour.takeOut(name);
  ledger.show();
  await firstValueFrom(timer(400));
  ledger.say(yellow(`${name} is back, and takes its keys`));
  await harbour.bringBack(name);
}
await firstValueFrom(timer(800));
counting.unsubscribe();
await firstValueFrom(race(interval(10).pipe(filter(() => ledger.isComplete)), timer(2_000)));

const { lost, outOfOrder } = ledger.end();
console.log(bold(`\n  ${NODES.length} restarts, ${lost} lost, ${outOfOrder} out of order`));
routing.unsubscribe();
await harbour.close();
if (lost + outOfOrder > 0) process.exitCode = 1;
