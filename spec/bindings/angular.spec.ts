// Angular compiles what it publishes when it is first used.
import '@angular/compiler';
import {
  createEnvironmentInjector,
  type EnvironmentInjector,
  type EnvironmentProviders,
  inject,
  InjectionToken,
  Injector,
  NgZone,
  PLATFORM_ID,
  type Provider,
  provideZonelessChangeDetection,
  runInInjectionContext,
  type Signal,
} from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { firstValueFrom, Observable, of, Subject } from 'rxjs';
import { type ConnectionRef, injectConnection, provideConnection } from '../../src/angular.js';
import {
  type ConnectionEvent,
  type ConnectionEvents,
  type ConnectionSnapshot,
  constant,
  heartbeat,
  json,
  reconnect,
  webSocket,
} from '../../src/index.js';
import { mockConnection, mockServer } from '../../src/testing.js';
import { expectType } from '../types/expectType.js';

type Event = ConnectionEvent<string, string>;

let root: EnvironmentInjector;

/** An injector as that of an app. */
function app(...providers: (Provider | EnvironmentProviders)[]): EnvironmentInjector {
  const platform = { provide: PLATFORM_ID, useValue: 'browser' };
  root = createEnvironmentInjector([platform, provideZonelessChangeDetection(), ...providers], null as never);
  return root;
}
const injected = <T>(act: () => T): T => runInInjectionContext(root.get(Injector), act);

/** A source that is played by hand, and counts who dialed and who hung up. */
class Peer {
  dials = 0;
  hangUps = 0;
  readonly a = mockConnection<string>('a');
  readonly events = new Subject<Event>();
  readonly source$: ConnectionEvents<string> = new Observable((subscriber) => {
    this.dials += 1;
    subscriber.next({ type: 'connecting', url: 'ws://a' });
    subscriber.add(this.events.subscribe(subscriber));
    subscriber.add(() => (this.hangUps += 1));
  });

  open(): void {
    this.events.next({ type: 'open', connection: this.a });
  }
  says(data: string): void {
    this.events.next({ type: 'message', connection: this.a, data });
  }
}

