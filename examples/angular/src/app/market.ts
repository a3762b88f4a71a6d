import { InjectionToken } from '@angular/core';
import {
  type ConnectionEvents,
  decorrelated,
  dedupe,
  drainHandover,
  drainOn,
  handshake,
  heartbeat,
  json,
  online$,
  reconnect,
  visible$,
  webSocket,
} from 'hawser';
import type { ConnectionRef } from 'hawser/angular';
import { combineLatest, filter } from 'rxjs';

/** Quotes are numbered, so that one can tell what was missed; those without a number repeat what was known. */
export interface Quote {
  readonly kind: 'price';
  readonly n?: number;
  readonly symbol: string;
  readonly name: string;
  readonly price: number;
  readonly base: number;
}
export interface Welcome {
  readonly kind: 'welcome';
  readonly server: string;
}
export type FromMarket = Quote | Welcome | { readonly kind: 'pong' | 'draining' };
export interface ToMarket {
  readonly kind: 'ping';
}

export const MARKET = new InjectionToken<ConnectionRef<FromMarket, ToMarket, Welcome>>('market');

/** Whether it makes sense to dial: there is a network, and somebody is looking. */
const wanted$ = combineLatest([online$(), visible$()], (online, visible) => online && visible);

/** The connection of this app: all that keeps it alive is in this pipe. */
export function connectMarket(): ConnectionEvents<FromMarket, ToMarket, Welcome> {
  return webSocket('/live').pipe(
    json<FromMarket, ToMarket>(),
    handshake({
      within: '5s',
      exchange: (_connection, messages$) =>
        messages$.pipe(filter((message): message is Welcome => message.kind === 'welcome')),
    }),
    heartbeat({
      interval: '1s',
      timeout: '1s',
      ping: (connection) => connection.send({ kind: 'ping' }),
      isPong: ({ kind }) => kind === 'pong',
    }),
    drainOn(({ kind }) => kind === 'draining'),
    reconnect({ delay: decorrelated({ first: 500, max: 5_000 }), stableAfter: '2s', while$: wanted$ }),
    drainHandover({ linger: '2s' }),
    dedupe({ key: (message) => (message.kind === 'price' ? message.n : undefined), window: 500 }),
  );
}
