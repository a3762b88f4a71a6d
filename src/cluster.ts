// keys and maps
export { cachedHash, fnv1a, type Hash, partitionOf, partitionOfHash } from './cluster/hash.js';
export {
  applyUpdate,
  type ClusterNode,
  type Partition,
  type PartitionMap,
  type PartitionMapUpdate,
  type UpdateOutcome,
} from './cluster/partitionMap.js';
export { partitionMaps, type PartitionMapsConfig } from './cluster/partitionMaps.js';

// routing
export { routeByPartition } from './cluster/routeByPartition.js';
export type { RouteByPartitionConfig } from './cluster/routeByPartitionConfig.js';
export { RoutingMetrics } from './cluster/routingMetrics.js';
export type { Overflow } from './cluster/partitionQueues.js';
export type { Reach } from './cluster/routingTable.js';
export type { Settled } from './cluster/settling.js';
export type { NodeState, NodeStatus } from './cluster/nodeStatus.js';
export {
  circuitBreaker,
  type CircuitBreaker,
  type CircuitBreakerConfig,
  type CircuitState,
} from './cluster/circuitBreaker.js';

// providers
export type { ConnectionProvider, ProviderEvent } from './cluster/connectionProvider.js';
export { autoProvider, type AutoProviderConfig } from './cluster/autoProvider.js';
export { clusterProvider } from './cluster/clusterProvider.js';
export { httpSyncProvider, type HttpSyncProviderConfig } from './cluster/httpSyncProvider.js';
export { singleServerProvider } from './cluster/singleServerProvider.js';
