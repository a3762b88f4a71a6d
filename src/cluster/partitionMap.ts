/** A server that holds partitions. */
export interface ClusterNode {
  /** What the map calls it. */
  readonly id: string;
  /** Where it is reached. */
  readonly url: string;
}

/** Who holds a partition: the node that takes its writes, and those that have copies. Ids of nodes. */
export interface Partition {
  /** Undefined while nobody owns it. */
  readonly owner: string | undefined;
  /** The best one first. */
  readonly replicas: readonly string[];
}

/** Which node holds which partition, at one moment of a cluster's life. */
export interface PartitionMap {
  /** Which life of the cluster it belongs to: a cluster that is started anew counts its versions from the beginning. */
  readonly epoch: string;
  /** Grows with every change within an epoch. */
  readonly version: number;
  readonly nodes: ReadonlyMap<string, ClusterNode>;
  /** As many as keys are spread over. */
  readonly partitions: readonly Partition[];
}

/** What a cluster says about its map. */
export type PartitionMapUpdate =
  | {
      readonly kind: 'full';
      readonly epoch: string;
      readonly version: number;
      readonly nodes: readonly ClusterNode[];
      readonly partitions: readonly Partition[];
    }
  | {
      readonly kind: 'delta';
      readonly epoch: string;
      /** The version that it changes. */
      readonly previous: number;
      readonly version: number;
      /** Nodes that are new or have moved. */
      readonly nodes?: readonly ClusterNode[];
      /** Ids of nodes that are gone. */
      readonly left?: readonly string[];
      readonly changes: readonly (Partition & { readonly partition: number })[];
    }
  /** The answer to a question: there is nothing newer than this. */
  | { readonly kind: 'unchanged'; readonly epoch: string; readonly version: number };
