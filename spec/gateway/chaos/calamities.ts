import type { ChaosKit } from './chaosKit.js';
import type { Scene } from './scene.js';

/** What can go wrong. */
export type Calamity = (scene: Scene) => void | Promise<void>;

/** Statuses that an API that is in trouble answers with. */
const STATUSES = [500, 502, 503, 429, 401];

/** Frames that are WebSocket, and no messages. */
const GARBAGE = ['not a message', '', Uint8Array.of(0xc1), new Uint8Array(64).fill(0xff), Uint8Array.of()];

/** How many of the last requests may be repeated: those in work, and some that are answered. */
const RECENT = 200;

/** Everything that can go wrong, by its name in the table. */
export function calamities({ malformedFrames }: Pick<ChaosKit, 'malformedFrames'>): Readonly<Record<string, Calamity>> {
  return {
    'connection ended (FIN)': ({ chance, ready }) => chance.pick(ready)?.connection.socket.drop(),
    'connection reset (RST)': ({ chance, ready }) => chance.pick(ready)?.connection.socket.reset(),
    'gateway drops all (FIN)': ({ chance, gateways }) => chance.pick(gateways)?.drop(),
    'gateway resets all (RST)': ({ chance, gateways }) => chance.pick(gateways)?.reset(),
    'connection frozen'(scene) {
      const socket = scene.chance.pick(scene.ready)?.connection.socket;
      socket?.freeze();
      scene.after(scene.chance.between(20, 900), () => socket?.thaw());
    },
    'gateway frozen'(scene) {
      const gateway = scene.chance.pick(scene.gateways);
      gateway?.freeze();
      scene.after(scene.chance.between(20, 900), () => gateway?.thaw());
    },
    async 'gateway drained and replaced'(scene) {
      const old = scene.chance.pick(scene.gateways.filter(({ draining }) => !draining));
      const within = scene.chance.between(0, 200);
      await scene.addGateway();
      if (!old) return;
      old.drain(within > 100 ? { within } : {});
      scene.after(1_000, () => scene.remove(old));
    },
    'gateway restarted at once': async (scene) => {
      const old = scene.chance.pick(scene.gateways);
      await scene.addGateway();
      if (old) scene.remove(old);
    },
    'reply acks late'(scene) {
      const gateway = scene.chance.pick(scene.gateways);
      gateway?.ackReplies({ after: scene.chance.between(20, 500) });
      scene.after(scene.chance.between(100, 600), () => gateway?.ackReplies('now'));
    },
    'reply acks reversed'(scene) {
      const gateway = scene.chance.pick(scene.gateways);
      gateway?.ackReplies('reversed');
      scene.after(scene.chance.between(100, 600), () => gateway?.ackReplies('now'));
    },
    'reply acks lost': ({ chance, gateways }) => chance.pick(gateways)?.loseReplyAcks(chance.between(1, 20)),
    'lease acks late'(scene) {
      const gateway = scene.chance.pick(scene.gateways);
      gateway?.delayLeaseAcks(scene.chance.between(20, 300));
      scene.after(scene.chance.between(100, 600), () => gateway?.delayLeaseAcks(0));
    },
    'lease acks lost': ({ chance, gateways }) => chance.pick(gateways)?.loseLeaseAcks(chance.between(1, 40)),
    'requests repeated'({ api: { workBook }, ready, chance }) {
      // To who holds the lease, over the connection that it came by: to anybody else it would be another lease.
      const recent = [...workBook.records.values()].slice(-RECENT);
      for (const { request, expiries, sentTo, ackedBy } of recent) {
        const name = sentTo.at(-1) ?? '';
        const to = ready.find(({ connection }) => connection.name === name);
        const isHeld = expiries === 0 && ackedBy.includes(name);
        if (request && to && isHeld && chance.next() < 0.2) to.gateway.sendRequest(request, to.connection);
      }
    },
    'malformed frame': ({ chance, ready }) =>
      chance.pick(ready)?.connection.socket.sendRaw(chance.pick(Object.values(malformedFrames)) ?? new Uint8Array()),
    'malformed message': ({ chance, ready }) => chance.pick(ready)?.connection.socket.send(chance.pick(GARBAGE) ?? ''),
    'API fails': ({ chance, api }) =>
      api.fail(chance.pick(['start', 'flush'] as const) ?? 'start', chance.pick(STATUSES) ?? 500, {
        times: chance.between(1, 5),
      }),
    'API says when to come back': ({ chance, api }) =>
      api.fail(chance.pick(['start', 'flush'] as const) ?? 'start', 429, { retryAfter: 1 }),
    'API hangs': ({ chance, api }) =>
      api.hang(chance.pick(['start', 'flush'] as const) ?? 'start', { times: chance.between(1, 3) }),
    'API cut off': ({ chance, api }) =>
      api.cut(chance.pick(['start', 'flush'] as const) ?? 'start', { times: chance.between(1, 5) }),
    'API answers noise': (scene) => void (scene.noise += scene.chance.between(1, 3)),
    'worker replaced'({ crew }) {
      crew.hire();
      void crew.dismiss();
    },
  };
}
