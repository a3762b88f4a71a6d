// What is proven here is what users get: the build.
export { gatewayWorker, hashSigningKey } from '../../dist/esm/gateway.js';
export { inngestWire } from '../../dist/esm/gatewayInngest.js';
export { mockApi, mockGateway } from '../../dist/esm/testing.js';
