import { asyncScheduler } from 'rxjs';
import { codec } from '../codecs/codec.js';
import { expectDuration, expectFunction } from '../core/expect.js';
import { drainOn } from '../operators/drainOn.js';
import { heartbeat } from '../operators/heartbeat.js';
import { webSocket } from '../transports/webSocket.js';
import { endUnread } from './endUnread.js';
import type { GatewayEvents } from './events.js';
import type { GatewayWire } from './gatewayWire.js';
import { gatewayHandshake } from './handshake.js';
import type { StartAnswer, WorkerAnnouncement } from './messages.js';
import { msgpackWire } from './wire.js';
import type { GatewayWorkerConfig } from './workerConfig.js';

/** What a gateway's own clients take at most: 4 MiB of payload, and as much again around it. */
const MAX_PAYLOAD = 8_388_608;

/** So many bytes may wait until the gateway reads them: 32 of the longest replies. */
const MOST_UNREAD = 134_217_728;

/** Makes one connection to the gateway that a start answer names: handshake, heartbeat and drain notice included. */
export function gatewayConnection(
  config: GatewayWorkerConfig,
  announce: (answer: StartAnswer) => WorkerAnnouncement,
): (answer: StartAnswer) => GatewayEvents {
  const { wire = msgpackWire, setupTimeout = 10_000, scheduler = asyncScheduler } = config;
  const {
    connect = ({ endpoint }: StartAnswer) =>
      webSocket({
        url: endpoint,
        protocols: wire.subprotocol,
        maxPayload: MAX_PAYLOAD,
        connectTimeout: setupTimeout,
        scheduler,
      }),
  } = config;

  expectDuration('gatewayWorker', 'setupTimeout', setupTimeout);
  expectFunction('gatewayWorker', 'connect', connect);
  checkAnnouncement(wire, announce({ connectionId: '', endpoint: '', group: '', sessionToken: '', syncToken: '' }));

  return (answer) =>
    connect(answer).pipe(
      codec(wire.worker),
      endUnread(MOST_UNREAD),
      gatewayHandshake({ worker: announce(answer), group: answer.group, within: setupTimeout, scheduler }),
      // Beats go out whatever arrives. Two that nobody answers, and the gateway is dead.
      heartbeat(({ session: { heartbeatInterval } }) => ({
        interval: heartbeatInterval,
        timeout: 2 * heartbeatInterval,
        always: true,
        ping: (connection) => connection.send({ kind: 'heartbeat' }),
        isPong: (message) => message.kind === 'heartbeat',
        scheduler,
      })),
      drainOn((message) => message.kind === 'draining', {
        within: (notice) => (notice.kind === 'draining' ? notice.within : undefined),
      }),
    );
}

/** Throws a TypeError for a worker that cannot be announced: it would only be noticed in the handshake, and be retried for ever. */
function checkAnnouncement(wire: GatewayWire, worker: WorkerAnnouncement): void {
  try {
    wire.worker.encode({ kind: 'connect', worker });
  } catch (cause) {
    throw new TypeError(`gatewayWorker: ${(cause as Error).message}`, { cause });
  }
}
