import { encodePlain } from '../codecs/msgpack/encoder.js';
import type { GatewayWire } from '../gateway/gatewayWire.js';
import type { StartAnswer, WorkReply } from '../gateway/messages.js';
import { apiKeyFault } from './apiKeys.js';
import type { ApiAnswer, ApiScript } from './apiScript.js';
import type { ApiGateway, ApiPath, ApiRequest, FlushedRequest, StartedRequest } from './mockApiOptions.js';
import type { WorkBook } from './workBook.js';

type Tokens = Pick<StartAnswer, 'connectionId' | 'sessionToken' | 'syncToken'>;

/** What an API says to those who ask, when nothing is wrong with it. */
export class ApiDesk {
  gateways: readonly ApiGateway[] = [];
  readonly #issued = new Map<string, Tokens>();

  constructor(
    private readonly wire: GatewayWire,
    private readonly workBook: WorkBook,
    private readonly script: ApiScript,
    private readonly keys: readonly string[] | undefined,
  ) {}

  register(gateway: ApiGateway): () => void {
    this.gateways = [...this.gateways, gateway];
    return () => {
      this.gateways = this.gateways.filter((other) => other !== gateway);
    };
  }

  startAnswer(exclude: readonly string[] = []): StartAnswer {
    const answer = this.#answer(exclude);
    this.#issued.set(answer.connectionId, answer);
    return answer;
  }

  isIssued({ connectionId, sessionToken, syncToken }: Tokens): boolean {
    const issued = this.#issued.get(connectionId);
    return issued?.sessionToken === sessionToken && issued.syncToken === syncToken;
  }

  /** What a body says, undefined when it does not decode. */
  decode(path: ApiPath, body: Uint8Array): unknown {
    try {
      return path === 'start' ? this.wire.startRequest.decode(body) : this.wire.flushRequest.decode(body);
    } catch {
      return undefined;
    }
  }

  answer(request: ApiRequest): ApiAnswer {
    const { name, method, headers, decoded } = request;
    if (name === 'other') return { status: 404, body: 'not found' };
    if (method !== 'POST') return { status: 405, body: 'method not allowed' };
    const fault = apiKeyFault(this.keys, headers['authorization'] as string | undefined);
    if (fault !== undefined) return { status: 401, body: fault };
    if (decoded === undefined) return { status: 400, body: 'unreadable body' };
    return name === 'start' ? this.#start(request as StartedRequest) : this.#flush(request as FlushedRequest);
  }

  #start(request: StartedRequest): ApiAnswer {
    if (this.gateways.length === 0) return { status: 500, body: 'no gateway' };
    const encode = (answer: StartAnswer): Uint8Array => this.#encode(answer);
    const answer = this.script.start(this.#answer(request.decoded?.exclude ?? []), request, encode);
    if (answer instanceof Uint8Array) return found(answer);
    this.#issued.set(answer.connectionId, answer);
    return found(encode(answer));
  }

  /** A wire that checks what it encodes refuses the answers that a script spoiled; they go out nevertheless. */
  #encode(answer: StartAnswer): Uint8Array {
    try {
      return this.wire.startAnswer.encode(answer);
    } catch {
      return encodePlain(answer);
    }
  }

  #flush({ decoded }: FlushedRequest): ApiAnswer {
    const reply = decoded as WorkReply;
    const refusal = this.script.refusalOf(reply.requestId);
    if (refusal !== undefined) return { status: refusal, body: 'refused' };
    if (!isJson(reply.systemTraceCtx)) return { status: 400, body: 'systemTraceCtx is not JSON' };
    this.workBook.replied(reply, 'flush');
    return found(this.wire.flushAnswer.encode({ requestId: reply.requestId }));
  }

  /** The first gateway that is neither excluded nor draining; groups are excluded as a wish, so any other will do. */
  #answer(exclude: readonly string[]): StartAnswer {
    const serving = this.gateways.filter(({ draining }) => !draining);
    const gateway = serving.find(({ group }) => !exclude.includes(group)) ?? serving[0] ?? this.gateways[0];
    if (!gateway) throw new Error('mockApi: no gateway is registered');
    const { url: endpoint, group } = gateway;
    const connectionId = this.workBook.newId();
    return {
      connectionId,
      endpoint,
      group,
      sessionToken: `session-${connectionId}`,
      syncToken: `sync-${connectionId}`,
    };
  }
}

function found(body: Uint8Array): ApiAnswer {
  return { status: 200, headers: { 'Content-Type': 'application/octet-stream' }, body };
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(bytes).toString());
    return true;
  } catch {
    return false;
  }
}
