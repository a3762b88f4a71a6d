import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Frame } from '../core/connection.js';
import { expectDuration } from '../core/expect.js';
import type { PollAnswer } from '../transports/pollExchange.js';
import { decodeFrameBody, encodeFrameBody } from '../transports/frameBody.js';
import { MEDIA_TYPE } from '../transports/postExchange.js';
import { unlisten } from './listen.js';
import type { MockPollingServerOptions } from './mockPollingServerOptions.js';
import { type PollHead, type PollingPeer, PollingSession } from './pollingPeer.js';
import { type ScriptOptions, ScriptQueue } from './scriptQueue.js';
import { Waiting, type WaitOptions } from './waiting.js';

interface StatusScript {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

type Script = StatusScript | { readonly page: string } | 'cut' | 'loseAnswer' | 'hang' | 'stall';

/** The server of `mockPollingServer()`. */
export class PollingServer {
  readonly port: number;
  readonly url: string;
  dials = 0;
  requests = 0;
  mostAtOnce = 0;
  headers: IncomingMessage['headers'] = {};
  readonly #all: PollingSession[] = [];
  readonly #byKey = new Map<string, PollingSession>();
  readonly #scripts = new ScriptQueue<Script>('mockPollingServer');
  readonly #refusals = new ScriptQueue<StatusScript>('mockPollingServer');
  readonly #waiting = new Waiting('mockPollingServer');
  readonly #sessionTimeout: number;
  #greeting: (peer: PollingPeer) => void = () => undefined;
  #reply: (frame: Frame, peer: PollingPeer) => Frame | undefined = () => undefined;
  #atOnce = 0;
  #closing: Promise<void> | undefined;

  constructor(
    private readonly http: Server,
    { sessionTimeout = 30_000 }: MockPollingServerOptions,
  ) {
    this.port = (http.address() as AddressInfo).port;
    this.url = `http://127.0.0.1:${this.port}/`;
    this.#sessionTimeout = expectDuration('mockPollingServer', 'sessionTimeout', sessionTimeout);
    http.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  get sessions(): readonly PollingPeer[] {
    return this.#all.filter(({ end }) => !end);
  }

  greet(script: (peer: PollingPeer) => void): void {
    this.#greeting = script;
  }

  reply(script: (frame: Frame, peer: PollingPeer) => Frame | undefined): void {
    this.#reply = script;
  }

  fail(status: number, headers: Readonly<Record<string, string>> = {}, options?: ScriptOptions): void {
    this.#scripts.add({ status, headers }, options);
  }

  refuse(status: number, headers: Readonly<Record<string, string>> = {}, options?: ScriptOptions): void {
    this.#refusals.add({ status, headers }, options);
  }

  cut(options?: ScriptOptions): void {
    this.#scripts.add('cut', options);
  }

  loseAnswer(options?: ScriptOptions): void {
    this.#scripts.add('loseAnswer', options);
  }

  hang(options?: ScriptOptions): void {
    this.#scripts.add('hang', options);
  }

  stall(options?: ScriptOptions): void {
    this.#scripts.add('stall', options);
  }

  answer(page: string, options?: ScriptOptions): void {
    this.#scripts.add({ page }, options);
  }

  recover(): void {
    this.#scripts.clear();
    this.#refusals.clear();
  }

  async waitForSession(nth = 1, options?: WaitOptions): Promise<PollingPeer> {
    const found = (): string => `${this.#all.length} so far`;
    return this.#waiting.until({ look: () => this.#all[nth - 1], wanted: `session ${nth}`, found }, options);
  }

  async waitUntil(condition: () => boolean, options?: WaitOptions): Promise<void> {
    const found = (): string => `${this.requests} requests, ${this.sessions.length} sessions`;
    await this.#waiting.until({ look: () => condition() || undefined, wanted: String(condition), found }, options);
  }

  async close(): Promise<void> {
    this.#closing ??= this.#end();
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #end(): Promise<void> {
    const gone = unlisten(this.http);
    for (const session of this.#all) session.drop();
    this.http.closeAllConnections();
    await gone;
    this.#waiting.end();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const script = this.#scripts.next();
    this.#count(request, response);
    const [head, ...frames] = decodeFrameBody(await buffer(request));
    if (script === 'cut') response.destroy();
    else if (typeof script === 'object' && 'status' in script) response.writeHead(script.status, script.headers).end();
    else if (script !== 'hang') this.#take(JSON.parse(head as string) as PollHead, frames, response, script);
    this.#waiting.changed();
  }

  #count({ headers }: IncomingMessage, response: ServerResponse): void {
    this.headers = headers;
    this.requests += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    response.on('close', () => (this.#atOnce -= 1));
  }

  #take(head: PollHead, frames: readonly Frame[], response: ServerResponse, script: Script | undefined): void {
    const session = head.id === undefined ? this.#open(response) : this.#byKey.get(head.id.split('.')[0] ?? '');
    if (!session) {
      if (!response.writableEnded) response.writeHead(404).end();
      return;
    }
    session.take(head, frames);
    const held = session.answer(head, (answer) => give(answer, response, script));
    response.on('close', () => held.unsubscribe());
  }

  #open(response: ServerResponse): PollingSession | undefined {
    this.dials += 1;
    const refusal = this.#refusals.next();
    if (refusal) {
      response.writeHead(refusal.status, refusal.headers).end();
      return undefined;
    }
    const key = `s${this.#all.length + 1}`;
    const changed = (): void => {
      if (session.end?.code === 1006) this.#byKey.delete(key);
      this.#waiting.changed();
    };
    const session = new PollingSession(key, this.#sessionTimeout, changed, (frame, peer) => {
      const answer = this.#reply(frame, peer);
      if (answer !== undefined) peer.send(answer);
    });
    this.#all.push(session);
    this.#byKey.set(key, session);
    this.#greeting(session);
    return session;
  }
}

/** Sends an answer, or what the script makes of it. */
function give({ frames = [], ...head }: PollAnswer, response: ServerResponse, script: Script | undefined): void {
  const body = encodeFrameBody([JSON.stringify(head), ...frames]);
  if (script === 'loseAnswer') response.destroy();
  else if (script === 'stall') response.writeHead(200, { 'Content-Length': body.length }).write(body.subarray(0, 3));
  else if (typeof script === 'object' && 'page' in script) response.end(script.page);
  else response.writeHead(200, { 'Content-Type': MEDIA_TYPE }).end(body);
}
