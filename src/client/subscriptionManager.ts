import { Subject } from 'rxjs';
import { listen } from './listen.js';
import type { MessageListener, Unsubscribe, WebSocketMessage } from './webSocketClient.js';

/** Who listens to which channel. Nothing is sent: what the peer has to know of subscriptions, tell it. */
export interface SubscriptionManager {
  subscribe<T>(channel: string, listener: MessageListener<T>): Unsubscribe;
  /** Forgets all listeners of a channel. */
  unsubscribe(channel: string): void;
  unsubscribeAll(): void;
  isSubscribed(channel: string): boolean;
  /** Those with a listener, the oldest first. */
  getChannels(): string[];
  /** Gives a message to the listeners of a channel, in the order in which they subscribed. A listener that throws hurts no other; its error is reported as rxjs does. */
  dispatch<T>(channel: string, message: WebSocketMessage<T>): void;
}

/**
 * Makes a {@link SubscriptionManager}.
 *
 * @example
 * const channels = createSubscriptionManager();
 * channels.subscribe<Chat>('lobby', ({ data }) => show(data.text));
 * const client = createWebSocketClient<{ readonly channel: string }>({ url: 'wss://chat.example.com' });
 * client.subscribe((message) => channels.dispatch(message.data.channel, message));
 */
export function createSubscriptionManager(): SubscriptionManager {
  const channels = new Map<string, Subject<WebSocketMessage<never>>>();
  const forget = (channel: string): void => {
    const messages$ = channels.get(channel);
    channels.delete(channel);
    messages$?.complete();
  };

  return {
    subscribe(channel, listener) {
      const messages$ = channels.get(channel) ?? new Subject<WebSocketMessage<never>>();
      channels.set(channel, messages$);
      const unsubscribe = listen(messages$, listener);
      return () => {
        unsubscribe();
        // Meanwhile others may have subscribed to the channel anew.
        if (!messages$.observed && channels.get(channel) === messages$) channels.delete(channel);
      };
    },
    unsubscribe: forget,
    unsubscribeAll: () => [...channels.keys()].forEach(forget),
    isSubscribed: (channel) => channels.has(channel),
    getChannels: () => [...channels.keys()],
    dispatch: (channel, message) => channels.get(channel)?.next(message as WebSocketMessage<never>),
  };
}
