// npm run example:chat: two people talk while the server restarts, and one of them gets notifications. Offline, 4 seconds.
import { createWebSocketClient } from 'hawser/client';
import { distinctUntilChanged, filter, firstValueFrom, map, pairwise, startWith, timeout, timer } from 'rxjs';
import { bold, cyan, dim, green, red, yellow } from '../gateway-worker/paint.mjs';
import { chatReducer, emptyChat } from './chat.mjs';
import { notificationReducer, noNotifications } from './notifications.mjs';
import { openPostOffice, openRoom } from './server.mjs';
import { createStore } from './store.mjs';

const room = await openRoom();
const office = await openPostOffice(({ type, id }) => console.log(dim(`  the server is told: ${type} ${id ?? ''}`)));
const soon = (milliseconds = 250) => firstValueFrom(timer(milliseconds));
/** Waits until a store's state is so. */
const until = (store, holds) => firstValueFrom(store.state$.pipe(filter(holds), timeout(5_000)));

function join(user, paint) {
  const url = room.urlFor(user);
  const client = createWebSocketClient({
    url,
    reconnect: { enabled: true, maxAttempts: 0, initialDelay: 100, maxDelay: 400 },
    heartbeat: { enabled: true, interval: 1_000, timeout: 500 },
    queueSize: 20,
  });
  const store = createStore(emptyChat, chatReducer, { client, url, user });
  const tell = (text) => console.log(`${paint(user.padEnd(4))}│ ${text}`);
  store.state$
    .pipe(
      map(({ connection }) => connection),
      distinctUntilChanged((one, other) => one.status === other.status),
    )
    .subscribe(({ status }) => tell({ connected: green, reconnecting: red }[status]?.(status) ?? dim(status)));
  store.state$
    .pipe(
      map(({ messages }) => messages),
      distinctUntilChanged(),
      startWith([]),
      pairwise(),
    )
    .subscribe(([before, now]) => {
      for (const { user: who, text, pending } of now.slice(before.length)) {
        tell(`${who}: ${text}${pending ? dim(' …') : ''}`);
      }
    });
  return {
    ...store,
    say(text) {
      store.send({ type: 'updateDraft', text });
      store.send({ type: 'sendMessage' });
    },
  };
}

process.once('SIGINT', () => {
  console.log(dim('interrupted'));
  process.exit(130);
});

console.log(bold('a chat, its server restarted in the middle\n'));
const ada = join('ada', cyan);
const bo = join('bo', yellow);
for (const { send } of [ada, bo]) send({ type: 'connect' });
await Promise.all([ada, bo].map((store) => until(store, ({ connection }) => connection.status === 'connected')));

ada.say('are you there?');
await soon();
bo.say('I am');
await soon();
console.log(red('\nthe server restarts'));
room.restart();
await until(ada, ({ connection }) => connection.status === 'reconnecting');
ada.say('and now?');
bo.say('I hear nothing');
await soon(600);
console.log(green('\nthe server is back'));
room.reopen();
const isWhole = ({ messages }) => messages.length === 4 && messages.every(({ pending }) => !pending);
await Promise.all([ada, bo].map((store) => until(store, isWhole)));
await soon();

console.log(bold('\nnotifications\n'));
const client = createWebSocketClient({ url: office.url });
const inbox = createStore(noNotifications, notificationReducer, { client, url: office.url });
inbox.state$
  .pipe(
    map(({ unreadCount }) => unreadCount),
    distinctUntilChanged(),
  )
  .subscribe((unread) => console.log(`  ${unread} unread`));
inbox.send({ type: 'connectToNotifications' });
await until(inbox, ({ connection }) => connection.status === 'connected');
for (const [id, title] of [
  ['n1', 'bo joined'],
  ['n2', 'the server was restarted'],
]) {
  office.notify({ id, type: 'info', title, message: '', timestamp: Date.now() });
  await soon();
}
inbox.send({ type: 'markAsRead', id: 'n1' });
await soon();
inbox.send({ type: 'clearAll' });
await soon();

console.log(bold('\nboth leave\n'));
for (const { send } of [ada, bo]) send({ type: 'disconnect' });
await Promise.all([ada, bo].map((store) => until(store, ({ connection }) => connection.status === 'disconnected')));
inbox.close();
await Promise.all([room.close(), office.close()]);
