import { filter, firstValueFrom, NEVER, type Observable, Subject, VirtualTimeScheduler } from 'rxjs';
import type { Connection } from '../../src/core/connection.js';
import type { HandshakeError } from '../../src/core/errors.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import { handshake } from '../../src/operators/handshake.js';
import { message, open } from '../../src/testing/letters.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

type Exchange = (connection: Connection<unknown>, messages$: Observable<string>) => Promise<string>;

/** Lets promises that wait for one another settle. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** A peer, and what the consumer is told. */
function meet(exchange: Exchange) {
  const connection = mockConnection('a');
  const events$ = new Subject<ConnectionEvent<string, unknown>>();
  const told: string[] = [];
  const errors: unknown[] = [];
  const subscription = events$.pipe(handshake({ within: 60_000, exchange })).subscribe({
    next: (event) => told.push(event.type === 'message' ? event.data : event.type),
    error: (error: unknown) => errors.push(error),
  });
  events$.next(open(connection));
  const says = (...texts: string[]): void => texts.forEach((text) => events$.next(message(connection, text)));
  return { connection, says, told, errors, subscription };
}

describe('handshake with an exchange that gives a promise', () => {
  const helloAndReady: Exchange = async (connection, messages$) => {
    await firstValueFrom(messages$);
    connection.send('connect');
    return firstValueFrom(messages$);
  };

  it('gives each await the next message, also when all come at once', async () => {
    const { says, told, connection } = meet(helloAndReady);

    says('hello', 'ready');
    await settle();

    expect(connection.sent).toEqual(['connect']);
    expect(told).toEqual(['open']);
  });

  it('delivers what comes between the last await and the session', async () => {
    const { says, told } = meet(helloAndReady);

    says('hello', 'ready', '1', '2');
    await settle();
    says('3');

    expect(told).toEqual(['open', '1', '2', '3']);
  });

  it('fails with what the promise is rejected with', async () => {
    const { told, errors } = meet(() => Promise.reject(Object.assign(new Error('who are you?'), { phase: 'hello' })));

    await settle();

    expect(told).toEqual([]);
    expect((errors[0] as HandshakeError).message).toBe('handshake failed (hello): who are you?');
  });

  it('is silent on messages$ after the session, so that a promise that nobody awaits is not rejected', async () => {
    let messages$: Observable<string> = NEVER;
    const heard: string[] = [];
    const note = { next: (text: string) => heard.push(text), complete: () => heard.push('complete') };
    const { says, told } = meet((_connection, own$) => {
      messages$ = own$;
      own$.subscribe(note);
      return firstValueFrom(own$.pipe(filter((text) => text === 'ready')));
    });

    says('hello', 'ready');
    await settle();
    messages$.subscribe(note);
    says('1');

    expect(heard).toEqual(['hello', 'ready']);
    expect(told).toEqual(['open', '1']);
  });

  it('takes no notice of a promise that settles after the subscription ended', async () => {
    const { says, told, errors, subscription } = meet(helloAndReady);

    says('hello');
    subscription.unsubscribe();
    await settle();

    expect([told, errors]).toEqual([[], []]);
  });
});

describe('handshake', () => {
  it('sets no timer that is longer than timers can be', () => {
    const scheduler = new VirtualTimeScheduler();
    const events$ = new Subject<ConnectionEvent<string, unknown>>();
    events$.pipe(handshake({ within: '365d', exchange: () => NEVER, scheduler })).subscribe();

    events$.next(open(mockConnection('a')));

    expect(scheduler.actions.map(({ delay }) => delay)).toEqual([2 ** 31 - 1]);
  });
});