describe('provideConnection', () => {
  let peer: Peer;

  beforeEach(() => (peer = new Peer()));
  afterEach(() => {
    if (!root.destroyed) root.destroy();
  });
  const connected = (): ConnectionRef<string> => {
    app(provideConnection(() => peer.source$));
    return injected(() => injectConnection<string>());
  };

  it('dials when it is first injected, and once for all', () => {
    app(provideConnection(() => peer.source$));
    expect(peer.dials).toBe(0);

    const ref = injected(() => injectConnection<string>());
    ref.messages$.subscribe();
    expect(injected(() => injectConnection<string>())).toBe(ref);
    expect(peer.dials).toBe(1);
  });

  it('has a state at once, that follows the connection', () => {
    const { state } = connected();
    expect(state()).toMatchObject({ state: 'CONNECTING', connection: undefined });

    peer.open();
    expect(state()).toMatchObject({ state: 'ACTIVE', connection: { id: 'a' } });

    peer.events.next({ type: 'reconnecting', attempt: 2, delay: 5, cause: 'why' });
    expect(state()).toMatchObject({ state: 'RECONNECTING', attempt: 2, cause: 'why' });
  });

  it('gives messages that toSignal takes, also to a component that comes late', () => {
    const ref = connected();
    const latest = injected(() => toSignal(ref.messages$));
    peer.open();
    peer.says('one');
    expect(latest()).toBe('one');

    const late = injected(() => toSignal(ref.messages$, { initialValue: 'none yet' }));
    expect(late()).toBe('none yet');
    peer.says('two');
    expect([latest(), late()]).toEqual(['two', 'two']);
  });

  it('sends, or keeps what is sent until a connection is open', () => {
    const ref = connected();
    ref.send('early');
    expect(peer.a.sent).toEqual([]);
    peer.open();
    ref.send('now');
    expect(peer.a.sent).toEqual(['early', 'now']);
  });

  it('tells of what its queue drops', () => {
    app(provideConnection(() => peer.source$, { buffer: 1, overflow: 'drop-oldest' }));
    const ref = injected(() => injectConnection<string>());
    const events: Event[] = [];
    ref.events$.subscribe((event) => events.push(event));
    ref.send('one');
    ref.send('two');
    expect(events).toEqual([
      { type: 'connecting', url: 'ws://a' },
      { type: 'dropped', message: 'one', reason: 'overflow' },
    ]);
  });

  it('hangs up when the injector is destroyed, whoever still listens, and does not dial again', () => {
    const ref = connected();
    const ends: string[] = [];
    ref.messages$.subscribe({ complete: () => ends.push('messages') });
    ref.events$.subscribe({ complete: () => ends.push('events') });
    peer.open();
    root.destroy();
    expect(ends).toEqual(['messages', 'events']);

    ref.events$.subscribe({ complete: () => ends.push('late') });
    expect(ends).toContain('late');
    expect(peer).toMatchObject({ dials: 1, hangUps: 1 });
    expect(ref.state()).toMatchObject({ state: 'CLOSED', connection: undefined });
    expect(() => ref.send('too late')).toThrow(expect.objectContaining({ name: 'NotOpenError', url: 'ws://a' }));
  });

  it('keeps the connection when all components are gone but the injector is not', () => {
    const ref = connected();
    ref.messages$.subscribe().unsubscribe();
    expect(peer.hangUps).toBe(0);
  });

  it('ends for good when the connection gives up: a view keeps what it has, the state tells why', () => {
    const ref = connected();
    const latest = injected(() => toSignal(ref.messages$));
    const errors: unknown[] = [];
    ref.events$.subscribe({ error: (error: unknown) => errors.push(error) });
    peer.open();
    peer.says('last');
    peer.events.error('forbidden');

    expect(latest()).toBe('last');
    expect(ref.state()).toMatchObject({ state: 'CLOSED', cause: 'forbidden' });
    ref.events$.subscribe({ error: (error: unknown) => errors.push(error) });
    expect(errors).toEqual(['forbidden', 'forbidden']);
    expect(peer.dials).toBe(1);
    expect(() => ref.send('x')).toThrow('not open');
  });

  it('ends for good when the server is done with it', () => {
    const ref = connected();
    peer.open();
    peer.events.complete();
    const heard: string[] = [];
    ref.events$.subscribe({ next: ({ type }) => heard.push(type), complete: () => heard.push('complete') });
    expect(heard).toEqual(['complete']);
    expect(ref.state()).toMatchObject({ state: 'CLOSED' });
    expect(peer.dials).toBe(1);
  });

  it('takes a connection that is over before anybody looks', () => {
    app(provideConnection(() => of<Event>({ type: 'connecting', url: 'ws://a' })));
    expect(injected(() => injectConnection().state())).toMatchObject({ state: 'CLOSED' });
  });

  it('makes the connection in the injector, whose values it may ask for', () => {
    const ADDRESS = new InjectionToken<string>('address');
    const asked: string[] = [];
    const make = (): ConnectionEvents<string> => {
      asked.push(inject(ADDRESS));
      return peer.source$;
    };
    app({ provide: ADDRESS, useValue: 'wss://a' }, provideConnection(make));
    injected(() => injectConnection());
    expect(asked).toEqual(['wss://a']);
  });

  it('provides several by their tokens', () => {
    const OTHER = new InjectionToken<ConnectionRef<string>>('other');
    const other = new Peer();
    app(
      provideConnection(() => peer.source$),
      provideConnection(OTHER, () => other.source$),
    );
    injected(() => injectConnection(OTHER)).send('to the other');
    expect([peer.dials, other.dials]).toEqual([0, 1]);
  });

  it('says what is missing: the provider, the function, a proper queue', () => {
    app();
    expect(() => injected(() => injectConnection())).toThrow('the connection of provideConnection()');
    expect(() => provideConnection(undefined as never)).toThrow('expected `make` to be a function');
    app(provideConnection(() => peer.source$, { buffer: -1 }));
    expect(() => injected(() => injectConnection())).toThrow('expected `buffer`');
  });

  it('makes nothing while a server renders, and lets nobody wait', async () => {
    const make = jest.fn(() => peer.source$);
    app({ provide: PLATFORM_ID, useValue: 'server' }, provideConnection(make));
    const ref = injected(() => injectConnection<string>());

    expect(ref.state()).toMatchObject({ state: 'CONNECTING' });
    expect(await firstValueFrom(ref.messages$, { defaultValue: 'none' })).toBe('none');
    ref.send('nothing happens');
    expect(make).not.toHaveBeenCalled();
  });

  it('infers its types from the token, and from the connection', () => {
    const PRICES = new InjectionToken<ConnectionRef<number, string>>('prices');
    app(provideConnection(PRICES, () => webSocket('ws://127.0.0.1:1').pipe(json<number, string>())));
    // @ts-expect-error: the token stands for other messages.
    provideConnection(PRICES, () => peer.source$);
    injected(() => {
      const prices = injectConnection(PRICES);
      expectType<ConnectionRef<number, string>>()(prices);
      expectType<Signal<ConnectionSnapshot<string>>>()(prices.state);
      expectType<Observable<number>>()(prices.messages$);
    });
  });
});

