import { once } from 'node:events';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { files } from './files.mjs';
import { quotes } from './quotes.mjs';

/** How often prices change, in milliseconds, and how long a draining server stays. */
const TICK = 200;
const LEAVES_AFTER = 3_000;

/**
 * Two price servers behind one address, as behind a load balancer, which also serves the page from `folder`. New connections go to
 * the one that is in service; a fault hits that one, and puts the other in its place.
 */
export async function openMarket({ port = 0, folder }) {
  const page = files(folder);
  const http = createServer((request, response) => {
    const [, fault] = /^\/faults\/(\w+)$/.exec(request.url) ?? [];
    if (fault === undefined) return page(request, response);
    const known = request.method === 'POST' && Object.hasOwn(faults, fault);
    if (known) faults[fault]();
    return response.writeHead(known ? 204 : 404).end();
  });
  const sockets = new WebSocketServer({ server: http, path: '/live' });
  const prices = quotes();
  let [inService, other] = ['north', 'south'].map((name) => ({ name, links: new Set() }));
  let dials = 0;

  const say = (link, message) => {
    if (!link.isFrozen) link.socket.send(JSON.stringify(message));
  };
  sockets.on('connection', (socket) => {
    const server = inService;
    const link = { socket, isFrozen: false };
    dials += 1;
    server.links.add(link);
    socket.on('error', () => socket.terminate());
    socket.on('close', () => server.links.delete(link));
    socket.on('message', (text) => {
      if (JSON.parse(text).kind === 'ping') say(link, { kind: 'pong' });
    });
    say(link, { kind: 'welcome', server: server.name });
    for (const quote of prices.all()) say(link, quote);
  });
  const ticking = setInterval(() => {
    for (const quote of prices.move()) {
      for (const server of [inService, other]) for (const link of server.links) say(link, quote);
    }
  }, TICK);

  const leave = () => {
    [inService, other] = [other, inService];
    return [...other.links];
  };
  const faults = {
    /** The links break: no farewell. */
    drop: () => leave().forEach(({ socket }) => socket.terminate()),
    /** The links stay up, and nothing comes over them any more, not even an answer to a farewell. */
    freeze() {
      for (const link of leave()) {
        link.isFrozen = true;
        link.socket.pause();
      }
    },
    /** The clients are told to move, and have a while to do it. */
    drain() {
      const links = leave();
      for (const link of links) say(link, { kind: 'draining' });
      setTimeout(() => links.forEach(({ socket }) => socket.close(1001, 'going away')), LEAVES_AFTER).unref();
    },
  };

  http.listen(port, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: `http://127.0.0.1:${http.address().port}/`,
    faults,
    /** How many connections there were. */
    dials: () => dials,
    async close() {
      clearInterval(ticking);
      for (const socket of sockets.clients) socket.terminate();
      http.close();
      http.closeAllConnections();
      await once(http, 'close');
    },
  };
}
