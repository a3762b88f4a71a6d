import { httpPollingHarness } from '../laws/httpPollingHarness.js';
import { transportLaws } from '../laws/transport.js';

const deliveredBy = /pollingSocket/i;

transportLaws('httpPolling', async () => httpPollingHarness(), { deliveredBy, node: false });
transportLaws('httpPolling with long polls', async () => httpPollingHarness({ longPoll: true }), {
  deliveredBy,
  node: false,
});
