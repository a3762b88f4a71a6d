import type { ConnectionEvents } from '../../src/core/event.js';
import type { Frame } from '../../src/core/connection.js';
import { mockServer } from '../../src/testing/mockServer.js';
import { tcpHandles } from '../testing/wsClient.js';

/** In the address of every source: must appear in no event and no error. */
export const PLANTED = 'planted-secret';

/** The other end of a connection, as a test plays it. */
export interface Peer {
  readonly received: readonly Frame[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  send(frame: Frame): void;
  close(code?: number, reason?: string): void;
  /** Breaks the connection without a goodbye. */
  drop(): void;
  /** The nth message, counting from 1. */
  waitForMessage(nth?: number): Promise<Frame>;
}

/** A transport and the other end of it. */
export interface TransportHarness {
  /** Each subscription dials. */
  readonly source$: ConnectionEvents<Frame, Frame, undefined>;
  dials(): number;
  /** How many connections live at the other end. */
  live(): number;
  /** Called with each connection as soon as the other end has it. */
  greet(script: (peer: Peer) => void): void;
  /** Makes dials fail until `accept()`. */
  refuse(): void;
  accept(): void;
  /** The nth connection, counting from 1. */
  peer(nth?: number): Promise<Peer>;
  waitUntil(condition: () => boolean): Promise<void>;
  /** Ends everything, and checks that nothing is left. */
  close(): Promise<void>;
}

/** A harness around a real server. `connect` makes the source for an address. */
export async function serverHarness(connect: (url: string) => TransportHarness['source$']): Promise<TransportHarness> {
  const server = await mockServer();
  const address = new URL(`/?token=${PLANTED}`, server.url);
  address.username = 'user';
  address.password = PLANTED;
  return {
    source$: connect(address.href),
    dials: () => server.dials,
    live: () => server.connections.length,
    greet: (script) => server.greet(script),
    refuse: () => server.refuse(503, {}, { times: Infinity }),
    accept: () => server.accept(),
    peer: (nth = 1) => server.waitForConnection(nth),
    waitUntil: (condition) => server.waitUntil(condition),
    close: async () => {
      await server.close();
      expect(await tcpHandles()).toEqual([]);
    },
  };
}