describe('in an app with zone.js', () => {
  /** What a zone is to the connection: inside or outside. */
  let inside = false;
  const as = <T>(where: boolean, act: () => T): T => {
    const before = inside;
    inside = where;
    try {
      return act();
    } finally {
      inside = before;
    }
  };
  const zone = {
    run: <T>(act: () => T): T => as(true, act),
    runOutsideAngular: <T>(act: () => T): T => as(false, act),
  };
  const host = globalThis as { Zone?: unknown };

  afterEach(() => {
    delete host.Zone;
    root.destroy();
  });

  it('dials outside the zone, and delivers inside it to who subscribed there', () => {
    const peer = new Peer();
    const heard: string[] = [];
    const listen = (who: string): void => {
      const place = (): string => `${who} ${inside ? 'inside' : 'outside'}`;
      ref.messages$.subscribe({
        next: (data) => heard.push(`${place()}: ${data}`),
        complete: () => heard.push(place()),
      });
      ref.events$.subscribe({ error: () => heard.push(`${place()}: error`) });
    };
    const dialed: boolean[] = [];
    const source$ = new Observable<Event>((subscriber) => {
      dialed.push(inside);
      return peer.source$.subscribe(subscriber);
    });
    app(
      provideConnection(() => source$),
      { provide: NgZone, useValue: zone },
    );
    host.Zone = { current: { get: () => inside } };
    const ref = zone.run(() => injected(() => injectConnection<string>()));
    expect(dialed).toEqual([false]);

    zone.run(() => listen('a component'));
    listen('a worker');
    peer.open();
    peer.says('hello');
    peer.events.error('over');
    expect(heard).toEqual([
      'a component inside: hello',
      'a worker outside: hello',
      'a component inside',
      'a component inside: error',
      'a worker outside',
      'a worker outside: error',
    ]);
  });
});

describe('over a real socket', () => {
  it('leaves nothing behind', async () => {
    const server = await mockServer({ reply: (text) => text });
    app(
      provideConnection(() =>
        webSocket(server.url).pipe(
          json<string>(),
          heartbeat({ interval: '1s', timeout: '1s' }),
          reconnect({ delay: constant(1) }),
        ),
      ),
    );
    const ref = injected(() => injectConnection<string>());
    const echo = firstValueFrom(ref.messages$);
    ref.send('ahoy');
    expect(await echo).toBe('ahoy');

    server.connections[0]?.close(1012);
    const again = firstValueFrom(ref.messages$);
    await server.waitForConnection(2);
    ref.send('again');
    expect(await again).toBe('again');

    root.destroy();
    await server.waitUntil(() => server.connections.length === 0);
    await server.close();
    expect(process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'))).toEqual([]);
  });
});
