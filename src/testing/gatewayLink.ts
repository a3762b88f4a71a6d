import type { Deadline } from '../core/clock.js';
import { ReadyState, type Frame } from '../core/connection.js';
import { type Duration, milliseconds } from '../core/duration.js';
import type { FromGateway, ToGateway, WorkerAnnouncement } from '../gateway/messages.js';
import { frameFault, type GatewayFault, gatewayFaults, payloadFault } from './gatewayFaults.js';
import { GatewayHandshake, type HandshakePeer } from './gatewayHandshake.js';
import type { HandshakeScript, WorkerIntervals } from './handshakeScript.js';
import type { LinkHost } from './linkHost.js';
import { type HeardMessage, messageWait, type WantedMessage } from './messageWaits.js';
import type { ServerClose, ServerConnection } from './serverConnection.js';
import type { WaitOptions } from './waiting.js';
import type { WorkerConnection, WorkerConnectionState } from './workerConnection.js';

/** One worker of a mock gateway. */
export class GatewayLink implements WorkerConnection, HandshakePeer {
  readonly name: string;
  readonly received: ToGateway[] = [];
  readonly closed: Promise<ServerClose>;
  state: WorkerConnectionState = 'hello';
  draining = false;
  worker: WorkerAnnouncement | undefined;
  readonly #handshake: GatewayHandshake;
  readonly #silence: Deadline;
  readonly #window: Deadline;
  #beat = Infinity;
  #lastBeat = 0;

  constructor(
    readonly socket: ServerConnection,
    private readonly host: LinkHost,
    script: HandshakeScript,
  ) {
    this.name = `${host.group} #${socket.id}`;
    this.#handshake = new GatewayHandshake(this, host, script);
    this.#silence = host.clock.deadline(() => this.end(gatewayFaults.heartbeat));
    this.#window = host.clock.deadline(() => this.end(gatewayFaults.closing));
    this.closed = socket.closed.then((close) => {
      this.#become('closed');
      for (const deadline of [this.#handshake, this.#silence, this.#window]) deadline.cancel();
      return close;
    });
  }

  get id(): number {
    return this.socket.id;
  }

  get kinds(): readonly ToGateway['kind'][] {
    return this.received.map(({ kind }) => kind);
  }

  /** Whether it is to be given requests. */
  get routable(): boolean {
    const silent = this.host.settings.avoidSilent && this.host.clock.now() - this.#lastBeat > 2 * this.#beat;
    return this.state === 'ready' && !this.draining && !silent && this.socket.readyState === ReadyState.OPEN;
  }

  greet(): void {
    this.#handshake.begin();
  }

  send(message: FromGateway): void {
    this.socket.send(this.host.codec.encode(message));
  }

  tell(message: FromGateway): void {
    if (this.socket.readyState === ReadyState.OPEN) this.send(message);
  }

  end([code, reason]: GatewayFault): void {
    if (this.socket.readyState === ReadyState.OPEN) this.close(code, reason);
  }

  close(code?: number, reason?: string): void {
    this.socket.close(code, reason);
  }

  drain(within?: Duration): void {
    this.tell({ kind: 'draining', ...(within !== undefined && { within }) });
    // A second notice gives no more time.
    if (!this.draining) this.#window.in(this.host.settings.drainWindow);
    this.draining = true;
    this.host.waiting.changed();
  }

  /** Its gateway is about to close: a worker that is not at work yet need not move. */
  leave(within?: Duration): void {
    if (this.state === 'hello' || this.state === 'connected') this.end(gatewayFaults.closing);
    else this.drain(within);
  }

  introduced(worker: WorkerAnnouncement): void {
    this.worker = worker;
    this.#become('connected');
  }

  welcomed({ heartbeatInterval }: Required<WorkerIntervals>): void {
    this.#beat = milliseconds(heartbeatInterval) || 10_000;
    this.#heartbeat();
    if (this.state === 'connected' && !this.worker?.manualReadiness) this.#takeWork();
  }

  heard(frame: Frame): void {
    let message: ToGateway;
    try {
      message = this.host.codec.decode(frame);
    } catch (error) {
      this.end(frameFault(error));
      return;
    }
    this.received.push(message);
    this.host.heard(message);
    const fault = payloadFault(message);
    if (this.socket.readyState !== ReadyState.OPEN) return;
    if (fault) this.end(fault);
    else if (this.state === 'hello') this.#handshake.heard(message);
    else this.#obey(message);
  }

  async waitForMessage<W extends WantedMessage>(
    wanted: W,
    nth?: number,
    options?: WaitOptions,
  ): Promise<HeardMessage<W>> {
    return this.host.waiting.until(messageWait(this.received, wanted, nth), options);
  }

  async waitForState(state: WorkerConnectionState, options?: WaitOptions): Promise<void> {
    const wait = {
      look: () => this.state === state || undefined,
      wanted: `${this.name} to be ${state}`,
      found: () => `it is ${this.state}`,
    };
    await this.host.waiting.until(wait, options);
  }

  #obey(message: ToGateway): void {
    const { workBook, leaseAcks, replyAcks, answerHeartbeats } = this.host;
    switch (message.kind) {
      case 'ready':
        // Work was promised only to those who are welcome, and a gateway about to close has none to give.
        if (this.#beat !== Infinity && !this.draining) this.#takeWork();
        break;
      case 'pause':
        this.#become('paused');
        break;
      case 'heartbeat':
        this.#heartbeat();
        if (answerHeartbeats) this.tell({ kind: 'heartbeat' });
        break;
      case 'ack':
        workBook.acked(message.request.requestId, this.name);
        break;
      case 'extendLease': {
        const { requestId } = message.request;
        const newLeaseId = workBook.extend(requestId, message.leaseId, this.worker?.instanceId ?? '');
        leaseAcks.answer(() =>
          this.tell({ kind: 'leaseAck', requestId, ...(newLeaseId !== undefined && { newLeaseId }) }),
        );
        break;
      }
      case 'reply': {
        const { requestId } = message.reply;
        workBook.replied(message.reply, this.name);
        replyAcks.answer(() => this.tell({ kind: 'replyAck', requestId }));
        break;
      }
      default:
    }
  }

  #takeWork(): void {
    this.#become('ready');
    this.host.routable(this);
  }

  #heartbeat(): void {
    this.#lastBeat = this.host.clock.now();
    this.#silence.in(5 * this.#beat);
  }

  #become(state: WorkerConnectionState): void {
    this.state = state;
    this.host.waiting.changed();
  }
}
