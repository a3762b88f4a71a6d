import type { Observable } from 'rxjs';
import { createWebSocketClient } from '../../src/client/createWebSocketClient.js';
import { effects } from '../../src/client/effects.js';
import type { WebSocketMessage } from '../../src/client/webSocketClient.js';
import type { WebSocketEvent } from '../../src/client/webSocketEvent.js';
import { createMockWebSocket } from '../../src/testing/createMockWebSocket.js';
import { createSpyWebSocket } from '../../src/testing/createSpyWebSocket.js';
import { expectType } from '../types/expectType.js';

interface FromServer {
  readonly text: string;
}
interface ToServer {
  readonly say: string;
}
interface Action {
  readonly type: 'heard';
  readonly event: WebSocketEvent<FromServer>;
}

// Compiled, not run: only the types matter.
export function typed(): void {
  const client = createWebSocketClient<FromServer, ToServer>({ url: 'ws://127.0.0.1' });
  const mock = createMockWebSocket<FromServer, ToServer>();
  const spy = createSpyWebSocket(mock);
  const untyped = createWebSocketClient({ url: 'ws://127.0.0.1' });

  client.subscribe((message) => expectType<WebSocketMessage<FromServer>>()(message));
  untyped.subscribe((message) => expectType<WebSocketMessage>()(message));
  untyped.subscribe<FromServer>((message) => expectType<WebSocketMessage<FromServer>>()(message));
  client.subscribeToEvents((event) => expectType<WebSocketEvent<FromServer>>()(event));
  spy.subscribe((message) => expectType<WebSocketMessage<FromServer>>()(message));
  expectType<readonly ToServer[]>()(spy.sentMessages);
  void untyped.send('anything');
  // @ts-expect-error: what is sent is what the client says it is.
  void client.send('text');

  for (const each of [client, mock, spy]) {
    expectType<Observable<string>>()(effects.subscribe(each, ({ data }) => data.text));
  }
  expectType<Observable<string>>()(effects.subscribe(spy, ({ data }) => data.text));
  expectType<Observable<Action>>()(
    effects.connect(client, undefined, undefined, (event): Action => ({ type: 'heard', event })),
  );
  expectType<Observable<never>>()(effects.connect(mock));
  expectType<Observable<'sent' | 'failed'>>()(
    effects.send(
      mock,
      { say: 'x' },
      () => 'sent' as const,
      () => 'failed' as const,
    ),
  );
  expectType<Observable<never>>()(effects.send(client, { say: 'x' }));
  // @ts-expect-error: what is sent is what the client says it is.
  effects.send(client, { said: 'x' });
}

it('types infer from the client', () => {
  expect(typed).toBeInstanceOf(Function);
});
