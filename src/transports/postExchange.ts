import type { SchedulerLike } from 'rxjs';
import { ProtocolError } from '../core/errors.js';
import type { PollExchange, Farewell, PollAnswer } from './pollExchange.js';
import { decodeFrameBody, encodeFrameBody } from './frameBody.js';
import type { RequestFailure } from './requestFailure.js';
import { parseRetryAfter } from './socketLike.js';

/** Fetches, as the platform does. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** HTTP headers, or a function that gives them anew for each request. */
export type RequestHeaders = Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);

export interface PostExchangeConfig {
  readonly url: string;
  readonly headers: RequestHeaders;
  readonly maxPayload: number;
  readonly fetch: Fetch;
  readonly scheduler: SchedulerLike;
}

/** What an answer may have besides its frames, in bytes. */
const HEAD = 2_048;

/** The media type of requests and answers. */
export const MEDIA_TYPE = 'application/vnd.hawser.frames';

/** Posts frames and takes frames for an answer, as `docs/http-polling-wire.md` describes it. */
export function postExchange({ url, headers, maxPayload, fetch, scheduler }: PostExchangeConfig): PollExchange {
  return async ({ frames, sequence, id, wait, close, signal }) => {
    const head = { id, sequence: sequence || undefined, wait, max: maxPayload, close };
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...sendable(typeof headers === 'function' ? headers() : headers), 'Content-Type': MEDIA_TYPE },
      body: encodeFrameBody([JSON.stringify(head), ...frames]) as BodyInit,
      // Following would carry the credentials to wherever it leads.
      redirect: 'manual',
      cache: 'no-store',
      signal,
    }).catch((error: unknown) => {
      // What a platform says itself is 'fetch failed'.
      throw (error as Error).cause ?? error;
    });
    const { ok, status, body } = response;
    if (!ok) {
      const retryAfter = parseRetryAfter(response.headers.get('Retry-After'), scheduler.now());
      throw Object.assign(new Error(`the server answered ${status}`), { status, retryAfter } satisfies RequestFailure);
    }
    return answerOf(await read(body, maxPayload + HEAD));
  };
}

/** Headers that HTTP allows. Platforms say of others what they are, and that may be a token. */
function sendable(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  try {
    new Headers(headers);
    return headers;
  } catch {
    throw new TypeError('`headers` cannot be sent');
  }
}

/** Reads a whole body of at most so many bytes. */
async function read(body: Response['body'], most: number): Promise<Uint8Array> {
  const reader = body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { value } = (await reader?.read()) ?? {};
    if (!value) break;
    length += value.length;
    if (length > most) throw new ProtocolError(`an answer has more than ${most} bytes`);
    chunks.push(value);
  }
  const whole = new Uint8Array(length);
  chunks.reduce((at, chunk) => (whole.set(chunk, at), at + chunk.length), 0);
  return whole;
}

/** What the first frame of an answer says. */
interface AnswerHead {
  readonly id?: unknown;
  readonly more?: unknown;
  readonly close?: Partial<Farewell>;
}

function answerOf(body: Uint8Array): PollAnswer {
  const [head, ...frames] = decodeFrameBody(body);
  const { id, more, close } = Object(typeof head === 'string' && JSON.parse(head)) as AnswerHead;
  const end = close && { code: 1000, reason: '', ...close };
  // Every answer has an id: the empty page of a proxy must not be taken for one.
  if (typeof id !== 'string' || (end && !isFarewell(end))) throw new ProtocolError('the head of an answer is none');
  return { frames, id, more: more === true, ...(end && { close: end }) };
}

function isFarewell({ code, reason }: Farewell): boolean {
  return Number.isInteger(code) && code >= 1000 && code < 5000 && typeof reason === 'string';
}
