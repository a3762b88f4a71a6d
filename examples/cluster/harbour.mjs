// Three nodes that share the partitions of a cluster, on free ports of this machine: the test kit's servers.
import { mockServer } from 'hawser/testing';
import { BehaviorSubject } from 'rxjs';

const PARTITIONS = 271;

/** `arrived` is told of every message that a node handles. */
export async function openHarbour(names, arrived) {
  const open = (name, port) =>
    mockServer({
      port,
      reply(frame) {
        const message = JSON.parse(frame);
        if (message.question) return { handled: message.question };
        arrived(name, message);
      },
    });
  const servers = new Map();
  for (const name of names) servers.set(name, await open(name));

  const mapWithout = (away, version) => {
    const present = names.filter((name) => name !== away);
    return {
      epoch: 'today',
      version,
      nodes: new Map(present.map((id) => [id, { id, url: servers.get(id).url }])),
      partitions: Array.from({ length: PARTITIONS }, (_, at) => {
        const usual = names[at % names.length];
        return { owner: usual === away ? present[at % present.length] : usual, replicas: [] };
      }),
    };
  };
  const partitionMap$ = new BehaviorSubject(mapWithout(undefined, 1));
  const change = (away) => partitionMap$.next(mapWithout(away, partitionMap$.value.version + 1));

  return {
    partitionMap$,
    /** Gives a node's partitions to the others and waits until everybody has left it: then it goes. */
    async takeOut(name) {
      const server = servers.get(name);
      change(name);
      server.drain({ draining: true }, { refuse: 503 });
      await server.waitUntil(() => server.connections.length === 0);
      await server.close();
    },
    /** Starts it again, and gives it back what it had. */
    async bringBack(name) {
      servers.set(name, await open(name, servers.get(name).port));
      change(undefined);
    },
    close: () => Promise.all([...servers.values()].map((server) => server.close())),
  };
}
