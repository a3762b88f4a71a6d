import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { DialScriptOptions } from './mockServerOptions.js';

/** What is done with a dial; `accept` upgrades it. */
export type DialAct = (socket: Socket, accept: () => void) => void;

/** What is done with the next dials, in turn. */
export class DialScript {
  #queue: { readonly act: DialAct; times: number }[] = [];

  add(act: DialAct, { times = 1 }: DialScriptOptions = {}): void {
    if (!(times > 0)) throw new TypeError(`mockServer: expected \`times\` to be a number above 0, got ${times}`);
    this.#queue.push({ act, times });
  }

  clear(): void {
    this.#queue = [];
  }

  /** The next act; without one the dial is accepted. */
  next(): DialAct | undefined {
    const entry = this.#queue[0];
    if (entry && --entry.times <= 0) this.#queue.shift();
    return entry?.act;
  }
}

/** Answers with an HTTP status. */
export function refuse(status: number, headers: Readonly<Record<string, string | number>> = {}): DialAct {
  const body = STATUS_CODES[status] ?? 'Refused';
  const lines = Object.entries({ Connection: 'close', 'Content-Length': body.length, ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return (socket) => void socket.end(`HTTP/1.1 ${status} ${body}\r\n${head}\r\n${body}`);
}

/** Leaves the dial without an answer; it is read on, so that its end is noticed. */
export const hang: DialAct = (socket) => {
  socket.on('end', () => void socket.destroy()).resume();
};

/** Cuts the dial off. */
export const cutOff: DialAct = (socket) => void socket.destroy();
