// Two gateways and the API that leads workers to them, on free ports of this machine: the test kit's own.
import { mockApi, mockGateway } from 'hawser/testing';

export async function openDepot() {
  const api = await mockApi();
  const open = (group) => mockGateway({ api, group, extendLeaseInterval: '200ms', lease: '1s', drainWindow: '3s' });
  const gateways = [await open('gateway-a'), await open('gateway-b')];
  let restarts = 0;
  let turn = 0;
  const serving = () => gateways.filter(({ draining }) => !draining);

  return {
    apiUrl: api.url,
    get restarts() {
      return restarts;
    },
    /** Resolves when so many workers take work. */
    ready: (count) =>
      gateways[0].waitUntil(
        () =>
          gateways.flatMap(({ connections }) => connections).filter(({ state }) => state === 'ready').length >= count,
      ),
    /** Gives a job to whichever gateway serves. */
    send(payload) {
      const able = serving().filter(({ connections }) => connections.some(({ state }) => state === 'ready'));
      const gateway = able[turn++ % able.length] ?? serving()[0];
      return gateway.request({ jobId: String(payload.job), payload }, { within: '20s' });
    },
    /** Replaces the gateway that serves longest by a new one. */
    restart() {
      const [old] = serving();
      restarts++;
      void open(`gateway-${'cdefgh'[restarts - 1]}`).then((gateway) => {
        gateways.push(gateway);
        old.drain();
      });
    },
    summary: () => api.workBook.summary(),
    async close() {
      await Promise.all(gateways.map((gateway) => gateway.close()));
      await api.close();
    },
  };
}
