import { inject, NgZone, PLATFORM_ID, type Signal } from '@angular/core';
import { takeUntilDestroyed, toSignal } from '@angular/core/rxjs-interop';
import { catchError, defer, EMPTY, NEVER, Observable, Subject, tap } from 'rxjs';
import { ReadyState } from '../../core/connection.js';
import { NotOpenError } from '../../core/errors.js';
import type { ConnectionEvents } from '../../core/event.js';
import { type ConnectionSnapshot, connectionState } from '../../operators/connectionState.js';
import { messages } from '../../operators/messages.js';
import { sendFrom, type SendFromConfig } from '../../operators/sendFrom.js';
import { shareConnection } from '../../operators/shareConnection.js';
import { enterZone } from './enterZone.js';

/** A connection that lives as long as the injector it was provided in. */
export interface ConnectionRef<In, Out = In, Session = unknown> {
  /** How the connection stands: from the first moment on a value, never an error. */
  readonly state: Signal<ConnectionSnapshot<Out, Session>>;
  /** The data of the messages. Completes when the connection ends, for whatever reason: `state().cause` tells it. */
  readonly messages$: Observable<In>;
  /** Everything that happens, to subscribers that come late `open` first. Errors when the connection gives up. */
  readonly events$: ConnectionEvents<In, Out, Session>;
  /** Sends, or queues while no connection is open. Throws a `NotOpenError` after the end; while a server renders, nothing is sent. */
  send(message: Out): void;
}

/**
 * Makes the reference, and dials outside Angular's zone, where no timer of the pipe keeps an app from being stable.
 * To be called in an injection context. While a server renders nothing is made, and the streams are empty, so that nobody waits for them.
 */
export function connectionRef<In, Out, Session>(
  make: () => ConnectionEvents<In, Out, Session>,
  queue?: SendFromConfig,
): ConnectionRef<In, Out, Session> {
  const isServer = inject(PLATFORM_ID) === 'server';
  const zone = inject(NgZone);
  const outgoing$ = new Subject<Out>();
  let url = '';
  let source$: ConnectionEvents<In, Out, Session> = isServer
    ? EMPTY
    : make().pipe(
        tap((event) => {
          if (event.type === 'connecting') ({ url } = event);
        }),
        sendFrom(outgoing$, queue),
        takeUntilDestroyed(),
        shareConnection(),
      );

  zone.runOutsideAngular(() =>
    // A shared connection that ended is dialed anew by the next subscriber, who may be any component: here it has ended for good.
    source$.subscribe({
      error(error: unknown) {
        source$ = new Observable((subscriber) => subscriber.error(error));
      },
      complete() {
        source$ = EMPTY;
      },
    }),
  );
  const events$ = enterZone(
    zone,
    defer(() => source$),
  );
  return {
    state: toSignal((isServer ? NEVER : source$).pipe(connectionState()), { requireSync: true }),
    messages$: events$.pipe(
      messages(),
      catchError(() => EMPTY),
    ),
    events$,
    send(message) {
      if (isServer) return;
      if (!outgoing$.observed) throw new NotOpenError(ReadyState.CLOSED, url);
      outgoing$.next(message);
    },
  };
}
