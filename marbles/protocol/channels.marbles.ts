import { concat, EMPTY, forkJoin, map, mergeMap, NEVER, of, retry, Subject, take, tap, timer } from 'rxjs';
import type { Connection } from '../../src/core/connection.js';
import { BufferOverflowError } from '../../src/core/errors.js';
import type { ConnectionEvent, ConnectionEvents } from '../../src/core/event.js';
import { drainHandover } from '../../src/operators/drainHandover.js';
import { sendFrom } from '../../src/operators/sendFrom.js';
import { shareConnection } from '../../src/operators/shareConnection.js';
import { channels, type ChannelsConfig } from '../../src/protocol/channels.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { close, message, reconnecting } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';

type Config = Partial<ChannelsConfig<string, unknown, unknown>>;

/** A topic is a letter: `j` is sent to join it, and `l` to leave it; `k` and `q` where its name is y. Messages are `topic text`. */
const topicsOf = (events$: ConnectionEvents<string, unknown>, config: Config = {}) =>
  channels(events$, {
    join: (connection, topic) => connection.send(topic === 'y' ? 'k' : 'j'),
    leave: (connection, topic) => connection.send(topic === 'y' ? 'q' : 'l'),
    topicOf: (text) => (text.includes(' ') ? text.split(' ')[0] : undefined),
    ...config,
  });

/** What else happens: `1` and `2` are messages of x over the first connection, `3` one of y; `4` and `5` are those of x over the second. */
const news = (a: Connection<unknown>, b: Connection<unknown>) => ({
  1: message(a, 'x 1'),
  2: message(a, 'x 2'),
  3: message(a, 'y 3'),
  4: message(b, 'x 4'),
  5: message(b, 'x 5'),
  x: close(a, 1006),
  r: reconnecting(1, 2, new Error('silent')),
});
const data = { 1: 'x 1', 2: 'x 2', 3: 'y 3', 4: 'x 4', 5: 'x 5' };

