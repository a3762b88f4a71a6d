export { faultProxy, type FaultProxy, type FaultProxyOptions } from './testing/faultProxy.js';
export { mockServer } from './testing/mockServer.js';
export type { MockServer, MockServerOptions, ServerConnection } from './testing/mockServerTypes.js';
export { closeFrame, malformedFrames, rawFrame, type RawFrame } from './testing/rawFrames.js';
export { WaitTimeoutError, type WaitOptions, type Wanted } from './testing/waiting.js';
