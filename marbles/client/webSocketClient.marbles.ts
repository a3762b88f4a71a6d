import { Observable, timer } from 'rxjs';
import { clientSettings } from '../../src/client/clientSettings.js';
import { LinkClient } from '../../src/client/linkClient.js';
import { sendOutgoing } from '../../src/client/outgoing.js';
import { pulseOf } from '../../src/client/pulse.js';
import type { WebSocketConfig } from '../../src/client/webSocketConfig.js';
import { jsonCodec } from '../../src/codecs/json.js';
import type { Frame } from '../../src/core/connection.js';
import { ConnectionClosedError, DialError } from '../../src/core/errors.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { close, letters } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

const lost = new ConnectionClosedError(1006, '');
const refused = new DialError('ws://a', 'refused');
const steady = { enabled: true, initialDelay: 5, maxDelay: 12, jitter: false } as const;
const letter = {
  connected: 'C',
  disconnected: 'D',
  message: 'm',
  error: 'e',
  reconnecting: 'r',
  reconnected: 'R',
} as const;

/** A client over a stream of events in the place of a socket, and what it tells, from the moment it is told to connect. */
function over(
  source: Observable<unknown>,
  config: Partial<WebSocketConfig>,
): { client: LinkClient<unknown, unknown>; told: Observable<string> } {
  const frames = source as Observable<ConnectionEvent<unknown, Frame, undefined>>;
  const link$ = frames.pipe(pulseOf(config, jsonCodec), sendOutgoing);
  const client = new LinkClient<unknown, unknown>(() => link$, clientSettings(config));
  const told = new Observable<string>((subscriber) => {
    client.subscribeToEvents(({ type }) => subscriber.next(letter[type]));
    void client.connect('ws://a');
  });
  return { client, told };
}

describe('a WebSocket client', () => {
  it(
    'waits longer each time, up to maxDelay, and gives up after maxAttempts',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const source = cold('c#', events, refused);
      const dials = [
        '            ^!',
        '            ------^!',
        '            -----------------^!',
        '            ------------------------------^!',
      ];
      const told = ' -(er)--(er)-------(er)---------e';

      const result = over(source, { reconnect: { ...steady, maxAttempts: 3 } }).told;

      expectObservable(result).toBe(told);
      expectSubscriptions(source.subscriptions).toBe(dials);
    }),
  );

  it(
    'waits up to 30 % longer by chance',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const fails = cold('c#                         ', events, refused);
      const opens = cold('                        co ', events);
      const dials = '     ------------------------^--';
      const told = '      -(er)--------------------C ';

      const reconnect = { enabled: true, initialDelay: 20 };
      const result = over(inTurn(fails, opens), { reconnect, random: () => 0.5 }).told;

      expectObservable(result).toBe(told);
      expectSubscriptions(opens.subscriptions).toBe(dials);
    }),
  );

  it(
    'begins a new row of attempts after a connection that stayed open for 5 s',
    marbles(({ cold, expectObservable, a, events }) => {
      const dies = cold('c# ', events, refused);
      const lives = cold('co 5s (x#)', { ...events, x: close(a, 1006) }, lost);
      const told = ' -(er)--C 5s (Dr)--e';

      const result = over(inTurn(dies, lives, dies), { reconnect: { ...steady, maxAttempts: 1 } }).told;

      expectObservable(result).toBe(told);
    }),
  );

  it(
    'sends what waited, in order, as soon as there is a connection again',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const one = cold('   co-(x#)            ', { ...events, x: close(a, 1006) }, lost);
      const two = cold('           CO         ', events);
      const sends = '      --1---23------4    ';
      const overA = '      --1                ';
      const overB = '      ---------(23)-4    ';
      const told = '       -C-(Dr)--R         ';

      const { client, told: result } = over(inTurn(one, two), { reconnect: steady });
      cold(sends).subscribe((message) => void client.send(Number(message)));

      expectObservable(a.sent$).toBe(overA);
      expectObservable(b.sent$).toBe(overB);
      expectObservable(result).toBe(told);
    }),
  );

  it(
    'asks a silent peer by a message where the platform has no ping frames',
    marbles(({ cold, expectObservable }) => {
      const browser = mockConnection<Frame>('browser', { node: false });
      const p = { type: 'message', connection: browser, data: 'PONG' } as const;
      const source = cold('co-----p-----(x|)', { ...letters(browser, browser), p, x: close(browser, 1000) });
      const pings = '      -----p-----p     ';
      const told = '       -C-----------D   ';

      const heartbeat = { enabled: true, interval: 4, timeout: 9 };
      const result = over(source, { heartbeat }).told;

      expectObservable(result).toBe(told);
      expectObservable(browser.sent$).toBe(pings, { p: '"PING"' });
    }),
  );

  it(
    'tells nothing more after disconnect, also while it waits',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const source = cold('c#', events, refused);
      const told = '       -(er)D';

      const { client, told: result } = over(source, { reconnect: { enabled: true } });
      timer(5).subscribe(() => void client.disconnect());

      expectObservable(result).toBe(told);
      expectSubscriptions(source.subscriptions).toBe('^!');
    }),
  );

  it.each([true, false])(
    'ends with its own code when the link breaks before the peer answers the farewell (reconnect: %s)',
    (enabled) => {
      const test = marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
        const source = cold('co---#', events, lost);
        const told = '       -C---D';

        const { client, told: result } = over(source, { reconnect: { ...steady, enabled } });
        timer(3).subscribe(() => void client.disconnect(4000));

        expectObservable(result).toBe(told);
        expectSubscriptions(source.subscriptions).toBe('^----!');
      });
      test();
    },
  );
});
