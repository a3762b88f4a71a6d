export { type ConnectionTestHarness, connectionTestHarness } from './testing/connectionTestHarness.js';
export type { ConnectionTestHarnessOptions } from './testing/connectionTestHarnessOptions.js';
export { diagram, type Drawn } from './testing/diagram.js';
export { difference, isSame } from './testing/difference.js';
export { inTurn } from './testing/inTurn.js';
export {
  close,
  connecting,
  draining,
  dropped,
  type Letter,
  type Letters,
  letters,
  malformed,
  message,
  open,
  pong,
  reconnecting,
  retired,
} from './testing/letters.js';
export {
  marbles,
  type MarbleContext,
  type StreamExpectation,
  type SubscriptionsExpectation,
  type Values,
} from './testing/marbles.js';
export {
  type CloseCall,
  mockConnection,
  type MockConnection,
  type MockConnectionConfig,
} from './testing/mockConnection.js';
export { shortForm } from './testing/shortForm.js';
export { type ConnectionCall, spyConnection, type SpyConnection } from './testing/spyConnection.js';
export { faultProxy, type FaultProxy, type FaultProxyOptions } from './testing/faultProxy.js';
export { mockApi, type MockApi } from './testing/mockApi.js';
export type {
  ApiGateway,
  ApiPath,
  ApiRequest,
  FailOptions,
  FlushedRequest,
  MockApiOptions,
  StartedRequest,
  StartScript,
} from './testing/mockApiOptions.js';
export type { HandshakeScript, WorkerIntervals } from './testing/handshakeScript.js';
export type { HeardMessage, WantedMessage } from './testing/messageWaits.js';
export { mockGateway, type MockGateway } from './testing/mockGateway.js';
export type { MockGatewayOptions, RequestScript } from './testing/mockGatewayOptions.js';
export type { ReplyAcking } from './testing/replyAcks.js';
export type { SentRequest } from './testing/requestRouter.js';
export type { ScriptOptions } from './testing/scriptQueue.js';
export type { LeaseGrant, LeaseStore } from './testing/leaseStore.js';
export type { WorkBook, WorkSummary } from './testing/workBook.js';
export type { WorkerConnection, WorkerConnectionState } from './testing/workerConnection.js';
export type { DeliveredReply, WorkRecord } from './testing/workRecord.js';
export { mockPollingServer, type MockPollingServer } from './testing/mockPollingServer.js';
export type { MockPollingServerOptions } from './testing/mockPollingServerOptions.js';
export { mockServer, type MockServer } from './testing/mockServer.js';
export type { DialScriptOptions, Greeting, MockServerOptions, Reply } from './testing/mockServerOptions.js';
export { closeFrame, malformedFrames, rawFrame, type RawFrame } from './testing/rawFrames.js';
export type { Payload, ServerClose, ServerConnection } from './testing/serverConnection.js';
export type { Direction, Where } from './testing/toxics.js';
export { WaitTimeoutError, type WaitOptions, type Wanted } from './testing/waiting.js';
export type { WorkLoadOptions } from './testing/workLoad.js';
export { createMockWebSocket, type MockWebSocketClient } from './testing/createMockWebSocket.js';
export {
  type ConnectCall,
  createSpyWebSocket,
  type DisconnectCall,
  type SpyWebSocketClient,
} from './testing/createSpyWebSocket.js';
