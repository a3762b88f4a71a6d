import { Observable, type SchedulerLike, type Subscriber } from 'rxjs';
import { clockOf, type Deadline } from '../core/clock.js';
import { type Connection, isOpen } from '../core/connection.js';
import type { Duration } from '../core/duration.js';
import type { ConnectionEvents } from '../core/event.js';
import { expectDuration, expectFunction } from '../core/expect.js';
import { guarded } from '../core/operate.js';
import type { End } from '../core/succession.js';
import { sharedHold } from './sharedHold.js';

export interface ChannelsConfig<In, Out, Session> {
  /** Subscribes a topic at the peer: called for its first watcher, and for each connection that opens while it is watched. */
  readonly join: (connection: Connection<Out, Session>, topic: string) => void;
  /** Ends that, after the last watcher left. Not called when the connection that was joined is gone or not in use any more. */
  readonly leave: (connection: Connection<Out, Session>, topic: string) => void;
  /** The topic of a message; `undefined` where it has none. What it throws fails every watcher, so let it bear any message. */
  readonly topicOf: (message: In) => string | undefined;
  /** Whether a watched topic is a pattern that includes the topic of a message. Without it topics are compared as they are. Asked for every watched topic on every message. */
  readonly matches?: (pattern: string, topic: string) => boolean;
  /** How long a topic is kept after its last watcher left, for one that may come; 0 by default. */
  readonly linger?: Duration;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

export interface Channels<In> {
  /** The messages of a topic, or of a pattern. Watching it more than once is one subscription at the peer. */
  readonly watch: (topic: string) => Observable<In>;
}

/** A topic that is watched, or was until a while ago. */
interface Channel<In, Out, Session> {
  readonly topic: string;
  watchers: readonly Subscriber<In>[];
  /** Who came first, and later who left last. */
  last: Subscriber<In>;
  /** Where it was joined last. */
  joined: Connection<Out, Session> | undefined;
  readonly rest: Deadline;
}

/**
 * Topics over one connection: however many watch one, the peer is asked for it once, and again on each connection that opens.
 *
 *     source   co-1-2-r-CO-4-5-      (r: the connection was lost)
 *     first    ---1-2------4-5-
 *     second   -----2------4---
 *     to a     -j--------------      (j joins)
 *     to b     ----------j----l      (l leaves)
 *
 * `join` is called while `open` is passed on, and so before `sendFrom`, which stands further up, sends what waited. During a handover the
 * successor is joined and the old connection left as it is, to serve until it is `retired`. No connection that is gone is told anything.
 * The connection is held while something is watched: give it a shared one.
 *
 * @example
 * const prices$ = webSocket('wss://prices.example.com').pipe(json<Price, string>(), reconnect(), shareConnection());
 * const topics = channels(prices$, {
 *   join: (connection, topic) => connection.send(`join ${topic}`),
 *   leave: (connection, topic) => connection.send(`leave ${topic}`),
 *   topicOf: (price) => price?.symbol,
 * });
 * topics.watch('EUR').subscribe(({ price }) => show(price));
 */
export function channels<In, Out, Session>(
  shared$: ConnectionEvents<In, Out, Session>,
  config: ChannelsConfig<NoInfer<In>, NoInfer<Out>, NoInfer<Session>>,
): Channels<In> {
  const { join, leave, topicOf, matches, linger = 0, scheduler } = config;
  for (const name of ['join', 'leave', 'topicOf'] as const) expectFunction('channels', name, config[name]);
  const patience = expectDuration('channels', 'linger', linger, true);

  const clock = clockOf(scheduler);
  const watched = new Map<string, Channel<In, Out, Session>>();

  /** Ends a channel by what `tell` does. Before that it is forgotten, for who is told may watch the topic anew. */
  const end = (channel: Channel<In, Out, Session>, tell: () => void): void => {
    channel.rest.cancel();
    watched.delete(channel.topic);
    try {
      tell();
    } finally {
      if (watched.size === 0) hold.release();
    }
  };
  const finish = (channel: Channel<In, Out, Session>, how: End): void =>
    end(channel, () => {
      for (const watcher of channel.watchers) {
        if (how) watcher.error(how.error);
        else watcher.complete();
      }
    });
  const finishAll = (how: End): void => {
    for (const channel of [...watched.values()]) finish(channel, how);
  };
  const enter = (channel: Channel<In, Out, Session>): void => {
    const connection = hold.usable();
    if (!connection || channel.joined === connection || watched.get(channel.topic) !== channel) return;
    channel.joined = connection;
    try {
      join(connection, channel.topic);
    } catch (error) {
      // One that is gone in the meantime needs nothing: the next one will be joined.
      if (isOpen(connection)) finish(channel, { error });
    }
  };
  /** Nobody is left to hear what `leave` throws: it is an error of who left last, which rxjs tells `config.onStoppedNotification`. */
  const quit = (channel: Channel<In, Out, Session>): void => {
    const { joined, last, topic } = channel;
    end(channel, () => {
      if (joined && joined === hold.usable()) guarded(last, leave)(joined, topic);
    });
  };
  /** Those who get a message, as they are before the first of them gets it. */
  const audience = (topic: string): readonly Subscriber<In>[] => {
    const exact = watched.get(topic);
    if (!matches) return exact?.watchers ?? [];
    const those = [...watched.values()].filter((channel) => channel === exact || matches(channel.topic, topic));
    return those.flatMap(({ watchers }) => watchers);
  };

  const hold = sharedHold(shared$, {
    opened() {
      for (const channel of watched.values()) enter(channel);
    },
    heard(message) {
      let watchers: readonly Subscriber<In>[] = [];
      try {
        const topic = topicOf(message);
        if (topic !== undefined) watchers = audience(topic);
      } catch (error) {
        finishAll({ error });
      }
      for (const watcher of watchers) watcher.next(message);
    },
    ended: finishAll,
  });

  const channelOf = (topic: string, last: Subscriber<In>): Channel<In, Out, Session> => {
    let channel = watched.get(topic);
    if (!channel) {
      const made = { topic, watchers: [], last, joined: undefined, rest: clock.deadline(() => quit(made)) };
      watched.set(topic, (channel = made));
    }
    return channel;
  };
  const drop = (channel: Channel<In, Out, Session>, subscriber: Subscriber<In>): void => {
    channel.watchers = channel.watchers.filter((watcher) => watcher !== subscriber);
    if (channel.watchers.length > 0 || watched.get(channel.topic) !== channel) return;
    channel.last = subscriber;
    if (patience > 0) channel.rest.in(patience);
    else quit(channel);
  };

  return {
    watch: (topic) =>
      new Observable((subscriber) => {
        // Some of rxjs's operators subscribe for a subscriber that is gone already.
        if (subscriber.closed) return;
        const channel = channelOf(topic, subscriber);
        channel.rest.cancel();
        channel.watchers = [...channel.watchers, subscriber];
        subscriber.add(() => drop(channel, subscriber));
        hold.take();
        enter(channel);
      }),
  };
}
