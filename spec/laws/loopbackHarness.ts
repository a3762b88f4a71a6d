import type { Frame } from '../../src/core/connection.js';
import { loopback, type LoopbackConfig } from '../../src/transports/loopback.js';
import { waitForOneOf, Waiting } from '../../src/testing/waiting.js';
import type { FrameConnection } from './recording.js';
import { type Peer, PLANTED, type TransportHarness } from './transportHarness.js';

interface LoopbackPeer extends Peer {
  readonly received: Frame[];
  readonly left: (close: { readonly code: number; readonly reason: string }) => void;
}

/** A harness around a loopback link. */
export async function loopbackHarness(config?: LoopbackConfig): Promise<TransportHarness> {
  const link = loopback({ url: `loopback://user:${PLANTED}@local/?token=${PLANTED}`, ...config });
  const waiting = new Waiting('loopbackHarness');
  const peers: LoopbackPeer[] = [];
  let dials = 0;
  let live = 0;
  let greeting: (peer: Peer) => void = () => undefined;

  const peerOf = (connection: FrameConnection): LoopbackPeer => {
    const received: Frame[] = [];
    let left!: LoopbackPeer['left'];
    const closed = new Promise<{ readonly code: number; readonly reason: string }>((resolve) => (left = resolve));
    return {
      received,
      closed,
      left,
      send: (frame) => connection.send(frame),
      close: (code, reason) => connection.close(code, reason),
      drop: () => link.cut(),
      waitForMessage: async (nth) => waiting.until(waitForOneOf(received, nth)),
    };
  };

  const serving = link.server$.subscribe((client$) => {
    let peer: LoopbackPeer;
    dials += 1;
    live += 1;
    client$.subscribe({
      next: (event) => {
        if (event.type === 'open') {
          peers.push((peer = peerOf(event.connection)));
          greeting(peer);
        } else if (event.type === 'message') {
          peer.received.push(event.data);
        } else if (event.type === 'close') {
          live -= 1;
          peer.left({ code: event.code, reason: event.reason });
        }
        waiting.changed();
      },
      error: () => undefined,
    });
  });

  return {
    source$: link.client$,
    dials: () => dials,
    live: () => live,
    greet: (script) => (greeting = script),
    refuse: () => link.refuse(),
    accept: () => link.accept(),
    peer: async (nth = 1) =>
      waiting.until({ look: () => peers[nth - 1], wanted: `peer ${nth}`, found: () => `${peers.length} so far` }),
    waitUntil: async (condition) => {
      const found = (): string => `${live} live`;
      await waiting.until({ look: () => condition() || undefined, wanted: String(condition), found });
    },
    close: async () => {
      link.cut();
      serving.unsubscribe();
    },
  };
}
