import { loopbackHarness } from '../laws/loopbackHarness.js';
import { transportLaws } from '../laws/transport.js';

transportLaws('loopback', () => loopbackHarness(), { deliveredBy: /#deliver/ });
transportLaws('loopback with a latency', () => loopbackHarness({ latency: 2 }), { deliveredBy: /#deliver/ });
