import { NEVER, Subject } from 'rxjs';
import {
  codec,
  dedupe,
  drainHandover,
  drainOn,
  handshake,
  heartbeat,
  json,
  jsonCodec,
  messages,
  openTimeout,
  reconnect,
  sendFrom,
  shareConnection,
  webSocket,
} from '../dist/esm/index.js';

/** Everything switched on, in the canonical order. */
export function canonical(url, decode = json(), outgoing$ = NEVER) {
  return webSocket(url).pipe(
    decode,
    handshake({ within: 10_000, exchange: () => [{ agreed: true }] }),
    openTimeout({ within: 10_000 }),
    heartbeat({ interval: 30_000, timeout: 10_000 }),
    drainOn((message) => message.kind === 'draining'),
    reconnect(),
    drainHandover({ linger: 5_000 }),
    sendFrom(outgoing$),
    shareConnection(),
  );
}

/** Runs pipelines of all shapes, as an application with several of them does: call sites that have seen many types are slower. */
export function pollute(rounds = 20_000) {
  const connection = {
    id: 'p',
    url: '',
    protocol: '',
    readyState: 1,
    bufferedAmount: 0,
    session: undefined,
    send() {},
    close() {},
    ping() {},
  };
  const operators = {
    code: () => codec(jsonCodec),
    beat: () => heartbeat({ interval: 30_000, timeout: 10_000 }),
    always: () => heartbeat({ interval: 30_000, timeout: 10_000, always: true, isPong: () => false }),
    drain: () => drainOn((message) => message === null),
    hand: () => drainHandover({ linger: 1_000 }),
    again: () => reconnect(),
    send: () => sendFrom(NEVER),
    share: () => shareConnection(),
    once: () => dedupe({ key: (message) => message, window: 2 }),
    open: () => openTimeout({ within: 10_000 }),
  };
  const orders = [
    ['code', 'beat', 'again'],
    ['code', 'open', 'drain', 'again', 'hand', 'share'],
    ['again', 'hand', 'send', 'share'],
    ['code', 'once', 'always', 'share', 'send'],
    ['share', 'send', 'drain', 'open'],
    ['beat', 'once', 'hand', 'again', 'send'],
  ];
  for (const order of orders) {
    const source = new Subject();
    const stop = order
      .reduce((stream, name) => operators[name]()(stream), source)
      .pipe(messages())
      .subscribe();
    source.next({ type: 'open', connection });
    for (let at = 0; at < rounds; at++) source.next({ type: 'message', connection, data: '{"k":1}' });
    stop.unsubscribe();
  }
}
