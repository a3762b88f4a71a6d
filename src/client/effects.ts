import { defer, EMPTY, ignoreElements, map, mergeMap, Observable, of } from 'rxjs';
import type { WebSocketClient, WebSocketMessage } from './webSocketClient.js';
import { isWebSocketError, WebSocketError, WS_ERROR_CODES } from './webSocketError.js';
import type { WebSocketEvent } from './webSocketEvent.js';

type Part<In, Out, Names extends keyof WebSocketClient> = Pick<WebSocketClient<In, Out>, Names>;

function connect<In, Action = never>(
  client: Part<In, never, 'connect' | 'disconnect' | 'subscribeToEvents' | 'state'>,
  url?: string,
  protocols?: readonly string[],
  onEvent?: (event: WebSocketEvent<In>) => Action,
): Observable<Action> {
  const events$ = new Observable<WebSocketEvent<In>>((subscriber) => {
    const { status } = client.state;
    let hasBegun = false;
    // A client that is connected or connecting refuses: its connection is another one's to end.
    let isOver = status !== 'disconnected' && status !== 'failed';
    const unsubscribe = client.subscribeToEvents((event) => {
      subscriber.next(event);
      // What is told meanwhile is the end of the connection before.
      if (!hasBegun || !isEnd(event, client)) return;
      isOver = true;
      subscriber.complete();
    });
    subscriber.add(() => {
      unsubscribe();
      if (!isOver) void client.disconnect();
    });
    client.connect(url, protocols).catch((error: unknown) => {
      isOver = true;
      if (isWebSocketError(error)) subscriber.complete();
      else subscriber.error(error);
    });
    hasBegun = true;
  });
  return events$.pipe(onEvent ? map(onEvent) : ignoreElements());
}

/** Whether nothing follows an event unless the client is told to connect again. */
function isEnd(event: WebSocketEvent, { state: { status } }: Pick<WebSocketClient, 'state'>): boolean {
  return event.type === 'disconnected' ? status === 'disconnected' : event.type === 'error' && status === 'failed';
}

function disconnect(client: Part<never, never, 'disconnect'>, code?: number, reason?: string): Observable<never> {
  return defer(() => client.disconnect(code, reason)).pipe(ignoreElements());
}

function send<Out, Success = never, Failure = never>(
  client: Part<never, Out, 'send'>,
  message: NoInfer<Out>,
  onSuccess?: () => Success,
  onFailure?: (error: WebSocketError) => Failure,
): Observable<Success | Failure> {
  return defer(() =>
    client.send(message).then(
      () => onSuccess,
      (error: unknown) => onFailure && ((): Failure => onFailure(asSendFailure(error))),
    ),
  ).pipe(mergeMap((act) => (act ? of<(Success | Failure)[]>(act()) : EMPTY)));
}

/** What a client of another make rejects with. */
function asSendFailure(error: unknown): WebSocketError {
  if (isWebSocketError(error)) return error;
  return new WebSocketError(String(error), WS_ERROR_CODES.SEND_FAILED, true, error);
}

function subscribe<In, Action>(
  client: Part<In, never, 'subscribe'>,
  onMessage: (message: WebSocketMessage<In>) => Action,
): Observable<Action> {
  return new Observable<WebSocketMessage<In>>((subscriber) =>
    client.subscribe((message) => subscriber.next(message)),
  ).pipe(map(onMessage));
}

function subscribeToEvents<In, Action>(
  client: Part<In, never, 'subscribeToEvents'>,
  onEvent: (event: WebSocketEvent<In>) => Action,
): Observable<Action> {
  return new Observable<WebSocketEvent<In>>((subscriber) =>
    client.subscribeToEvents((event) => subscriber.next(event)),
  ).pipe(map(onEvent));
}

/**
 * What a client does as Observables of actions: for effects of NgRx, epics of redux-observable, and reducers that return effects.
 *
 * Nothing happens before one is subscribed. They never error because of the connection, which would end the epic that they are part of:
 * what fails is an `error` event of the client. A callback that throws, an address or a close code that cannot be is an error.
 *
 * - `connect(client, url?, protocols?, onEvent?)` connects and gives an action for each event until the connection is over, that is
 *   disconnected or given up; then it completes. Unsubscribing disconnects.
 * - `disconnect(client, code?, reason?)` gives no action and completes when the connection is over.
 * - `send(client, message, onSuccess?, onFailure?)` gives the action of one of them, if it is there.
 * - `subscribe(client, onMessage)` and `subscribeToEvents(client, onEvent)` give actions until they are unsubscribed.
 *
 * @example
 * const client = createWebSocketClient<Chat>({ url: 'wss://chat.example.com' });
 * effects.connect(client, undefined, undefined, (event) => ({ type: 'chat', event })).subscribe((action) => show(action));
 */
export const effects = { connect, disconnect, send, subscribe, subscribeToEvents };
