import { WebSocket } from 'ws';
import { fromWebSocket } from '../../src/transports/fromWebSocket.js';
import { transportLaws } from '../laws/transport.js';
import { serverHarness } from '../laws/transportHarness.js';
import { domSocket } from './domSocket.js';

transportLaws(
  'fromWebSocket with sockets of ws',
  () => serverHarness((url) => fromWebSocket(() => new WebSocket(url, { perMessageDeflate: false }))),
  { deliveredBy: /receiverOnMessage/ },
);

transportLaws(
  "fromWebSocket with the platform's sockets",
  () => serverHarness((url) => fromWebSocket(() => domSocket(url))),
  { deliveredBy: /receiverOnMessage/, node: false },
);