describe('channels', () => {
  it(
    'asks the peer once for a topic that many watch, and again on the next connection',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const source = cold(' co-1-2-r-CO-4-5-', { ...events, ...news(a, b) });
      const first = '       ---1-2------4-5-';
      const second = '      -----2------4---';
      const toA = '         -j--------------';
      const toB = '         ----------j----l';
      const topics = topicsOf(source);

      expectObservable(topics.watch('x'), '^--------------!').toBe(first, data);
      expectObservable(topics.watch('x'), '----^--------!').toBe(second, data);
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'tells topics apart, and joins and leaves each by itself',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b, events }) => {
      const source = cold('                   co-1m3-1-3-1--', { ...events, ...news(a, b) });
      const topics = topicsOf(source);

      expectObservable(topics.watch('x'), '  ^-----------!').toBe('---1---1---1--', data);
      expectObservable(topics.watch('y'), '  --^-----!').toBe('   -----3--------', data);
      expectObservable(a.sent$).toBe('               -jk-----q---l');
      expectSubscriptions(source.subscriptions).toBe('^-----------!');
    }),
  );

  it(
    'joins at once over a connection that is open already',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b, events }) => {
      const source = cold('                    co----1---', { ...events, ...news(a, b) });
      const shared = source.pipe(shareConnection());
      const topics = topicsOf(shared);

      expectObservable(shared, '               ^--------!').toBe('co----1---', { ...events, ...news(a, b) });
      expectObservable(topics.watch('x'), '    ----^--!').toBe('------1', data);
      expectObservable(a.sent$).toBe('                 ----j--l');
      expectSubscriptions(source.subscriptions).toBe(' ^--------!');
    }),
  );

  it(
    'joins before sendFrom, further up in the pipe, sends what waited',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const values = { ...events, ...news(a, b) };
      const outgoing = hot('             w------w------');
      const source = cold('              c-o-x-r--CO---', values);
      const toA = '                      --(jw)--------';
      const toB = '                      ----------(jw)l';
      const topics = topicsOf(source.pipe(sendFrom(outgoing), shareConnection()));

      expectObservable(topics.watch('x'), '^-------------!').toBe('-');
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'tells a connection that is gone nothing',
    marbles(({ cold, hot, expectObservable, a, b, events }) => {
      const values = { ...events, ...news(a, b) };
      const closed = topicsOf(cold('co--x--', values));
      const waits = topicsOf(cold(' co--r--', values));
      const dials = topicsOf(cold(' co--c--', values));
      hot('---l').subscribe(() => b.lost());
      const never = topicsOf(cold(' CO-----', values));

      for (const topics of [closed, waits, dials]) expectObservable(topics.watch('x'), '-----!').toBe('-');
      expectObservable(never.watch('x'), '-----!').toBe('-');
      expectObservable(a.sent$).toBe('-(jjj)');
      expectObservable(b.sent$).toBe('-j');
    }),
  );

  it(
    'keeps a topic for linger after its last watcher left, and no longer',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b, events }) => {
      const source = cold('                  co-1----2-----1-', { ...events, ...news(a, b) });
      const topics = topicsOf(source, { linger: 4 });

      expectObservable(topics.watch('x'), ' ^---!').toBe('  ---1', data);
      expectObservable(topics.watch('x'), ' -------^-!').toBe('--------2', data);
      expectObservable(a.sent$).toBe('              -j-----------l');
      expectSubscriptions(source.subscriptions).toBe('^------------!');
    }),
  );

  it(
    'restores a topic that lingers too, and leaves it where it was restored',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const source = cold('                  co-r-CO---', { ...events, ...news(a, b) });
      const topics = topicsOf(source, { linger: 6 });

      expectObservable(topics.watch('x'), ' ^-!').toBe('-');
      expectObservable(a.sent$).toBe('              -j');
      expectObservable(b.sent$).toBe('              ------j-l');
    }),
  );

  it(
    'survives a handover unseen: the successor is joined, the old one serves on and is left only by what releases it',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const values = { ...events, ...news(a, b) };
      const old = cold('    co-1-d--2---1--', values);
      const next = cold('        c-O-4---5-', values);
      const watched = '     ---1----24--15--';
      const toA = '         -j-----L--------';
      const toB = '         -------j-------l';
      const shared = inTurn(old, next).pipe(
        drainHandover({ linger: 6, release: (connection) => connection.send('L') }),
        shareConnection(),
      );
      const topics = topicsOf(shared);

      expectObservable(topics.watch('x'), '^--------------!').toBe(watched, data);
      expectObservable(topics.watch('x'), '----------^!').toBe('-');
      expectObservable(a.sent$).toBe(toA);
      expectObservable(b.sent$).toBe(toB);
    }),
  );

  it(
    'matches patterns, and gives a message to each watcher once',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const source = cold('                       co-1-3-1-', { ...events, ...news(a, b) });
      const topics = topicsOf(source, { matches: (pattern) => pattern === '*' });

      expectObservable(topics.watch('*'), '      ^-------!').toBe('---1-3-1', data);
      expectObservable(topics.watch('x'), '      ^-----!').toBe('  ---1', data);
      expectObservable(topics.watch('z'), '      ^-------!').toBe('-');
    }),
  );

  it(
    'gives a message only to those who watched when it came',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const source = cold('co-1-2-', { ...events, ...news(a, b) });
      const topics = topicsOf(source, { matches: () => true });
      const also = topics.watch('x').pipe(mergeMap(() => topics.watch('*')));

      expectObservable(topics.watch('*'), '------!').toBe('---1-2', data);
      expectObservable(also, '             ------!').toBe('-----2', data);
    }),
  );

  it(
    'ends with the connection, and dials anew for who watches again because of that',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b, events }) => {
      const one = cold('                  co-1#      ', { ...events, ...news(a, b) });
      const two = cold('                      CO-4-5|', { ...events, ...news(a, b) });
      const topics = topicsOf(inTurn(one, two), { linger: 20 });

      expectObservable(topics.watch('x').pipe(retry(1))).toBe('---1---4-5|', data);
      expectObservable(topics.watch('y')).toBe('----#');
      expectObservable(topics.watch('z'), '^-!').toBe('-');
      expectSubscriptions(one.subscriptions).toBe('^---!');
      expectSubscriptions(two.subscriptions).toBe('----^-----!');
    }),
  );

  it(
    'joins once, whatever a join brings about',
    marbles(({ flush, expectObservable, a, events }) => {
      const events$ = new Subject<ConnectionEvent<string, unknown>>();
      const topics = topicsOf(events$);
      const told: string[] = [];
      // The peer answers in the midst of the join, and its answer makes the consumer watch another topic.
      a.sent$.subscribe((what) => {
        if (what === 'j') events$.next(message(a, 'x 1'));
      });
      const both = topics.watch('x').pipe(mergeMap((text) => [text, ''].map(() => topics.watch('y'))));
      const subscription = both.pipe(mergeMap((watched) => watched)).subscribe((text) => told.push(text));

      events$.next(events.o);
      events$.next(message(a, 'y 3'));
      expect(a.sent).toEqual(['j', 'k']);
      expect(told).toEqual(['y 3', 'y 3']);
      subscription.unsubscribe();
      expect([...a.sent].sort()).toEqual(['j', 'k', 'l', 'q']);
      expect(events$.observed).toBe(false);
      flush();
      expectObservable(EMPTY).toBe('|');
    }),
  );

  it(
    'joins anew when a topic is watched again in the midst of leaving it',
    marbles(({ flush, expectObservable, a, events }) => {
      const events$ = new Subject<ConnectionEvent<string, unknown>>();
      const topics = topicsOf(events$);
      const first = topics.watch('x').subscribe();
      a.sent$.pipe(take(2)).subscribe((what) => {
        if (what === 'l') topics.watch('x').subscribe();
      });
      events$.next(events.o);

      first.unsubscribe();
      expect(a.sent).toEqual(['j', 'l', 'j']);
      expect(events$.observed).toBe(true);
      flush();
      expectObservable(EMPTY).toBe('|');
    }),
  );

  it(
    'joins nothing for who got what he wanted while the connection was made',
    marbles(({ flush, expectObservable, a, events }) => {
      const source = concat(of(message(a, 'x 1'), events.o), NEVER);
      const topics = topicsOf(source);

      const first = topics.watch('x').pipe(
        tap(() => topics.watch('y').subscribe()),
        take(1),
      );
      first.subscribe();
      expect(a.sent).toEqual(['k']);
      flush();
      expectObservable(EMPTY).toBe('|');
    }),
  );

  it(
    'joins the next connection where one is gone in the midst of the join',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const source = cold('co---CO-4', { ...events, ...news(a, b) });
      const join: Config['join'] = (connection) => {
        a.lost();
        connection.send('j');
      };

      expectObservable(topicsOf(source, { join }).watch('x'), '---------!').toBe('--------4', data);
      expectObservable(b.sent$).toBe('------j--l');
    }),
  );

  it(
    'turns what a callback throws into the error of whom it concerns',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b, events }) => {
      const broken = new Error('broken');
      const thrower = (): never => {
        throw broken;
      };
      const values = { ...events, ...news(a, b) };
      const source = cold('co-1-', values);
      const shared = source.pipe(shareConnection());
      const join: Config['join'] = (_, topic) => {
        if (topic === 'y') throw broken;
      };

      expectObservable(topicsOf(source, { topicOf: thrower }).watch('x')).toBe('---#', {}, broken);
      expectObservable(topicsOf(source, { matches: thrower }).watch('y')).toBe('---#', {}, broken);
      expectSubscriptions(source.subscriptions).toBe(['^--!', '^--!', '^----!']);

      const topics = topicsOf(shared, { join });
      expectObservable(topics.watch('x'), ' ^----!').toBe('---1', data);
      expectObservable(topics.watch('y'), ' ^').toBe('-#', {}, broken);
      expectObservable(topics.watch('y'), ' --^').toBe('--#', {}, broken);
    }),
  );

  it(
    'harms nobody when the peer cannot be told that the last watcher left',
    marbles(({ cold, expectObservable, a, b, events }) => {
      const left: string[] = [];
      const leave: Config['leave'] = (_, topic) => {
        left.push(topic);
        throw new BufferOverflowError(1);
      };
      const source = cold('          co-1----2-', { ...events, ...news(a, b) });
      const shared = source.pipe(shareConnection());
      const now = topicsOf(shared, { leave });
      const later = topicsOf(shared, { leave, linger: 2 });

      expectObservable(now.watch('x').pipe(take(1))).toBe('---(1|)', data);
      expectObservable(later.watch('x'), '^---!').toBe('---1', data);
      expectObservable(shared, '     ^---------!').toBe('co-1----2-', { ...events, ...news(a, b) });
      expectObservable(timer(9).pipe(map(() => left.join('')))).toBe('---------(l|)', { l: 'xx' });
    }),
  );

  it(
    'watches nothing for who is gone already',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const source = cold('o', events);

      expectObservable(forkJoin([EMPTY, topicsOf(source).watch('x')])).toBe('|');
      expectSubscriptions(source.subscriptions).toBe('');
    }),
  );

  it('refuses bad options', () => {
    const bad = (config: object) => () => topicsOf(EMPTY, config);
    expect(bad({ join: 'join' })).toThrow('channels: expected `join` to be a function, got');
    expect(bad({ leave: 1 })).toThrow('channels: expected `leave` to be a function, got 1');
    expect(bad({ topicOf: undefined })).toThrow('channels: expected `topicOf` to be a function, got undefined');
    expect(bad({ linger: -1 })).toThrow('channels: expected `linger` to be at least 0 ms');
  });
});
