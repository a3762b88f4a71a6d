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
export { faultProxy } from './testing/faultProxy.js';
export type { FaultProxy, FaultProxyOptions } from './testing/faultProxyTypes.js';
export { mockServer } from './testing/mockServer.js';
export type { MockServer, MockServerOptions, ServerConnection } from './testing/mockServerTypes.js';
export { closeFrame, malformedFrames, rawFrame, type RawFrame } from './testing/rawFrames.js';
export { WaitTimeoutError, type WaitOptions, type Wanted } from './testing/waiting.js';
