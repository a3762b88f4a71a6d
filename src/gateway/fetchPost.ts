import { fromFetch } from 'rxjs/fetch';
import type { HttpAnswer, HttpPost } from './http.js';

/** The longest answer, in bytes: what the API says fits into a few hundred. */
const LONGEST_ANSWER = 4 * 1_024 * 1_024;

/**
 * Posts with the platform's `fetch`.
 *
 * A redirect is an answer like any other: following it would carry the credentials to wherever it leads. An answer of more than 4 MiB
 * is an error, and what is left of it is not read.
 */
export const fetchPost: HttpPost = ({ url, headers, body }) =>
  fromFetch(url, { method: 'POST', headers, body: body as BodyInit, redirect: 'manual', selector: answerOf });

async function answerOf({ status, headers, body }: Response): Promise<HttpAnswer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > LONGEST_ANSWER) throw new Error(`the answer has more than ${LONGEST_ANSWER} bytes`);
    chunks.push(chunk);
  }
  return { status, headers: Object.fromEntries(headers), body: joined(chunks, length) };
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
