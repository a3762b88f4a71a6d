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
export { mockServer, type MockServer } from './testing/mockServer.js';
export type { DialScriptOptions, Greeting, MockServerOptions, Reply } from './testing/mockServerOptions.js';
export { closeFrame, malformedFrames, rawFrame, type RawFrame } from './testing/rawFrames.js';
export type { Payload, ServerClose, ServerConnection } from './testing/serverConnection.js';
export type { Direction, Where } from './testing/toxics.js';
export { WaitTimeoutError, type WaitOptions, type Wanted } from './testing/waiting.js';
