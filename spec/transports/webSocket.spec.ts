import { webSocket } from '../../src/transports/webSocket.js';
import { transportLaws } from '../laws/transport.js';
import { serverHarness } from '../laws/transportHarness.js';

transportLaws('webSocket', () => serverHarness((url) => webSocket(url)), { deliveredBy: /receiverOnMessage/ });
