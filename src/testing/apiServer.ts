import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { asyncScheduler, type SchedulerLike } from 'rxjs';
import type { Duration } from '../core/duration.js';
import { expectCount } from '../core/expect.js';
import type { GatewayWire } from '../gateway/gatewayWire.js';
import type { StartAnswer } from '../gateway/messages.js';
import { ApiDesk } from './apiDesk.js';
import { ApiScript } from './apiScript.js';
import { Later } from './later.js';
import { unlisten } from './listen.js';
import type {
  ApiGateway,
  ApiPath,
  ApiRequest,
  FailOptions,
  FlushedRequest,
  MockApiOptions,
  StartedRequest,
  StartScript,
} from './mockApiOptions.js';
import type { ScriptOptions } from './scriptQueue.js';
import { type Wait, Waiting, type WaitOptions } from './waiting.js';
import { WorkBook } from './workBook.js';

/** A request on its way to an answer. */
type Pending = { -readonly [Key in keyof ApiRequest]: ApiRequest[Key] };

/** The workings of a mock API. */
export class ApiServer {
  readonly url: string;
  readonly port: number;
  readonly wire: GatewayWire;
  readonly requests: ApiRequest[] = [];
  readonly workBook: WorkBook;
  readonly #scheduler: SchedulerLike;
  readonly #script = new ApiScript();
  readonly #desk: ApiDesk;
  readonly #waiting: Waiting;
  readonly #later: Later;
  readonly #sockets = new Set<Socket>();
  #failure: Error | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly http: Server,
    { wire, keys, scheduler = asyncScheduler }: MockApiOptions & { readonly wire: GatewayWire },
  ) {
    this.port = (http.address() as AddressInfo).port;
    this.url = `http://127.0.0.1:${this.port}`;
    this.wire = wire;
    this.workBook = new WorkBook(scheduler);
    this.#scheduler = scheduler;
    this.#desk = new ApiDesk(wire, this.workBook, this.#script, keys);
    this.#waiting = new Waiting('mockApi', scheduler);
    this.#later = new Later(scheduler, this.#failed);
    http.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
    });
    http.on('request', (request, response) => void this.#asked(request, response).catch(this.#failed));
  }

  get starts(): readonly StartedRequest[] {
    return this.requests.filter(({ name }) => name === 'start') as StartedRequest[];
  }

  get flushes(): readonly FlushedRequest[] {
    return this.requests.filter(({ name }) => name === 'flush') as FlushedRequest[];
  }

  get gateways(): readonly ApiGateway[] {
    return this.#desk.gateways;
  }

  register(gateway: ApiGateway): () => void {
    return this.#desk.register(gateway);
  }

  startAnswer(exclude?: readonly string[]): StartAnswer {
    return this.#desk.startAnswer(exclude);
  }

  isIssued(tokens: Pick<StartAnswer, 'connectionId' | 'sessionToken' | 'syncToken'>): boolean {
    return this.#desk.isIssued(tokens);
  }

  fail(path: ApiPath, status: number, options?: FailOptions): void {
    this.#script.fail(path, status, options);
  }

  hang(path: ApiPath, options?: ScriptOptions): void {
    this.#script.add(path, 'hang', options);
  }

  cut(path: ApiPath, options?: ScriptOptions): void {
    this.#script.add(path, 'cut', options);
  }

  delay(path: ApiPath, delay: Duration): void {
    this.#script.delay(path, delay);
  }

  answerStart(script: StartScript | 'truncated' | 'garbage', options?: ScriptOptions): void {
    this.#script.answerStart(script, options);
  }

  refuseReply(requestId: string, status = 400): void {
    this.#script.refuseReply(requestId, status);
  }

  recover(): void {
    this.#script.recover();
  }

  async waitForStart(nth = 1, options?: WaitOptions): Promise<StartedRequest> {
    expectCount('mockApi', 'nth', nth, 1);
    return this.#until({ look: () => this.starts[nth - 1], wanted: `start request number ${nth}` }, options);
  }

  async waitForFlush(which: number | string = 1, options?: WaitOptions): Promise<FlushedRequest> {
    if (typeof which === 'number') {
      expectCount('mockApi', 'which', which, 1);
      return this.#until({ look: () => this.flushes[which - 1], wanted: `flush number ${which}` }, options);
    }
    const look = (): FlushedRequest | undefined => this.flushes.find(({ decoded }) => decoded?.requestId === which);
    return this.#until({ look, wanted: `the flush of request ${which}` }, options);
  }

  async waitUntil(condition: () => boolean, options?: WaitOptions): Promise<void> {
    await this.#until({ look: () => condition() || undefined, wanted: String(condition) }, options);
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#end());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #asked(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that goes away in the middle of its body has asked nothing.
    const body = await buffer(request).catch(() => undefined);
    if (!body) return;
    const path = request.url ?? '/';
    const name = /\/(start|flush)(?:\?|$)/.exec(path)?.[1] as ApiPath | undefined;
    const asked: Pending = {
      path,
      name: name ?? 'other',
      method: request.method ?? '',
      headers: request.headers,
      body: new Uint8Array(body),
      decoded: name && this.#desk.decode(name, body),
      at: this.#scheduler.now(),
      status: undefined,
    };
    this.requests.push(asked);
    const act = (name && this.#script.next(name)) ?? this.#desk.answer(asked);
    this.#waiting.changed();
    if (act === 'hang') return;
    this.#later.after(name ? this.#script.delayOf(name) : 0, () => {
      if (act === 'cut') request.socket.resetAndDestroy();
      else {
        asked.status = act.status;
        response.writeHead(act.status, { 'Content-Type': 'text/plain', ...act.headers }).end(act.body);
      }
      this.#waiting.changed();
    });
  }

  readonly #failed = (error: unknown): void => {
    this.#failure ??=
      error instanceof Error ? error : new Error('mockApi: a script threw what is no Error', { cause: error });
    this.#waiting.fail(this.#failure);
  };

  #until<Value>(wait: Omit<Wait<Value>, 'found'>, options?: WaitOptions): Promise<Value> {
    const found = (): string => {
      const asked = this.requests.map(({ method, path, status }) => `${method} ${path} (${status ?? 'no answer'})`);
      return asked.length === 0 ? 'nobody asked' : `${asked.length} asked: ${asked.slice(-10).join(', ')}`;
    };
    return this.#waiting.until({ ...wait, found }, options);
  }

  async #end(): Promise<void> {
    this.#later.end();
    this.#waiting.end();
    this.workBook.end();
    const ended = unlisten(this.http);
    for (const socket of this.#sockets) socket.destroy();
    await ended;
    if (this.#failure) throw this.#failure;
  }
}
