import { type AnyAction, applyMiddleware, createStore, type Store } from 'redux';
import { combineEpics, createEpicMiddleware, type Epic, ofType } from 'redux-observable';
import { exhaustMap, mergeMap } from 'rxjs';
import { createWebSocketClient } from '../../src/client/createWebSocketClient.js';
import { effects } from '../../src/client/effects.js';
import type { WebSocketClient } from '../../src/client/webSocketClient.js';
import type { WebSocketError } from '../../src/client/webSocketError.js';
import type { WebSocketEvent } from '../../src/client/webSocketEvent.js';
import { mockServer, type MockServer } from '../../src/testing/mockServer.js';

interface Chat {
  readonly text: string;
}
type Action =
  | { readonly type: 'connect' }
  | { readonly type: 'disconnect' }
  | { readonly type: 'say'; readonly text: string }
  | { readonly type: 'said' }
  | { readonly type: 'notSaid'; readonly error: WebSocketError }
  | { readonly type: 'webSocket'; readonly event: WebSocketEvent<Chat> };

interface State {
  readonly texts: readonly string[];
  readonly log: readonly string[];
}

const reducer = (state: State = { texts: [], log: [] }, action: AnyAction): State => {
  const { texts, log } = state;
  const known = action as Action;
  if (known.type === 'notSaid') return { texts, log: [...log, `not said: ${known.error.code}`] };
  if (known.type !== 'webSocket') return { texts, log: [...log, known.type] };
  const { event } = known;
  return event.type === 'message'
    ? { log, texts: [...texts, event.data.text] }
    : { texts, log: [...log, `: ${event.type}`] };
};

type ChatEpic = Epic<Action, Action, State, { readonly client: WebSocketClient<Chat> }>;

const connectEpic: ChatEpic = (action$, _state$, { client }) =>
  action$.pipe(
    ofType('connect'),
    exhaustMap(() => effects.connect(client, undefined, undefined, (event): Action => ({ type: 'webSocket', event }))),
  );
const disconnectEpic: ChatEpic = (action$, _state$, { client }) =>
  action$.pipe(
    ofType('disconnect'),
    mergeMap(() => effects.disconnect(client)),
  );
const sayEpic: ChatEpic = (action$, _state$, { client }) =>
  action$.pipe(
    ofType('say'),
    mergeMap((action) =>
      effects.send(
        client,
        { text: (action as { readonly text: string }).text },
        (): Action => ({ type: 'said' }),
        (error): Action => ({ type: 'notSaid', error }),
      ),
    ),
  );

describe('the effects as epics of redux-observable', () => {
  let server: MockServer;
  let store: Store<State>;
  /** Resolves when the state is so. */
  const until = async (holds: (state: State) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!holds(store.getState())) return;
        unsubscribe();
        resolve();
      };
      const unsubscribe = store.subscribe(look);
      look();
    });

  beforeEach(async () => {
    server = await mockServer();
    server.echo();
    const client = createWebSocketClient<Chat>({
      url: server.url,
      reconnect: { enabled: true, maxAttempts: 1, initialDelay: 1, jitter: false },
    });
    const middleware = createEpicMiddleware<Action, Action, State, { readonly client: WebSocketClient<Chat> }>({
      dependencies: { client },
    });
    store = createStore(reducer, applyMiddleware(middleware));
    middleware.run(combineEpics(connectEpic, disconnectEpic, sayEpic));
  });
  afterEach(() => server.close());

  it('connect, send, receive, reconnect and disconnect', async () => {
    store.dispatch({ type: 'connect' });
    store.dispatch({ type: 'connect' });
    store.dispatch({ type: 'say', text: 'ahoy' });
    await until(({ texts }) => texts.length === 1);
    (await server.waitForConnection()).close(1012);
    await until(({ log }) => log.includes(': reconnected'));
    store.dispatch({ type: 'say', text: 'still here' });
    await until(({ texts }) => texts.length === 2);
    store.dispatch({ type: 'disconnect' });
    await until(({ log }) => log.filter((line) => line === ': disconnected').length === 2);

    expect(store.getState().texts).toEqual(['ahoy', 'still here']);
    expect(store.getState().log.filter((line) => line.startsWith(':'))).toEqual([
      ': connected',
      ': disconnected',
      ': reconnecting',
      ': reconnected',
      ': disconnected',
    ]);
    expect(server.dials).toBe(2);
  });

  it('live on after a connection that failed', async () => {
    server.refuse(503, {}, { times: 2 });
    store.dispatch({ type: 'say', text: 'too early' });
    store.dispatch({ type: 'connect' });
    await until(({ log }) => log.filter((line) => line === ': error').length === 2);
    expect(store.getState().log).toContain('not said: WS_SEND_FAILED');

    await new Promise(setImmediate);
    store.dispatch({ type: 'connect' });
    store.dispatch({ type: 'say', text: 'at last' });
    await until(({ texts }) => texts.length === 1);
    store.dispatch({ type: 'disconnect' });
    await until(({ log }) => log.at(-1) === ': disconnected');

    expect(store.getState().texts).toEqual(['at last']);
  });
});
