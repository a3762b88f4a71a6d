import { faultProxy, mockServer } from 'hawser/testing';
import { interval } from 'rxjs';

const EVERY = 5;
const AT_ONCE = 20;

/**
 * A weather station behind a link that can be cut. It tells whoever listens what it measures, numbered, and whoever dials what it
 * measured after the number that is asked for: `?after=17`.
 */
export async function openStation(total) {
  const readings = [];
  const isDone = () => readings.length >= total;
  const server = await mockServer({
    greet(connection) {
      const after = Number(new URL(connection.url, 'ws://station').searchParams.get('after'));
      for (const reading of readings.slice(after)) connection.send(reading);
      if (isDone()) connection.close(1000, 'that was all');
    },
  });
  const proxy = await faultProxy({ target: server.url });

  const measuring = interval(EVERY).subscribe(() => {
    for (let n = 0; n < AT_ONCE && !isDone(); n++) {
      const id = readings.length + 1;
      const reading = { id, celsius: 15 + Math.round(80 * Math.sin(id / 500)) / 10 };
      readings.push(reading);
      server.broadcast(reading);
    }
    if (!isDone()) return;
    measuring.unsubscribe();
    for (const connection of server.connections) connection.close(1000, 'that was all');
  });

  return {
    url: proxy.url,
    get dials() {
      return server.dials;
    },
    /** No farewell, a TCP reset. */
    cut: () => proxy.reset(),
    async close() {
      measuring.unsubscribe();
      await proxy.close();
      await server.close();
    },
  };
}
