import { faultProxy, mockServer } from 'hawser/testing';

/**
 * Two chat servers behind one address, as behind a load balancer: each tells every client the same numbered news,
 * and the address leads to the one that is not draining. A proxy stands in front of the first, to break its link.
 */
export async function openHarbour() {
  const arrived = [];
  const reply = (text) => {
    const { kind, n } = JSON.parse(text);
    if (kind === 'ping') return { kind: 'pong' };
    arrived.push({ n, at: Date.now() });
    return undefined;
  };
  const north = await mockServer({ reply });
  const south = await mockServer({ reply });
  const proxy = await faultProxy({ target: north.url });
  let draining = false;
  let news = 0;
  const told = [];

  return {
    /** What the client said, in the order of its arrival. */
    arrived,
    /** The news that were told, whether or not anybody listened. */
    told,
    address: () => (draining ? south.url : proxy.url),
    tell() {
      news += 1;
      told.push({ n: news, at: Date.now() });
      for (const server of [north, south]) server.broadcast({ kind: 'news', n: news });
    },
    /** Kills the link: no farewell, a TCP reset. */
    kill: () => proxy.reset(),
    /** The server stops without a word: the link stays up, nothing comes any more. */
    freeze: () => north.freeze(),
    thaw: () => north.thaw(),
    /** The server asks its clients to move to the other one, and leaves soon after. */
    async drain(after) {
      draining = true;
      north.drain({ kind: 'draining' });
      await after;
      for (const connection of north.connections) connection.close(1001, 'going away');
    },
    close: () => Promise.all([proxy.close(), north.close(), south.close()]),
  };
}
