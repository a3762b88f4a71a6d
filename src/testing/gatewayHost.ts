import { asyncScheduler } from 'rxjs';
import { type Clock, clockOf } from '../core/clock.js';
import type { GatewayWire } from '../gateway/gatewayWire.js';
import type { ToGateway, WorkerAnnouncement, WorkRequest } from '../gateway/messages.js';
import { GatewayLink } from './gatewayLink.js';
import type { HandshakeScript } from './handshakeScript.js';
import { Later } from './later.js';
import { LeaseAcks } from './leaseAcks.js';
import type { LinkHost } from './linkHost.js';
import type { MockApi } from './mockApi.js';
import type { ApiGateway } from './mockApiOptions.js';
import type { GatewaySettings, MockGatewayOptions } from './mockGatewayOptions.js';
import type { MockServer } from './mockServer.js';
import { ReplyAcks } from './replyAcks.js';
import { RequestRouter, type RouterHost } from './requestRouter.js';
import { ScriptQueue } from './scriptQueue.js';
import type { ServerConnection } from './serverConnection.js';
import { Waiting } from './waiting.js';
import type { WorkBook } from './workBook.js';
import type { WorkerConnection } from './workerConnection.js';

/** What a gateway is made of. */
export interface GatewayParts extends MockGatewayOptions {
  readonly wire: GatewayWire;
  readonly api: MockApi;
  readonly server: MockServer;
  readonly settings: GatewaySettings;
}

/** What the connections of a mock gateway have in common. */
export class GatewayHost implements LinkHost, RouterHost, ApiGateway {
  readonly group: string;
  readonly url: string;
  readonly codec: GatewayWire['gateway'];
  readonly settings: GatewaySettings;
  readonly workBook: WorkBook;
  readonly clock: Clock;
  readonly waiting: Waiting;
  readonly later: Later;
  readonly leaseAcks: LeaseAcks;
  readonly replyAcks: ReplyAcks;
  readonly router = new RequestRouter(this);
  readonly scripts = new ScriptQueue<HandshakeScript>('mockGateway');
  readonly received: ToGateway[] = [];
  /** All connections that ever opened, and those that ever took work. */
  readonly opened: GatewayLink[] = [];
  readonly madeReady: WorkerConnection[] = [];
  links: readonly GatewayLink[] = [];
  draining = false;
  answerHeartbeats: boolean;
  failure: Error | undefined;
  readonly #api: MockApi;
  readonly #usual: HandshakeScript;
  readonly #linkOf = new Map<ServerConnection, GatewayLink>();
  readonly #unregister: () => void;

  constructor({ wire, api, server, settings, scheduler = asyncScheduler, ...options }: GatewayParts) {
    this.group = options.group ?? freeGroup(api);
    this.url = server.url;
    this.codec = wire.gateway;
    this.settings = settings;
    this.workBook = api.workBook;
    this.clock = clockOf(scheduler);
    this.waiting = new Waiting('mockGateway', scheduler);
    this.later = new Later(scheduler, this.#failed);
    this.leaseAcks = new LeaseAcks(this.later);
    this.replyAcks = new ReplyAcks(this.later, options.ackReplies);
    this.answerHeartbeats = options.answerHeartbeats ?? true;
    this.#api = api;
    this.#usual = options.handshake ?? {};
    server.greet((connection) => this.#guarded(() => this.#accepted(connection)));
    server.reply((frame, connection) => this.#guarded(() => this.#linkOf.get(connection)?.heard(frame)));
    this.#unregister = api.register(this);
  }

  heard(message: ToGateway): void {
    this.received.push(message);
  }

  routable(link: WorkerConnection): void {
    if (!this.madeReady.includes(link)) this.madeReady.push(link);
    this.router.flush();
    this.waiting.changed();
  }

  isIssued(worker: WorkerAnnouncement): boolean {
    return this.#api.isIssued(worker);
  }

  route(request: WorkRequest): boolean {
    return this.router.route(request);
  }

  routeAnywhere(request: WorkRequest): boolean {
    return this.#api.gateways.some((gateway) => gateway.route(request));
  }

  /** Nothing is done or said from now on. */
  end(): void {
    this.#unregister();
    this.later.end();
    this.waiting.end();
  }

  #accepted(connection: ServerConnection): void {
    const link = new GatewayLink(connection, this, this.scripts.next() ?? this.#usual);
    this.#linkOf.set(connection, link);
    this.opened.push(link);
    this.links = [...this.links, link];
    void link.closed.then(() => {
      this.#linkOf.delete(connection);
      this.links = this.links.filter((other) => other !== link);
      this.waiting.changed();
    });
    link.greet();
    this.waiting.changed();
  }

  /** A test waits for what its own script made impossible: it is told at once. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#failed(error);
    }
    this.waiting.changed();
  }

  readonly #failed = (error: unknown): void => {
    this.failure ??=
      error instanceof Error ? error : new Error('mockGateway: a script threw what is no Error', { cause: error });
    this.waiting.fail(this.failure);
  };
}

/** The first of `group-1`, `group-2` … that no gateway of the API has. */
function freeGroup({ gateways }: MockApi): string {
  for (let number = 1; ; number++) {
    const group = `group-${number}`;
    if (!gateways.some((gateway) => gateway.group === group)) return group;
  }
}
