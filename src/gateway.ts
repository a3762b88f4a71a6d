// what is said, and what happens
export type * from './gateway/events.js';
export type * from './gateway/messages.js';
export type { BodyCodec, GatewayWire } from './gateway/gatewayWire.js';
export type { HttpAnswer, HttpPost, HttpRequest } from './gateway/http.js';
export * from './gateway/errors.js';

// the parts of a worker
export { announceReady, type AnnounceReadyConfig } from './gateway/announceReady.js';
export { gatewayBackoff, type GatewayBackoffConfig } from './gateway/gatewayBackoff.js';
export { gatewayHandshake, type GatewayHandshakeConfig } from './gateway/handshake.js';
export { reportStatus, type ReportStatusConfig } from './gateway/reportStatus.js';
export { gracefulShutdown, type GracefulShutdownConfig } from './gateway/shutdown.js';
export { shutdownSignals } from './gateway/shutdownSignals.js';
export { workerState, type WorkerState } from './gateway/workerState.js';

// state as an object
export {
  connectionStateMachine,
  type ConnectionStateMachine,
  type StateListener,
} from './gateway/connectionStateMachine.js';
