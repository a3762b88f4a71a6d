// what is said, and what happens
export type {
  GatewayConnection,
  GatewayEvent,
  GatewayEvents,
  ReceivedEvent,
  SkippedEvent,
  ExtendedEvent,
  LeaseLostEvent,
  CompletedEvent,
  AcceptedEvent,
  BufferedEvent,
  UndeliveredEvent,
  AbandonedEvent,
  WorkEvent,
  WorkerEvent,
} from './gateway/events.js';
export type {
  RequestIds,
  WorkRequest,
  ReplyStatus,
  WorkReply,
  AppAnnouncement,
  WorkerAnnouncement,
  FromGateway,
  ToGateway,
  GatewayMessage,
  StartRequest,
  StartAnswer,
  GatewaySession,
} from './gateway/messages.js';
export type { BodyCodec, GatewayWire } from './gateway/gatewayWire.js';
export type { HttpAnswer, HttpPost, HttpRequest } from './gateway/http.js';
export {
  type GatewayErrors,
  isGatewayError,
  type ApiFailure,
  GatewayApiError,
  AuthError,
  ConnectionLimitError,
  SyncFailedError,
  UnexpectedMessageError,
  GatewayClosingError,
  ExecutionTimeoutError,
  InvalidPayloadError,
} from './gateway/errors.js';

// a worker
export { connectWorker, type ConnectedWorker, type WorkerSnapshot } from './gateway/connectWorker.js';
export { gatewayWorker } from './gateway/worker.js';
export type { GatewayWorkerConfig, WorkerApp } from './gateway/workerConfig.js';
export { msgpackWire } from './gateway/wire.js';

// its parts
export { announceReady, type AnnounceReadyConfig } from './gateway/announceReady.js';
export { deliverReplies, type DeliverRepliesConfig } from './gateway/deliverReplies.js';
export { fetchPost } from './gateway/fetchPost.js';
export { flushReply, isRefusal } from './gateway/flushReply.js';
export { gatewayBackoff, type GatewayBackoffConfig } from './gateway/gatewayBackoff.js';
export { gatewayHandshake, type GatewayHandshakeConfig } from './gateway/handshake.js';
export { type GatewayApiConfig, gatewayPost } from './gateway/gatewayPost.js';
export { logWorker } from './gateway/logWorker.js';
export { pendingReplies, type PendingReplies } from './gateway/pendingReplies.js';
export { reportStatus, type ReportStatusConfig } from './gateway/reportStatus.js';
export type { Apps } from './gateway/appLookup.js';
export type { Work, WorkApp, WorkHandler } from './gateway/runWork.js';
export { serveRequests, type ServeRequestsConfig } from './gateway/serveRequests.js';
export { hashSigningKey, type SigningKeys, signingKeys, type SigningKeysConfig } from './gateway/signingKeys.js';
export { startConnection, type StartConnectionConfig } from './gateway/startConnection.js';
export type { WorkResult } from './gateway/workReply.js';
export { gracefulShutdown, type GracefulShutdownConfig } from './gateway/shutdown.js';
export { shutdownSignals } from './gateway/shutdownSignals.js';
export { workerState, type WorkerState } from './gateway/workerState.js';

// state as an object
export {
  connectionStateMachine,
  type ConnectionStateMachine,
  type StateListener,
} from './gateway/connectionStateMachine.js';
