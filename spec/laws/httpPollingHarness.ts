import { mockPollingServer } from '../../src/testing/mockPollingServer.js';
import { httpPolling, type HttpPollingConfig } from '../../src/transports/httpPolling.js';
import type { PollingPeer } from '../../src/testing/pollingPeer.js';
import { waitForOneOf } from '../../src/testing/waiting.js';
import { tcpHandles } from '../testing/wsClient.js';
import { type Peer, PLANTED, type TransportHarness } from './transportHarness.js';

/** A harness around a real HTTP server. */
export async function httpPollingHarness(config: Partial<HttpPollingConfig> = {}): Promise<TransportHarness> {
  const server = await mockPollingServer({ sessionTimeout: 1_000 });
  const peerOf = (session: PollingPeer): Peer => ({
    received: session.received,
    closed: session.closed,
    send: (frame) => session.send(frame),
    close: (code, reason) => session.close(code, reason),
    drop: () => session.drop(),
    waitForMessage: async (nth = 1) => {
      await server.waitUntil(() => session.received.length >= nth);
      return waitForOneOf(session.received, nth).look()!;
    },
  });
  return {
    source$: httpPolling({
      url: `${server.url}?token=${PLANTED}`,
      headers: { Authorization: `Bearer ${PLANTED}` },
      interval: 5,
      ...config,
    }),
    dials: () => server.dials,
    live: () => server.sessions.length,
    greet: (script) => server.greet((session) => script(peerOf(session))),
    refuse: () => server.refuse(503, {}, { times: Infinity }),
    accept: () => server.recover(),
    peer: async (nth) => peerOf(await server.waitForSession(nth)),
    waitUntil: async (condition) => server.waitUntil(condition),
    close: async () => {
      await server.close();
      while ((await tcpHandles()).length > 0);
    },
  };
}
