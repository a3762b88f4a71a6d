import { concat, NEVER, type Observable, of } from 'rxjs';
import type { PartitionMap } from '../../src/cluster/partitionMap.js';
import { routeByPartition } from '../../src/cluster/routeByPartition.js';
import type { RouteByPartitionConfig } from '../../src/cluster/routeByPartitionConfig.js';
import type { ConnectionEvent, ConnectionEvents } from '../../src/core/event.js';

export interface MapSketch {
  readonly version?: number;
  readonly epoch?: string;
  /** Addresses that are not `ws://` and the id. */
  readonly urls?: Readonly<Record<string, string>>;
  /** Nodes that own nothing, one letter each. */
  readonly others?: string;
  /** Ids of the replicas of every partition. */
  readonly replicas?: string;
}

/** A map by the owners of its partitions, one letter each; `-` is none. */
export function partitionMap(
  owners: string,
  { version = 1, epoch = 'e', urls = {}, others = '', replicas = '' }: MapSketch = {},
): PartitionMap {
  const ids = [...new Set(owners + others + replicas)].filter((id) => id !== '-');
  return {
    epoch,
    version,
    nodes: new Map(ids.map((id) => [id, { id, url: urls[id] ?? `ws://${id}` }])),
    partitions: [...owners].map((owner) => ({ owner: owner === '-' ? undefined : owner, replicas: [...replicas] })),
  };
}

/** What the nodes of a test say, by the letter that their address ends with. */
export type Nodes = Readonly<Record<string, Observable<ConnectionEvent<string>>>>;

/**
 * Routes digits: with two partitions the even ones belong to partition 0 and the odd ones to partition 1. A map that is given by itself
 * stays as it is.
 */
export function route(
  nodes: Nodes,
  map: PartitionMap | Observable<PartitionMap>,
  config: Partial<RouteByPartitionConfig<string, string, unknown>> = {},
): (outgoing$: Observable<string>) => ConnectionEvents<string, string> {
  return routeByPartition({
    key: (message: string) => message,
    hash: Number,
    partitionMap$: 'epoch' in map ? concat(of(map), NEVER) : map,
    connect: ({ url }) => (nodes[url.replace('ws://', '')] ?? NEVER) as ConnectionEvents<string, string>,
    ...config,
  });
}
