import type { Clock, Deadline } from '../core/clock.js';
import type { FromGateway, ToGateway, WorkerAnnouncement } from '../gateway/messages.js';
import { type GatewayFault, gatewayFaults } from './gatewayFaults.js';
import { handshakeDelays, type HandshakeScript, type WorkerIntervals } from './handshakeScript.js';
import type { Later } from './later.js';
import type { GatewaySettings } from './mockGatewayOptions.js';

/** What a handshake needs of its gateway. */
export interface HandshakeHost {
  readonly clock: Clock;
  readonly later: Later;
  readonly settings: GatewaySettings;
  /** Whether the gateway is about to close. */
  readonly draining: boolean;
  isIssued(worker: WorkerAnnouncement): boolean;
}

/** What a handshake does to its connection. */
export interface HandshakePeer {
  /** Says it, if the connection is still open. */
  tell(message: FromGateway): void;
  end(fault: GatewayFault): void;
  drain(): void;
  introduced(worker: WorkerAnnouncement): void;
  /** It was told that it is ready. */
  welcomed(intervals: Required<WorkerIntervals>): void;
}

/** How a connection becomes a worker's: hello, connect, ready. */
export class GatewayHandshake {
  readonly #deadline: Deadline;

  constructor(
    private readonly peer: HandshakePeer,
    private readonly host: HandshakeHost,
    private readonly script: HandshakeScript,
  ) {
    this.#deadline = host.clock.deadline(() => peer.end(gatewayFaults.helloTimeout));
  }

  begin(): void {
    const { peer, host, script } = this;
    if (host.draining || script.closing === 'accept') {
      peer.end(gatewayFaults.closing);
      return;
    }
    this.#deadline.in(host.settings.connectTimeout);
    const { hello = 'once', firstMessage = { kind: 'hello' } } = script;
    host.later.after(handshakeDelays(script).hello, () => {
      if (hello === 'never') return;
      peer.tell(firstMessage);
      if (hello === 'twice') peer.tell(firstMessage);
    });
  }

  /** The worker's first message. */
  heard(message: ToGateway): void {
    const { peer, host, script } = this;
    this.#deadline.cancel();
    if (message.kind !== 'connect') peer.end(gatewayFaults.helloOrder);
    else if (script.authentication === 'refused' || !host.isIssued(message.worker)) {
      peer.end(gatewayFaults.authentication);
    } else if (host.draining || script.closing === 'connect') peer.end(gatewayFaults.closing);
    else {
      peer.introduced(message.worker);
      if (script.ready !== 'never') host.later.after(handshakeDelays(script).ready, () => this.#finish());
    }
  }

  cancel(): void {
    this.#deadline.cancel();
  }

  #finish(): void {
    const { peer, host, script } = this;
    if (script.syncFailed) {
      peer.tell({ kind: 'syncFailed', ...script.syncFailed });
      peer.end([1008, script.syncFailed.code]);
    } else if (host.draining) peer.end(gatewayFaults.closing);
    else if (script.closing === 'notice') peer.drain();
    else {
      const intervals = { ...host.settings.intervals, ...script.intervals };
      peer.tell({ kind: 'ready', ...inText(intervals) });
      peer.welcomed(intervals);
    }
  }
}

/** Wires write durations as texts: some know nothing else. */
function inText(intervals: Required<WorkerIntervals>): Record<keyof WorkerIntervals, string> {
  const text = (name: keyof WorkerIntervals): string => {
    const interval = intervals[name];
    return typeof interval === 'number' ? `${interval}ms` : interval;
  };
  return {
    heartbeatInterval: text('heartbeatInterval'),
    extendLeaseInterval: text('extendLeaseInterval'),
    statusInterval: text('statusInterval'),
  };
}
