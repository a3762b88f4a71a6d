import { codec } from '../../src/codecs/codec.js';
import type { PollAnswer, PollExchange } from '../../src/transports/pollExchange.js';

/** A message of a channel, and from where on to go on after it. */
export interface Numbered {
  readonly id: string;
  readonly number: number;
}

/** Reads the frames of the subprotocol `ws+meta.nchan`: headers, an empty line and the message. */
export const numbered = codec<Numbered, never>({
  encode: () => {
    throw new TypeError('a subscriber sends nothing');
  },
  decode(frame) {
    const [, id, body] = /^id: (\S+)\n(?:.+\n)*\n(\d+)$/.exec(String(frame)) ?? [];
    if (id === undefined) throw new TypeError(`no message of a channel: ${String(frame)}`);
    return { id, number: Number(body) };
  },
});

/** Where to go on after a message, or from the oldest on. */
export const from = (url: string, id: string | undefined): string =>
  id === undefined ? url : `${url}?last_event_id=${encodeURIComponent(id)}`;

/** Polls a channel of nchan, from the id that `last` gives on, with the frames that its WebSockets have. */
export function pollChannel(url: string, last: () => string | undefined): PollExchange {
  return async ({ id = last(), wait, close, signal }): Promise<PollAnswer> => {
    // nchan keeps no session: there is nothing to open and nothing to leave.
    if (wait === 0 || close) return { id };
    const response = await fetch(from(url, id as string | undefined), { signal });
    const { status, headers } = response;
    const body = await response.text();
    if (status === 408) return { id };
    if (status !== 200) throw Object.assign(new Error(`nchan answered ${status}`), { status });
    const next = `${Date.parse(headers.get('Last-Modified') ?? '') / 1_000}:${headers.get('ETag') ?? ''}`;
    return { id: next, frames: [`id: ${next}\n\n${body}`] };
  };
}
